/**
 * What Runpod was seen to answer, and what it might: each shape replayed through n8n's engine, with the output, the
 * cost, the message and the number of jobs that it leads to. Ends and faults that any answer can have are in
 * faultTable.ts, webhook calls in trigger.test.ts, the credential's test in credential.test.ts.
 */
import type { IDataObject } from 'n8n-workflow';
import { fetch } from 'undici';
import { OUTPUT_SHAPES } from '../tools/simulator/document';
import type { FaultRule } from '../tools/simulator';
import { credentialsOf, generate, simulator, submissions, useSimulator } from './batch';
import { readBinary, runNode, storeBinary, type EngineResult } from './engine';
import { PNG } from './files';
import { hurry } from './hurry';
import { reply, startScripted } from './scripted';

useSimulator();
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
	const jobId = await submittedJob(more.submitted);
	if (way === 'get') await simulator.waitFor(({ jobs }) => jobs[0]?.executionTime !== undefined);
	return await askFor('get', { jobId, wait: way === 'wait', ...more.parameters, options });
}

async function askFor(operation: string, parameters: IDataObject): Promise<EngineResult> {
	return await runNode({
		parameters: { resource: 'job', operation, ...parameters },
		credentials: credentialsOf(simulator),
	});
}

/** The ID of a job that Runpod knows by now, and works on. */
async function submittedJob(fields: IDataObject = {}): Promise<string> {
	const { items } = await askFor('submit', { prompt: 'a cat', ...fields });
	const id = String(items[0]?.json.id);
	await simulator.waitFor((ledger) => ledger.find(id)?.status !== 'IN_QUEUE');
	const { baseUrl, apiKey } = simulator;
	const headers = { authorization: `Bearer ${apiKey}` };
	while (!(await fetch(`${baseUrl}/p-video/status/${id}`, { headers })).ok);
	return id;
}

function oneJob(): void {
	expect(simulator.ledger.jobs).toHaveLength(1);
	expect(submissions(simulator)).toHaveLength(1);
}

/** How the next job ends, whatever asks for it. */
function jobEnds(fault: Omit<Extract<FaultRule, { kind: 'job' }>, 'kind' | 'operation'>): void {
	simulator.faults.add({ kind: 'job', operation: '*', ...fault });
}

describe('rows 1 to 3: the video, wherever Runpod puts it', () => {
	const rows = OUTPUT_SHAPES.flatMap((shape) => WAYS.map((way) => [shape, way] as const));
	test.each(rows)('%s: %s', async (outputShape, way) => {
		Object.assign(simulator.options, { outputShape });
		const { items, error } = await take(way);
		expect(error).toBeUndefined();
		const [job] = simulator.ledger.jobs;
		expect(items[0]?.json).toMatchObject({
			video_url: simulator.videoUrl(job!.id),
			cost: ['text', 'textList'].includes(outputShape) ? null : job?.price,
			id: job?.id,
			status: 'COMPLETED',
		});
		if (way === 'download') expect((await readBinary(items[0]!)).length).toBeGreaterThan(1000);
		oneJob();
	});
});

describe('rows 9 and 10: after a file was sent, the alternatives are named', () => {
	const REQUIRED = 'bad request: property input is required';
	const TOO_LARGE = 'bad request: body: exceeded max body size of 10MiB';
	test.each<[string, number, unknown, number]>([
		[REQUIRED, 400, { error: REQUIRED }, 0],
		[TOO_LARGE, 400, { error: TOO_LARGE }, 0],
		['Bad gateway; the job may be running', 502, '<h1>Bad gateway</h1>', 1],
		[REQUIRED, 0, undefined, 1],
	])('"%s", HTTP %i', async (reason, status, body, jobs) => {
		if (status === 0) jobEnds({ status: 'FAILED', error: reason });
		else {
			const when = jobs === 0 ? 'before' : 'after';
			simulator.faults.add({ kind: 'status', operation: 'runsync', status, body, when });
		}
		const image = await storeBinary(PNG, 'image/png', 'a.png');
		const { error } = await generate(simulator, {
			parameters: { image: 'data' },
			items: [{ json: { prompt: 'a cat' }, binary: { data: image } }],
		});
		expect(error?.message).toContain(`: ${reason}`);
		expect(error?.description).toContain("set the option 'Send Files As' to Link, or use a URL");
		expect(simulator.ledger.jobs).toHaveLength(jobs);
		expect(submissions(simulator)).toHaveLength(1);
	});
});

test.each([
	[{ status: 'error', error: { message: 'CUDA out of memory' } }, 'CUDA out of memory'],
	[{ progress: 0.5 }, undefined],
])('row 11: Get of a running job with the output %j tells %j', async (progress, error) => {
	simulator.options.executionTimeMs = 60_000;
	jobEnds({ progress });
	const { items } = await askFor('get', { jobId: await submittedJob() });
	expect(items[0]?.json).toMatchObject({ status: 'IN_PROGRESS' });
	expect(items[0]?.json.error).toBe(error);
});

test("row 12: FAILED with a video is a result; Get without wait tells Runpod's state as well", async () => {
	const output = { video_url: 'https://v.example/a.mp4', cost: 0.2 };
	jobEnds({ status: 'FAILED', error: 'late', output });
	const { items } = await take('get');
	expect(items[0]?.json).toMatchObject({ status: 'FAILED', ...output, error: 'late' });
});

test("row 15: for a user's own endpoint nothing is said about billing", async () => {
	simulator.options.endpoints = ['my-own'];
	jobEnds({ status: 'FAILED', error: 'no' });
	const { error } = await take('sync', { options: { endpointId: 'my-own' } });
	expect(error?.message).toBe('Runpod could not make the video: no');
	expect(error?.description).not.toMatch(/billed/);
});

