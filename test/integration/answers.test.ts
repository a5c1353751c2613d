/**
 * Whon Runpod was seen to answer, and what it might: each shape replayed through n8n's engine, with the output, the
 * cost, the message and the number of jobs that it leads to. How jobs are waited for is in waiting.test.ts.
 */
import type { IDataObject } from 'n8n-workflow';
import { OUTPUT_SHAPES } from '../tools/simulator/document';
import { startSimulator, type FaultRule, type Simulator } from '../tools/simulator';
import { CONTINUE, credentialsOf, generate, submissions } from './batch';
import { readBinary, runNode, storeBinary, type EngineResult } from './engine';
import { hurry } from './hurry';

let simulator: Simulator;
let usual: Simulator['options'];
beforeAll(async () => {
	// Each row says itself how Runpod answers.
	simulator = await startSimulator({ profile: 'documented' });
	usual = { ...simulator.options };
});
beforeEach(() => {
	simulator.reset();
	Object.assign(simulator.options, usual);
});
afterAll(async () => await simulator.close());
hurry(50);

/** The ways to a finished video. */
const WAYS = ['sync', 'async', 'download', 'get', 'wait'] as const;
type Way = (typeof WAYS)[number];

interface More {
	parameters?: IDataObject;
	options?: IDataObject;
	/** Fields of what makes the job. */
	submitted?: IDataObject;
}

async function take(way: Way, more: More = {}): Promise<EngineResult> {
	const options = { timeout: 20, ...more.options };
	if (way !== 'get' && way !== 'wait') {
		return await generate(simulator, {
			parameters: { download: way === 'download', ...more.submitted, ...more.parameters },
			options: { ...options, ...(way === 'async' && { executionMode: 'async' }) },
		});
	}
	const submitted = await runNode({
		parameters: { resource: 'job', operation: 'submit', prompt: 'a cat', ...more.submitted },
		credentials: credentialsOf(simulator),
	});
	const jobId = String(submitted.items[0]?.json.id);
	if (way === 'get') await simulator.waitFor(({ jobs }) => jobs[0]?.executionTime !== undefined);
	return await runNode({
		parameters: {
			resource: 'job',
			operation: 'get',
			jobId,
			wait: way === 'wait',
			...more.parameters,
			options,
		},
		credentials: credentialsOf(simulator),
	});
}

function oneJob(): void {
	expect(simulator.ledger.jobs).toHaveLength(1);
	expect(submissions(simulator)).toHaveLength(1);
}

function told({ error }: EngineResult): string {
	return `${error?.message}\n${error?.description}`;
}

/** How the next job ends, whatever asks for it. */
function jobEnds(fault: Omit<Extract<FaultRule, { kind: 'job' }>, 'kind' | 'operation'>): void {
	simulator.faults.add({ kind: 'job', operation: '*', ...fault });
}

const WITHOUT_COST = ['text', 'textList'];

describe('the video, wherever Runpod puts it', () => {
	const shapes = OUTPUT_SHAPES.filter((shape) => shape !== 'none');
	const rows = shapes.flatMap((shape) => WAYS.map((way) => [shape, way] as const));
	test.each(rows)('%s: %s', async (shape, way) => {
		simulator.options.outputShape = shape as Simulator['options']['outputShape'];
		const { items, error } = await take(way);
		expect(error).toBeUndefined();
		const [item] = items;
		const [job] = simulator.ledger.jobs;
		expect(item?.json).toMatchObject({
			video_url: expect.stringMatching(new RegExp(`^http://\\S+/video/${job?.id}/output.mp4$`)),
			cost: WITHOUT_COST.includes(shape) ? null : job?.price,
			id: job?.id,
			status: 'COMPLETED',
		});
		if (way === 'download') expect((await readBinary(item!)).length).toBeGreaterThan(1000);
		oneJob();
	});
});

test.each([
	['number', 0.1, 'for $0.10'],
	['text', 0.1, 'for $0.10'],
	['none', null, 'for $0.00 and 1 unknown cost'],
] as const)('a cost as %s is %s', async (costAs, cost, hint) => {
	simulator.options.costAs = costAs;
	const { items, hints } = await take('sync');
	expect(items[0]?.json.cost).toBe(cost);
	expect(hints[0]?.message).toBe(`1 video ${hint}`);
	expect(hints.map(({ type }) => type)).not.toContain('warning');
});

