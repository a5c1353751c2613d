/** Limits hold: in parallel, over retries and in a loop, the ledger's sum never goes above them. */
import type { FaultRule } from '../tools/simulator';
import { wav } from '../unit/pvideo/audio/wav';
import {
	CONTINUE,
	generate,
	inLoop,
	RETRY,
	shots,
	simulator,
	submissions,
	useSimulator,
	type Batch,
} from './batch';
import { storeBinary, useBinaryMode } from './engine';

useSimulator();

/** Five seconds of 720p cost $0.10. */
const BOTH = { ...RETRY, ...CONTINUE };
const SUBMIT = { resource: 'job', operation: 'submit' };
const fault = (rule: Partial<FaultRule>) =>
	simulator.faults.add({ operation: 'runsync', ...rule } as FaultRule);
const failed = (times = 1, prompt?: string) =>
	fault({ kind: 'job', error: 'busy', times, match: { prompt } });
const ABOVE = /the execution would cost \$0\.\d+, above 'Max Cost per Execution'/;

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

describe('with a limit, an item whose price is not known is refused while planning', () => {
	const added = (input: object): Batch['parameters'] => ({
		additionalFields: { additionalInput: JSON.stringify(input) },
	});
	const URL_OF_AUDIO = 'https://example.com/a.mp3';

	test.each<[string, Batch['parameters'], Batch['options']]>([
		['audio by URL', { audio: URL_OF_AUDIO }, {}],
		['audio of unreadable length', { audio: 'voice' }, {}],
		['an unknown resolution', added({ resolution: '4k' }), {}],
		['another endpoint', {}, { endpointId: 'p-video-edit' }],
		['a duration below zero', added({ duration: -100 }), {}],
		['audio in Additional Input', added({ audio: URL_OF_AUDIO }), {}],
		['audio as a list', added({ audio: [URL_OF_AUDIO] }), {}],
		['audio as an object', added({ audio: { url: URL_OF_AUDIO } }), {}],
		['audio as base64', added({ audio: 'SUQzBAAAAAAAI1RTU0UAAAAPAAADTGF2ZjU4' }), {}],
	])('%s', async (_, parameters, options) => {
		simulator.options.endpoints = ['p-video', 'p-video-edit'];
		const voice = await storeBinary(Buffer.from(`ID3${'\0'.repeat(99)}`), 'audio/mpeg', 'a.mp3');
		const items = shots(2).map((prompt) => ({ json: { prompt }, binary: { voice } }));
		for (const operation of [{}, SUBMIT]) {
			for (const limit of ['maxCostPerItem', 'maxCostPerExecution']) {
				const { error } = await generate(simulator, {
					items,
					parameters: { ...parameters, ...operation },
					options: { ...options, [limit]: 9 },
				});
				expect(error?.message).toMatch(/a cost limit is set, but the cost is not known/);
				expect(error?.description).toMatch(/audio as a WAV, FLAC or MP3 file.* remove the limit/);
			}
		}
		expect(simulator.requests).toHaveLength(0);
	});

	test('with Continue On Fail the others run; without a limit it is submitted', async () => {
		const audio = `={{ $json.prompt === 'shot 0.' ? '${URL_OF_AUDIO}' : '' }}`;
		const batch = { prompts: shots(2), parameters: { audio }, settings: CONTINUE };
		const { items } = await generate(simulator, { ...batch, options: { maxCostPerExecution: 1 } });
		expect(items.map(({ json }) => json.status)).toEqual([undefined, 'COMPLETED']);
		expect(items[0]?.json.error).toMatch(/The length of the audio is not known/);
		await generate(simulator, batch);
		expect(simulator.ledger.countByStatus()).toEqual({ COMPLETED: 3 });
	});

	test('what runs already is followed in any case, and what is done is used', async () => {
		simulator.hold('finish');
		const batch = {
			prompts: shots(2),
			parameters: { audio: URL_OF_AUDIO },
			options: { executionMode: 'async', timeout: 1 },
		};
		const first = await generate(simulator, batch);
		simulator.release();
		const limits = { maxCostPerExecution: 0, maxCostPerItem: 0 };
		const options = { ...batch.options, timeout: 20, ...limits };
		const { items, error } = await generate(simulator, { ...batch, options, retryOf: first.run });

		expect(error).toBeUndefined();
		expect(items.map(({ json }) => json.status)).toEqual(['COMPLETED', 'COMPLETED']);
		expect(simulator.ledger.countByStatus()).toEqual({ COMPLETED: 2 });
	});
});