describe('row 16: not simplified, what repeats the request is shortened', () => {
	test.each(WAYS)('%s', async (way) => {
		simulator.options.repeatsInput = true;
		const webhook = 'https://n8n.example/webhook/1?token=secret';
		const image = `data:image/png;base64,${PNG.toString('base64')}`;
		const { items, error } = await take(way, {
			options: { webhookUrl: webhook, simplify: false },
			submitted: { webhookUrl: webhook, additionalFields: { additionalInput: { image } } },
		});
		expect(error).toBeUndefined();
		const text = JSON.stringify(items);
		expect(text).toMatch(/data:image\/png \(\d+ B\)/);
		expect(text).not.toMatch(/base64|secret/);
		expect(items[0]?.json.webhook).toBe('https://n8n.example/webhook/1');
		oneJob();
	});
});

describe('row 19: the cost and the seed', () => {
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

	test.each([
		[5, '$4.90 more than estimated'],
		[0.04, '$0.06 less than estimated'],
	])('a cost of %d is reported; the seed that was used wins', async (cost, hint) => {
		jobEnds({ output: { result: 'https://v.example/a.mp4', cost, seed: 77 } });
		const parameters = { additionalFields: { seed: 5 } };
		const { items, hints } = await take('sync', { parameters });
		expect(items[0]?.json).toMatchObject({ cost, seed: 77 });
		expect(hints.map(({ message }) => message).join()).toContain(hint);
	});
});

describe('row 20: IDs', () => {
	const V = 'https://v.example/a.mp4';
	test.each(['a.b:c~d+e=f_g', "a'(b)*c!&$,;@", 'a?b#c%2fd', 'A-1-u2', 'x-e1', 7_310_442])(
		'a job with the ID %j is followed',
		async (id) => {
			const body = (more: IDataObject) =>
				({ kind: 'body', body: JSON.stringify({ id, ...more }) }) as const;
			simulator.faults.add({ ...body({ status: 'IN_QUEUE' }), operation: 'run', when: 'after' });
			const done = body({ status: 'COMPLETED', output: V });
			simulator.faults.add({ ...done, operation: '*', times: Infinity });
			const { items } = await take('async');
			expect(items[0]?.json).toMatchObject({ video_url: V, id });
			const asked = simulator.requests.at(-1)?.path.replace(/\?.*/, '');
			expect(asked?.endsWith(`/${encodeURIComponent(id)}`)).toBe(true);
			oneJob();
		},
	);

	test.each([
		['sync', 'runsync', undefined],
		['sync', 'runsync', '../odd'],
		['async', 'status-sync', undefined],
	] as const)('%s: a final answer counts with the ID %j', async (way, operation, id) => {
		const output = { video_url: V, cost: 0.1 };
		const body = JSON.stringify({ id, status: 'COMPLETED', output });
		simulator.options.unknownAtFirst = 0;
		simulator.faults.add({ kind: 'body', operation, body, when: 'after' });
		const { items } = await take(way);
		expect(items[0]?.json).toMatchObject(output);
		oneJob();
	});

	test.each([
		[{ video_url: V, cost: 0.1 }, V, undefined],
		[{ cost: 0.1 }, undefined, /^The job completed but returned .* instead of a video$/],
	])('Submit, answered with a completed job without an ID and %j', async (output, url, message) => {
		const body = JSON.stringify({ status: 'COMPLETED', output });
		simulator.faults.add({ kind: 'body', operation: 'run', body, when: 'after' });
		const { items, error } = await askFor('submit', { prompt: 'a cat' });
		expect(items[0]?.json.video_url).toBe(url);
		expect(error?.message).toEqual(message && expect.stringMatching(message));
		const page = /https:\/\/console.runpod.io\/user\/billing/;
		expect(error?.description).toEqual(message && expect.stringMatching(page));
		oneJob();
	});
});

test('a whole answer with a false length counts: the job is followed', async () => {
	const job = { id: 'job-1', status: 'COMPLETED', output: 'https://v.example/a.mp4' };
	const server = await startScripted((operation, response) => {
		if (operation !== 'run') return reply(response, 200, job);
		response.writeHead(200, { 'content-length': 1_000 });
		response.write(JSON.stringify({ id: 'job-1', status: 'IN_QUEUE' }));
		response.socket?.destroySoon();
	});
	const { items } = await runNode({
		parameters: { prompt: 'a cat', options: { executionMode: 'async' } },
		credentials: server.credentials,
	});
	await server.close();
	expect(items[0]?.json).toMatchObject({ id: 'job-1', video_url: job.output });
	expect(server.requests.filter((request) => request === 'POST run')).toHaveLength(1);
});

test('the summary of a failed batch holds every address whole', async () => {
	const long = `https://v.example/${'x'.repeat(1500)}.mp4`;
	const outputs = [{ result: long, cost: 0.1 }, [long], JSON.stringify({ video_url: long })];
	const prompts = ['one', 'two', 'three', 'four'];
	prompts.forEach((prompt, index) => {
		jobEnds({
			output: outputs[index],
			match: { prompt },
			...(index === 3 && { status: 'FAILED' }),
		});
	});
	const { error } = await generate(simulator, { prompts, options: { concurrency: 4 } });
	expect(error?.message).toContain('gave no reason (3 of 4 items finished)');
	expect(error?.description?.split(long)).toHaveLength(4);
	expect(simulator.ledger.jobs).toHaveLength(4);
});
