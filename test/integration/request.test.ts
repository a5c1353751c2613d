import { NodeHelpers, type IDataObject, type INodeProperties } from 'n8n-workflow';
import { PrunaVideo } from '../../nodes/PrunaVideo/PrunaVideo.node';
import { PARAMETERS } from '../../nodes/PrunaVideo/pvideo/parameters';
import { startSimulator, type Simulator } from '../tools/simulator';
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
const { seed: _seed, fps: _fps, ...WITHOUT_SEED_AND_FPS } = UNTOUCHED;
const URL = 'https://example.com/a.png';

/** As a sheet gives them. */
const EMPTY_CELLS: IDataObject = {
	imageSource: '',
	audioSource: null,
	duration: '={{ $json.nothing }}',
	resolution: ' ',
	draft: '',
	aspectRatio: null,
	fps: '',
	saveAudio: '={{ $json.nothing }}',
	promptUpsampling: null,
	download: '',
	simplify: '',
	additionalFields: { seed: '', additionalInput: '' },
	options: {
		concurrency: '',
		executionMode: null,
		timeout: '={{ $json.nothing }}',
		syncWait: '',
		pollInterval: '',
		cancelOnStop: '',
		cancelOnTimeout: '',
		resubmitUncertain: null,
		fileName: null,
		includeInput: '',
		sendFilesAs: '',
		webhookUrl: '',
		endpointId: '',
		executionTimeout: '',
		ttl: null,
		lowPriority: '',
	},
};

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
			'an empty seed does not override the field',
			{ additionalFields: { seed: 7, additionalInput: '{"seed": ""}' } },
			{ ...UNTOUCHED, seed: 7 },
		],
		[
			'null takes a field out, the seed too',
			{ additionalFields: { seed: 7, additionalInput: '{"seed": null, "fps": null}' } },
			WITHOUT_SEED_AND_FPS,
		],
		[
			'null takes an image out, and the aspect ratio counts again',
			{
				imageSource: 'url',
				imageUrl: URL,
				aspectRatio: '1:1',
				additionalFields: { additionalInput: '{"image": null}' },
			},
			UNTOUCHED,
		],
		[
			'what is no address is no audio, so the duration is sent',
			{ additionalFields: { additionalInput: '{"audio": " "}' } },
			{ ...UNTOUCHED, audio: ' ' },
		],
		['empty cells and missing columns', EMPTY_CELLS, UNTOUCHED],
		[
			'what people write',
			{ duration: '7s', resolution: 1080, aspectRatio: '09:16:00', fps: '48' },
			{ ...UNTOUCHED, duration: 7, resolution: '1080p', aspect_ratio: '9:16', fps: 48 },
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

	const webhookUrl = ' https://example.com/hook ';

	test.each<[string, IDataObject]>([
		['submit', { webhookUrl }],
		['generate', { options: { webhookUrl } }],
	])('a webhook with %s', async (operation, fields) => {
		expect(await sentBody(fields, operation)).toEqual({
			input: UNTOUCHED,
			webhook: 'https://example.com/hook',
		});
	});
});

const NO_PROMPT = "'prompt' in 'Additional Input (JSON)' must contain text, but is";

test.each<[IDataObject, string]>([
	[{ additionalFields: { additionalInput: '{"prompt": 5}' } }, `${NO_PROMPT} 5`],
	[{ additionalFields: { additionalInput: '{"prompt": ""}' } }, `${NO_PROMPT} empty`],
	[{ additionalFields: { additionalInput: { prompt: '\u200b' } } }, NO_PROMPT],
	[{ additionalFields: { additionalInput: '{"prompt": null}' } }, `${NO_PROMPT} empty`],
	[{ prompt: '={{ NaN }}' }, "'Prompt' must say what the video should show, but is NaN"],
	[{ prompt: '={{ Infinity }}' }, "'Prompt' must say what the video should show, but is Infinity"],
	[{ prompt: '\u200b\u2060' }, "'Prompt' must say what the video should show, but is empty"],
	[
		{ options: { executionTimeout: 5 } },
		"'Runpod: Execution Timeout (Seconds)' must be a whole number from 6 to 604800, but is 5",
	],
	[
		{ options: { webhookUrl: 'localhost' } },
		`'Webhook URL' must be a URL that starts with http:// or https://, but is "localhost"`,
	],
	[
		{ options: { maxCostPerItem: '={{ $json.nothing }}' } },
		"'Max Cost per Item (USD)' must be an amount in US dollars, but is empty",
	],
	[
		{ options: { maxCostPerExecution: '' } },
		"'Max Cost per Execution (USD)' must be an amount in US dollars, but is empty",
	],
	[
		{ options: { sendFilesAs: 'mail' } },
		`'Send Files As' must be one of dataUri, link, but is "mail"`,
	],
	[{ options: { fileName: '={{ $json }}' } }, "'File Name' must be text, but is an object"],
])('%j is refused, and nothing is sent', async (fields, message) => {
	const { error } = await runNode({
		parameters: { resource: 'video', operation: 'generate', prompt: 'A cat', ...fields },
		credentials: credentialsOf(simulator),
	});
	expect(error?.message).toContain(message);
	expect(error?.description).not.toBe('');
	expect(simulator.requests).toHaveLength(0);
});