test('a cost that differs from the estimate is reported', async () => {
	jobEnds({ output: { video_url: 'https://v.example/a.mp4', cost: 5 } });
	const { items, hints } = await take('sync');
	expect(items[0]?.json.cost).toBe(5);
	expect(hints.map(({ message }) => message).join()).toContain('$4.90 more than estimated');
});

test('the seed that was used wins over the one that was sent', async () => {
	jobEnds({ output: { result: 'https://v.example/a.mp4', seed: 77 } });
	const { items } = await take('sync', { parameters: { additionalFields: { seed: 5 } } });
	expect(items[0]?.json.seed).toBe(77);
});

test('the summary of a failed batch holds every address whole', async () => {
	const long = `https://v.example/${'x'.repeat(1500)}.mp4`;
	for (const [prompt, output] of [
		['one', { result: long, cost: 0.1 }],
		['two', [long]],
		['three', JSON.stringify({ video_url: long })],
	] as const) {
		jobEnds({ output, match: { prompt } });
	}
	jobEnds({ status: 'FAILED', error: 'no such fps', match: { prompt: 'four' } });
	const result = await generate(simulator, {
		prompts: ['one', 'two', 'three', 'four'],
		options: { concurrency: 4 },
	});
	expect(result.error?.message).toContain('no such fps');
	expect(result.error?.description?.split(long)).toHaveLength(4);
	expect(simulator.ledger.jobs).toHaveLength(4);
});

describe('not simplified, what repeats the request is shortened', () => {
	test.each(WAYS)('%s', async (way) => {
		simulator.options.repeatsInput = true;
		simulator.options.outputShape = 'result';
		const webhook = 'https://n8n.example/webhook/1?token=secret';
		const image = `data:image/png;base64,${PNG.toString('base64')}`;
		const { items, error } = await take(way, {
			parameters: { simplify: false },
			options: { webhookUrl: webhook },
			submitted: { webhookUrl: webhook, additionalFields: { additionalInput: { image } } },
		});
		expect(error).toBeUndefined();
		const text = JSON.stringify(items);
		expect(text).toMatch(/data:image\/png \(\d+ B\)/);
		expect(text).not.toContain('base64');
		expect(text).not.toContain('secret');
		expect(items[0]?.json.webhook).toBe('https://n8n.example/webhook/1');
		oneJob();
	});
});

/** Ends that are no video: the message, the advice, and what is known of the job and its cost. */
interface End {
	name: string;
	fault: Parameters<typeof jobEnds>[0];
	message: string;
	advice: string;
	/** In the error item, beside id and status. */
	item?: IDataObject;
}

