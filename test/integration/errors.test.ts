/** What users see when something goes wrong: thrown, as an error item, and on the error output alike. */
import type { IDataObject } from 'n8n-workflow';
import { startSimulator, type Fault, type FaultRule, type Simulator } from '../tools/simulator';
import { CONTINUE, credentialsOf, generate, shown, shots, type Batch } from './batch';
import { runNode, type EngineResult } from './engine';
import { hurry } from './hurry';

let simulator: Simulator;
beforeAll(async () => {
	// The rows name Runpod's words; how else it may say them is in answers.test.ts.
	simulator = await startSimulator({ profile: 'documented' });
});
beforeEach(() => simulator.reset());
afterAll(async () => await simulator.close());
hurry(50);

/** `<id>` and `<video>` in texts stand for the job's id and the address of its video. */
interface Row {
	name: string;
	fault?: Fault & { on?: FaultRule['operation']; times?: number };
	parameters?: IDataObject;
	options?: IDataObject;
	credentials?: (of: Simulator) => ReturnType<typeof credentialsOf>;
	message: string;
	/** Part of the description: what to do. */
	advice: string;
	/** What an error item holds besides `error`. */
	known?: IDataObject;
	/** Jobs that Runpod accepted; default 0. */
	jobs?: number;
}

const ASYNC = { executionMode: 'async' };
const LOOK_IT_UP = 'Check in the Runpod console whether the job ran';
const CONSOLE_KEYS = 'the Runpod console under Settings > API Keys';
const job = (status: string, more: IDataObject = {}) => ({ id: '<id>', status, ...more });
const always = { times: Infinity };

const FIELDS: Row[] = [
	{
		name: 'blank prompt',
		parameters: { prompt: ' ' },
		message: "'Prompt' must say what the video should show, but is empty",
		advice: 'expression',
	},
	{
		name: 'bad number',
		parameters: { duration: 11 },
		message: "'Duration (Seconds)' must be a whole number from 1 to 10, but is 11",
		advice: 'expression',
	},
	{
		name: 'bad number in the additional fields',
		parameters: { additionalFields: { seed: -1 } },
		message: "'Seed' must be a whole number from 0 to 2147483647, but is -1",
		advice: 'expression',
	},
	{
		name: 'bad number in the options',
		options: { timeout: 0 },
		message: "'Timeout (Seconds)' must be a whole number from 1 to 86400, but is 0",
		advice: 'expression',
	},
	{
		name: 'unknown option',
		parameters: { resolution: '4k' },
		message: `'Resolution' must be one of 720p, 1080p, but is "4k"`,
		advice: 'expression',
	},
	{
		name: 'unknown mode',
		options: { executionMode: 'fast' },
		message: `'Execution Mode' must be one of sync, async, but is "fast"`,
		advice: 'expression',
	},
	{
		name: 'no flag',
		options: { includeInput: 'perhaps' },
		message: `'Include Input' must be true or false, but is "perhaps"`,
		advice: 'expression',
	},
	{
		name: 'no JSON',
		parameters: { additionalFields: { additionalInput: '{' } },
		message: `'Additional Input (JSON)' must be a JSON object, but is "{"`,
		advice: 'double quotes',
	},
	{
		name: 'bad URL',
		parameters: { imageSource: 'url', imageUrl: 'photo.png' },
		message: `'Image URL' must be a URL that starts with http:// or https://, but is "photo.png"`,
		advice: 'expression',
	},
	{
		name: 'missing binary',
		parameters: { audioSource: 'binary', audioBinaryField: 'sound' },
		message: `'Audio Field': no file in field "sound"`,
		advice: 'binary field',
	},
	{
		name: 'no endpoint',
		options: { endpointId: '../evil' },
		message: `'Endpoint ID' must contain only letters, digits, hyphens and underscores, but is "../evil"`,
		advice: 'p-video',
	},
	{
		name: 'above the limit of an item',
		options: { maxCostPerItem: 0.05 },
		message: "Not submitted: the video would cost $0.10, above 'Max Cost per Item (USD)' ($0.05)",
		advice: 'Draft Mode',
	},
	{
		name: 'above the limit of the execution',
		options: { maxCostPerExecution: 0.05 },
		message:
			"Not submitted: with this item ($0.10) the execution would cost $0.10, above 'Max Cost per Execution' ($0.05)",
		advice: 'Raise the limit',
	},
	{
		name: 'a limit without a price',
		parameters: { additionalFields: { additionalInput: '{"resolution":"4k"}' } },
		options: { maxCostPerItem: 1 },
		message:
			'Not submitted: a cost limit is set, but the cost is not known in advance. No price is known for the resolution "4k"',
		advice: "Correct 'Additional Input (JSON)'",
	},
	{
		name: 'a limit without a price, with audio',
		parameters: {
			audioSource: 'url',
			audioUrl: 'https://example.com/a.mp3',
			additionalFields: { additionalInput: '{"resolution":"4k"}' },
		},
		options: { maxCostPerItem: 1 },
		message:
			'Not submitted: a cost limit is set, but the cost is not known in advance. No price is known for the resolution "4k"',
		advice: "Correct 'Additional Input (JSON)'",
	},
];

