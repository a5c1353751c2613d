/** Limits hold: in parallel, over retries and in a loop, the ledger's sum never goes above them. */
import { startSimulator, type FaultRule, type Simulator } from '../tools/simulator';
import { wav } from '../unit/pvideo/audio/wav';
import { CONTINUE, generate, inLoop, RETRY, shots, submissions, type Batch } from './batch';
import { storeBinary, useBinaryMode } from './engine';

let simulator: Simulator;
beforeAll(async () => {
	simulator = await startSimulator();
});
beforeEach(() => simulator.reset());
afterAll(async () => await simulator.close());

/** Five seconds of 720p cost $0.10. */
const BOTH = { ...RETRY, ...CONTINUE };

describe("'Max Cost per Item'", () => {
	test.each([
		{ limit: 0.1, videos: 1 },
		{ limit: 0.09, videos: 0 },
		{ limit: 0, videos: 0 },
	])('of $$limit lets $videos video of $0.10 through', async ({ limit, videos }) => {
		const { error } = await generate(simulator, { options: { maxCostPerItem: limit } });

		expect(submissions(simulator)).toHaveLength(videos);
		if (videos === 0) expect(error?.message).toMatch(/^Not submitted: the video would cost \$0.10/);
	});

	test("applies to the request after 'Additional Input'", async () => {
		const { error } = await generate(simulator, {
			parameters: { additionalFields: { additionalInput: '{"resolution": "1080p"}' } },
			options: { maxCostPerItem: 0.15 },
		});

		expect(simulator.requests).toHaveLength(0);
		expect(error?.message).toMatch(/\$0.20/);
	});
});

