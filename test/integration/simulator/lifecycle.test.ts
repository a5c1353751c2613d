/** A job from the queue to its end: what each operation does and answers in each state. */
import { Client } from './client';

const MINUTE = 60_000;
/** Long against the time that a test takes: jobs end when the test moves the clock, or holds and releases. */
const client = new Client({ executionTimeMs: MINUTE });

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

const ENDED = { delayTime: expect.any(Number), executionTime: expect.any(Number) };
const WORKER = { workerId: expect.any(String) };
const OUTPUT = { output: { video_url: expect.any(String), cost: 0.1 } };
const ERROR = { error: expect.any(String) };

test.each<[State, object, number, number]>([
	['IN_QUEUE', {}, 200, 400],
	['IN_PROGRESS', { delayTime: expect.any(Number), ...WORKER }, 200, 400],
	['COMPLETED', { ...ENDED, ...WORKER, ...OUTPUT }, 400, 400],
	['FAILED', { ...ENDED, ...WORKER, ...ERROR }, 400, 200],
	['CANCELLED', { ...ENDED, ...WORKER }, 400, 400],
	['TIMED_OUT', { ...ENDED, ...WORKER, ...ERROR }, 400, 200],
])('a job %s', async (state, more, cancel, retry) => {
	const id = await jobIn(state);
	expect((await client.status(id)).body).toEqual({ id, status: state, ...more });
	expect(client.simulator.ledger.total).toBe(state === 'COMPLETED' ? 0.1 : 0);
	const retried = await client.retry(id);
	expect([retried.status, retried.body]).toEqual([
		retry,
		retry === 200 ? { id, status: 'IN_QUEUE' } : ERROR,
	]);
	if (retry === 200) return expect(await statusOf(id)).toBe('IN_PROGRESS');
	const cancelled = await client.cancel(id);
	expect([cancelled.status, cancelled.body]).toEqual([
		cancel,
		cancel === 200 ? { id, status: 'CANCELLED' } : ERROR,
	]);
	client.simulator.release();
	client.simulator.advance(MINUTE);
	expect(await statusOf(id)).toBe(cancel === 200 ? 'CANCELLED' : state);
});

test('a retried job forgets its error, keeps its id, and is billed once', async () => {
	const id = await jobIn('FAILED');
	await client.retry(id);
	expect((await client.status(id)).body).not.toHaveProperty('error');
	client.simulator.advance(MINUTE);
	expect((await client.status(id)).body).toMatchObject({ id, status: 'COMPLETED', ...OUTPUT });
	expect(client.simulator.ledger.total).toBe(0.1);
	const { body } = await client.call('GET', 'p-video/health');
	expect(body.jobs).toMatchObject({ completed: 1, failed: 0, retried: 1 });
});

test.each<[string, number, string]>([
	['', 89_000, 'COMPLETED'],
	['', 91_000, 'IN_PROGRESS'],
	['?wait=1000', 900, 'COMPLETED'],
	['?wait=1000', 1100, 'IN_PROGRESS'],
	['?wait=300000', 299_000, 'COMPLETED'],
	['?wait=300000', 301_000, 'IN_PROGRESS'],
])('runsync%s of a job of %d ms is answered 200 %s', async (query, executionTimeMs, state) => {
	Object.assign(client.simulator.options, { executionTimeMs });
	const answer = client.runsync({}, {}, query);
	await client.simulator.waitFor((ledger) => ledger.countByStatus().IN_PROGRESS === 1);
	client.simulator.advance(Math.min(executionTimeMs, 300_000));
	const { body, status } = await answer;
	expect([status, body.status, String(body.id)]).toEqual([
		200,
		state,
		expect.stringMatching(/^sync-/),
	]);
	client.simulator.advance(2000);
	expect(await statusOf(String(body.id))).toBe('COMPLETED');
	expect(client.simulator.ledger.jobs).toHaveLength(1);
});

test('status-sync answers when the job ends, or when its wait is over', async () => {
	const id = await client.run();
	const look = (query: string) => client.call('GET', `p-video/status-sync/${id}${query}`);
	const [short, long] = [look('?wait=1000'), look('?wait=90000')];
	await client.simulator.waitFor((_, requests) => requests.length === 3);
	client.simulator.advance(1000);
	expect((await short).body.status).toBe('IN_PROGRESS');
	client.simulator.advance(MINUTE);
	expect((await long).body.status).toBe('COMPLETED');
});

test.each<[string, number, number[]]>([
	['?lastN=1', 200, [0.2]],
	['?lastN=2', 200, [0.1, 0.2]],
	['?startTime=<0>T00:00:00Z&endTime=<1>T00:00:00Z', 200, [0.1]],
	['?startTime=<0>T12:00:00Z&endTime=<1>T12:00:00Z', 200, [0.1, 0.2]],
	['', 200, [0.1, 0.2]],
	['?lastN=1&startTime=<0>T00:00:00Z', 422, []],
	['?startTime=soon', 422, []],
	['?bucketSize=hour', 422, []],
])('billing/endpoints%s: what was billed each day', async (query, status, amounts) => {
	for (const state of ['FAILED', 'COMPLETED', 'COMPLETED', 'COMPLETED'] as const)
		await jobIn(state);
	const { jobs } = client.simulator.ledger;
	const now = jobs[3]?.history.at(-1)?.at ?? 0;
	const days = [now - 24 * 60 * MINUTE, now];
	for (const job of jobs)
		for (const state of job.history) state.at = days[job === jobs[1] ? 0 : 1]!;
	const [yesterday = '', today = ''] = days.map((at) => new Date(at).toISOString().slice(0, 10));
	const asked = query.replace('<0>', yesterday).replace('<1>', today);
	const reply = await client.call('GET', `billing/endpoints${asked}`);
	expect(reply.status).toBe(status);
	expect(reply.body.records ?? []).toEqual(
		amounts.map((totalAmount) => {
			const startTime = `${totalAmount === 0.1 ? yesterday : today}T00:00:00Z`;
			return { startTime, endTime: expect.any(String), totalAmount };
		}),
	);
});
