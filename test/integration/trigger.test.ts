/** Pruna Video Trigger: what starts the workflow, what does not, and what the caller is answered. */
import type { IDataObject } from 'n8n-workflow';
import { startSimulator, type JobRecord, type Simulator } from '../simulator';
import { credentialsOf } from './batch';
import { readBinary } from './engine';
import { hurry } from './hurry';
import { startTrigger, type TriggerOptions, type TriggerServer } from './triggerServer';

let simulator: Simulator;
const triggers: TriggerServer[] = [];
beforeAll(async () => {
	simulator = await startSimulator({ webhookRetryMs: 20 });
});
beforeEach(() => simulator.reset());
afterEach(async () => {
	await Promise.all(triggers.splice(0).map(async (trigger) => await trigger.close()));
});
afterAll(async () => await simulator.close());
hurry(20);

async function listen(options: TriggerOptions = {}): Promise<TriggerServer> {
	const trigger = await startTrigger({ credentials: credentialsOf(simulator), ...options });
	triggers.push(trigger);
	return trigger;
}

async function post(path: string, body: unknown): Promise<IDataObject> {
	const response = await fetch(`${simulator.baseUrl}/${path}`, {
		method: 'POST',
		headers: {
			authorization: `Bearer ${simulator.apiKey}`,
			'content-type': 'application/json',
		},
		body: JSON.stringify(body),
	});
	return (await response.json()) as IDataObject;
}

/** On a busy machine a hundred jobs take their time. */
const LONG_MS = 30_000;

/** Hands a job in that calls `webhook`, and waits for its end. */
async function runJob(webhook?: string, endpoint = 'p-video'): Promise<JobRecord> {
	const { id } = await post(`${endpoint}/run`, { input: { prompt: 'A cat' }, webhook });
	await simulator.waitFor(({ jobs }) => jobs.some((job) => job.id === id && isOver(job)), LONG_MS);
	return simulator.ledger.find(String(id))!;
}

function isOver(job: JobRecord): boolean {
	return !['IN_QUEUE', 'IN_PROGRESS'].includes(job.status) && (!job.webhook || calls(job) > 0);
}

function calls(job: JobRecord): number {
	return job.webhookTries.length;
}

const completed = (id: string, more: IDataObject = {}) => ({ id, status: 'COMPLETED', ...more });

test("Runpod's call starts the workflow with the video", async () => {
	const trigger = await listen();
	const job = await runJob(trigger.url);

	expect(job.webhookTries.map(({ result }) => result)).toEqual([200]);
	expect(trigger.starts).toEqual([
		{
			json: {
				video_url: expect.stringMatching(/^http.*\.mp4$/),
				cost: 0.1,
				delayTime: expect.any(Number),
				executionTime: expect.any(Number),
				id: job.id,
				status: 'COMPLETED',
				expiresAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
			},
		},
	]);
});

test("without Simplify it is Runpod's own answer", async () => {
	const trigger = await listen({ parameters: { simplify: false } });
	const job = await runJob(trigger.url);
	expect(trigger.starts[0]?.json).toMatchObject({ id: job.id, output: { cost: 0.1 } });
});

test('with Download Video the file comes too, under the name that was asked for', async () => {
	const trigger = await listen({
		parameters: { download: true, binaryPropertyName: 'video', options: { fileName: 'fox' } },
	});
	await runJob(trigger.url);
	await trigger.idle();
	const [item] = trigger.starts;
	const served = await fetch(String(item?.json.video_url));
	expect(item?.binary?.video).toMatchObject({ mimeType: 'video/mp4', fileName: 'fox.mp4' });
	expect(await readBinary(item!, 'video')).toEqual(Buffer.from(await served.arrayBuffer()));
});

test('a download that fails loses neither the video nor the call', async () => {
	simulator.faults.add({ operation: 'video', kind: 'status', status: 403 });
	const trigger = await listen({ parameters: { download: true } });
	const job = await runJob(trigger.url);
	await trigger.idle();
	expect(job.webhookTries.map(({ result }) => result)).toEqual([200]);
	expect(trigger.starts[0]?.json).toMatchObject({
		id: job.id,
		status: 'COMPLETED',
		cost: 0.1,
		video_url: expect.stringContaining('.mp4'),
		error: expect.stringContaining('could not be downloaded'),
	});
});

test('the answer does not wait for the download', async () => {
	simulator.faults.add({ operation: 'video', kind: 'hang' });
	const trigger = await listen({ parameters: { download: true } });
	const job = await runJob(trigger.url);
	await simulator.waitFor((_, requests) => requests.some(({ operation }) => operation === 'video'));
	expect(job.webhookTries.map(({ result }) => result)).toEqual([200]);
	expect(trigger.starts).toEqual([]);
});

