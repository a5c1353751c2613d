/** What is sent for what the form holds, and the form itself. */
import { NodeHelpers, type IDataObject, type INodeProperties } from 'n8n-workflow';
import { PrunaVideo } from '../../nodes/PrunaVideo/PrunaVideo.node';
import { CONTINUE, generate, simulator, useSimulator } from './batch';

useSimulator();

const UNTOUCHED = {
	prompt: 'a cat',
	duration: 5,
	resolution: '720p',
	draft: false,
	aspect_ratio: '16:9',
	seed: expect.any(Number),
};
const { duration: _duration, ...WITHOUT_DURATION } = UNTOUCHED;
const { aspect_ratio: _aspectRatio, ...WITHOUT_RATIO } = UNTOUCHED;
const { seed: _seed, ...WITHOUT_SEED } = UNTOUCHED;
const URL = 'https://example.com/a';

const WITH_AUDIO = { ...WITHOUT_DURATION, audio: URL };

const additional = (additionalFields: IDataObject): IDataObject => ({ additionalFields });
const added = (additionalInput: unknown) => additional({ additionalInput } as IDataObject);

test.each<[string, IDataObject, object]>([
	['nothing touched', {}, UNTOUCHED],
	['duration', { duration: 10 }, { ...UNTOUCHED, duration: 10 }],
	['resolution', { resolution: '1080p' }, { ...UNTOUCHED, resolution: '1080p' }],
	['draft', { draft: true }, { ...UNTOUCHED, draft: true }],
	['aspectRatio', { aspectRatio: '9:16' }, { ...UNTOUCHED, aspect_ratio: '9:16' }],
	['an image', { image: URL }, { ...WITHOUT_RATIO, image: URL }],
	['audio', { audio: URL, duration: 5 }, WITH_AUDIO],
	['added audio', added({ audio: URL }), WITH_AUDIO],
	['seed', additional({ seed: 7 }), { ...UNTOUCHED, seed: 7 }],
	['seed 0', additional({ seed: 0 }), { ...UNTOUCHED, seed: 0 }],
	['fps', additional({ fps: 48 }), { ...UNTOUCHED, fps: 48 }],
	['saveAudio', additional({ saveAudio: false }), { ...UNTOUCHED, save_audio: false }],
	['upsampling', additional({ promptUpsampling: true }), { ...UNTOUCHED, prompt_upsampling: true }],
	['what is new', added('{"duration": 3, "b": [1]}'), { ...UNTOUCHED, duration: 3, b: [1] }],
	['an added image', added({ image: URL }), { ...WITHOUT_RATIO, image: URL }],
	['what the user adds wins', added({ prompt: 'a dog' }), { ...UNTOUCHED, prompt: 'a dog' }],
	['an empty seed', additional({ seed: '', additionalInput: '{"seed": ""}' }), UNTOUCHED],
	['no seed', additional({ seed: 7, additionalInput: { seed: null } }), WITHOUT_SEED],
	['its seed', additional({ seed: 7, additionalInput: { seed: '' } }), { ...UNTOUCHED, seed: 7 }],
	['no duration', added({ duration: null }), WITHOUT_DURATION],
	[
		'duration beside audio',
		{ audio: URL, ...added({ duration: 3 }) },
		{ ...WITH_AUDIO, duration: 3 },
	],
	['no audio', { audio: URL, ...added({ audio: null }) }, UNTOUCHED],
	...[{}, [], '', ' ', 'voice.mp3', 7].map((audio): [string, IDataObject, object] => [
		...(['what is no audio', added({ audio }), { ...UNTOUCHED, audio }] as const),
	]),
	['no image', { image: URL, ...added({ image: null }), aspectRatio: '16:9' }, UNTOUCHED],
	['fields of older versions', { imageSource: 'url', imageUrl: URL, fps: 48 }, UNTOUCHED],
])('the whole body for %s', async (_, parameters, input) => {
	await generate(simulator, { parameters });
	expect(simulator.requests.map(({ body }) => body)).toEqual([{ input }]);
});

