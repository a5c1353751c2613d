/** What Runpod was seen to send beside what it documents: most of it at once as a profile, and options of their own. */
import { request } from 'undici';
import { Client } from './client';
import { startSimulator, type StartOptions } from '../../tools/simulator';
import { NO_CREDIT_KEY } from '../../tools/simulator/options';

const INPUT = { input: { prompt: 'A cat' } };
const problem = (status: number, title: string, detail: string) => ({ status, title, detail });
const tooLarge = 'bad request: body: exceeded max body size of 10MiB';

describe('the profile', () => {
	const seen = new Client({ executionTimeMs: 0, profile: 'seen' });

	test.each<[string, string, object, number, object | string]>([
		['GET', 'p-video/status/nothing', {}, 404, problem(404, 'Not Found', 'job not found')],
		['GET', 'wrong/status/nothing', {}, 404, problem(404, 'Not Found', 'endpoint not found')],
		['GET', 'p-video/health', {}, 401, 'unauthorized'],
		['GET', 'p-video/status/nothing', { key: 'rpa_wrong' }, 401, 'unauthorized'],
		[
			...(['POST', 'p-video/run', { body: {} }, 400] as const),
			problem(400, 'Bad Request', 'bad request: property input is required'),
		],
		[
			...(['POST', 'p-video/run', { body: ' '.repeat(10 * 1024 * 1024 + 1) }, 400] as const),
			problem(400, 'Bad Request', tooLarge),
		],
	])('answers %s %s', async (method, path, options, status, body) => {
		const reply = await seen.call(method, path, options);
		const said = typeof body === 'string' ? reply.text : reply.body;
		expect([reply.status, said]).toEqual([status, body]);
	});

	test('takes an executionTimeout of more than 5000 ms, and no key without credit', async () => {
		const policy = (executionTimeout: number) => ({ ...INPUT, policy: { executionTimeout } });
		const run = async (options: object) => (await seen.call('POST', 'p-video/run', options)).status;
		expect(await run({ body: policy(5000) })).toBe(400);
		expect(await run({ body: policy(5001) })).toBe(200);
		expect(await run({ body: INPUT, key: NO_CREDIT_KEY })).toBe(400);
	});

	test('has {cost, result}, the input and the webhook in a finished document, in alphabetical order', async () => {
		const { status, body } = await seen.runsync({}, { webhook: 'http://127.0.0.1:1/?secret=1' });
		expect([status, Object.entries(body)]).toEqual([
			200,
			[
				['delayTime', expect.any(Number)],
				['executionTime', expect.any(Number)],
				['id', expect.stringMatching(/-e1$/)],
				['input', INPUT.input],
				['output', { cost: 0.1, result: expect.stringMatching(/\.mp4$/) }],
				['status', 'COMPLETED'],
				['webhook', 'http://127.0.0.1:1/?secret=1'],
				['workerId', expect.any(String)],
			],
		]);
	});

	test('fails with 200 and JSON in the error', async () => {
		const { status, body } = await seen.runsync({ duration: 11 });
		expect([status, body.status]).toEqual([200, 'FAILED']);
		expect(JSON.parse(String(body.error))).toEqual({
			error_type: expect.any(String),
			error_message: 'duration must be an integer from 1 to 10',
			error_traceback: expect.stringContaining('Traceback'),
		});
	});

	test('does not know a fresh job at first, and forgets its times when it is cancelled', async () => {
		seen.simulator.hold();
		const id = await seen.run();
		expect((await seen.status(id)).body).toEqual(problem(404, 'Not Found', 'job not found'));
		expect((await seen.status(id)).body.status).toBe('IN_QUEUE');
		await seen.cancel(id);
		expect(Object.keys((await seen.status(id)).body)).toEqual(['id', 'input', 'status']);
	});

	test('ends a runsync with a page of the edge after 100 s; the job runs on', async () => {
		seen.simulator.options.executionTimeMs = 110_000;
		const answer = seen.runsync({}, {}, '?wait=300000');
		await seen.simulator.waitFor((ledger) => ledger.count('IN_PROGRESS') === 1);
		seen.simulator.advance(100_000);
		const { status, text } = await answer;
		expect([status, text]).toEqual([524, expect.stringMatching(/^<html>/)]);
		seen.simulator.advance(10_000);
		expect(seen.simulator.ledger.total).toBe(0.1);
	});
});

