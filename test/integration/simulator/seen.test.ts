/** What Runpod was seen to send beside what it documents: most of it at once as a profile, and options of their own. */
import { useSimulator } from './client';
import { startSimulator, type StartOptions } from '../../tools/simulator';

const INPUT = { input: { prompt: 'A cat' } };
const problem = (status: number, title: string, detail: string) => ({ status, title, detail });
const tooLarge = 'bad request: body: exceeded max body size of 10MiB';

describe('the profile', () => {
	const seen = useSimulator({ executionTimeMs: 0, profile: 'seen' });

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
		expect(await run({ body: INPUT, key: seen.simulator.noCreditKey })).toBe(400);
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

const client = useSimulator({ executionTimeMs: 0, profile: 'documented' });
const set = (options: StartOptions) => Object.assign(client.simulator.options, options);

test.each<[StartOptions, object, number, number]>([
	[{ refusesDataUris: true }, { image: 'data:image/png;base64,iVBORw0KGgo=' }, 400, 0],
	[{ refusesDataUris: true }, { image: 'https://example.com/a.png' }, 200, 0.1],
	[{ readsSize: false }, { size: '1080p' }, 200, 0.1],
	[{ readsSize: true }, { size: '1920*1080' }, 200, 0.2],
	[{ readsSize: true }, { size: '4k' }, 400, 0],
])('%j answers %j with %d and bills $%d', async (options, input, status, usd) => {
	set(options);
	expect((await client.runsync(input)).status).toBe(status);
	expect(client.simulator.ledger.total).toBe(usd);
});

test.each([404, 405, 501, 'immediate'] as const)(
	'status-sync may be missing: %s',
	async (statusSync) => {
		set({ statusSync });
		client.simulator.hold();
		const { status } = await client.call('GET', `p-video/status-sync/${await client.run()}`);
		expect(status).toBe(statusSync === 'immediate' ? 200 : statusSync);
	},
);

test('an unknown profile is refused, and the environment sets the default', async () => {
	await expect(startSimulator({ profile: 'dreamt' })).rejects.toThrow("no profile 'dreamt'");
	process.env.PRUNA_SIMULATOR_PROFILE = 'seen';
	const simulator = await startSimulator().finally(
		() => delete process.env.PRUNA_SIMULATOR_PROFILE,
	);
	expect(simulator.options.outputShape).toBe('result');
	await simulator.close();
});