test.each<[IDataObject, object]>([
	[
		{ options: { webhookUrl: ` ${URL} `, policy: '{"ttl": 3600000, "lowPriority": true}' } },
		{ webhook: URL, policy: { ttl: 3_600_000, lowPriority: true } },
	],
	[{ resource: 'job', operation: 'submit', webhookUrl: URL }, { webhook: URL }],
])('beside the input: %j', async (parameters, beside) => {
	await generate(simulator, { parameters, options: parameters.options as IDataObject });
	expect(simulator.requests[0]?.body).toEqual({ input: UNTOUCHED, ...beside });
});

const NO_PROMPT = "'prompt' in 'Additional Input (JSON)' must contain text, but is";
const UNEVALUATED = "'Prompt' contains an expression that was not evaluated";

test.each<[IDataObject, string]>([
	[added('{"prompt": 5}'), `${NO_PROMPT} 5`],
	[added('{"prompt": ""}'), `${NO_PROMPT} empty`],
	[added({ prompt: '\u200b' }), NO_PROMPT],
	[added('{"prompt": null}'), `${NO_PROMPT} empty`],
	[added({ prompt: 'a {{ $json.cat }}' }), UNEVALUATED],
	[added({ image: 'file:///etc/passwd' }), "'Additional Input (JSON)': the image must be a URL"],
	[{ prompt: '={{ NaN }}' }, "'Prompt' must say what the video should show, but is NaN"],
	[{ prompt: '={{ Infinity }}' }, "'Prompt' must say what the video should show, but is Infinity"],
	// Every fault of an item, so that a row can be corrected in one go.
	[
		{ duration: 11, audio: 'voice', ...additional({ seed: -1 }) },
		"'Duration (Seconds)' must be a whole number from 1 to 10, but is 11; 'Seed' must be a whole number from 0 to 2147483647, but is -1; 'Audio': no file in field \"voice\"",
	],
])('%j is refused, and nothing is sent', async (parameters, message) => {
	const { items } = await generate(simulator, { parameters, settings: CONTINUE });
	expect(items[0]?.json.error).toContain(message);
	expect(items[0]?.json.hint).toMatch(/\S/);
	expect(simulator.requests).toHaveLength(0);
});

const largeImage = `data:image/png;base64,iVBORw0KGgo${'A'.repeat(400_001)}`;

test.each<[string, IDataObject, IDataObject, string, number, number]>([
	['sync', {}, {}, 'runsync', 90_000, 90_000],
	// The answer still has to arrive in time.
	['a short timeout', {}, { timeout: 5 }, 'runsync', 1_000, 4_000],
	// Of 10 s, 4 s for 400 kB, and 2 s for the answer.
	['a large file', { image: largeImage }, { timeout: 10 }, 'runsync', 1_000, 4_000],
	['async', {}, { executionMode: 'async' }, 'run', 0, 0],
])('how long Runpod may hold %s', async (_, parameters, options, operation, least, most) => {
	await generate(simulator, { parameters, options });
	const [{ path } = { path: '' }] = simulator.requests;
	expect(path).toMatch(new RegExp(`^/v2/p-video/${operation}(\\?wait=\\d+)?$`));
	const wait = Number(/wait=(\d+)/.exec(path)?.[1] ?? 0);
	expect(wait).toBeGreaterThanOrEqual(least);
	expect(wait).toBeLessThanOrEqual(most);
});