const client = new Client({ executionTimeMs: 0, profile: 'documented' });
const set = (options: StartOptions) => Object.assign(client.simulator.options, options);

test.each<[StartOptions, object, number, number]>([
	[{ readsSize: false }, { size: '1080p' }, 200, 0.1],
	[{ readsSize: true }, { size: '1920*1080' }, 200, 0.2],
	[{ readsSize: true }, { size: '4k' }, 400, 0],
])('%j answers %j with %d and bills $%d', async (options, input, status, usd) => {
	set(options);
	expect((await client.runsync(input)).status).toBe(status);
	expect(client.simulator.ledger.total).toBe(usd);
});

test.each([404, 405, 501] as const)('status-sync may be missing: %s', async (statusSync) => {
	set({ statusSync });
	client.simulator.hold();
	const { status } = await client.call('GET', `p-video/status-sync/${await client.run()}`);
	expect(status).toBe(statusSync);
});

/** The state that `/status` and `/status-sync` show, and the output. */
async function look(id: string, operation = 'status'): Promise<[unknown, unknown]> {
	const { body } = await client.call('GET', `p-video/${operation}/${id}`);
	return [body.status, body.output];
}
const VIDEO = { video_url: expect.stringMatching(/\.mp4$/), cost: 0.1 };

test('status-sync may lag as status does', async () => {
	set({ booksLagMs: 30_000 });
	const { body } = await client.runsync();
	const id = String(body.id);
	expect(await look(id)).toEqual(['IN_PROGRESS', undefined]);
	const kept = look(id, 'status-sync');
	await client.simulator.waitFor((_, requests) => requests.at(-1)?.operation === 'status-sync');
	client.simulator.advance(30_000);
	expect([await kept, await look(id)]).toEqual([
		['COMPLETED', VIDEO],
		['COMPLETED', VIDEO],
	]);
});

test.each([undefined, {}])('a COMPLETED job may have the output %j at first', async (instead) => {
	set({ lateOutput: { looks: 2, instead } });
	const { body } = await client.runsync();
	const id = String(body.id);
	expect([body.status, body.output]).toEqual(['COMPLETED', instead]);
	expect(await look(id, 'status-sync')).toEqual(['COMPLETED', instead]);
	expect(await look(id)).toEqual(['COMPLETED', VIDEO]);
	expect(client.simulator.ledger.total).toBe(0.1);
});

test('a new video may be missing at first', async () => {
	set({ lateVideo: { ms: 60_000, status: 403 } });
	const { body } = await client.runsync();
	const url = client.simulator.videoUrl(String(body.id));
	expect((await request(url)).statusCode).toBe(403);
	client.simulator.advance(60_000);
	expect((await request(url)).statusCode).toBe(200);
});

test('an answer may be cut behind the ID', async () => {
	client.simulator.faults.add({ operation: 'run', kind: 'truncate', bytes: 'id' });
	await expect(client.run()).rejects.toThrow(/other side closed|terminated|aborted/);
	expect(client.simulator.ledger.jobs).toHaveLength(1);
});

test('an unknown profile is refused, and the environment sets the default', async () => {
	await expect(startSimulator({ profile: 'dreamt' })).rejects.toThrow("no profile 'dreamt'");
	process.env.PRUNA_SIMULATOR_PROFILE = 'seen';
	const simulator = await startSimulator().finally(
		() => delete process.env.PRUNA_SIMULATOR_PROFILE,
	);
	expect(simulator.options.outputShape).toBe('result');
	await simulator.close();
});
