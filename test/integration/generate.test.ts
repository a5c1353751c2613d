/** Video > Generate: what comes out, in which order, and how the node waits for it. */
import type { IDataObject, INodeExecutionData } from 'n8n-workflow';
import { startSimulator, type Simulator } from '../tools/simulator';
import { CONTINUE, generate, promptsOf, shots } from './batch';
import { readBinary } from './engine';
import { hurry } from './hurry';

let simulator: Simulator;
beforeAll(async () => {
	simulator = await startSimulator({ repeatsInput: false, unknownAtFirst: { looks: 0, ms: 0 } });
});
beforeEach(() => {
	simulator.reset();
	simulator.options.timeScale = 1;
	simulator.options.executionTimeMs = 20;
	simulator.options.runningState = 'IN_PROGRESS';
	simulator.options.statusSync = 'waits';
});
afterAll(async () => await simulator.close());
hurry(20);

const WEEK_MS = 7 * 24 * 60 * 60 * 1000;

/** The simplified item of the one job in the ledger; `expiresAt` is checked apart. */
function simplified(): INodeExecutionData {
	const [job] = simulator.ledger.jobs;
	return {
		json: {
			video_url: `http://127.0.0.1:${simulator.port}/video/${job?.id}/output.mp4`,
			cost: 0.1,
			delayTime: job?.delayTime,
			executionTime: job?.executionTime,
			id: job?.id,
			status: 'COMPLETED',
			seed: job?.input.seed as number,
			expiresAt: expect.any(String) as unknown as string,
		},
		pairedItem: { item: 0 },
	};
}

const operations = () => simulator.requests.map(({ operation }) => operation);

describe('output', () => {
	test('one prompt becomes one video, and its file', async () => {
		const { items, error, hints } = await generate(simulator, { parameters: { download: true } });

		expect(error).toBeUndefined();
		expect(items).toEqual([{ ...simplified(), binary: { data: expect.anything() } }]);
		expect((await readBinary(items[0]!)).subarray(4, 8).toString()).toBe('ftyp');
		expect(hints).toEqual([{ message: '1 video for $0.10', location: 'outputPane' }]);
	});

	test('simplified: as Runpod names things, with seed and expiry', async () => {
		const began = Date.now();
		const { items } = await generate(simulator);
		const ended = Date.now();

		expect(items).toEqual([simplified()]);
		expect(items[0]).not.toHaveProperty('binary');
		const expiresAt = String(items[0]?.json.expiresAt);
		expect(new Date(expiresAt).toISOString()).toBe(expiresAt);
		expect(Date.parse(expiresAt)).toBeGreaterThanOrEqual(began + WEEK_MS);
		expect(Date.parse(expiresAt)).toBeLessThanOrEqual(ended + WEEK_MS);
	});

	test("not simplified: Runpod's response as it came", async () => {
		const { items } = await generate(simulator, { parameters: { simplify: false } });
		const [job] = simulator.ledger.jobs;
		expect(items).toEqual([
			{
				json: {
					id: job?.id,
					status: 'COMPLETED',
					delayTime: job?.delayTime,
					executionTime: job?.executionTime,
					output: job?.output,
					workerId: job?.workerId,
				},
				pairedItem: { item: 0 },
			},
		]);
	});

	test('what Runpod leaves out is null', async () => {
		simulator.faults.add({
			operation: 'runsync',
			kind: 'job',
			output: { video_url: 'https://a.example/b.mp4' },
			omit: ['delayTime', 'executionTime', 'workerId'],
		});
		const { items, hints } = await generate(simulator);
		expect(items[0]?.json).toMatchObject({
			video_url: 'https://a.example/b.mp4',
			cost: null,
			delayTime: null,
			executionTime: null,
		});
		expect(hints[0]?.message).toBe('1 video for $0.00 and 1 unknown cost');
	});

	test('Include Input: the request as it was sent', async () => {
		const { items } = await generate(simulator, { options: { includeInput: true } });
		expect(items[0]?.json.input).toEqual(simulator.ledger.jobs[0]?.input);
		expect(items[0]?.json.seed).toBe(simulator.ledger.jobs[0]?.input.seed);
	});

	test('a seed of the user is sent and returned', async () => {
		const parameters = { additionalFields: { seed: '0' } };
		const { items } = await generate(simulator, { parameters });
		expect(items[0]?.json.seed).toBe(0);
		expect(simulator.ledger.jobs[0]?.input.seed).toBe(0);
	});

	test('without one, every item gets its own, and sending it again makes the same request', async () => {
		const first = await generate(simulator, { prompts: shots(3) });
		const seeds = first.items.map(({ json }) => json.seed);
		expect(new Set(seeds).size).toBe(3);
		const inputs = simulator.ledger.jobs.map(({ input }) => input);

		simulator.reset();
		const parameters = { additionalFields: { seed: seeds[1] as number } };
		await generate(simulator, { prompts: ['shot 1.'], parameters });
		expect(inputs).toContainEqual(simulator.ledger.jobs[0]?.input);
	});

	test('in input order with pairedItem, whichever ends first', async () => {
		simulator.options.executionTimeMs = ({ prompt }) => (prompt === 'shot 7.' ? 5 : 700);
		const { items } = await generate(simulator, {
			prompts: shots(8),
			options: { concurrency: 8 },
		});

		const ended = simulator.requests.map(({ answeredAt, jobId }) => ({ answeredAt, jobId }));
		ended.sort((a, b) => Number(a.answeredAt) - Number(b.answeredAt));
		expect(ended.at(-1)?.jobId).not.toBe(items.at(-1)?.json.id);
		expect(promptsOf(items, simulator)).toEqual(shots(8));
		expect(items.map(({ pairedItem }) => pairedItem)).toEqual(
			shots(8).map((_, item) => ({ item })),
		);
	});
});

