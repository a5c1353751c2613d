/** A job from the queue to its end: what each operation does and answers in each state. */
import { useSimulator, type Reply } from './client';

const MINUTE = 60_000;
/** Long against the time that a test takes: jobs end when the test moves the clock, or holds and releases. */
const client = useSimulator({ executionTimeMs: MINUTE });

const count = () => client.simulator.ledger.countByStatus();
const statusOf = async (id: string) => (await client.status(id)).body.status;

type State = 'IN_QUEUE' | 'IN_PROGRESS' | 'COMPLETED' | 'FAILED' | 'CANCELLED' | 'TIMED_OUT';

/** A new job, brought to that state. */
async function jobIn(state: State): Promise<string> {
	const { simulator } = client;
	if (state === 'IN_QUEUE') simulator.hold();
	if (state === 'FAILED') simulator.faults.add({ operation: 'run', kind: 'job', error: 'no' });
	const policy = state === 'TIMED_OUT' ? { executionTimeout: 5000 } : {};
	const id = await client.run({}, { policy });
	if (state === 'CANCELLED') await client.cancel(id);
	else if (state !== 'IN_QUEUE' && state !== 'IN_PROGRESS') simulator.advance(MINUTE);
	expect(simulator.ledger.find(id)?.status).toBe(state);
	return id;
}

const TIMES = { delayTime: expect.any(Number), executionTime: expect.any(Number) };
const WORKER = { workerId: expect.any(String) };
const OUTPUT = { output: { video_url: expect.any(String), cost: 0.1 } };
const ERROR = { error: expect.any(String) };

test("ids look like Runpod's, and run is answered at once", async () => {
	const body = { input: { prompt: 'A cat' } };
	const reply = await client.call('POST', 'p-video/run', { body });
	expect([reply.status, reply.body]).toEqual([200, { id: expect.any(String), status: 'IN_QUEUE' }]);
	expect(reply.body.id).toMatch(/^[0-9a-f-]{36}-u1$/);
	const sync = client.runsync();
	await client.simulator.waitFor((ledger) => ledger.jobs.length === 2);
	client.simulator.advance(MINUTE);
	expect((await sync).body.id).toMatch(/^sync-[0-9a-f-]{36}-u1$/);
});

test.each<[State, object]>([
	['IN_QUEUE', {}],
	['IN_PROGRESS', { delayTime: expect.any(Number), ...WORKER }],
	['COMPLETED', { ...TIMES, ...WORKER, ...OUTPUT }],
	['FAILED', { ...TIMES, ...WORKER, ...ERROR }],
	['CANCELLED', { ...TIMES, ...WORKER }],
	['TIMED_OUT', { ...TIMES, ...WORKER, ...ERROR }],
])('status of a job %s', async (state, more) => {
	const id = await jobIn(state);
	const { status, body } = await client.status(id);
	expect([status, body]).toEqual([200, { id, status: state, ...more }]);
	expect(client.simulator.ledger.total).toBe(state === 'COMPLETED' ? 0.1 : 0);
});

test.each<[State, number, string]>([
	['IN_QUEUE', 200, 'CANCELLED'],
	['IN_PROGRESS', 200, 'CANCELLED'],
	['COMPLETED', 400, 'COMPLETED'],
	['FAILED', 400, 'FAILED'],
	['CANCELLED', 400, 'CANCELLED'],
	['TIMED_OUT', 400, 'TIMED_OUT'],
])('cancel of a job %s is answered %d and leaves it %s', async (state, status, left) => {
	const id = await jobIn(state);
	const reply = await client.cancel(id);
	expect(reply.status).toBe(status);
	expect(reply.body).toEqual(status === 200 ? { id, status: 'CANCELLED' } : ERROR);
	client.simulator.release();
	client.simulator.advance(MINUTE);
	expect(client.simulator.ledger.find(id)?.status).toBe(left);
	expect(client.simulator.ledger.total).toBe(left === 'COMPLETED' ? 0.1 : 0);
});

test.each<[State, number, string, number]>([
	['IN_QUEUE', 400, 'IN_QUEUE', 0],
	['IN_PROGRESS', 400, 'IN_PROGRESS', 0],
	['COMPLETED', 400, 'COMPLETED', 0],
	['FAILED', 200, 'IN_PROGRESS', 1],
	['CANCELLED', 400, 'CANCELLED', 0],
	['TIMED_OUT', 200, 'IN_PROGRESS', 1],
])('retry of a job %s is answered %d and leaves it %s', async (state, status, left, retried) => {
	const id = await jobIn(state);
	const reply = await client.retry(id);
	expect(reply.status).toBe(status);
	expect(reply.body).toEqual(status === 200 ? { id, status: 'IN_QUEUE' } : ERROR);
	expect(client.simulator.ledger.find(id)).toMatchObject({ status: left, retries: retried });
	const { body } = await client.call('GET', 'p-video/health');
	expect(body.jobs).toMatchObject({ retried });
});