const REFUSALS: Row[] = [
	{
		name: '401',
		credentials: ({ baseUrl }) => ({ apiKey: 'rpa_a_wrong_key', baseUrl }),
		message:
			'Runpod did not accept this API key: Unauthorized: the API key is missing or not valid',
		advice: CONSOLE_KEYS,
		known: { httpCode: 401 },
	},
	{
		name: '402',
		credentials: ({ noCreditKey, baseUrl }) => ({ apiKey: noCreditKey, baseUrl }),
		message: 'There is no credit left on this Runpod account: Insufficient credit balance',
		advice: 'the Runpod console under Billing',
		known: { httpCode: 402 },
	},
	{
		name: '403',
		credentials: ({ forbiddenKey, baseUrl }) => ({ apiKey: forbiddenKey, baseUrl }),
		message:
			"This API key has no access to the endpoint 'p-video': The API key has no permission for this endpoint",
		advice: CONSOLE_KEYS,
		known: { httpCode: 403 },
	},
	{
		name: '404',
		options: { endpointId: 'nothing-here' },
		message: "The endpoint 'nothing-here' was not found: Endpoint 'nothing-here' does not exist",
		advice: "'Endpoint ID'",
		known: { httpCode: 404 },
	},
	{
		name: '413',
		fault: { kind: 'status', status: 413 },
		message: 'The request is too large for Runpod: Simulated 413',
		advice: 'Use a URL',
		known: { httpCode: 413 },
	},
	{
		name: '400',
		parameters: { additionalFields: { additionalInput: '{"fps": 30}' } },
		message: 'Runpod could not make the video: fps must be one of 24, 48',
		advice: 'Job <id> failed and is not billed.',
		known: job('FAILED', { httpCode: 400 }),
		jobs: 1,
	},
	{
		name: 'another 4xx, with its reason',
		fault: { kind: 'status', status: 418, body: { message: 'teapot' } },
		message: 'Runpod rejected the request (HTTP 418): teapot',
		advice: 'Fix the problem named above',
		known: { httpCode: 418 },
	},
	{
		name: '429 until the timeout',
		options: { timeout: 1 },
		fault: { kind: 'status', status: 429, ...always },
		message: 'Runpod is limiting requests: Simulated 429',
		advice: "Lower 'Items in Parallel'",
		known: { httpCode: 429 },
	},
	{
		name: '429 for longer than the timeout',
		fault: { kind: 'status', status: 429, headers: { 'retry-after': '700' }, ...always },
		message: 'Runpod is limiting requests: Simulated 429',
		advice: "Lower 'Items in Parallel'",
		known: { httpCode: 429 },
	},
	{
		name: '503 until the timeout',
		options: { timeout: 1 },
		fault: { kind: 'status', status: 503, ...always },
		message: 'Runpod is not available (HTTP 503): Simulated 503',
		advice: 'Runpod did not accept the request.',
		known: { httpCode: 503 },
	},
	{
		name: 'no connection until the timeout',
		options: { timeout: 1 },
		credentials: ({ apiKey }) => ({ apiKey, baseUrl: 'http://127.0.0.1:1/v2' }),
		message: 'Runpod could not be reached (ECONNREFUSED)',
		advice: 'Nothing was sent.',
	},
	{
		name: 'redirect',
		fault: { kind: 'redirect', status: 307, location: 'http://127.0.0.1:9/elsewhere' },
		message: 'The Runpod URL redirected to another address (HTTP 307)',
		advice: 'The API key is not sent to another address.',
		known: { httpCode: 307 },
	},
	{
		name: 'no base URL',
		credentials: ({ apiKey }) => ({ apiKey, baseUrl: 'api.runpod.ai' }),
		message: "The credential's 'Base URL' is not a URL that starts with https://",
		advice: 'https://api.runpod.ai/v2',
	},
];