const AGAIN = 'Another try may work';
const FIX = 'Fix the problem named above';
const ENDS: End[] = [
	{
		name: 'FAILED, the reason only in the output',
		fault: { status: 'FAILED', error: undefined, output: { error: 'CUDA out of memory' } },
		message: 'Runpod could not make the video: CUDA out of memory',
		advice: FIX,
	},
	{
		name: 'FAILED with a cost and an address',
		fault: {
			status: 'FAILED',
			error: 'late',
			output: { video_url: 'https://v.example/a.mp4', cost: 0.2 },
		},
		message: 'Runpod could not make the video: late',
		advice: 'Runpod reports that it was billed ($0.20)',
		item: { cost: 0.2, video_url: 'https://v.example/a.mp4' },
	},
	{
		name: 'FAILED without a reason',
		fault: { status: 'FAILED', error: undefined },
		message: 'Runpod could not make the video and gave no reason',
		advice: 'is not billed',
	},
	{
		name: 'a Python error without a message',
		fault: {
			status: 'FAILED',
			error: `{"error_type":"<class 'AssertionError'>","error_message":"","error_traceback":""}`,
		},
		message: 'Runpod could not make the video: AssertionError, without a message',
		advice: FIX,
	},
	{
		name: 'a KeyError',
		fault: { status: 'FAILED', error: "'image'" },
		message: "the field 'image' is missing or not known to the model",
		advice: FIX,
	},
	{
		name: 'a FastAPI error',
		fault: { status: 'FAILED', error: [{ loc: ['input', 'fps'], msg: 'must be 24 or 48' }] },
		message: 'Runpod could not make the video: input.fps: must be 24 or 48',
		advice: FIX,
	},
	{
		name: 'a code',
		fault: { status: 'FAILED', error: { code: 1001 } },
		message: 'Runpod could not make the video: code 1001',
		advice: FIX,
	},
	{
		name: "an upstream's limit",
		fault: {
			status: 'FAILED',
			error: 'Error submitting task: 429, {"code":429,"message":"slow down"}',
		},
		message: 'Runpod could not make the video: slow down',
		advice: AGAIN,
	},
	{
		name: 'a worker that was lost',
		fault: { status: 'FAILED', error: 'job timed out after 1 retries' },
		message: 'Runpod could not make the video: job timed out after 1 retries',
		advice: AGAIN,
	},
	{
		name: 'COMPLETED with an error and no output',
		fault: { status: 'COMPLETED', error: 'the model gave up', output: undefined },
		message: 'completed without a video: the model gave up',
		advice: 'It may have been billed',
	},
	{
		name: 'COMPLETED with a cost and no address',
		fault: { status: 'COMPLETED', output: { cost: 0.25 } },
		message: 'completed but returned {"cost":0.25} instead of a video',
		advice: 'Runpod reports that it was billed ($0.25)',
		item: { cost: 0.25 },
	},
	{
		name: 'CANCELLED without times',
		fault: { status: 'CANCELLED', omit: ['delayTime', 'executionTime'] },
		message: 'was cancelled',
		advice: 'in the Runpod console',
	},
	{
		name: 'TIMED_OUT',
		fault: { status: 'TIMED_OUT' },
		message: 'timed out on Runpod',
		advice: "Raise 'Execution Timeout'",
	},
];

describe('a job that ended without a video', () => {
	const rows = ENDS.flatMap((end) =>
		(['sync', 'async', 'wait'] as const).map((way) => [end.name, way, end] as const),
	);
	test.each(rows)('%s: %s', async (_, way, { fault, message, advice, item = {} }) => {
		jobEnds(fault);
		const result = await take(way);
		expect(result.error?.message).toContain(message);
		expect(result.error?.description).toContain(advice);
		const [job] = simulator.ledger.jobs;
		expect(told(result)).toContain(job?.id);
		expect(result.error?.context).toMatchObject({ ...item, id: job?.id, status: job?.status });
		oneJob();
	});

	test("for a user's own endpoint nothing is said about billing", async () => {
		simulator.options.endpoints = ['my-own'];
		jobEnds({ status: 'FAILED', error: 'no' });
		const result = await take('sync', { options: { endpointId: 'my-own' } });
		expect(result.error?.message).toContain('no');
		expect(told(result)).not.toMatch(/billed/);
	});
});

test.each([
	[{ status: 'error', error: { message: 'CUDA out of memory' } }, 'CUDA out of memory'],
	[{ progress: 0.5 }, undefined],
])('Get without wait, of a running job with the output %j, tells %j', async (progress, error) => {
	simulator.options.executionTimeMs = 60_000;
	jobEnds({ progress });
	const { items } = await runNode({
		parameters: { resource: 'job', operation: 'get', jobId: await submittedJob() },
		credentials: credentialsOf(simulator),
	});
	expect(items[0]?.json).toMatchObject({ status: 'IN_PROGRESS' });
	expect(items[0]?.json.error).toBe(error);
});

async function submittedJob(): Promise<string> {
	const { items } = await runNode({
		parameters: { resource: 'job', operation: 'submit', prompt: 'a cat' },
		credentials: credentialsOf(simulator),
	});
	await simulator.waitFor(({ jobs }) => jobs[0]?.status !== 'IN_QUEUE');
	return String(items[0]?.json.id);
}

