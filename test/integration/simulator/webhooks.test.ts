/** Webhooks: with what they are called, on which answers again, when, and how often. */
import { createServer, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { Client } from './client';
import { listen } from '../../tools/listen';
import { optionsOf } from '../../tools/simulator/options';

const SECOND = 1000;
const client = new Client({ executionTimeMs: 60 * SECOND });

let receiver: Awaited<ReturnType<typeof listen>>;
let received: Array<Pick<IncomingMessage, 'method' | 'headers'> & { body: string }>;
afterEach(async () => await receiver.close());

/** The URL of a server that answers with these statuses, then with 200; 0 breaks the connection. */
async function receiverThatAnswers(...statuses: number[]): Promise<string> {
	received = [];
	const server = createServer(async (request, response) => {
		const { method, headers } = request;
		received.push({ method, headers, body: await text(request) });
		const status = statuses.shift() ?? 200;
		if (status === 0) request.socket.destroy();
		else response.writeHead(status, { location: '/hook' }).end();
	});
	receiver = await listen(server);
	return `${receiver.url}/hook?id=1`;
}

const tries = () => client.simulator.ledger.jobs[0]?.webhookTries ?? [];
const tried = async (times: number) =>
	await client.simulator.waitFor(() => tries().length === times);

test.each<[string, number[], number]>([
	['200', [200], 1],
	['500 twice, then 200', [500, 503, 200], 3],
	['500 three times', [500, 500, 500, 200], 3],
	['204: not 200', [204, 200], 2],
	['a redirect, which is not followed', [302, 200], 2],
	['a broken connection', [0, 200], 2],
])('answered %s', async (_, statuses, times) => {
	await client.run({}, { webhook: await receiverThatAnswers(...statuses) });
	client.simulator.advance(60 * SECOND);
	for (let n = 1; n < times; n++) {
		await tried(n);
		client.simulator.advance(10 * SECOND);
	}
	await tried(times);
	client.simulator.advance(60 * SECOND);
	expect(received).toHaveLength(times);
	const results = tries().map(({ result }) => (typeof result === 'number' ? result : 0));
	expect(results).toEqual(statuses.slice(0, times));
});

test.each([
	['documented', [10 * SECOND, 10 * SECOND]],
	['seen', [5 * SECOND, 10 * SECOND]],
])('as %s, the pauses are %j ms', async (profile, pauses) => {
	client.simulator.options.webhookRetryMs = optionsOf(profile).webhookRetryMs;
	await client.run({}, { webhook: await receiverThatAnswers(500, 500, 200) });
	client.simulator.advance(60 * SECOND);
	for (const [n, pause] of pauses.entries()) {
		await tried(n + 1);
		client.simulator.advance(pause);
	}
	await tried(3);
	const [first = 0, second = 0, third = 0] = tries().map(({ at }) => at);
	const between = [second - first, third - second];
	expect(between).toEqual(pauses.map((pause) => expect.closeTo(pause, -3)));
});

test.each<[string, object, object]>([
	['COMPLETED', {}, {}],
	['FAILED', { duration: 11 }, {}],
	['TIMED_OUT', {}, { policy: { executionTimeout: 5000 } }],
	['CANCELLED', {}, {}],
])('a job that is %s is posted as status shows it, unsigned', async (state, input, more) => {
	const id = await client.run(input, { webhook: await receiverThatAnswers(), ...more });
	if (state === 'CANCELLED') await client.cancel(id);
	client.simulator.advance(60 * SECOND);
	await tried(1);
	const [call] = received;
	expect([call?.method, call?.headers['content-type']]).toEqual(['POST', 'application/json']);
	expect(call?.headers['user-agent']).toBe('Go-http-client/2.0');
	expect(call?.headers).not.toHaveProperty('authorization');
	const { body } = await client.status(id);
	expect(JSON.parse(call?.body ?? '')).toEqual(body);
	expect(body.status).toBe(state);
});