const UNCERTAIN: Row[] = [
	{
		name: '500 before',
		fault: { kind: 'status', status: 500 },
		message: 'Runpod returned an error (HTTP 500): Simulated 500; the job may be running',
		advice: LOOK_IT_UP,
		known: { httpCode: 500 },
	},
	{
		name: '502 after',
		fault: { kind: 'status', status: 502, body: '<h1>Bad Gateway</h1>', when: 'after' },
		message: 'Runpod returned an error (HTTP 502): Bad Gateway; the job may be running',
		advice: LOOK_IT_UP,
		known: { httpCode: 502 },
		jobs: 1,
	},
	{
		name: '504 after',
		fault: { kind: 'status', status: 504, body: '', when: 'after' },
		message: 'Runpod returned an error (HTTP 504); the job may be running',
		advice: LOOK_IT_UP,
		known: { httpCode: 504 },
		jobs: 1,
	},
	{
		name: 'reset before',
		fault: { kind: 'reset' },
		message: 'The connection to Runpod was lost (ECONNRESET); the job may be running',
		advice: LOOK_IT_UP,
	},
	{
		name: 'reset after',
		fault: { kind: 'reset', when: 'after' },
		message: 'The connection to Runpod was lost (ECONNRESET); the job may be running',
		advice: LOOK_IT_UP,
		jobs: 1,
	},
	{
		name: 'no answer',
		fault: { kind: 'hang', when: 'after' },
		options: { syncWait: 1 },
		message: 'Runpod did not answer (no answer within 11 s); the job may be running',
		advice: LOOK_IT_UP,
		jobs: 1,
	},
	{
		name: 'HTML',
		fault: { kind: 'body', body: '<b>Hi</b>', contentType: 'text/html', when: 'after' },
		message: 'Runpod answered with "Hi" instead of a job; the job may be running',
		advice: LOOK_IT_UP,
		known: { httpCode: 200 },
		jobs: 1,
	},
	{
		name: 'an empty body',
		fault: { kind: 'body', body: '', when: 'after' },
		message: 'Runpod answered with an empty answer instead of a job; the job may be running',
		advice: LOOK_IT_UP,
		known: { httpCode: 200 },
		jobs: 1,
	},
	{
		name: 'broken JSON',
		fault: { kind: 'body', body: '{"id": ', when: 'after' },
		message: 'Runpod answered with "{"id":" instead of a job; the job may be running',
		advice: LOOK_IT_UP,
		known: { httpCode: 200 },
		jobs: 1,
	},
];

