/** Keys, requests, payloads to the byte, and rate limits to the request. */
import { Client } from './client';
import { FORBIDDEN_KEY, NO_CREDIT_KEY } from '../../tools/simulator/options';

const MEBIBYTE = 1024 * 1024;
const DAY = 24 * 60 * 60 * 1000;
const INPUT = { prompt: 'A cat' };
const client = new Client({ executionTimeMs: 0 });

test.each([
	['the key', 'rpa_simulator_key', 200, 404],
	['no key', '', 401, 401],
	['a wrong key', 'rpa_wrong', 401, 401],
	['a key without permission', FORBIDDEN_KEY, 403, 403],
	['a key without credit', NO_CREDIT_KEY, 402, 404],
])('with %s, run is answered %d and status %d', async (_, key, ...wanted) => {
	const run = await client.call('POST', 'p-video/run', { key, body: { input: INPUT } });
	const status = await client.call('GET', 'p-video/status/nothing', { key });
	expect([run.status, status.status]).toEqual(wanted);
	expect(client.simulator.ledger.jobs).toHaveLength(run.status === 200 ? 1 : 0);
});

test.each<[string, unknown, number]>([
	['an unknown field beside the input', { input: INPUT, s3Config: {} }, 200],
	['no body', undefined, 400],
	['broken JSON', '{"input":', 400],
	['JSON that is not UTF-8', Buffer.from('{"input":{"prompt":"caf\xe9"}}', 'latin1'), 400],
	['the input itself', INPUT, 400],
	['a webhook without http', { input: INPUT, webhook: 'example.com/hook' }, 400],
	['executionTimeout 4999', { input: INPUT, policy: { executionTimeout: 4999 } }, 400],
	['executionTimeout 5000', { input: INPUT, policy: { executionTimeout: 5000 } }, 200],
	['ttl 9999', { input: INPUT, policy: { ttl: 9999 } }, 400],
	['ttl of 7 days', { input: INPUT, policy: { ttl: 7 * DAY } }, 200],
	['ttl of more', { input: INPUT, policy: { ttl: 7 * DAY + 1 } }, 400],
	['lowPriority "true"', { input: INPUT, policy: { lowPriority: 'true' } }, 400],
])('a request with %s', async (_, body, wanted) => {
	expect((await client.call('POST', 'p-video/run', { body })).status).toBe(wanted);
	expect(client.simulator.ledger.jobs).toHaveLength(wanted === 200 ? 1 : 0);
});

test.each([
	['runsync?wait=999', 400],
	['runsync?wait=1000', 200],
	['runsync?wait=300000', 200],
	['runsync?wait=300001', 400],
	['runsync?wait=90s', 400],
	['status-sync/nothing?wait=90001', 400],
	['status-sync/nothing?wait=90000', 404],
])('%s is answered %d', async (path, wanted) => {
	const [method, body] = path.startsWith('run') ? ['POST', { input: INPUT }] : ['GET', undefined];
	expect((await client.call(method, `p-video/${path}`, { body })).status).toBe(wanted);
});

test.each([
	['runsync', 20 * MEBIBYTE, 200],
	['runsync', 20 * MEBIBYTE + 1, 413],
	['run', 10 * MEBIBYTE, 200],
	['run', 10 * MEBIBYTE + 1, 413],
	['run', 20 * MEBIBYTE + 1, 413],
])('%s with %d bytes is answered %d', async (operation, bytes, wanted) => {
	const frame = JSON.stringify({ input: { prompt: '' } });
	const body = frame.replace('""', `"${'x'.repeat(bytes - frame.length)}"`);
	expect((await client.call('POST', `p-video/${operation}`, { body })).status).toBe(wanted);
	expect(client.simulator.requests[0]).toMatchObject({ bytes, body: undefined });
});

test('so many requests in 10 s', async () => {
	const { options } = client.simulator;
	expect(options.rateLimits).toEqual({
		runsync: { requests: 2000, concurrent: 400 },
		run: { requests: 1000, concurrent: 200 },
		status: { requests: 2000, concurrent: 400 },
		cancel: { requests: 100, concurrent: 20 },
	});
	options.rateLimits.status = { requests: 2, concurrent: 9 };
	const call = async () => (await client.status('nothing')).status;
	expect([await call(), await call(), await call()]).toEqual([404, 404, 429]);
	client.simulator.advance(10_000);
	expect(await call()).toBe(404);
});

test('a runsync that is open counts until it is answered', async () => {
	client.simulator.options.rateLimits.runsync = { requests: 99, concurrent: 1 };
	client.simulator.hold();
	const held = client.runsync();
	await client.simulator.waitFor((ledger) => ledger.jobs.length === 1);
	const { status, headers } = await client.runsync();
	expect([status, headers['retry-after']]).toEqual([429, '1']);
	client.simulator.release();
	expect([(await held).status, (await client.runsync()).status]).toEqual([200, 200]);
});