describe("'Max Cost per Execution'", () => {
	test.each([{ settings: {} }, { settings: CONTINUE }])(
		'is not raised by a duration below zero (%j)',
		async ({ settings }) => {
			const prompts = ['below zero', ...shots(10)];
			const below = '{{ $json.prompt === "below zero" ? \'{"duration": -100}\' : "{}" }}';
			await generate(simulator, {
				prompts,
				parameters: { additionalFields: { additionalInput: `=${below}` } },
				options: { maxCostPerExecution: 0.1, concurrency: 11 },
				settings,
			});

			expect(simulator.ledger.total).toBeLessThanOrEqual(0.1);
		},
	);

	test.each(['={{ null }}', '={{ $json.nothing }}', '={{ "" }}'])(
		'of %s cannot be meant as a limit: nothing is sent',
		async (limit) => {
			for (const name of ['maxCostPerExecution', 'maxCostPerItem']) {
				const { error } = await generate(simulator, { options: { [name]: limit } });
				expect(error?.message).toMatch(/must be an amount in US dollars, but is empty/);
			}
			expect(simulator.requests).toHaveLength(0);
		},
	);

	test('refuses a whole batch whose sum is above it: nothing is sent', async () => {
		const { error } = await generate(simulator, {
			prompts: shots(6),
			options: { maxCostPerExecution: 0.5 },
		});

		expect(simulator.requests).toHaveLength(0);
		expect(error?.message).toMatch(/the execution would cost \$0.60, above .* \(\$0.50\)/);
	});

	test.each([1, 5, 20])('holds with %i items in parallel', async (concurrency) => {
		const { items } = await generate(simulator, {
			prompts: shots(20),
			options: { maxCostPerExecution: 0.75, concurrency },
			settings: CONTINUE,
		});

		expect(simulator.ledger.total).toBe(0.7);
		expect(items.filter(({ json }) => /above 'Max Cost/.test(String(json.error)))).toHaveLength(13);
	});

	test('leaves the estimate of a failed job, which is not billed, to the next item', async () => {
		simulator.faults.add({ operation: 'runsync', kind: 'job', error: 'busy', times: 2 });
		await generate(simulator, {
			prompts: shots(5),
			options: { maxCostPerExecution: 0.3, concurrency: 1 },
			settings: CONTINUE,
		});

		expect(simulator.ledger.countByStatus()).toEqual({ FAILED: 2, COMPLETED: 3 });
	});

	test('holds over retries: what was billed before counts before a later try submits anything', async () => {
		// The first item fails, so its share goes to the sixth; in the second try nothing is left for it.
		simulator.faults.add({ operation: 'runsync', kind: 'job', error: 'busy' });
		const { items } = await generate(simulator, {
			prompts: shots(6),
			options: { maxCostPerExecution: 0.5, concurrency: 1 },
			settings: BOTH,
		});

		expect(simulator.ledger.total).toBe(0.5);
		expect(items.map(({ json }) => json.cost)).toEqual([undefined, 0.1, 0.1, 0.1, 0.1, 0.1]);
		expect(items[0]?.json.error).toMatch(/the execution would cost \$0.60/);
	});

	test('holds over retries where a submission stays uncertain', async () => {
		simulator.faults.add({ operation: 'runsync', kind: 'reset', when: 'after' });
		await generate(simulator, {
			prompts: shots(6),
			options: { maxCostPerExecution: 0.3, concurrency: 1 },
			settings: BOTH,
		});

		expect(simulator.ledger.total).toBe(0.3);
	});

	test('says that a submission is uncertain even if nothing is left for it', async () => {
		simulator.faults.add({ operation: 'runsync', kind: 'reset', when: 'after' });
		const { error } = await generate(simulator, {
			options: { maxCostPerExecution: 0.1 },
			settings: RETRY,
		});

		expect(submissions(simulator)).toHaveLength(1);
		expect(error?.message).toMatch(/; the job may be running$/);
	});

	test('holds where each try asks for something else', async () => {
		simulator.faults.add({ operation: 'video', kind: 'status', status: 404, times: Infinity });
		const { error } = await generate(simulator, {
			parameters: { prompt: '=cat {{ Math.random() }}', download: true },
			options: { maxCostPerExecution: 0.25 },
			settings: { ...RETRY, maxTries: 5 },
		});

		expect(simulator.ledger.total).toBe(0.2);
		for (const { id } of simulator.ledger.jobs) expect(error?.description).toContain(id);
	});

	test('counts a job that a later try follows once, so that enough is left for the next item', async () => {
		simulator.hold('finish');
		const polls = () => simulator.requests.filter(({ operation }) => operation === 'status');
		// The first try gives up after two looks; the second finds the job done.
		const unsubscribe = simulator.subscribe(() => {
			if (polls().length === 3) simulator.release();
		});
		const { items, error } = await generate(simulator, {
			prompts: shots(2),
			options: {
				...{ executionMode: 'async', timeout: 1, pollInterval: 1 },
				...{ maxCostPerExecution: 0.2, concurrency: 1 },
			},
			settings: { ...RETRY, maxTries: 5 },
		});
		unsubscribe();

		expect(error).toBeUndefined();
		expect(items.map(({ json }) => json.cost)).toEqual([0.1, 0.1]);
		expect(submissions(simulator)).toHaveLength(2);
	});

	test('does not start a later try that cannot finish within it', async () => {
		// A failed job that Runpod bills all the same.
		simulator.faults.add({
			...{ operation: 'runsync', kind: 'job', status: 'FAILED', price: 0.1 },
			output: { cost: 0.1 },
		});
		const { error } = await generate(simulator, {
			prompts: shots(2),
			options: { maxCostPerExecution: 0.25, concurrency: 1 },
			settings: RETRY,
		});

		expect(error?.message).toMatch(/the execution would cost \$0.30, above/);
		expect(submissions(simulator)).toHaveLength(1);
	});

	test('does not count the reuse of a billed video again', async () => {
		simulator.faults.add({ operation: 'runsync', kind: 'job', error: 'busy', skip: 4 });
		const { error } = await generate(simulator, {
			prompts: shots(5),
			options: { maxCostPerExecution: 0.5, concurrency: 1 },
			settings: RETRY,
		});

		expect(error).toBeUndefined();
		expect(simulator.ledger.total).toBe(0.5);
	});

	test('counts the turns of a loop together', async () => {
		const { run } = await generate(simulator, {
			extra: inLoop(4, ['a cat', 'a dog']),
			options: { maxCostPerExecution: 0.55 },
			settings: BOTH,
		});

		expect(run.data.resultData.runData.Loop).toHaveLength(5);
		expect(simulator.ledger.total).toBe(0.5);
	});

	describe('and audio, whose length is known only afterwards', () => {
		const parameters = { audioSource: 'url', audioUrl: 'https://example.com/a.mp3' };

		test('counts it once it is billed', async () => {
			const { items, hints } = await generate(simulator, {
				prompts: shots(5),
				parameters,
				options: { maxCostPerExecution: 0.2, concurrency: 1 },
				settings: CONTINUE,
			});

			expect(simulator.ledger.total).toBe(0.2);
			expect(items[2]?.json.error).toBe(
				"Not submitted: 'Max Cost per Execution' ($0.20) is used up",
			);
			expect(JSON.stringify(hints)).toContain(
				'Videos with audio of unknown length cannot be priced in advance',
			);
		});

		test('runs one at a time, so that each item sees the cost of the one before', async () => {
			const { items } = await generate(simulator, {
				prompts: shots(10),
				parameters,
				options: { maxCostPerExecution: 0.05, concurrency: 10 },
				settings: CONTINUE,
			});

			expect(simulator.ledger.jobs).toHaveLength(1);
			expect(items.filter(({ json }) => json.status === 'COMPLETED')).toHaveLength(1);
		});

		test('does not block other items if it fails or cannot be submitted', async () => {
			const faults = [
				{ kind: 'job', error: 'no' },
				{ kind: 'status', status: 400 },
			];
			faults.forEach((fault, index) =>
				simulator.faults.add({
					...{ operation: 'runsync', ...fault, match: { prompt: `shot ${index}.` } },
				} as FaultRule),
			);
			const { items } = await generate(simulator, {
				prompts: shots(3),
				parameters,
				options: { maxCostPerExecution: 0.05, concurrency: 3 },
				settings: CONTINUE,
			});

			expect(items[2]?.json.status).toBe('COMPLETED');
		});

		test('submits nothing after an uncertain submission, whose cost is unknown', async () => {
			simulator.faults.add({ operation: 'runsync', kind: 'reset', when: 'after' });
			const { items } = await generate(simulator, {
				prompts: shots(2),
				parameters,
				options: { maxCostPerExecution: 0.05 },
				settings: CONTINUE,
			});

			expect(items[1]?.json.error).toContain('the cost of an earlier video is not known yet');
			expect(simulator.ledger.jobs).toHaveLength(1);
		});

		test('submits nothing with a limit of 0', async () => {
			await generate(simulator, { parameters, options: { maxCostPerExecution: 0 } });

			expect(simulator.requests).toHaveLength(0);
		});
	});
});

describe.each(['filesystem', 'default'] as const)('audio from a file in mode %s', (mode) => {
	beforeAll(async () => await useBinaryMode(mode));
	afterAll(async () => await useBinaryMode('filesystem'));

	/** Ten items with three seconds of audio each: $0.06, and $0.60 for all. */
	const batch = async (
		operation: string,
		options: Batch['options'],
		settings: Batch['settings'],
	) => {
		const voice = await storeBinary(wav({ seconds: 3 }), 'audio/wav', 'a.wav');
		return await generate(simulator, {
			items: shots(10).map((prompt) => ({ json: { prompt }, binary: { voice } })),
			parameters: {
				...{ resource: operation === 'submit' ? 'job' : 'video', operation },
				...{ audioSource: 'binary', audioBinaryField: 'voice' },
			},
			options: { concurrency: 10, ...options },
			settings,
		});
	};

	test.each<[string, Batch['options'], Batch['settings'], number]>([
		['generate', { maxCostPerExecution: 0.6 }, {}, 10],
		['generate', { maxCostPerExecution: 0.59 }, {}, 0],
		['generate', { maxCostPerExecution: 0.2 }, CONTINUE, 3],
		['generate', { maxCostPerExecution: 0.2 }, BOTH, 3],
		['generate', { maxCostPerItem: 0.06 }, {}, 10],
		['generate', { maxCostPerItem: 0.059 }, CONTINUE, 0],
		['submit', { maxCostPerExecution: 0.2 }, CONTINUE, 3],
		['submit', { maxCostPerItem: 0.059 }, CONTINUE, 0],
	])('%s with %j, %j: %i jobs, all at once', async (operation, options, settings, jobs) => {
		const { hints } = await batch(operation, options, settings);
		expect(submissions(simulator)).toHaveLength(jobs);
		expect(JSON.stringify(hints)).not.toContain('cannot be priced in advance');
	});
});

describe('limits hold for Job > Submit as well', () => {
	const submit = async (more: Batch) =>
		await generate(simulator, {
			prompts: shots(20),
			parameters: { resource: 'job', operation: 'submit' },
			...more,
		});
	/** Refuses the first submission of the first item, so that n8n tries again. */
	const refuseFirst = () =>
		simulator.faults.add({
			operation: 'run',
			kind: 'status',
			status: 400,
			match: { prompt: 'shot 0.' },
		});

	test.each<[number, Batch['settings'], number]>([
		[1, CONTINUE, 5],
		[5, CONTINUE, 5],
		[20, CONTINUE, 5],
		[1, BOTH, 5],
		[20, BOTH, 5],
		// What cannot end within its budget is not begun.
		[1, {}, 0],
		[20, {}, 0],
		[20, RETRY, 0],
	])('20 jobs of $0.10, $0.55, %i at a time, %j: %i jobs', async (concurrency, settings, jobs) => {
		const options = { maxCostPerExecution: 0.55, concurrency };
		const { items, error } = await submit({ options, settings });

		expect(submissions(simulator)).toHaveLength(jobs);
		expect(simulator.ledger.jobs).toHaveLength(jobs);
		const named = items.filter(({ json }) => simulator.ledger.find(String(json.id)));
		expect(named).toHaveLength(jobs);
		const text = items.map(({ json }) => json.error).join() + error?.message;
		expect(text).toContain(
			"the execution would cost $0.60, above 'Max Cost per Execution' ($0.55)",
		);
	});

	test.each([1, 5, 20])(
		'over a retry whose first item then comes too late, %i at a time: 5 jobs',
		async (concurrency) => {
			refuseFirst();
			const options = { maxCostPerExecution: 0.55, concurrency };
			await submit({ options, settings: BOTH });

			expect(simulator.ledger.jobs).toHaveLength(5);
		},
	);

	test.each([1, 5, 20])(
		'over a retry for which there is enough, %i at a time: 20 jobs',
		async (n) => {
			refuseFirst();
			const options = { maxCostPerExecution: 2, concurrency: n };
			const { error, items } = await submit({ options, settings: RETRY });

			expect(error).toBeUndefined();
			expect(new Set(items.map(({ json }) => json.id)).size).toBe(20);
			expect(simulator.ledger.jobs).toHaveLength(20);
		},
	);

	test('over a retry where submissions stay uncertain: they count', async () => {
		simulator.faults.add({ operation: 'run', kind: 'reset', when: 'after', times: 3 });
		const options = { maxCostPerExecution: 0.55, concurrency: 20 };
		await submit({ options, settings: BOTH });

		expect(simulator.ledger.jobs).toHaveLength(5);
	});
});

describe('drafts and resolutions mixed, one after another', () => {
	// $0.10, $0.20, $0.025, $0.05, $0.20
	const MIXED = [
		{ resolution: '720p', draft: false },
		{ resolution: '1080p', draft: false },
		{ resolution: '720p', draft: true },
		{ resolution: '1080p', draft: true },
		{ resolution: '1080p', draft: false },
	].map((json, index) => ({ json: { ...json, prompt: `shot ${index}.` } }));

	test.each([
		{ limit: 0.575, made: [0.1, 0.2, 0.025, 0.05, 0.2] },
		{ limit: 0.574, made: [0.1, 0.2, 0.025, 0.05] },
		{ limit: 0.25, made: [0.1, 0.025, 0.05] },
		{ limit: 0.3, made: [0.1, 0.2] },
		{ limit: 0.07, made: [0.025] },
		{ limit: 0.075, made: [0.025, 0.05] },
		{ limit: 0.0249, made: [] },
	])('$$limit lets $made through', async ({ limit, made }) => {
		for (const operation of ['generate', 'submit']) {
			simulator.reset();
			await generate(simulator, {
				items: MIXED,
				parameters: {
					...{ resource: operation === 'submit' ? 'job' : 'video', operation },
					...{ resolution: '={{ $json.resolution }}', draft: '={{ $json.draft }}' },
				},
				options: { maxCostPerExecution: limit, concurrency: 1 },
				settings: CONTINUE,
			});
			await simulator.waitFor(({ jobs }) => jobs.every(({ status }) => status === 'COMPLETED'));

			expect(simulator.ledger.jobs.map(({ price }) => price)).toEqual(made);
		}
	});

	test.each([2, 5])('never more than the limit, %i at a time', async (concurrency) => {
		await generate(simulator, {
			items: MIXED,
			parameters: { resolution: '={{ $json.resolution }}', draft: '={{ $json.draft }}' },
			options: { maxCostPerExecution: 0.33, concurrency },
			settings: CONTINUE,
		});

		expect(simulator.ledger.total).toBeLessThanOrEqual(0.33);
		expect(simulator.ledger.total).toBeGreaterThan(0);
	});
});