/** Refusals of a submission: ours and Runpod's reason, and nothing is asked for twice. */
const SUSPENDED = { error: 'account suspended: unpaid invoice' };
test.each<[number, unknown, string, string]>([
	[400, SUSPENDED, 'Runpod did not accept the request for this account', 'under Billing'],
	[401, SUSPENDED, 'Runpod did not accept the request for this account', 'under Billing'],
	[401, 'unauthorized', 'Runpod did not accept this API key', 'create a new one'],
	[402, SUSPENDED, 'There is no credit left on this Runpod account', 'Add credit'],
	[403, SUSPENDED, 'Runpod did not accept the request for this account', 'under Billing'],
	[403, 'forbidden', "This API key has no access to the endpoint 'p-video'", 'Give the key access'],
	[404, 'endpoint not found', "The endpoint 'p-video' was not found", "'Endpoint ID'"],
	[400, 'no prompt', 'Runpod rejected the request (HTTP 400)', FIX],
	[429, 'quota', 'Runpod is limiting requests', "'Items in Parallel'"],
	[503, 'maintenance', 'Runpod is not available (HTTP 503)', 'Run again later'],
	[500, 'oops', 'Runpod returned an error (HTTP 500)', 'Check in the Runpod console'],
	[
		400,
		{ error: 'bad request: body: exceeded max body size of 10MiB' },
		'The request is too large for Runpod',
		"'Send Files As' to Link",
	],
])('HTTP %i %j: "%s"', async (status, body, message, advice) => {
	// Longer than the item has, so that nothing is waited for.
	const headers = { 'retry-after': '3600' };
	simulator.faults.add({ kind: 'status', operation: 'runsync', status, headers, body });
	const result = await take('sync');
	const reason = typeof body === 'string' ? body : (body as { error: string }).error;
	expect(result.error?.message.startsWith(message)).toBe(true);
	expect(result.error?.message).toContain(`: ${reason}`);
	expect(result.error?.description).toContain(advice);
	expect(simulator.ledger.jobs).toHaveLength(0);
	expect(submissions(simulator)).toHaveLength(1);
});

describe('after a file was sent, the alternatives are named', () => {
	const LINK = "'Send Files As' to Link";
	async function takeWithImage(): Promise<EngineResult> {
		const image = await storeBinary(PNG, 'image/png', 'a.png');
		return await generate(simulator, {
			parameters: { imageSource: 'binary', imageBinaryField: 'data' },
			options: { timeout: 20 },
			items: [{ json: { prompt: 'a cat' }, binary: { data: image } }],
		});
	}

	test('400 property input is required', async () => {
		simulator.options.refusesDataUris = true;
		const result = await takeWithImage();
		expect(result.error?.message).toContain('property input is required');
		expect(result.error?.description).toContain(LINK);
		expect(submissions(simulator)).toHaveLength(1);
	});

	test('FAILED with the same reason', async () => {
		jobEnds({ status: 'FAILED', error: 'bad request: property input is required' });
		const result = await takeWithImage();
		expect(result.error?.description).toContain(LINK);
		oneJob();
	});

	test('502 with a page', async () => {
		simulator.faults.add({
			kind: 'body',
			operation: 'runsync',
			status: 502,
			body: '<html><h1>Bad gateway</h1></html>',
			contentType: 'text/html',
		});
		const result = await takeWithImage();
		expect(result.error?.message).toBe(
			'Runpod returned an error (HTTP 502): Bad gateway; the job may be running',
		);
		expect(result.error?.description).toContain(LINK);
		expect(submissions(simulator)).toHaveLength(1);
	});
});

const PNG = Buffer.from(
	'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
	'base64',
);

