import { NodeHelpers, type IDataObject, type INodeProperties } from 'n8n-workflow';
import { PrunaVideo } from '../../nodes/PrunaVideo/PrunaVideo.node';
import { PARAMETERS } from '../../nodes/PrunaVideo/pvideo/parameters';
import { startSimulator, type Simulator } from '../simulator';
import { credentialsOf } from './batch';
import { runNode } from './engine';

let simulator: Simulator;
beforeAll(async () => {
	simulator = await startSimulator();
});
beforeEach(() => simulator.reset());
afterAll(async () => await simulator.close());

const UNTOUCHED = {
	prompt: 'A cat',
	duration: 5,
	resolution: '720p',
	fps: 24,
	aspect_ratio: '16:9',
	seed: expect.any(Number),
	draft: false,
	save_audio: true,
	prompt_upsampling: true,
};
const { duration: _duration, ...WITHOUT_DURATION } = UNTOUCHED;
const { aspect_ratio: _aspectRatio, ...WITHOUT_RATIO } = UNTOUCHED;
const URL = 'https://example.com/a.png';

/** The body of the one request that generate sends. */
async function sentBody(fields: IDataObject, operation = 'generate'): Promise<unknown> {
	await runNode({
		parameters: {
			resource: operation === 'submit' ? 'job' : 'video',
			operation,
			prompt: 'A cat',
			...fields,
		},
		items: [{ json: { five: '5', yes: 'TRUE', fps: '48' } }],
		credentials: credentialsOf(simulator),
	});
	expect(simulator.requests).toHaveLength(1);
	return simulator.requests[0]?.body;
}

describe('the whole body, for each field', () => {
	test.each<[string, IDataObject, object]>([
		['none touched', {}, UNTOUCHED],
		['duration', { duration: 10 }, { ...UNTOUCHED, duration: 10 }],
		['duration of an expression', { duration: '={{ $json.five }}' }, UNTOUCHED],
		['resolution', { resolution: '1080p' }, { ...UNTOUCHED, resolution: '1080p' }],
		['aspectRatio', { aspectRatio: '9:16' }, { ...UNTOUCHED, aspect_ratio: '9:16' }],
		['fps', { fps: 48 }, { ...UNTOUCHED, fps: 48 }],
		['fps of an expression', { fps: '={{ $json.fps }}' }, { ...UNTOUCHED, fps: 48 }],
		['draft', { draft: true }, { ...UNTOUCHED, draft: true }],
		['draft of an expression', { draft: '={{ $json.yes }}' }, { ...UNTOUCHED, draft: true }],
		['saveAudio', { saveAudio: false }, { ...UNTOUCHED, save_audio: false }],
		['promptUpsampling', { promptUpsampling: false }, { ...UNTOUCHED, prompt_upsampling: false }],
		['seed', { additionalFields: { seed: 7 } }, { ...UNTOUCHED, seed: 7 }],
		['seed 0', { additionalFields: { seed: 0 } }, { ...UNTOUCHED, seed: 0 }],
		['image', { imageSource: 'url', imageUrl: URL }, { ...WITHOUT_RATIO, image: URL }],
		[
			'audio',
			{ audioSource: 'url', audioUrl: 'https://example.com/a.mp3', duration: 99 },
			{ ...WITHOUT_DURATION, audio: 'https://example.com/a.mp3' },
		],
		[
			'additional input wins and may be new',
			{ additionalFields: { additionalInput: '{"duration": 3, "brand_new": [1]}' } },
			{ ...UNTOUCHED, duration: 3, brand_new: [1] },
		],
		[
			'an image in the additional input',
			{ additionalFields: { additionalInput: { image: URL } } },
			{ ...WITHOUT_RATIO, image: URL },
		],
		[
			'an empty seed is none',
			{ additionalFields: { seed: '', additionalInput: '{"seed": ""}' } },
			UNTOUCHED,
		],
		[
			'a seed of null is none',
			{ additionalFields: { additionalInput: '{"seed": null}' } },
			UNTOUCHED,
		],
		['no image although one is typed', { imageSource: 'none', imageUrl: URL }, UNTOUCHED],
	])('%s', async (_name, fields, input) => {
		expect(await sentBody(fields)).toEqual({ input });
	});

	test('the policy in milliseconds', async () => {
		const options = { executionTimeout: 60, ttl: '3600', lowPriority: true };
		expect(await sentBody({ options })).toEqual({
			input: UNTOUCHED,
			policy: { executionTimeout: 60_000, ttl: 3_600_000, lowPriority: true },
		});
	});

	test('a webhook with submit', async () => {
		const webhookUrl = ' https://example.com/hook ';
		expect(await sentBody({ webhookUrl }, 'submit')).toEqual({
			input: UNTOUCHED,
			webhook: 'https://example.com/hook',
		});
	});
});