const JOBS: Row[] = [
	{
		name: 'FAILED, with the reason out of nested JSON',
		fault: { kind: 'job', error: 'Error submitting task: 400, {"code":400,"message":"bad light"}' },
		message: 'Runpod could not make the video: bad light',
		advice: 'Job <id> failed and is not billed.',
		known: job('FAILED', { httpCode: 400 }),
		jobs: 1,
	},
	{
		name: 'FAILED without a reason',
		fault: { kind: 'job', status: 'FAILED' },
		message: 'Runpod could not make the video and gave no reason',
		advice: 'Job <id> failed and is not billed.',
		known: job('FAILED', { httpCode: 400 }),
		jobs: 1,
	},
	{
		name: 'FAILED while polling',
		options: ASYNC,
		fault: { kind: 'job', error: 'Invalid audio format' },
		message: 'Runpod could not make the video: Invalid audio format',
		advice: 'Job <id> failed and is not billed.',
		known: job('FAILED'),
		jobs: 1,
	},
	{
		name: 'CANCELLED',
		options: ASYNC,
		fault: { kind: 'job', status: 'CANCELLED' },
		message: 'Job <id> was cancelled',
		advice: 'It was cancelled by',
		known: job('CANCELLED'),
		jobs: 1,
	},
	{
		name: 'TIMED_OUT',
		options: ASYNC,
		fault: { kind: 'job', status: 'TIMED_OUT', error: 'too slow' },
		message: 'Job <id> timed out on Runpod: too slow',
		advice: "'Execution Timeout'",
		known: job('TIMED_OUT'),
		jobs: 1,
	},
	{
		name: '404 while polling, until the timeout: a new job can be unknown for a minute',
		options: { ...ASYNC, timeout: 1 },
		fault: { kind: 'forget' },
		message: 'Runpod did not report the status of job <id> within 1 s: job not found',
		advice: 'Job > Get',
		known: { id: '<id>' },
		jobs: 1,
	},
	{
		name: '401 while polling, until the timeout',
		options: { ...ASYNC, timeout: 1 },
		fault: { on: 'status', kind: 'status', status: 401, ...always },
		message:
			'Runpod did not report the status of job <id> within 1 s: Runpod did not accept this API key: Simulated 401',
		advice: 'Job > Get',
		known: { id: '<id>' },
		jobs: 1,
	},
	{
		name: 'HTML while polling, until the timeout',
		options: { ...ASYNC, timeout: 1 },
		fault: { on: 'status', kind: 'body', body: '<p>Login</p>', ...always },
		message:
			'Runpod did not report the status of job <id> within 1 s: Runpod answered with "Login" instead of a job',
		advice: 'Job > Get',
		known: { id: '<id>' },
		jobs: 1,
	},
	{
		name: 'faults while polling until the timeout',
		options: { ...ASYNC, timeout: 1 },
		fault: { on: 'status', kind: 'status', status: 500, ...always },
		message:
			'Runpod did not report the status of job <id> within 1 s: Runpod returned an error (HTTP 500): Simulated 500',
		advice: 'Job > Get',
		known: { id: '<id>' },
		jobs: 1,
	},
	{
		name: 'running at the timeout',
		options: { ...ASYNC, timeout: 1 },
		fault: { kind: 'job', executionTimeMs: 60_000 },
		message: 'Job <id> was still IN_PROGRESS after 1 s',
		advice: 'Job > Get',
		known: job('IN_PROGRESS'),
		jobs: 1,
	},
	{
		name: 'a state that nobody knows, at the timeout',
		options: { ...ASYNC, timeout: 1 },
		fault: { kind: 'job', status: 'PONDERING' },
		message: 'Runpod reports the state PONDERING for job <id> after 1 s',
		advice: 'Job > Get',
		known: job('PONDERING'),
		jobs: 1,
	},
	...[
		{ name: 'no output', output: { omit: ['output'] }, instead: 'no output' },
		{ name: 'null', output: { output: null }, instead: 'no output' },
		{ name: 'a text', output: { output: 'oops' }, instead: '"oops"' },
		{ name: 'a list', output: { output: [1] }, instead: '[1]' },
		{
			name: 'no address',
			output: { output: { video_url: 'file:///etc/passwd', cost: 0.1 } },
			instead: '{"video_url":"file:///etc/passwd","cost":0.1}',
			cost: 0.1,
		},
	].map(
		({ name, output, instead, cost }): Row => ({
			name: `COMPLETED with ${name}`,
			fault: { kind: 'job', ...output },
			message: `Job <id> completed but returned ${instead} instead of a video`,
			advice: 'Check the job in the Runpod console.',
			known: job('COMPLETED', cost === undefined ? {} : { cost }),
			jobs: 1,
		}),
	),
	{
		name: 'a download that cannot be had',
		parameters: { download: true },
		fault: { on: 'video', kind: 'status', status: 403 },
		message: 'The video could not be downloaded: not found (HTTP 403); videos expire after 7 days',
		advice: 'You can download it from <video> for 7 days',
		known: job('COMPLETED', { video_url: '<video>', cost: 0.1, httpCode: 403 }),
		jobs: 1,
	},
];

const ROWS = [...FIELDS, ...REFUSALS, ...UNCERTAIN, ...JOBS];

async function run(row: Row, settings: Batch['settings']): Promise<EngineResult> {
	const { fault, parameters, options, credentials } = row;
	if (fault !== undefined) {
		const { on = options?.executionMode === 'async' ? 'run' : 'runsync', ...rule } = fault;
		simulator.faults.add({ ...rule, operation: on } as FaultRule);
		if (on === 'status') simulator.faults.add({ ...rule, operation: 'status-sync' } as FaultRule);
	}
	const used = credentials?.(simulator) ?? credentialsOf(simulator);
	const result = await generate(simulator, { parameters, options, settings, credentials: used });
	expect(simulator.ledger.jobs).toHaveLength(row.jobs ?? 0);
	expect(shown(result)).not.toContain(used.apiKey);
	return result;
}

/** `expected` with the ledger's id and address in the places of `<id>` and `<video>`. */
function filledIn<T>(expected: T): T {
	const [accepted] = simulator.ledger.jobs;
	const text = JSON.stringify(expected)
		.replaceAll('<id>', accepted?.id ?? '')
		.replaceAll('<video>', simulator.videoUrl(accepted?.id ?? ''));
	return JSON.parse(text) as T;
}