describe('"endpoint not found" is not an expired job', () => {
	test.each([
		['get', 'status', { status: 404, title: 'Not Found', detail: 'endpoint not found' }],
		['get', 'status', 'endpoint not found'],
		['cancel', 'cancel', { detail: 'endpoint not found' }],
		['retry', 'retry', { detail: 'endpoint not found' }],
	] as const)('Job > %s: %s %j', async (operation, on, body) => {
		simulator.faults.add({ kind: 'status', operation: on, status: 404, body, times: Infinity });
		const result = await runNode({
			parameters: { resource: 'job', operation, jobId: 'job-1-u1' },
			credentials: credentialsOf(simulator),
		});
		expect(result.error?.message).toMatch(/^The endpoint 'p-video' was not found/);
		expect(result.error?.description).toContain("Check the option 'Endpoint ID'");
		expect(told(result)).toContain('job-1-u1');
	});

	test('a job that is not found may have expired', async () => {
		const result = await runNode({
			parameters: { resource: 'job', operation: 'get', jobId: 'job-1-u1' },
			credentials: credentialsOf(simulator),
		});
		expect(result.error?.message).toBe('Job job-1-u1 was not found on Runpod. It may have expired');
	});
});

test('Get Health explains a 401', async () => {
	simulator.options.showsHealth = false;
	const { error } = await runNode({
		parameters: { resource: 'endpoint', operation: 'getHealth' },
		credentials: credentialsOf(simulator),
	});
	expect(error?.message).toContain("does not return the health of the endpoint 'p-video'");
	expect(error?.description).toContain('Public endpoints such as p-video may not return it');
});

test.each(['a.b:c~d+e=f_g', "a'(b)*c!&$,;@", 'a?b#c%2fd', 'A-1-u2', 'x-e1', 7_310_442])(
	'a job with the ID %j is followed',
	async (id) => {
		const answer = JSON.stringify({ id, status: 'IN_QUEUE' });
		simulator.faults.add({ kind: 'body', operation: 'run', body: answer, when: 'after' });
		const body = JSON.stringify({ id, status: 'COMPLETED', output: 'https://v.example/a.mp4' });
		simulator.faults.add({ kind: 'body', operation: '*', body, times: Infinity });
		const { items } = await take('async');
		expect(items[0]?.json).toMatchObject({ video_url: 'https://v.example/a.mp4', id });
		const asked = simulator.requests.at(-1)?.path.replace(/\?.*/, '');
		expect(asked?.endsWith(`/${encodeURIComponent(id)}`)).toBe(true);
		oneJob();
	},
);

describe('the answer of a final job counts, whatever its ID looks like', () => {
	test.each([
		['sync', undefined],
		['sync', '../odd'],
		['async', undefined],
	] as const)('%s: %j', async (way, id) => {
		const output = { video_url: 'https://v.example/a.mp4', cost: 0.1 };
		simulator.faults.add({
			kind: 'body',
			operation: way === 'sync' ? 'runsync' : 'status-sync',
			body: JSON.stringify({ id, status: 'COMPLETED', output }),
			when: 'after',
		});
		const { items } = await take(way);
		expect(items[0]?.json).toMatchObject(output);
		oneJob();
	});
});

test.each([
	[{ video_url: 'https://v.example/a.mp4', cost: 0.1 }, 'https://v.example/a.mp4', undefined],
	[{ cost: 0.1 }, undefined, /^The job completed but returned .* instead of a video$/],
])('Submit, answered with a completed job without an ID and %j', async (output, url, message) => {
	const body = JSON.stringify({ status: 'COMPLETED', output });
	simulator.faults.add({ kind: 'body', operation: 'run', body, when: 'after' });
	const { items, error } = await generate(simulator, {
		parameters: { resource: 'job', operation: 'submit' },
	});
	expect(items[0]?.json.video_url).toBe(url);
	if (message === undefined) expect(error).toBeUndefined();
	else expect(error?.message).toMatch(message);
	oneJob();
});

test('with Continue On Fail an error item contains all that is known', async () => {
	jobEnds({
		status: 'FAILED',
		error: 'late',
		output: { result: 'https://v.example/a.mp4', cost: 0.2 },
	});
	const { items } = await generate(simulator, { settings: CONTINUE });
	expect(items[0]?.json).toEqual({
		error: 'Runpod could not make the video: late',
		hint: expect.stringContaining('https://v.example/a.mp4'),
		id: simulator.ledger.jobs[0]?.id,
		status: 'FAILED',
		video_url: 'https://v.example/a.mp4',
		cost: 0.2,
		httpCode: 400,
	});
});