test.each<[string, IDataObject, string | RegExp]>([
	['sync', {}, '/v2/p-video/runsync?wait=90000'],
	['syncWait', { syncWait: 10 }, '/v2/p-video/runsync?wait=10000'],
	// The answer still has to arrive in time.
	['a short timeout', { timeout: 5 }, /^\/v2\/p-video\/runsync\?wait=(4000|3\d\d\d)$/],
	['async', { executionMode: 'async', pollInterval: 1 }, '/v2/p-video/run'],
])('%s is sent to %j %s', async (_name, options, path) => {
	await runNode({
		parameters: { resource: 'video', operation: 'generate', prompt: 'A cat', options },
		credentials: credentialsOf(simulator),
	});
	expect(simulator.requests[0]?.path).toEqual(
		typeof path === 'string' ? path : expect.stringMatching(path),
	);
	expect(simulator.ledger.countByStatus()).toEqual({ COMPLETED: 1 });
});

test('the upload of a large file counts against a short timeout', async () => {
	const imageUrl = `data:image/png;base64,iVBORw0KGgo${'A'.repeat(400_001)}`;
	await runNode({
		parameters: {
			resource: 'video',
			operation: 'generate',
			prompt: 'A cat',
			imageSource: 'url',
			imageUrl,
			options: { timeout: 10 },
		},
		credentials: credentialsOf(simulator),
	});
	// Of 10 s, 4 s for 400 kB, and 2 s for the answer.
	const [, wait] = /wait=(\d+)/.exec(simulator.requests[0]?.path ?? '') ?? [];
	expect(Number(wait)).toBeGreaterThan(3_000);
	expect(Number(wait)).toBeLessThanOrEqual(4_000);
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
			...['draft', 'aspectRatio', 'fps', 'saveAudio', 'promptUpsampling', 'download', 'simplify'],
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
			['prompt', 'fps', 'options', 'download', 'imageSource'],
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
		expect(property?.displayName).toBe(PARAMETERS[name].field.label);
		expect(property?.default).toBe(PARAMETERS[name].field.readUnset());
	});

	/** The entries of a menu or the fields of a collection. */
	const namesIn = (name: string, values: IDataObject): string[] => {
		const parameters = { ...byDefault, ...values };
		const property = description.properties.find(
			(candidate) =>
				candidate.name === name &&
				NodeHelpers.displayParameter(parameters as never, candidate, null, description),
		);
		return (property?.options ?? []).map((option) =>
			'value' in option ? String(option.value) : option.name,
		);
	};

	const POLICY = ['executionTimeout', 'ttl', 'lowPriority'];

	test.each<[string, string, string[]]>([
		[
			'video',
			'generate',
			[
				...['maxCostPerItem', 'maxCostPerExecution', 'concurrency', 'executionMode', 'timeout'],
				...['syncWait', 'pollInterval', 'cancelOnStop', 'cancelOnTimeout', 'resubmitUncertain'],
				...['fileName', 'includeInput', 'sendFilesAs', 'webhookUrl', 'endpointId', ...POLICY],
			],
		],
		[
			'job',
			'submit',
			[
				...['maxCostPerItem', 'maxCostPerExecution', 'concurrency', 'timeout', 'cancelOnStop'],
				...['resubmitUncertain', 'includeInput', 'sendFilesAs', 'endpointId', ...POLICY],
			],
		],
		['job', 'get', ['concurrency', 'timeout', 'pollInterval', 'fileName', 'endpointId']],
		['job', 'cancel', ['concurrency', 'endpointId']],
		['job', 'retry', ['concurrency', 'endpointId']],
		['endpoint', 'getHealth', ['concurrency', 'endpointId']],
		['video', 'estimateCost', []],
	])('has the options of %s > %s, the limits first', (resource, operation, expected) => {
		expect(namesIn('options', { resource, operation })).toEqual(expected);
	});

	test('has its menus in order of use', () => {
		expect(namesIn('resource', {})).toEqual(['video', 'job', 'endpoint']);
		const operations = (resource: string) => namesIn('operation', { resource });
		expect(operations('video')).toEqual(['generate', 'estimateCost']);
		expect(operations('job')).toEqual(['submit', 'get', 'cancel', 'retry']);
		expect(operations('endpoint')).toEqual(['getHealth']);
	});

	test('takes files from earlier nodes', () => {
		for (const name of ['imageBinaryField', 'audioBinaryField']) {
			const property = description.properties.find((candidate) => candidate.name === name);
			expect(property?.typeOptions).toEqual({ binaryDataProperty: true });
		}
	});
});
