/** The body and the query of runsync and run: what makes a job, and what is a 400 without one. */
import { useSimulator } from './client';

const client = useSimulator({ executionTimeMs: 0 });

const INPUT = { prompt: 'A cat' };
const DAY = 24 * 60 * 60 * 1000;

describe.each(['run', 'runsync'])('%s', (operation) => {
	test.each<[string, unknown, number]>([
		['an input', { input: INPUT }, 200],
		['an unknown field beside it', { input: INPUT, s3Config: {}, id: 'mine' }, 200],
		['a webhook', { input: INPUT, webhook: 'http://127.0.0.1:1/hook' }, 200],
		['an empty policy', { input: INPUT, policy: {} }, 200],
		['no body', undefined, 400],
		['broken JSON', '{"input":', 400],
		['JSON that is not UTF-8', Buffer.from('{"input":{"prompt":"caf\xe9"}}', 'latin1'), 400],
		['null', 'null', 400],
		['a list', [{ input: INPUT }], 400],
		['the input itself', INPUT, 400],
		['input null', { input: null }, 400],
		['input as text', { input: '{"prompt":"A cat"}' }, 400],
		['a webhook of null', { input: INPUT, webhook: null }, 400],
		['a webhook without http', { input: INPUT, webhook: 'example.com/hook' }, 400],
		['a webhook with a space', { input: INPUT, webhook: 'http://127.0.0.1:1/a b' }, 400],
		['a webhook of an object', { input: INPUT, webhook: { url: 'http://127.0.0.1:1' } }, 400],
		['policy null', { input: INPUT, policy: null }, 400],
	])('%s', async (_, body, wanted) => {
		const reply = await client.call('POST', `p-video/${operation}`, { body });
		expect(reply.status).toBe(wanted);
		expect(client.simulator.ledger.jobs).toHaveLength(wanted === 200 ? 1 : 0);
		if (wanted === 400) expect(reply.body).toEqual({ error: expect.any(String) });
	});

	test.each<[string, number]>([
		['application/json', 200],
		['Application/JSON; charset=utf-8', 200],
		['text/plain', 400],
		['', 400],
	])('as %j is answered %d', async (type, wanted) => {
		const options = { body: { input: INPUT }, headers: { 'content-type': type } };
		expect((await client.call('POST', `p-video/${operation}`, options)).status).toBe(wanted);
	});

	test.each<[string, unknown, number]>([
		['executionTimeout', 4999, 400],
		['executionTimeout', 5000, 200],
		['executionTimeout', 7 * DAY, 200],
		['executionTimeout', 7 * DAY + 1, 400],
		['executionTimeout', 5000.5, 400],
		['executionTimeout', '5000', 400],
		['executionTimeout', null, 400],
		['ttl', 9999, 400],
		['ttl', 10_000, 200],
		['ttl', 7 * DAY, 200],
		['ttl', 7 * DAY + 1, 400],
		['lowPriority', true, 200],
		['lowPriority', false, 200],
		['lowPriority', 'true', 400],
	])('with policy.%s %j is answered %d', async (field, value, wanted) => {
		const body = { input: INPUT, policy: { [field]: value } };
		const reply = await client.call('POST', `p-video/${operation}`, { body });
		expect(reply.status).toBe(wanted);
		if (wanted === 400) expect(reply.body.error).toContain(`'policy.${field}'`);
		else expect(client.simulator.ledger.jobs[0]?.policy).toEqual({ [field]: value });
	});
});

test.each<[string, number]>([
	['', 200],
	['?wait=1000', 200],
	['?wait=300000', 200],
	['?other=1', 200],
	['?wait=999', 400],
	['?wait=300001', 400],
	['?wait=0', 400],
	['?wait=', 400],
	['?wait=90s', 400],
	['?wait=1000.5', 400],
	['?wait=1e4', 400],
])('runsync%s is answered %d', async (query, wanted) => {
	expect((await client.runsync({}, {}, query)).status).toBe(wanted);
	expect(client.simulator.ledger.jobs).toHaveLength(wanted === 200 ? 1 : 0);
});

test('run has no wait', async () => {
	const body = { input: INPUT };
	expect((await client.call('POST', 'p-video/run?wait=1', { body })).status).toBe(200);
});

test('the ledger has the job as it was sent', async () => {
	const webhook = 'http://127.0.0.1:1/hook';
	const policy = { executionTimeout: 5000, ttl: 10_000, lowPriority: true };
	await client.run({ duration: 3 }, { webhook, policy });
	const [job] = client.simulator.ledger.jobs;
	expect(job).toMatchObject({ operation: 'run', endpoint: 'p-video', webhook, policy });
	expect(job).toMatchObject({ input: { prompt: 'A cat', duration: 3 }, apiKey: 'default' });
	expect(JSON.stringify(client.simulator.ledger)).not.toContain(client.simulator.apiKey);
});