test.each<[string, IDataObject, string]>([
	['sync', {}, '/v2/p-video/runsync?wait=90000'],
	['syncWait', { syncWait: 10 }, '/v2/p-video/runsync?wait=10000'],
	['a short timeout', { timeout: 5 }, '/v2/p-video/runsync?wait=5000'],
	['async', { executionMode: 'async', pollInterval: 1 }, '/v2/p-video/run'],
])('%s is sent to %j %s', async (_name, options, path) => {
	await runNode({
		parameters: { resource: 'video', operation: 'generate', prompt: 'A cat', options },
		credentials: credentialsOf(simulator),
	});
	expect(simulator.requests[0]?.path).toBe(path);
	expect(simulator.ledger.countByStatus()).toEqual({ COMPLETED: 1 });
});

describe('the form', () => {
	const { description } = new PrunaVideo();
	const byDefault: IDataObject = Object.fromEntries(
		description.properties.map(({ name, default: usual }) => [name, usual as IDataObject]),
	);
	const visible = (values: IDataObject): string[] => {
		const parameters = { ...byDefault, resource: 'video', operation: 'generate', ...values };
		return description.properties
			.filter((property: INodeProperties) =>
				NodeHelpers.displayParameter(parameters as never, property, null, description),
			)
			.map(({ name }) => name);
	};

	test('has the fields of the contract, in order', () => {
		expect(visible({})).toEqual([
			...[
				'resource',
				'operation',
				'prompt',
				'imageSource',
				'audioSource',
				'duration',
				'resolution',
			],
			...['aspectRatio', 'fps', 'draft', 'saveAudio', 'promptUpsampling', 'download', 'simplify'],
			...['additionalFields', 'options'],
		]);
	});
	test.each<[IDataObject, string[], string[]]>([
		[{ imageSource: 'url' }, ['imageUrl'], ['aspectRatio', 'imageBinaryField']],
		[{ imageSource: 'binary' }, ['imageBinaryField'], ['aspectRatio', 'imageUrl']],
		[{ audioSource: 'url' }, ['audioUrl'], ['duration', 'audioBinaryField']],
		[{ audioSource: 'binary' }, ['audioBinaryField'], ['duration', 'audioUrl']],
		[{ download: true }, ['binaryPropertyName'], []],
		[
			{ operation: 'estimateCost' },
			['duration', 'resolution', 'draft', 'audioSource'],
			['prompt', 'fps', 'options', 'download'],
		],
		[
			{ resource: 'job', operation: 'submit' },
			['prompt', 'webhookUrl', 'options'],
			['download', 'jobId', 'simplify'],
		],
		[
			{ resource: 'job', operation: 'get' },
			['jobId', 'wait', 'download', 'simplify', 'options'],
			['prompt'],
		],
		[{ resource: 'job', operation: 'cancel' }, ['jobId'], ['wait', 'prompt', 'download']],
		[{ resource: 'endpoint', operation: 'getHealth' }, ['options'], ['jobId', 'prompt']],
	])('with %j', (values, shown, hidden) => {
		const names = visible(values);
		expect(names).toEqual(expect.arrayContaining(shown));
		for (const name of hidden) expect(names).not.toContain(name);
	});

	test.each([
		'duration',
		'resolution',
		'aspectRatio',
		'fps',
		'draft',
		'saveAudio',
		'promptUpsampling',
	] as const)('%s has label and default of the table', (name) => {
		const property = description.properties.find((candidate) => candidate.name === name);
		expect(property?.displayName).toBe(PARAMETERS[name].label);
		expect(property?.default).toBe(PARAMETERS[name].default);
	});

	test('has the options of the contract', () => {
		const options = description.properties.find(
			({ name, displayOptions }) =>
				name === 'options' && displayOptions?.show?.operation?.includes('generate'),
		);
		expect(options?.options?.map(({ name }) => name).sort()).toEqual([
			...[
				'cancelOnStop',
				'concurrency',
				'endpointId',
				'executionMode',
				'executionTimeout',
				'fileName',
			],
			...['includeInput', 'lowPriority', 'maxCostPerExecution', 'maxCostPerItem', 'pollInterval'],
			...['syncWait', 'timeout', 'ttl'],
		]);
	});
});