describe('a job that did not complete is data', () => {
	test.each([
		['FAILED', { status: 'FAILED', error: 'The GPU was lost' }],
		['TIMED_OUT', { status: 'TIMED_OUT', error: 'too slow' }],
		['CANCELLED', { status: 'CANCELLED' }],
	])('%s', async (status, fault) => {
		simulator.faults.add({ operation: 'run', kind: 'job', ...fault });
		const trigger = await listen();
		const { id } = await runJob(trigger.url);
		expect(trigger.starts.map(({ json }) => json)).toEqual([
			expect.objectContaining({ id, ...fault, status }),
		]);
	});

	test('COMPLETED without a video', async () => {
		simulator.faults.add({ operation: 'run', kind: 'job', output: null });
		const trigger = await listen();
		const { id } = await runJob(trigger.url);
		expect(trigger.starts[0]?.json).toMatchObject({
			id,
			status: 'COMPLETED',
			error: expect.stringContaining('instead of a video'),
		});
	});
});

describe('Events', () => {
	test.each([
		[['completed'], 0],
		[['failed', 'timedOut'], 1],
		[['cancelled'], 0],
	])('%j: a failed job starts the workflow %d times', async (events, times) => {
		simulator.faults.add({ operation: 'run', kind: 'job', status: 'FAILED' });
		const trigger = await listen({ parameters: { events } });
		const job = await runJob(trigger.url);
		expect(job.webhookTries.map(({ result }) => result)).toEqual([200]);
		expect(trigger.starts).toHaveLength(times);
	});

	test.each([[[]], [['done']]])('%j cannot be meant: the user hears of it', async (events) => {
		const trigger = await listen({ parameters: { events } });
		const { id } = await runJob();
		expect((await trigger.call(completed(id))).status).toBe(500);
		expect(trigger.errors[0]?.message).toContain("'Events' must be some of completed");
	});
});

describe('what starts nothing', () => {
	test.each([
		['nothing', undefined],
		['a text', 'hello'],
		['a list', [1]],
		['no id', { status: 'COMPLETED' }],
		['an id that leads elsewhere', completed('../health')],
		['no state', { id: 'job-1' }],
		['a job that goes on', { id: 'job-1', status: 'IN_PROGRESS' }],
		['a job that Runpod does not know', completed('job-1')],
	])('%s: 400', async (_, body) => {
		const trigger = await listen();
		const answer = await trigger.call(body);
		expect([answer.status, trigger.starts, trigger.errors]).toEqual([400, [], []]);
	});

	test('a job of another endpoint: 400; with that Endpoint ID it is one of ours', async () => {
		simulator.options.endpoints = ['p-video', 'other'];
		const { id } = await runJob(undefined, 'other');
		const trigger = await listen();
		expect((await trigger.call(completed(id))).status).toBe(400);
		expect(trigger.starts).toEqual([]);

		const other = await listen({ parameters: { options: { endpointId: 'other' } } });
		expect((await other.call(completed(id))).status).toBe(200);
		expect(other.starts).toHaveLength(1);
	});

	test('a job that Runpod says is still running: 503, so that a true call comes again', async () => {
		simulator.hold();
		const { id } = await post('p-video/run', { input: { prompt: 'A cat' } });
		const trigger = await listen();
		expect((await trigger.call(completed(String(id)))).status).toBe(503);
		expect(trigger.starts).toEqual([]);
	}, 20_000);
});

test('what a forged call says of a real job is not believed', async () => {
	const { id } = await runJob();
	const trigger = await listen();
	const lie = { output: { video_url: 'https://evil.example/a.mp4', cost: 99 } };
	expect((await trigger.call(completed(id, lie))).status).toBe(200);
	expect(trigger.starts[0]?.json).toMatchObject({ id, cost: 0.1 });
	expect(JSON.stringify(trigger.starts)).not.toContain('evil');
});

test('without Verify the call itself is believed, and Runpod is not asked', async () => {
	const trigger = await listen({ parameters: { verify: false }, credentials: {} });
	const said = completed('job-1', { output: { video_url: 'https://a.example/b.mp4', cost: 0.2 } });
	expect((await trigger.call(said)).status).toBe(200);
	expect(trigger.starts[0]?.json).toMatchObject({ id: 'job-1', cost: 0.2 });
	expect(simulator.requests).toEqual([]);
});