describe.each([
	['Generate', {}],
	['Submit', SUBMIT],
])("'Max Cost per Execution' of %s", (_, parameters) => {
	test.each<[number, Batch['settings'], number]>([
		[1, CONTINUE, 5],
		[20, CONTINUE, 5],
		[1, BOTH, 5],
		[20, BOTH, 5],
		// What cannot end within its limit is not begun.
		[1, {}, 0],
		[20, {}, 0],
		[20, RETRY, 0],
	])('20 items of $0.10, $0.55, %i at a time, %j: %i jobs', async (concurrency, settings, jobs) => {
		const options = { maxCostPerExecution: 0.55, concurrency };
		const { items, error } = await generate(simulator, {
			...{ prompts: shots(20), parameters, options, settings },
		});

		expect(submissions(simulator)).toHaveLength(jobs);
		expect(items.filter(({ json }) => simulator.ledger.find(String(json.id)))).toHaveLength(jobs);
		const refused = items.filter(({ json }) => ABOVE.test(String(json.error)));
		if (jobs > 0) expect(refused).toHaveLength(15);
		else expect(error?.message).toContain('would cost $0.60');
	});

	test.each([1, 5, 20])('holds over tries, %i at a time', async (concurrency) => {
		// The first item is refused at first; its share goes to another, and none is left for it.
		const refusal = { kind: 'status', status: 400, match: { prompt: 'shot 0.' } } as const;
		simulator.faults.add({ operation: '*', ...refusal });
		const batch = { prompts: shots(20), parameters, settings: BOTH };
		await generate(simulator, { ...batch, options: { maxCostPerExecution: 0.55, concurrency } });
		expect(simulator.ledger.jobs).toHaveLength(5);

		simulator.reset();
		simulator.faults.add({ operation: '*', ...refusal });
		const options = { maxCostPerExecution: 2, concurrency };
		const { items } = await generate(simulator, { ...batch, settings: RETRY, options });
		expect(new Set(items.map(({ json }) => json.id)).size).toBe(20);
		expect(simulator.ledger.jobs).toHaveLength(20);
	});

	test('counts submissions that stay uncertain', async () => {
		simulator.faults.add({ operation: '*', kind: 'reset', when: 'after', times: 3 });
		const options = { maxCostPerExecution: 0.55, concurrency: 20 };
		await generate(simulator, { prompts: shots(20), parameters, options, settings: BOTH });

		expect(simulator.ledger.jobs).toHaveLength(5);
	});
});

test('an item waits for those that are running, whose failure gives the money back', async () => {
	failed(1, 'shot 0.');
	const batch = {
		prompts: shots(3),
		options: { maxCostPerExecution: 0.2, concurrency: 3 },
		settings: CONTINUE,
	};
	const { items } = await generate(simulator, batch);
	expect(items.map(({ json }) => json.status)).toEqual(['FAILED', 'COMPLETED', 'COMPLETED']);
	expect(simulator.ledger.countByStatus()).toEqual({ FAILED: 1, COMPLETED: 2 });

	// One that waits has all of its time, and one that waits in vain says so.
	simulator.reset();
	simulator.hold('finish');
	const options = { ...batch.options, executionMode: 'async', timeout: 2, cancelOnTimeout: true };
	const late = await generate(simulator, { ...batch, options, prompts: shots(4) });
	expect(late.items.map(({ json }) => json.status)).toEqual(Array(4).fill('CANCELLED'));
});

describe('what an execution has spent', () => {
	test.each<[string, Partial<FaultRule>, number, Batch['settings'], number]>([
		['is without failed jobs', { kind: 'job', error: 'busy', times: 2 }, 0.3, CONTINUE, 0.3],
		['is with uncertain ones', { kind: 'reset', when: 'after' }, 0.3, BOTH, 0.3],
		['is not counted twice over tries', { kind: 'job', error: 'no', skip: 4 }, 0.5, RETRY, 0.5],
	])('%s', async (_, rule, maxCostPerExecution, settings, total) => {
		fault(rule);
		const options = { maxCostPerExecution, concurrency: 1 };
		await generate(simulator, { prompts: shots(5), options, settings });

		await simulator.waitFor(() => simulator.ledger.total === total);
		expect(simulator.ledger.total).toBe(total);
	});

	test('is with failed jobs that Runpod bills: no later try is begun that cannot end', async () => {
		fault({ kind: 'job', status: 'FAILED', price: 0.1, output: { cost: 0.1 } });
		const options = { maxCostPerExecution: 0.25, concurrency: 1 };
		const { error } = await generate(simulator, { prompts: shots(2), options, settings: RETRY });

		expect(error?.message).toMatch(/the execution would cost \$0.30, above/);
		expect(submissions(simulator)).toHaveLength(1);
	});

	test('is with all turns of a loop', async () => {
		const { run } = await generate(simulator, {
			extra: inLoop(4, ['a cat', 'a dog']),
			options: { maxCostPerExecution: 0.55 },
			settings: BOTH,
		});

		expect(run.data.resultData.runData.Loop).toHaveLength(5);
		expect(simulator.ledger.total).toBe(0.5);
	});

	test('leaves enough for the next item where a later try follows a job', async () => {
		simulator.hold('finish');
		const options = { executionMode: 'async', timeout: 1, concurrency: 1 };
		const run = generate(simulator, {
			prompts: shots(2),
			options: { ...options, maxCostPerExecution: 0.2 },
			settings: { ...RETRY, maxTries: 5 },
		});
		// After two looks the first try gives up; a later one finds it done.
		const looks = () => simulator.requests.filter(({ operation }) => operation === 'status');
		await simulator.waitFor(() => looks().length >= 3);
		simulator.release();
		const { items } = await run;

		expect(items.map(({ json }) => json.cost)).toEqual([0.1, 0.1]);
		expect(submissions(simulator)).toHaveLength(2);
	});
});

