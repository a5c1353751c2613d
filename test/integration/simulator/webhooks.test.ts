/** Webhooks: with what they are called, on which answers again, when, and how often. */
import { useSimulator } from './client';
import { Receiver } from './receiver';

const SECOND = 1000;
const client = useSimulator({ executionTimeMs: 60 * SECOND });

let receiver: Receiver;
afterEach(async () => await receiver.close());

async function receiverThatAnswers(...statuses: number[]): Promise<string> {
	receiver = new Receiver(statuses);
	await receiver.start();
	return receiver.url;
}

const tries = () => client.simulator.ledger.jobs[0]?.webhookTries ?? [];
const tried = async (times: number) =>
	await client.simulator.waitFor(() => tries().length === times);

test.each<[string, number[], number]>([
	['200', [200], 1],
	['500, then 200', [500, 200], 2],
	['500 twice, then 200', [500, 503, 200], 3],
	['500 three times', [500, 500, 500, 200], 3],
	['201: not 200', [201, 200], 2],
	['204: not 200', [204, 200], 2],
	['a redirect, which is not followed', [302, 200], 2],
	['404 and 401', [404, 401, 200], 3],
	['a broken connection', [0, 200], 2],
])('answered %s', async (_, statuses, times) => {
	// A delay of nothing counts the calls when they begin.
	const calls = client.simulator.faults.add({
		operation: 'webhook',
		kind: 'delay',
		ms: 0,
		times: Infinity,
	});
	await client.run({}, { webhook: await receiverThatAnswers(...statuses) });
	client.simulator.advance(60 * SECOND);
	for (let n = 1; n < times; n++) {
		await tried(n);
		client.simulator.advance(10 * SECOND);
	}
	await tried(times);
	client.simulator.advance(60 * SECOND);
	expect([calls.used, receiver.received.length]).toEqual([times, times]);
	expect(tries().map(({ result }) => (typeof result === 'number' ? result : 0))).toEqual(
		statuses.slice(0, times),
	);
});

test('is tried again ten seconds later, no sooner', async () => {
	await client.run({}, { webhook: await receiverThatAnswers(500, 500, 200) });
	client.simulator.advance(60 * SECOND);
	for (const n of [1, 2]) {
		await tried(n);
		client.simulator.advance(10 * SECOND);
	}
	await tried(3);
	const [first = 0, second = 0, third = 0] = tries().map(({ at }) => at);
	expect([second - first, third - second]).toEqual([
		expect.closeTo(10 * SECOND, -3),
		expect.closeTo(10 * SECOND, -3),
	]);
});

test.each<[string, object, object, string]>([
	['COMPLETED', {}, {}, 'output'],
	['FAILED', { duration: 11 }, {}, 'error'],
	['TIMED_OUT', {}, { policy: { executionTimeout: 5000 } }, 'error'],
	['CANCELLED', {}, {}, 'status'],
])('a job that is %s is posted as status shows it', async (state, input, more, field) => {
	const webhook = await receiverThatAnswers();
	const id = await client.run(input, { webhook, ...more });
	if (state === 'CANCELLED') await client.cancel(id);
	client.simulator.advance(60 * SECOND);
	await tried(1);
	const [call] = receiver.received;
	expect([call?.method, call?.headers['content-type']]).toEqual(['POST', 'application/json']);
	expect(call?.headers).not.toHaveProperty('authorization');
	const { body } = await client.status(id);
	expect(JSON.parse(call?.body ?? '')).toEqual(body);
	expect(body).toMatchObject({ id, status: state, [field]: expect.anything() });
});

test('runsync has a webhook too, a job that expires has none', async () => {
	const webhook = await receiverThatAnswers();
	await client.run({}, { webhook, policy: { ttl: 10 * SECOND } });
	client.simulator.advance(10 * SECOND);
	const answer = client.runsync({}, { webhook });
	await client.simulator.waitFor((ledger) => ledger.jobs.length === 2);
	client.simulator.advance(60 * SECOND);
	await answer;
	await client.simulator.waitFor((ledger) => ledger.jobs[1]?.webhookTries.length === 1);
	expect(receiver.received).toHaveLength(1);
});

test('a retried job is posted again when it ends', async () => {
	client.simulator.faults.add({ operation: 'run', kind: 'job', error: 'busy' });
	const id = await client.run({}, { webhook: await receiverThatAnswers() });
	client.simulator.advance(60 * SECOND);
	await tried(1);
	await client.retry(id);
	client.simulator.advance(60 * SECOND);
	await tried(2);
	const states = receiver.received.map(({ body }) => JSON.parse(body).status);
	expect(states).toEqual(['FAILED', 'COMPLETED']);
});

test('a receiver that never answers counts as failed', async () => {
	client.simulator.options.webhookTimeoutMs = 20;
	client.simulator.options.webhookTries = 1;
	await client.run({}, { webhook: await receiverThatAnswers(-1) });
	client.simulator.advance(60 * SECOND);
	await tried(1);
	expect(tries()).toEqual([{ at: expect.any(Number), result: expect.any(String) }]);
});

test.each<[string, object, string | undefined]>([
	['lost', { kind: 'reset' }, undefined],
	['corrupted', { kind: 'body', body: '{"id":' }, '{"id":'],
])('a call can be %s by a fault', async (_, fault, first) => {
	const rule = { operation: 'webhook', ...fault };
	client.simulator.faults.add(rule as never);
	await client.run({}, { webhook: await receiverThatAnswers() });
	client.simulator.advance(60 * SECOND);
	await tried(1);
	expect(receiver.received[0]?.body).toBe(first);
});

test('a reset ends the calls that are planned', async () => {
	await client.run({}, { webhook: await receiverThatAnswers(500) });
	client.simulator.advance(60 * SECOND);
	await tried(1);
	client.simulator.reset();
	client.simulator.advance(60 * SECOND);
	await client.call('GET', 'p-video/health');
	expect(receiver.received).toHaveLength(1);
});