test('when Runpod cannot be asked the answer is 503, and the next call starts the workflow', async () => {
	const trigger = await listen();
	const stuck = simulator.faults.add({
		operation: 'status',
		kind: 'status',
		status: 500,
		times: Infinity,
	});
	const { id } = await runJob();
	expect((await trigger.call(completed(id))).status).toBe(503);
	expect(trigger.starts).toEqual([]);
	stuck.remove();
	expect((await trigger.call(completed(id))).status).toBe(200);
	expect(trigger.starts).toHaveLength(1);
}, 20_000);

test('a fault that passes quickly is waited for', async () => {
	simulator.faults.add({ operation: 'status', kind: 'status', status: 502, times: 2 });
	const trigger = await listen();
	const job = await runJob(trigger.url);
	expect(job.webhookTries.map(({ result }) => result)).toEqual([200]);
	expect(trigger.starts).toHaveLength(1);
});

test.each([
	['a wrong key', { apiKey: 'rpa_wrong_key_123' }, 'Runpod did not accept this API key'],
	['no address', { baseUrl: 'nowhere' }, "'Base URL' is not an address"],
])('%s is an error that the user sees', async (_, wrong, message) => {
	const credentials = { ...credentialsOf(simulator), ...wrong };
	const trigger = await listen({ credentials });
	const { id } = await runJob();
	expect((await trigger.call(completed(id))).status).toBe(500);
	expect(trigger.errors.map((error) => error.message)).toEqual([expect.stringContaining(message)]);
	expect(JSON.stringify(trigger.errors)).not.toContain(credentials.apiKey);
});

describe('Skip Duplicates', () => {
	test("Runpod's repeated calls start one execution", async () => {
		const trigger = await listen();
		const { id } = await runJob(trigger.url);
		const answers = await Promise.all([1, 2, 3].map(async () => await trigger.call(completed(id))));
		expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
		expect(trigger.starts).toHaveLength(1);
	});

	test('calls at the same time start one execution', async () => {
		const { id } = await runJob();
		const trigger = await listen();
		await Promise.all(Array.from({ length: 20 }, async () => await trigger.call(completed(id))));
		expect(trigger.starts).toHaveLength(1);
	});

	test('another process of n8n knows from the static data what came before', async () => {
		const { id } = await runJob();
		const first = await listen();
		await first.call(completed(id));
		await first.idle();
		const { startedJobs } = first.staticData;
		expect(Object.keys(startedJobs as IDataObject)).toEqual([expect.stringContaining(id)]);

		const staticData = { 'node:Trigger': { startedJobs: startedJobs as IDataObject } };
		const second = await listen({ staticData });
		expect((await second.call(completed(id))).message).toBe('This call came before');
		expect(second.starts).toEqual([]);
	});

	test('what was long ago is forgotten', async () => {
		const { id } = await runJob();
		const times = simulator.ledger.find(id) as { delayTime?: number; executionTime?: number };
		const at = Date.now() - 2 * 60 * 60 * 1000;
		const known = `${id} COMPLETED ${times.delayTime ?? 0} ${times.executionTime ?? 0}`;
		const startedJobs = { [known]: at };
		const trigger = await listen({ staticData: { 'node:Trigger': { startedJobs } } });
		await trigger.call(completed(id));
		expect(trigger.starts).toHaveLength(1);
	});

	test('a job that was retried ends once more', async () => {
		simulator.faults.add({ operation: 'run', kind: 'job', status: 'FAILED', executionTimeMs: 5 });
		const trigger = await listen();
		const job = await runJob(trigger.url);
		await post(`p-video/retry/${job.id}`, {});
		await simulator.waitFor(() => calls(job) === 2);
		expect(trigger.starts.map(({ json }) => json.status)).toEqual(['FAILED', 'COMPLETED']);
	});

	test('can be turned off', async () => {
		const { id } = await runJob();
		const trigger = await listen({ parameters: { skipDuplicates: false } });
		await trigger.call(completed(id));
		await trigger.call(completed(id));
		expect(trigger.starts).toHaveLength(2);
	});

	test("in the editor's test every call counts", async () => {
		const { id } = await runJob();
		const trigger = await listen({ mode: 'manual' });
		await trigger.call(completed(id));
		await trigger.call(completed(id));
		expect(trigger.starts).toHaveLength(2);
	});

	test('100 jobs, each announced twice and in any order, start 100 executions', async () => {
		// A hundred requests at once may take their time on a busy machine.
		jest.restoreAllMocks();
		const trigger = await listen();
		const jobs = await Promise.all(
			Array.from({ length: 100 }, async () => await runJob(trigger.url)),
		);
		await Promise.all(jobs.reverse().map(async ({ id }) => await trigger.call(completed(id))));
		expect(trigger.starts.map(({ json }) => json.id).sort()).toEqual(
			jobs.map(({ id }) => id).sort(),
		);
	}, 60_000);
});