test.each(ROWS)('thrown: $name', async (row) => {
	const { items, error } = await run(row, {});
	const { httpCode, ...known } = filledIn(row.known ?? {});

	expect(items).toEqual([]);
	expect(error?.message).toBe(filledIn(row.message));
	expect(error?.description).toContain(filledIn(row.advice));
	expect(error?.context).toMatchObject({ itemIndex: 0, ...known });
	if (httpCode !== undefined) expect(error?.httpCode).toBe(String(httpCode));
	expect(error?.name).toMatch(/^Node(Api|Operation)Error$/);
	if (known.id) {
		const text = `${error?.message} ${error?.description}`;
		expect(text).toContain(known.id);
		// Once is enough, apart from the video's address.
		const rest = text.replace(filledIn('<video>') || 'none', '');
		expect(rest.split(String(known.id)).length - 1).toBeLessThanOrEqual(1);
	}
});

test.each(ROWS)('Continue On Fail: $name', async (row) => {
	const { items, error } = await run(row, CONTINUE);

	expect(error).toBeUndefined();
	expect(items).toEqual([
		{
			json: {
				...filledIn({ error: row.message, ...row.known }),
				hint: expect.stringContaining(filledIn(row.advice)),
			},
			pairedItem: { item: 0 },
		},
	]);
});

test.each(ROWS)('error output: $name', async (row) => {
	const { items, errorItems, error } = await run(row, { onError: 'continueErrorOutput' });

	expect(error).toBeUndefined();
	expect(items).toEqual([]);
	expect(errorItems.map(({ json }) => json)).toEqual([
		{
			...filledIn({ prompt: 'a cat', error: row.message, ...row.known }),
			hint: expect.stringContaining(filledIn(row.advice)),
		},
	]);
	expect(errorItems[0]?.pairedItem).toEqual({ item: 0 });
});

test('thrown: the item is named by its index', async () => {
	const { error } = await generate(simulator, {
		prompts: ['a', 'b', ' ', 'd'],
		options: { concurrency: 1 },
	});
	expect(error?.context?.itemIndex).toBe(2);
});

test('thrown: what became of the other items is listed in order, each once', async () => {
	const prompts = shots(5);
	// The first items take longest.
	simulator.options.executionTimeMs = ({ prompt }) => 1_000 - 200 * prompts.indexOf(String(prompt));
	const befalls = (prompt: string, fault: Fault) =>
		simulator.faults.add({ ...fault, operation: 'runsync', match: { prompt } });
	befalls('shot 1.', { kind: 'job', error: 'no light' });
	befalls('shot 2.', { kind: 'status', status: 400, body: { error: 'no room' } });
	const { error } = await generate(simulator, { prompts });
	simulator.options.executionTimeMs = 20;

	const job = (index: number) =>
		simulator.ledger.jobs.find(({ input }) => input.prompt === prompts[index]);
	const video = (index: number) => {
		const id = job(index)?.id ?? '';
		return `item ${index}: ${id} ${simulator.videoUrl(id)}`;
	};
	expect(error?.message).toBe(
		'Runpod rejected the request (HTTP 400): no room (3 of 5 items finished)',
	);
	expect(error?.description).toBe(
		'Fix the problem named above, then run again. ' +
			`Finished: ${video(0)}, ${video(3)}, ${video(4)}. ` +
			`Also failed: item 1: Runpod could not make the video: no light ${job(1)?.id}.`,
	);
});

test('settings of the whole execution that cannot be used stop every item', async () => {
	const message = `'Items in Parallel' must be a whole number from 1 to 400, but is "many"`;
	const batch = { prompts: shots(2), options: { concurrency: 'many' } };

	const { error } = await generate(simulator, batch);
	expect(error?.message).toBe(`${message} (0 of 2 items finished)`);
	expect(error?.description).not.toContain('Also failed');
	expect(error?.context?.itemIndex).toBe(0);
	const { items } = await generate(simulator, { ...batch, settings: CONTINUE });
	expect(items).toEqual([
		{ json: { error: message, hint: expect.any(String) }, pairedItem: { item: 0 } },
		{ json: { error: message, hint: expect.any(String) }, pairedItem: { item: 1 } },
	]);
	expect(simulator.requests).toHaveLength(0);
});

test('an expression that cannot be evaluated is for the user to fix', async () => {
	const { error } = await generate(simulator, {
		parameters: { prompt: "={{ $('Nope').item.json.x }}" },
	});
	expect(error?.message).toMatch(/Nope|Referenced node/);
	expect(error?.description).not.toMatch(/report/);
	expect(error?.description).not.toBe('');
	expect(error?.context?.itemIndex).toBe(0);
});