/** Ten items with three seconds of audio each: $0.06, and $0.60 for all. */
test.each<[object, Batch['options'], Batch['settings'], number]>([
	[{}, { maxCostPerExecution: 0.6 }, {}, 10],
	[{}, { maxCostPerExecution: 0.59 }, {}, 0],
	[{}, { maxCostPerExecution: 0.2 }, CONTINUE, 3],
	[{}, { maxCostPerItem: 0.06 }, {}, 10],
	[SUBMIT, { maxCostPerExecution: 0.2 }, CONTINUE, 3],
	[SUBMIT, { maxCostPerItem: 0.059 }, CONTINUE, 0],
])('audio from files, %j with %j, %j: %i jobs', async (operation, options, settings, jobs) => {
	const voice = await storeBinary(wav({ seconds: 3 }), 'audio/wav', 'a.wav');
	await generate(simulator, {
		items: shots(10).map((prompt) => ({ json: { prompt }, binary: { voice } })),
		parameters: { ...operation, audio: 'voice' },
		options: { concurrency: 10, ...options },
		settings,
	});
	expect(simulator.ledger.jobs).toHaveLength(jobs);
});

test.each(['filesystem', 'default'] as const)('what was priced is sent: %s', async (mode) => {
	await useBinaryMode(mode);
	const short = await storeBinary(wav({ seconds: 3 }), 'audio/wav');
	const long = await storeBinary(wav({ seconds: 10 }), 'audio/wav');
	await generate(simulator, {
		items: shots(20).map((prompt) => ({ json: { prompt }, binary: { short, long } })),
		parameters: { audio: '={{ Math.random() < 0.5 ? "short" : "long" }}' },
		options: { maxCostPerItem: 0.06 },
		settings: CONTINUE,
	});
	await useBinaryMode('filesystem');
	const { jobs, total } = simulator.ledger;
	expect(total).toBeCloseTo(jobs.length * 0.06);
});

describe('drafts and resolutions mixed', () => {
	// $0.10, $0.20, $0.025, $0.05, $0.20
	const MIXED = [
		{ resolution: '720p', draft: false },
		{ resolution: '1080p', draft: false },
		{ resolution: '720p', draft: true },
		{ resolution: '1080p', draft: true },
		{ resolution: '1080p', draft: false },
	].map((json, index) => ({ json: { ...json, prompt: `shot ${index}.` } }));
	const parameters = { resolution: '={{ $json.resolution }}', draft: '={{ $json.draft }}' };

	test.each([
		{ limit: 0.575, made: [0.1, 0.2, 0.025, 0.05, 0.2] },
		{ limit: 0.574, made: [0.1, 0.2, 0.025, 0.05] },
		{ limit: 0.25, made: [0.1, 0.025, 0.05] },
		{ limit: 0.075, made: [0.025, 0.05] },
		{ limit: 0.0249, made: [] },
	])('$$limit lets $made through', async ({ limit, made }) => {
		await generate(simulator, {
			items: MIXED,
			parameters,
			options: { maxCostPerExecution: limit, concurrency: 1 },
			settings: CONTINUE,
		});
		expect(simulator.ledger.jobs.map(({ price }) => price)).toEqual(made);
	});

	test.each([2, 5])('never more than the limit, %i at a time', async (concurrency) => {
		const options = { maxCostPerExecution: 0.33, concurrency };
		await generate(simulator, { items: MIXED, parameters, options, settings: CONTINUE });

		expect(simulator.ledger.total).toBeLessThanOrEqual(0.33);
		expect(simulator.ledger.total).toBeGreaterThan(0);
	});
});