describe('hints', () => {
	const fails = { operation: 'runsync', kind: 'job', error: 'no' } as const;
	const note =
		'Videos with audio of unknown length cannot be priced in advance; they count against limits once they finish';
	const expiry = expect.stringMatching(
		/^Video URLs expire on \d{4}-\d\d-\d\d \(UTC\)\. To keep the files, turn on 'Download Video'\.$/,
	);
	const audio = { audioSource: 'url', audioUrl: 'https://example.com/a.mp3' };

	test.each<[string, Parameters<typeof generate>[1], number, string[]]>([
		['three videos', { prompts: shots(3) }, 0, ['3 videos for $0.30', expiry]],
		['downloaded', { parameters: { download: true } }, 0, ['1 video for $0.10']],
		[
			'a draft',
			{ parameters: { draft: true }, options: { maxCostPerItem: 1 } },
			0,
			['1 video for $0.025', expiry],
		],
		['two and one failed', { prompts: shots(3) }, 1, ['2 videos for $0.20, 1 failed', expiry]],
		['all failed', { prompts: shots(2) }, 2, []],
		[
			'audio with a limit',
			{ prompts: shots(2), parameters: audio, options: { maxCostPerExecution: 9 } },
			0,
			['2 videos for $0.20', note, expiry],
		],
		['audio without one', { parameters: audio }, 0, ['1 video for $0.10', expiry]],
	])('%s', async (_, batch, failing, expected) => {
		if (failing > 0) simulator.faults.add({ ...fails, times: failing });
		const { hints } = await generate(simulator, { ...batch, settings: CONTINUE });
		expect(hints.map(({ message }) => message)).toEqual(expected);
		expect(hints.every(({ location }) => location === 'outputPane')).toBe(true);
	});
});