describe('the form', () => {
	const { description } = new PrunaVideo();
	const { properties } = description;

	/** What is on the screen for an operation, whatever its fields hold. */
	const fieldsOf = (resource: string, operation: string): INodeProperties[] =>
		properties.filter((property) =>
			NodeHelpers.displayParameter({ resource, operation }, property, null, description),
		);
	const inCollection = (fields: INodeProperties[], name: string) =>
		(fields.find((field) => field.name === name)?.options ?? [])
			.map((option) => option.name)
			.join(' ');

	const VIDEO = 'prompt image audio duration resolution draft aspectRatio';
	const PRICED = 'audio duration resolution draft additionalFields';
	const ADDED = 'seed fps saveAudio promptUpsampling additionalInput';
	const COSTS = 'maxCostPerItem maxCostPerExecution concurrency timeout';
	const RESULT = 'simplify fileName binaryPropertyName';
	const STOP = 'executionMode webhookUrl cancelOnStop cancelOnTimeout';
	const SENDING = 'resubmitUncertain sendFilesAs endpointId policy';

	test.each([
		['video > generate', `${VIDEO} download additionalFields options`],
		['video > estimateCost', PRICED, 'additionalInput', ''],
		[
			'job > submit',
			`${VIDEO} webhookUrl additionalFields options`,
			ADDED,
			`${COSTS} cancelOnStop ${SENDING}`,
		],
		['job > get', 'jobId wait download options', '', `concurrency timeout ${RESULT} endpointId`],
		['job > cancel', 'jobId options', '', 'concurrency endpointId'],
		['job > retry', 'jobId options', '', 'concurrency endpointId'],
		['endpoint > getHealth', 'options', '', 'concurrency endpointId'],
	])(
		'of %s has these fields in this order: %s',
		(where, names, more = ADDED, options = `${COSTS} ${RESULT} ${STOP} ${SENDING}`) => {
			const [resource = '', operation = ''] = where.split(' > ');
			const fields = fieldsOf(resource, operation);
			expect(fields.map(({ name }) => name).join(' ')).toBe(`resource operation ${names}`);
			expect(inCollection(fields, 'additionalFields')).toBe(more);
			expect(inCollection(fields, 'options')).toBe(options);
		},
	);

	test('has labels, types and defaults of the contract', () => {
		const fields = fieldsOf('video', 'generate').slice(2, -2);
		expect(fields.map((field) => [field.displayName, field.type, field.default])).toEqual([
			['Prompt', 'string', ''],
			['Image', 'string', ''],
			['Audio', 'string', ''],
			['Duration (Seconds)', 'number', 5],
			['Resolution', 'options', '720p'],
			['Draft Mode', 'boolean', false],
			['Aspect Ratio', 'options', '16:9'],
			['Download Video', 'boolean', false],
		]);
		const [prompt, image, audio] = fields.map(({ typeOptions }) => typeOptions);
		expect([prompt, image, audio]).toEqual([{ rows: 4 }, undefined, undefined]);
	});

	test('shows a field by resource and operation alone, and demands only what nothing can stand for', () => {
		const shownBy = properties.flatMap(({ displayOptions = {} }) => [
			...Object.keys(displayOptions),
			...Object.keys(displayOptions.show ?? {}),
		]);
		expect(new Set(shownBy)).toEqual(new Set(['show', 'resource', 'operation']));
		const required = properties.filter((property) => property.required).map(({ name }) => name);
		expect(new Set(required)).toEqual(new Set(['prompt', 'jobId']));
		const menus = properties.filter(({ noDataExpression }) => noDataExpression);
		expect(new Set(menus.map(({ name }) => name))).toEqual(new Set(['resource', 'operation']));
	});

	test('has its menus in order of use', () => {
		const menus = properties.filter(({ noDataExpression }) => noDataExpression);
		const values = menus.map(({ options = [] }) =>
			options.map((option) => 'value' in option && option.value),
		);
		expect(values).toEqual([
			['video', 'job', 'endpoint'],
			['generate', 'estimateCost'],
			['submit', 'get', 'cancel', 'retry'],
			['getHealth'],
		]);
		expect(menus.map((menu) => menu.default)).toEqual(['video', 'generate', 'submit', 'getHealth']);
	});
});