test('a job without a video is not counted as one', async () => {
	simulator.faults.add({ operation: 'runsync', kind: 'job', output: { cost: 0.1 } });
	const { hints } = await generate(simulator, { prompts: shots(2), settings: CONTINUE });
	expect(hints.map(({ message }) => message)).toEqual([
		'1 video for $0.10, 1 failed',
		expect.stringMatching(/^Video URLs expire/),
	]);
});

test('an operation that does not exist is refused', async () => {
	const { error } = await generate(simulator, { parameters: { operation: 'paint' } });
	expect(error?.message).toBe("The operation 'paint' does not exist for the resource 'video'");
	expect(simulator.requests).toHaveLength(0);
});

test('a key that the server sends back is taken out of errors', async () => {
	simulator.faults.add({
		operation: 'runsync',
		kind: 'status',
		status: 400,
		body: { error: `bad key ${simulator.apiKey}` },
	});
	const { error } = await generate(simulator);
	expect(error?.message).toBe('Runpod rejected the request (HTTP 400): bad key ***');
});

test.each<[string, (key: string) => IDataObject, IDataObject]>([
	[
		"the video's address",
		(key) => ({
			...{ id: 'job-1', status: 'COMPLETED' },
			output: { video_url: `http://127.0.0.1:9/${key}.mp4`, cost: 0.1 },
		}),
		{ id: 'job-1', status: 'COMPLETED', video_url: 'http://127.0.0.1:9/***.mp4', cost: 0.1 },
	],
	["the job's id", (key) => ({ id: key, status: 'FAILED' }), { id: '***', status: 'FAILED' }],
	["the job's state", (key) => ({ id: 'job-1', status: key }), { id: 'job-1', status: '***' }],
])('a key that the server sends back as %s is taken out of errors', async (_, body, known) => {
	const answer = JSON.stringify(body(simulator.apiKey));
	for (const operation of ['runsync', 'status'] as const) {
		simulator.faults.add({ operation, kind: 'body', body: answer, times: Infinity });
	}
	for (const settings of [CONTINUE, { onError: 'continueErrorOutput' } as const]) {
		const result = await generate(simulator, {
			parameters: { download: true },
			options: { timeout: 1, pollInterval: 1 },
			settings,
		});
		expect([...result.items, ...result.errorItems]).toMatchObject([{ json: known }]);
		expect(shown(result)).not.toContain(simulator.apiKey);
	}
	const thrown = await generate(simulator, {
		parameters: { download: true },
		options: { timeout: 1, pollInterval: 1 },
	});
	expect(thrown.error?.context).toMatchObject(known);
	expect(shown(thrown)).not.toContain(simulator.apiKey);
});

test.each<[string, Batch['parameters'], Batch['options']]>([
	['a field', { resolution: '<key>' }, {}],
	['a field whose value is cut', { resolution: `${'x'.repeat(40)}<key>` }, {}],
	['an option', {}, { executionMode: '<key>' }],
	['an option of the whole execution', {}, { concurrency: '<key>' }],
])('a key that the user put into %s is taken out of errors', async (_, parameters, options) => {
	const withKey = <T>(fields: T): T =>
		JSON.parse(JSON.stringify(fields).replace('<key>', simulator.apiKey)) as T;
	for (const settings of [{}, CONTINUE]) {
		const result = await generate(simulator, {
			parameters: withKey(parameters),
			options: withKey(options),
			settings,
		});
		expect(shown(result)).toContain('***');
		expect(shown(result)).not.toContain(simulator.apiKey.slice(0, 8));
	}
});

test('a key that the server sends back is taken out of outputs', async () => {
	const echo = { [simulator.apiKey]: [simulator.apiKey, 1, null] };
	simulator.faults.add({
		operation: 'runsync',
		kind: 'job',
		output: { video_url: 'https://a.example/b.mp4', cost: 0.1, echo },
	});
	const { items } = await generate(simulator, { parameters: { simplify: false } });
	expect(items[0]?.json.output).toMatchObject({ cost: 0.1, echo: { '***': ['***', 1, null] } });
});

test('without items, nothing happens', async () => {
	const { items, error } = await runNode({
		parameters: { resource: 'video', operation: 'generate', prompt: 'x' },
		items: [],
	});
	expect([items, error]).toEqual([[], undefined]);
});
