/** How long Runpod knows a job: its result's retention, its time to live, its execution timeout, its video. */
import { useSimulator } from './client';

const client = useSimulator({ executionTimeMs: 1000 });

const SECOND = 1000;
/** How much earlier to look than the end: real time goes on as well. */
const EARLIER = 4 * SECOND;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;
const statusOf = async (id: string) => (await client.status(id)).status;

/** A finished job of runsync. */
async function runsync(query: string): Promise<string> {
	const answer = client.runsync({}, {}, query);
	const { simulator } = client;
	await simulator.waitFor((ledger) => ledger.jobs.length === 1);
	simulator.advance(SECOND);
	return String((await answer).body.id);
}

test.each<[string, number]>([
	['', MINUTE],
	['?wait=1000', MINUTE],
	['?wait=60000', MINUTE],
	['?wait=120000', 2 * MINUTE],
	['?wait=300000', 5 * MINUTE],
])('the result of runsync%s is kept %d ms', async (query, kept) => {
	const id = await runsync(query);
	client.simulator.advance(kept - EARLIER);
	expect(await statusOf(id)).toBe(200);
	client.simulator.advance(EARLIER);
	expect(await statusOf(id)).toBe(404);
});

test.each(['COMPLETED', 'FAILED', 'CANCELLED', 'TIMED_OUT'])(
	'the result of a run that is %s is kept 30 minutes after its end',
	async (state) => {
		client.simulator.hold('start');
		const policy = state === 'TIMED_OUT' ? { executionTimeout: 5000 } : {};
		if (state === 'TIMED_OUT') client.simulator.options.executionTimeMs = MINUTE;
		const id = await client.run(state === 'FAILED' ? { duration: 11 } : {}, { policy });
		client.simulator.advance(60 * MINUTE);
		client.simulator.release();
		if (state === 'CANCELLED') await client.cancel(id);
		const ended = client.simulator.ledger.find(id);
		client.simulator.advance(state === 'TIMED_OUT' ? 5000 : SECOND);
		expect(ended?.status).toBe(state);
		client.simulator.advance(30 * MINUTE - 2 * EARLIER);
		expect(await statusOf(id)).toBe(200);
		client.simulator.advance(2 * EARLIER);
		expect(await statusOf(id)).toBe(404);
		expect([(await client.cancel(id)).status, (await client.retry(id)).status]).toEqual([404, 404]);
	},
);

test('a retry begins a new retention', async () => {
	client.simulator.faults.add({ operation: 'run', kind: 'job', error: 'busy' });
	const id = await client.run();
	client.simulator.advance(29 * MINUTE);
	await client.retry(id);
	client.simulator.advance(29 * MINUTE);
	expect((await client.status(id)).body.status).toBe('COMPLETED');
});

test.each<[string, object, number]>([
	['its ttl', { ttl: 10 * SECOND }, 10 * SECOND],
	['a day by default', {}, DAY],
	['a week at most', { ttl: 7 * DAY }, 7 * DAY],
])('a job in the queue lives for %s', async (_, policy, life) => {
	client.simulator.hold();
	const id = await client.run({}, { policy });
	client.simulator.advance(life - EARLIER);
	expect((await client.status(id)).body.status).toBe('IN_QUEUE');
	client.simulator.advance(EARLIER);
	expect(await statusOf(id)).toBe(404);
	expect(client.simulator.ledger.countByStatus()).toEqual({ EXPIRED: 1 });
	expect((await client.cancel(id)).status).toBe(404);
});

test('a ttl ends a job that is being worked on, unbilled, and what waits for it', async () => {
	client.simulator.options.executionTimeMs = MINUTE;
	const answer = client.runsync({}, { policy: { ttl: 10 * SECOND } });
	await client.simulator.waitFor((ledger) => ledger.countByStatus().IN_PROGRESS === 1);
	client.simulator.advance(10 * SECOND);
	expect((await answer).status).toBe(404);
	client.simulator.advance(MINUTE);
	expect(client.simulator.ledger.countByStatus()).toEqual({ EXPIRED: 1 });
	expect(client.simulator.ledger.total).toBe(0);
});

test('a ttl ends a result too', async () => {
	const id = await client.run({}, { policy: { ttl: 10 * SECOND } });
	client.simulator.advance(10 * SECOND - EARLIER);
	expect((await client.status(id)).body.status).toBe('COMPLETED');
	client.simulator.advance(EARLIER);
	expect(await statusOf(id)).toBe(404);
});

test.each<[object, number]>([
	[{}, 10 * MINUTE],
	[{ executionTimeout: 5 * SECOND }, 5 * SECOND],
	[{ executionTimeout: 20 * MINUTE }, 20 * MINUTE],
])('by policy %j a job is worked on for at most %d ms', async (policy, limit) => {
	client.simulator.options.executionTimeMs = DAY;
	client.simulator.hold('start');
	const id = await client.run({}, { policy });
	client.simulator.advance(60 * MINUTE);
	client.simulator.release();
	client.simulator.advance(limit - EARLIER);
	expect((await client.status(id)).body.status).toBe('IN_PROGRESS');
	client.simulator.advance(EARLIER);
	expect((await client.status(id)).body).toMatchObject({
		status: 'TIMED_OUT',
		error: expect.stringContaining(`${limit} ms`),
	});
	expect(client.simulator.ledger.total).toBe(0);
});

test('with another time scale, all times are shorter', async () => {
	client.simulator.options.timeScale = 0.001;
	const id = await runsync('?wait=300000');
	client.simulator.advance(300);
	expect(await statusOf(id)).toBe(404);
});