describe('waiting', () => {
	test.each([
		['IN_QUEUE', 'both', 'IN_PROGRESS'],
		['IN_PROGRESS', 'finish', 'IN_PROGRESS'],
		['RUNNING', 'finish', 'RUNNING'],
	] as const)('a runsync that answers %s is followed by polling', async (_state, held, running) => {
		simulator.options.runningState = running;
		simulator.options.timeScale = 0.01;
		simulator.options.statusSync = 405;
		simulator.hold(held);
		const execution = generate(simulator, { options: { syncWait: 1, pollInterval: 1 } });
		await simulator.waitFor((_, requests) => {
			const polls = requests.filter(({ operation }) => operation === 'status');
			return polls.length >= 3;
		});
		const seen = operations();
		simulator.release();
		const { items, error } = await execution;

		expect(error).toBeUndefined();
		// It tries the long look once, and polls where the endpoint lacks it.
		expect(seen.slice(0, 4)).toEqual(['runsync', 'status-sync', 'status', 'status']);
		expect(items).toEqual([simplified()]);
		expect(simulator.ledger.countByStatus()).toEqual({ COMPLETED: 1 });
		const polled = simulator.requests.slice(2).map(({ path, method }) => `${method} ${path}`);
		expect(new Set(polled)).toEqual(
			new Set([`GET /v2/p-video/status/${simulator.ledger.jobs[0]?.id}`]),
		);
	});

	test('Async submits, and lets Runpod answer when the job has ended', async () => {
		simulator.options.executionTimeMs = 700;
		const { items } = await generate(simulator, { options: { executionMode: 'async' } });
		expect(items).toEqual([simplified()]);
		expect(operations()).toEqual(['run', 'status-sync']);
		expect(simulator.ledger.jobs).toMatchObject([{ operation: 'run' }]);
	});

	test.each([
		['Poll Interval at most', 0, 10],
		['four fifths of it at least', 0.999, 8],
	])('checks again after %s', async (_, random, seconds) => {
		jest.spyOn(Math, 'random').mockReturnValue(random);
		simulator.options.statusSync = 405;
		simulator.hold();
		const execution = generate(simulator, {
			options: { executionMode: 'async', pollInterval: 10 },
		});
		await simulator.waitFor((_, requests) => requests.length >= 6);
		simulator.release();
		await execution;
		const polls = simulator.requests.filter(({ operation }) => operation === 'status');
		const pauses = polls.slice(1).map(({ at }, index) => at - (polls[index]?.answeredAt ?? 0));
		// Twenty times as fast.
		const shortest = Math.min(...pauses);
		expect(shortest).toBeGreaterThanOrEqual(seconds * 50 - 10);
		expect(shortest).toBeLessThan(seconds * 50 + 90);
	});

	test.each([0, 0.999])('no pause goes beyond the timeout (chance %d)', async (chance) => {
		jest.spyOn(Math, 'random').mockReturnValue(chance);
		simulator.hold();
		const options = { executionMode: 'async', timeout: 1, pollInterval: 30 };
		const { error } = await generate(simulator, { options });

		expect(error?.message).toMatch(/still IN_QUEUE after 1 s$/);
		// All waits of the node, but for the time limit of the submission.
		const waits = jest.mocked(AbortSignal.timeout).mock.calls.flat();
		expect(waits.filter((ms) => ms > 1_001 && ms < 10_000)).toEqual([]);
		expect(waits.filter((ms) => ms > 11_000)).toEqual([]);
	});

	test.each<[string, IDataObject]>([
		['sync', {}],
		['async', { executionMode: 'async' }],
	])(
		'%s: a job that is still running at the timeout is named and keeps running',
		async (_, mode) => {
			simulator.options.timeScale = 0.01;
			simulator.hold();
			const { error } = await generate(simulator, { options: { ...mode, timeout: 1 } });
			const [job] = simulator.ledger.jobs;

			expect(error?.message).toBe(`Job ${job?.id} was still IN_QUEUE after 1 s`);
			expect(error?.description).toContain('Job > Get');
			expect(error?.context).toMatchObject({ id: job?.id, status: 'IN_QUEUE', itemIndex: 0 });
			expect(operations()).not.toContain('cancel');
			simulator.release();
			await simulator.waitFor((ledger) => ledger.count('COMPLETED') === 1);
		},
	);

	test('a runsync never waits longer than the timeout', async () => {
		await generate(simulator, { options: { syncWait: 300, timeout: 7 } });
		// It ends before the item's time does, so that its answer, and with it the job's ID, still arrives.
		const wait = Number(/wait=(\d+)$/.exec(simulator.requests[0]?.path ?? '')?.[1]);
		expect(wait).toBeLessThanOrEqual(5_600);
		expect(wait).toBeGreaterThan(5_000);
	});

	test.each([
		['a 429', { kind: 'status', status: 429, headers: { 'retry-after': '1' }, times: 3 }],
		['a 503', { kind: 'status', status: 503, times: 3 }],
	] as const)('waits while Runpod answers %s: one job', async (_, fault) => {
		simulator.faults.add({ operation: 'runsync', ...fault });
		const { items } = await generate(simulator);
		expect(items).toEqual([simplified()]);
		expect(operations()).toEqual(['runsync', 'runsync', 'runsync', 'runsync']);
	});

	test.each([
		['500', { kind: 'status', status: 500 }],
		['429', { kind: 'status', status: 429 }],
		['a reset', { kind: 'reset' }],
		['HTML', { kind: 'body', body: '<p>wait</p>' }],
		['an empty body', { kind: 'body', body: '' }],
		["another job's answer", { kind: 'body', body: '{"id":"other","status":"COMPLETED"}' }],
	] as const)('%s while polling is not an error', async (_, fault) => {
		simulator.faults.add({ operation: 'status', times: 3, ...fault });
		simulator.faults.add({ operation: 'status-sync', times: 3, ...fault });
		const { items, error } = await generate(simulator, { options: { executionMode: 'async' } });
		expect(error).toBeUndefined();
		expect(items).toEqual([simplified()]);
	});
});
