/** Payload limits to the byte, and rate limits to the request and the millisecond. */
import { useSimulator } from './client';
import { Clock } from '../../tools/simulator/clock';
import { optionsOf, type RateLimitedOperation } from '../../tools/simulator/options';
import { RateLimits } from '../../tools/simulator/rate-limits';

const MEBIBYTE = 1024 * 1024;
const SECOND = 1000;

describe('over the socket', () => {
	const client = useSimulator({ executionTimeMs: 0 });

	const bodyOf = (bytes: number) => {
		const frame = JSON.stringify({ input: { prompt: '' } });
		return frame.replace('""', `"${'x'.repeat(bytes - frame.length)}"`);
	};

	test.each<[string, string, number, number]>([
		['runsync', 'with 20 MB', 20 * MEBIBYTE, 200],
		['runsync', 'with one byte more', 20 * MEBIBYTE + 1, 413],
		['run', 'with 10 MB', 10 * MEBIBYTE, 200],
		['run', 'with one byte more', 10 * MEBIBYTE + 1, 413],
		['run', 'with what runsync takes', 20 * MEBIBYTE, 413],
		['run', 'with more than anything takes', 20 * MEBIBYTE + 1, 413],
	])('%s %s', async (operation, _, bytes, wanted) => {
		const body = bodyOf(bytes);
		expect((await client.call('POST', `p-video/${operation}`, { body })).status).toBe(wanted);
		expect(client.simulator.requests[0]?.bytes).toBe(bytes);
		expect(client.simulator.ledger.jobs).toHaveLength(wanted === 200 ? 1 : 0);
	});

	test('bytes count, not characters', async () => {
		client.simulator.options.payloadLimits.run = 40;
		const prompt = (text: string) =>
			client.call('POST', 'p-video/run', { body: { input: { prompt: text } } });
		expect((await prompt('x'.repeat(10))).status).toBe(200);
		expect((await prompt('é'.repeat(10))).status).toBe(413);
	});

	test.each<[string, string, number]>([
		['POST', 'runsync', 200],
		['POST', 'run', 200],
		['GET', 'status/nothing', 404],
		['POST', 'cancel/nothing', 404],
	])('%s %s is answered 429 above its limit, and 10 s later again', async (method, path, good) => {
		const [operation = ''] = path.split('/');
		const limit = { requests: 2, concurrent: 9 };
		Object.assign(client.simulator.options.rateLimits, { [operation]: limit });
		const body = method === 'POST' ? { input: { prompt: 'A cat' } } : undefined;
		const call = async () => await client.call(method, `p-video/${path}`, { body });
		const statuses = [await call(), await call(), await call()].map(({ status }) => status);
		expect(statuses).toEqual([good, good, 429]);
		client.simulator.advance(10 * SECOND);
		expect((await call()).status).toBe(good);
	});

	test.each(['retry/nothing', 'health'])('%s has no limit', async (path) => {
		for (const limit of Object.values(client.simulator.options.rateLimits)) limit.requests = 0;
		const method = path === 'health' ? 'GET' : 'POST';
		expect((await client.call(method, `p-video/${path}`)).status).not.toBe(429);
	});

	test.each<['seconds' | 'date' | 'none', RegExp | null]>([
		['seconds', /^([89]|10)$/],
		['date', /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/],
		['none', null],
	])('Retry-After as %s', async (retryAfter, shape) => {
		Object.assign(client.simulator.options, { retryAfter });
		client.simulator.options.rateLimits.run = { requests: 1, concurrent: 9 };
		await client.run();
		const reply = await client.call('POST', 'p-video/run', {
			body: { input: { prompt: 'A cat' } },
		});
		expect(reply.status).toBe(429);
		if (shape) expect(reply.headers.get('retry-after')).toMatch(shape);
		else expect(reply.headers.get('retry-after')).toBeNull();
		expect(client.simulator.ledger.jobs).toHaveLength(1);
	});

	test('runsync calls that are open count until they are answered', async () => {
		client.simulator.options.rateLimits.runsync = { requests: 99, concurrent: 2 };
		client.simulator.hold();
		const held = [client.runsync(), client.runsync()];
		await client.simulator.waitFor((ledger) => ledger.jobs.length === 2);
		const third = await client.runsync();
		expect([third.status, third.headers.get('retry-after')]).toEqual([429, '1']);
		client.simulator.release();
		expect((await Promise.all(held)).map(({ status }) => status)).toEqual([200, 200]);
		expect((await client.runsync()).status).toBe(200);
	});

	test('a request without a valid key does not count towards a limit', async () => {
		client.simulator.options.rateLimits.run = { requests: 1, concurrent: 1 };
		const wrong = await client.call('POST', 'p-video/run', { key: 'rpa_wrong', body: {} });
		expect(wrong.status).toBe(401);
		await client.run();
	});
});

describe.each<[RateLimitedOperation, number, number]>([
	['runsync', 2000, 400],
	['run', 1000, 200],
	['status', 2000, 400],
	['cancel', 100, 20],
])('%s', (operation, requests, concurrent) => {
	let clock: Clock;
	let limits: RateLimits;
	beforeEach(() => {
		clock = new Clock();
		limits = new RateLimits(clock, optionsOf());
	});
	const enter = (endpoint = 'p-video') => {
		const admission = limits.enter(endpoint, operation);
		return admission.admitted ? admission.leave : undefined;
	};

	test(`takes ${requests} in 10 s, then no more until the first is 10 s old`, () => {
		for (let i = 0; i < requests; i++) enter()?.();
		expect(enter()).toBeUndefined();
		expect(enter('other')).toBeDefined();
		clock.advance(9 * SECOND);
		expect(enter()).toBeUndefined();
		clock.advance(SECOND);
		expect(enter()).toBeDefined();
	});

	test('has a window that slides', () => {
		for (let i = 0; i < requests - 1; i++) enter()?.();
		clock.advance(9 * SECOND);
		enter()?.();
		clock.advance(SECOND);
		const leaves = Array.from({ length: requests - 1 }, () => {
			const leave = enter();
			leave?.();
			return leave;
		});
		expect(leaves).not.toContain(undefined);
		expect(enter()).toBeUndefined();
	});

	test(`takes ${concurrent} at once, and one more for each that leaves`, () => {
		const leaves = Array.from({ length: concurrent }, () => enter());
		expect(leaves).not.toContain(undefined);
		expect(enter()).toBeUndefined();
		leaves[0]?.();
		expect(enter()).toBeDefined();
		expect(enter()).toBeUndefined();
	});
});
