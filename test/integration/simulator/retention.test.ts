/** How long Runpod knows a job: its result's retention, its time to live, its execution timeout, its video. */
import { request } from 'undici';
import { Client } from './client';

const client = new Client({ executionTimeMs: 1000 });

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
	['?wait=300000', 5 * MINUTE],
])('the result of runsync%s is kept %d ms', async (query, kept) => {
	const id = await runsync(query);
	client.simulator.advance(kept - EARLIER);
	expect(await statusOf(id)).toBe(200);
	client.simulator.advance(EARLIER);
	expect(await statusOf(id)).toBe(404);
});

test('the result of a run is kept 30 minutes after its end, of whatever kind', async () => {
	client.simulator.hold('start');
	const ids = [await client.run(), await client.run({ duration: 11 }), await client.run()];
	client.simulator.advance(60 * MINUTE);
	client.simulator.release();
	await client.cancel(ids[2] ?? '');
	client.simulator.advance(SECOND);
	expect(client.simulator.ledger.countByStatus()).toEqual({
		COMPLETED: 1,
		FAILED: 1,
		CANCELLED: 1,
	});
	const statuses = () => Promise.all(ids.map(statusOf));
	client.simulator.advance(30 * MINUTE - 2 * EARLIER);
	expect(await statuses()).toEqual([200, 200, 200]);
	client.simulator.advance(2 * EARLIER);
	expect(await statuses()).toEqual([404, 404, 404]);
});

test.each<[string, object, number]>([
	['its ttl', { ttl: 10 * SECOND }, 10 * SECOND],
	['a day by default', {}, DAY],
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

test.each<[object, number]>([
	[{}, 10 * MINUTE],
	[{ executionTimeout: 5 * SECOND }, 5 * SECOND],
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

test('a video is kept for seven days, longer than its result, and needs no key', async () => {
	const id = await runsync('');
	const url = client.simulator.videoUrl(id);
	const get = async () => (await request(url)).statusCode;
	client.simulator.advance(7 * DAY - MINUTE);
	expect([await statusOf(id), await get()]).toEqual([404, 200]);
	client.simulator.advance(MINUTE);
	expect(await get()).toBe(404);
});
