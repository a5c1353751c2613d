/** The control pages, for people and for other processes. */
import { useSimulator } from './client';

const client = useSimulator({ executionTimeMs: 60_000 });

async function control(method: string, page: string, body?: unknown) {
	const url = client.simulator.baseUrl.replace('/v2', `/_simulator${page}`);
	const init = body === undefined ? {} : { body: JSON.stringify(body) };
	const response = await fetch(url, { method, ...init });
	return { status: response.status, text: await response.text() };
}

test('the home page tells address, key and what was billed', async () => {
	await client.run();
	client.simulator.advance(60_000);
	const { status, text } = await control('GET', '');
	expect(status).toBe(200);
	for (const told of [client.simulator.baseUrl, client.simulator.apiKey, '1 COMPLETED', '$0.10']) {
		expect(text).toContain(told);
	}
});

test('ledger and requests are told as JSON, keys of the ledger by label only', async () => {
	const id = await client.run();
	const ledger = await control('GET', '/ledger');
	expect(JSON.parse(ledger.text)).toMatchObject({
		total: 0,
		countByStatus: { IN_PROGRESS: 1 },
		jobs: [{ id }],
	});
	expect(ledger.text).not.toContain(client.simulator.apiKey);
	const requests = JSON.parse((await control('GET', '/requests')).text);
	expect(requests).toMatchObject([{ method: 'POST', operation: 'run', jobId: id, status: 200 }]);
});

test('time, holds and a reset', async () => {
	await control('POST', '/hold', { what: 'start' });
	await client.run();
	await control('POST', '/advance', { ms: 60_000 });
	expect(client.simulator.ledger.countByStatus()).toEqual({ IN_QUEUE: 1 });
	await control('POST', '/release');
	await control('POST', '/advance', { ms: 60_000 });
	expect(client.simulator.ledger.countByStatus()).toEqual({ COMPLETED: 1 });
	await control('POST', '/reset');
	expect(client.simulator.ledger.toJSON()).toEqual({ total: 0, countByStatus: {}, jobs: [] });
});

test('a reset cuts off who waits, forgets jobs, faults and limits, and keeps the options', async () => {
	client.simulator.options.rateLimits.run = { requests: 1, concurrent: 1 };
	client.simulator.hold();
	const id = await client.run();
	const waiting = expect(client.runsync()).rejects.toThrow();
	await client.simulator.waitFor((ledger) => ledger.jobs.length === 2);
	client.simulator.faults.add({ operation: 'run', kind: 'status', status: 500 });
	client.simulator.reset();
	await waiting;
	expect((await client.status(id)).status).toBe(404);
	await client.run();
	expect(client.simulator.ledger.countByStatus()).toEqual({ IN_PROGRESS: 1 });
	expect(client.simulator.options.rateLimits.run.requests).toBe(1);
});

test.each<[string, unknown]>([
	['a status', { operation: 'run', kind: 'status', status: 503, headers: { 'retry-after': '1' } }],
	['a body', { operation: 'run', kind: 'body', body: '{', status: 503 }],
	['a redirect', { operation: 'run', kind: 'redirect', status: 503, location: '/' }],
	['a list', [{ operation: '*', kind: 'status', status: 503, times: 'Infinity' }]],
	['a match', { operation: 'run', kind: 'status', status: 503, match: { prompt: 'cat' } }],
])('%s as a fault', async (_, fault) => {
	expect((await control('POST', '/faults', fault)).status).toBe(200);
	const body = { input: { prompt: 'A cat' } };
	expect((await client.call('POST', 'p-video/run', { body })).status).toBe(503);
});

test.each<[string, string, unknown]>([
	['POST', '/faults', 'none'],
	['POST', '/faults', {}],
	['POST', '/faults', { operation: 'fly', kind: 'hang' }],
	['POST', '/faults', { operation: 'run', kind: 'explosion' }],
	['POST', '/faults', { operation: 'run', kind: 'status' }],
	['POST', '/faults', { operation: 'run', kind: 'status', status: '500' }],
	['POST', '/faults', { operation: 'run', kind: 'status', status: 42 }],
	['POST', '/faults', { operation: 'run', kind: 'hang', when: 'later' }],
	['POST', '/faults', { operation: 'run', kind: 'hang', times: -1 }],
	['POST', '/faults', { operation: 'run', kind: 'hang', match: 'cat' }],
	['POST', '/faults', { operation: 'run', kind: 'hang', match: { prompt: 5 } }],
	['POST', '/faults', { operation: 'run', kind: 'trickle', bytes: 1 }],
	['POST', '/faults', { operation: 'cancel', kind: 'job' }],
	['POST', '/advance', {}],
	['POST', '/advance', { ms: -1 }],
	['POST', '/advance', { ms: '1000' }],
	['POST', '/hold', { what: 'everything' }],
	['POST', '/options', []],
	['POST', '/options', { speed: 1 }],
	['POST', '/options', { workers: '2' }],
	['POST', '/options', { workers: -1 }],
	['POST', '/options', { workers: null }],
	['POST', '/options', { payloadLimits: null }],
	['POST', '/options', { payloadLimits: { run: 5 } }],
	['POST', '/options', { payloadLimits: { run: 1, runsync: 2, cancel: 3 } }],
	['POST', '/options', { rateLimits: { run: { requests: 1 } } }],
	['POST', '/options', { retentionMs: { runsync: 1, runsyncLongest: 2, run: 'long' } }],
	['POST', '/options', { endpoints: [5] }],
	['POST', '/options', { endpoints: 'p-video' }],
	['POST', '/options', { retryAfter: 'never' }],
	['POST', '/options', { runningState: 'WALKING' }],
	['POST', '/options', { workers: 3, apiKey: 5 }],
])('%s %s refuses %j with a sentence, and changes nothing', async (method, page, body) => {
	const before = JSON.stringify(client.simulator.options);
	const { status, text } = await control(method, page, body);
	expect([status, JSON.parse(text)]).toEqual([400, { error: expect.any(String) }]);
	expect(JSON.stringify(client.simulator.options)).toBe(before);
});

test.each<[object]>([
	[{ workers: 1, executionTimeMs: 5 }],
	[{ payloadLimits: { run: 1, runsync: 2 } }],
	[{ endpoints: ['p-video', 'other'] }],
	[{ retryAfter: 'date', runningState: 'RUNNING' }],
	[{ nestErrors: true, apiKey: 'rpa_new' }],
])('options take %j', async (options) => {
	const { status, text } = await control('POST', '/options', options);
	expect([status, JSON.parse(text)]).toEqual([200, expect.objectContaining(options)]);
	expect(client.simulator.options).toMatchObject(options);
});

test.each([
	['GET', '/nothing'],
	['GET', '/reset'],
	['POST', '/ledger'],
])('%s %s is a 404', async (method, page) => {
	expect((await control(method, page)).status).toBe(404);
});