test('a retried job forgets its error, keeps its id, and is billed once', async () => {
	const id = await jobIn('FAILED');
	await client.retry(id);
	expect((await client.status(id)).body).not.toHaveProperty('error');
	client.simulator.advance(MINUTE);
	expect((await client.status(id)).body).toMatchObject({ status: 'COMPLETED', ...OUTPUT });
	const states = client.simulator.ledger.find(id)?.history.map(({ status }) => status);
	const once = ['IN_QUEUE', 'IN_PROGRESS'];
	expect(states).toEqual([...once, 'FAILED', ...once, 'COMPLETED']);
	expect(client.simulator.ledger.total).toBe(0.1);
});

test('what an earlier try would have made does not end the next one', async () => {
	const { simulator } = client;
	const id = await client.run({}, { policy: { executionTimeout: 70_000 } });
	simulator.hold('finish');
	simulator.advance(MINUTE);
	simulator.advance(MINUTE);
	expect(await statusOf(id)).toBe('TIMED_OUT');
	await client.retry(id);
	simulator.release();
	expect(await statusOf(id)).toBe('IN_PROGRESS');
	simulator.advance(MINUTE);
	expect(await statusOf(id)).toBe('COMPLETED');
});

test.each<[string, number, string, number]>([
	['', 89_000, 'COMPLETED', 200],
	['', 91_000, 'IN_PROGRESS', 200],
	['?wait=1000', 900, 'COMPLETED', 200],
	['?wait=1000', 1100, 'IN_PROGRESS', 200],
	['?wait=300000', 299_000, 'COMPLETED', 200],
	['?wait=300000', 301_000, 'IN_PROGRESS', 200],
])('runsync%s of a job of %d ms is answered %s', async (query, executionTimeMs, state, status) => {
	Object.assign(client.simulator.options, { executionTimeMs });
	const answer = client.runsync({}, {}, query);
	await client.simulator.waitFor((ledger) => ledger.countByStatus().IN_PROGRESS === 1);
	client.simulator.advance(Math.min(executionTimeMs, 300_000));
	const { body, ...reply } = await answer;
	expect([reply.status, body.status]).toEqual([status, state]);
	client.simulator.advance(2000);
	expect(await statusOf(String(body.id))).toBe('COMPLETED');
	expect(client.simulator.ledger.jobs).toHaveLength(1);
});

test('runsync of a job that no worker took in time is IN_QUEUE, and the job continues', async () => {
	client.simulator.hold();
	const answer = client.runsync();
	await client.simulator.waitFor((ledger) => ledger.jobs.length === 1);
	client.simulator.advance(90_000);
	const { status, body } = await answer;
	expect([status, body]).toEqual([
		200,
		{ id: expect.stringMatching(/^sync-/), status: 'IN_QUEUE' },
	]);
	client.simulator.release();
	client.simulator.advance(MINUTE);
	expect(await statusOf(String(body.id))).toBe('COMPLETED');
});

test.each<[string, (id: string) => Promise<Reply> | void, string, number]>([
	['is cancelled', (id) => client.cancel(id), 'CANCELLED', 200],
	['times out', () => client.simulator.advance(5000), 'TIMED_OUT', 200],
])('a runsync whose job %s is answered at once', async (_, act, state, status) => {
	const answer = client.runsync({}, { policy: { executionTimeout: 5000 } });
	await client.simulator.waitFor((ledger) => ledger.jobs.length === 1);
	await act(client.simulator.ledger.jobs[0]?.id ?? '');
	const reply = await answer;
	expect([reply.status, reply.body.status]).toEqual([status, state]);
});

test('a client that disconnects is still billed', async () => {
	const leave = new AbortController();
	const body = { input: { prompt: 'A cat' } };
	const answer = client.call('POST', 'p-video/runsync', { body, signal: leave.signal });
	await client.simulator.waitFor((ledger) => ledger.jobs.length === 1);
	leave.abort();
	await expect(answer).rejects.toThrow();
	await client.simulator.waitFor((_, requests) => requests[0]?.status === 'left');
	client.simulator.advance(MINUTE);
	expect(count()).toEqual({ COMPLETED: 1 });
	expect(client.simulator.ledger.total).toBe(0.1);
});
