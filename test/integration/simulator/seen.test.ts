/** Whon Runpod was seen to send beside what it documents: an option each, and most of it at once as a profile. */
import { useSimulator } from './client';
import { startSimulator, type StartOptions } from '../../tools/simulator';
import { OUTPUT_SHAPES } from '../../tools/simulator/document';

const client = useSimulator({ executionTimeMs: 0, profile: 'documented' });
const set = (options: StartOptions) => Object.assign(client.simulator.options, options);
const INPUT = { input: { prompt: 'A cat' } };
const problem = (status: number, title: string, detail: string) => ({ status, title, detail });

describe('the profile', () => {
	const seen = useSimulator({ executionTimeMs: 0, profile: 'seen' });

	test.each<[string, string, object, number, object]>([
		['GET', 'p-video/status/nothing', {}, 404, problem(404, 'Not Found', 'job not found')],
		['GET', 'wrong/status/nothing', {}, 404, problem(404, 'Not Found', 'endpoint not found')],
		['GET', 'p-video/health', {}, 401, {}],
		['GET', 'p-video/status/nothing', { key: 'rpa_wrong' }, 401, {}],
		[
			'POST',
			'p-video/run',
			{ body: {} },
			400,
			problem(400, 'Bad Request', 'bad request: property input is required'),
		],
		[
			'POST',
			'p-video/run',
			{ body: ' '.repeat(10 * 1024 * 1024 + 1) },
			400,
			problem(400, 'Bad Request', 'bad request: body: exceeded max body size of 10MiB'),
		],
		['POST', 'p-video/run', { body: { ...INPUT, policy: { executionTimeout: 5000 } } }, 400, {}],
		['POST', 'p-video/run', { body: { ...INPUT, policy: { executionTimeout: 5001 } } }, 200, {}],
	])('answers %s %s', async (method, path, options, status, body) => {
		const reply = await seen.call(method, path, options);
		expect([reply.status, reply.body]).toEqual([status, expect.objectContaining(body)]);
		if (status === 401) expect(reply.text).toBe('unauthorized');
	});

	test('has {cost, result}, the input and the webhook in a finished document', async () => {
		const { status, body } = await seen.runsync({}, { webhook: 'http://127.0.0.1:1/?secret=1' });
		expect([status, body]).toEqual([
			200,
			{
				delayTime: expect.any(Number),
				executionTime: expect.any(Number),
				id: expect.stringMatching(/-e1$/),
				...INPUT,
				output: { cost: 0.1, result: expect.stringMatching(/\.mp4$/) },
				status: 'COMPLETED',
				webhook: 'http://127.0.0.1:1/?secret=1',
				workerId: expect.any(String),
			},
		]);
	});

	test('fails with 200 and JSON in the error', async () => {
		const { status, body } = await seen.runsync({ duration: 11 });
		expect([status, body.status]).toEqual([200, 'FAILED']);
		expect(JSON.parse(String(body.error))).toMatchObject({
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
});

test.each(OUTPUT_SHAPES)('output shape %s names the address, or only the cost', async (shape) => {
	set({ outputShape: shape, costAs: 'text' });
	const { body } = await client.runsync();
	const text = JSON.stringify(body.output);
	if (shape === 'none') expect(body.output).toEqual({ cost: '0.1' });
	else expect(text).toContain(`/video/${String(body.id)}/output.mp4`);
	expect(client.simulator.ledger.total).toBe(0.1);
});

test.each<[StartOptions, unknown]>([
	[{ costAs: 'number' }, 0.1],
	[{ costAs: 'text' }, '0.1'],
	[{ costAs: 'none' }, undefined],
])('%j is the cost %j', async (options, cost) => {
	set(options);
	expect((await client.runsync()).body.output).toEqual({ video_url: expect.any(String), cost });
});

test.each<[StartOptions, unknown]>([
	[{ errorShape: 'text' }, 'fps must be one of 24, 48'],
	[{ errorShape: 'sentence' }, expect.stringMatching(/^Error submitting task: 400, \{"code":400,/)],
	[{ errorShape: 'object' }, { code: 400, message: expect.any(String) }],
	[{ errorShape: 'list' }, [{ loc: ['input', 'fps'], msg: expect.any(String) }]],
])('%j', async (options, error) => {
	set(options);
	expect((await client.runsync({ fps: 25 })).body.error).toEqual(error);
});

test.each<[StartOptions, object, number]>([
	[{ refusesDataUris: true }, { image: 'data:image/png;base64,iVBORw0KGgo=' }, 400],
	[{ refusesDataUris: true }, { image: 'https://example.com/a.png' }, 200],
	[{ refusesOddInput: true }, { negative_prompt: 'dogs' }, 400],
	[{ refusesOddInput: true }, { seed: -1 }, 400],
	[{ refusesOddInput: true }, { fps: 25 }, 400],
	[{ refusesOddInput: true }, { seed: 7, draft: true }, 200],
])('%j refuses %j at once: %d', async (options, input, status) => {
	set(options);
	const reply = await client.runsync(input);
	expect([reply.status, client.simulator.ledger.jobs.length]).toEqual([
		status,
		status === 200 ? 1 : 0,
	]);
	if (status === 400) expect(reply.body).toEqual({ error: 'property input is required' });
});

test.each<[StartOptions, object, number | undefined]>([
	[{ resolutionField: 'resolution' }, { size: '1080p' }, 0.1],
	[{ resolutionField: 'size' }, { size: '1080p' }, 0.2],
	[{ resolutionField: 'size' }, { resolution: '1080p' }, 0.1],
	[{ resolutionField: 'either' }, { size: '1920*1080' }, 0.2],
	[{ resolutionField: 'either' }, { resolution: '1080p' }, 0.2],
	[{ resolutionField: 'either' }, { size: '4k' }, 0],
	[{ longestSeconds: 20 }, { duration: 20 }, 0.4],
])('%j bills %j with $%d', async (options, input, usd) => {
	set(options);
	await client.runsync(input);
	expect(client.simulator.ledger.total).toBe(usd);
});

test.each([400, 401, 402, 'FAILED'] as const)('no credit as %s', async (noCreditAs) => {
	set({ noCreditAs, failedRunsyncStatus: 200 });
	const reply = await client.call('POST', 'p-video/runsync', {
		body: INPUT,
		key: client.simulator.noCreditKey,
	});
	expect(reply.status).toBe(noCreditAs === 'FAILED' ? 200 : noCreditAs);
	expect(String(reply.body.error)).toContain('Insufficient credit');
	expect(client.simulator.ledger.total).toBe(0);
});

test.each([
	[413, 'Payload'],
	[400, 'Payload'],
	[502, '<html>'],
] as const)('too large is %d', async (tooLargeStatus, said) => {
	set({ tooLargeStatus, payloadLimits: { runsync: 10, run: 10 } });
	const reply = await client.call('POST', 'p-video/run', { body: INPUT });
	expect([reply.status, reply.text.includes(said)]).toEqual([tooLargeStatus, true]);
});

test.each([408, 502, 524])(
	'the edge ends a long runsync with %d; the job runs on',
	async (status) => {
		set({ edge: { afterMs: 30_000, status }, executionTimeMs: 40_000 });
		const answer = client.runsync();
		await client.simulator.waitFor((ledger) => ledger.count('IN_PROGRESS') === 1);
		client.simulator.advance(30_000);
		expect([(await answer).status, (await answer).text]).toEqual([
			status,
			expect.stringMatching(/^<html>/),
		]);
		client.simulator.advance(10_000);
		expect(client.simulator.ledger.count('COMPLETED')).toBe(1);
	},
);

test('a ttl in the queue may end as TIMED_OUT', async () => {
	set({ expiredInQueue: 'TIMED_OUT' });
	client.simulator.hold();
	const id = await client.run({}, { policy: { ttl: 10_000 } });
	client.simulator.advance(10_000);
	expect((await client.status(id)).body.status).toBe('TIMED_OUT');
});

test('a job may show progress, go back to the queue, and be billed although it fails', async () => {
	const progress = { status: 'error', error: { message: 'CUDA out of memory' } };
	const ending = { error: { code: 1001 }, output: { cost: 0.1 }, price: 0.1 };
	const rule = {
		operation: 'run',
		kind: 'job',
		executionTimeMs: 1000,
		progress,
		requeues: 1,
	} as const;
	client.simulator.faults.add({ ...rule, ...ending });
	const id = await client.run();
	expect((await client.status(id)).body).toMatchObject({ status: 'IN_PROGRESS', output: progress });
	client.simulator.advance(1000);
	client.simulator.advance(1000);
	expect((await client.status(id)).body).toMatchObject({
		error: ending.error,
		output: ending.output,
	});
	const job = client.simulator.ledger.find(id);
	expect(job?.history.map(({ status }) => status).join()).toBe(
		'IN_QUEUE,IN_PROGRESS,IN_QUEUE,IN_PROGRESS,FAILED',
	);
	expect(client.simulator.ledger.total).toBe(0.1);
});

describe('status-sync', () => {
	const look = async (id: string, query = '?wait=90000') =>
		await client.call('GET', `p-video/status-sync/${id}${query}`);

	test('answers the moment the job ends', async () => {
		set({ executionTimeMs: 60_000 });
		const id = await client.run();
		const answer = look(id);
		await client.simulator.waitFor((_, requests) => requests.length === 2);
		client.simulator.advance(60_000);
		expect((await answer).body).toMatchObject({ id, status: 'COMPLETED' });
	});

	test('answers when the wait is over', async () => {
		client.simulator.hold();
		const id = await client.run();
		const answer = look(id, '?wait=1000');
		await client.simulator.waitFor((_, requests) => requests.length === 2);
		client.simulator.advance(1000);
		expect((await answer).body).toEqual({ id, status: 'IN_QUEUE' });
	});

	test.each<[string, number]>([
		['?wait=1000', 200],
		['?wait=90000', 200],
		['', 200],
		['?wait=999', 400],
		['?wait=90001', 400],
	])('with %s is answered %d', async (query, status) => {
		const { body } = await client.runsync();
		expect((await look(String(body.id), query)).status).toBe(status);
	});

	test.each([404, 405, 501, 'immediate'] as const)('may be missing: %s', async (statusSync) => {
		set({ statusSync });
		client.simulator.hold();
		const reply = await look(await client.run());
		expect(reply.status).toBe(statusSync === 'immediate' ? 200 : statusSync);
	});

	test('has the limits of status, for itself', async () => {
		client.simulator.options.rateLimits.status = { requests: 1, concurrent: 9 };
		const { body } = await client.runsync();
		const id = String(body.id);
		const statuses = [await look(id), await look(id), await client.status(id)];
		expect(statuses.map(({ status }) => status)).toEqual([200, 429, 200]);
	});
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
