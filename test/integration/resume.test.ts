/** Retry On Fail resumes: what was paid is used again, what is under way is followed, what is uncertain is not repeated. */
import { PrunaVideo } from '../../nodes/PrunaVideo/PrunaVideo.node';
import { startSimulator, type FaultRule, type Simulator } from '../simulator';
import {
	CONTINUE,
	generate,
	inLoop,
	promptsOf,
	RETRY,
	shots,
	submissions,
	type Batch,
} from './batch';
import { NODE_NAME } from './engine';

let simulator: Simulator;
beforeAll(async () => {
	simulator = await startSimulator();
});
beforeEach(() => {
	simulator.reset();
	simulator.options.executionTimeMs = 20;
});
afterAll(async () => await simulator.close());

/** Submissions and open or paid jobs per prompt. */
function tally(): Record<string, { submissions: number; paid: number }> {
	const counts: Record<string, { submissions: number; paid: number }> = {};
	const of = (prompt: unknown) => (counts[String(prompt)] ??= { submissions: 0, paid: 0 });
	for (const { body } of submissions(simulator)) {
		of((body as { input: { prompt: string } }).input.prompt).submissions++;
	}
	for (const { input, status } of simulator.ledger.jobs) {
		if (!['FAILED', 'CANCELLED', 'TIMED_OUT'].includes(status)) of(input.prompt).paid++;
	}
	return counts;
}

const refuseShot3 = () =>
	simulator.faults.add({
		operation: 'runsync',
		kind: 'job',
		error: 'no worker',
		match: { prompt: 'shot 3.' },
	});

describe('ten items of which one is refused at first', () => {
	test.each([
		{ name: 'cost eleven submissions', settings: RETRY, options: {} },
		{ name: 'one after another too', settings: RETRY, options: { concurrency: 1 } },
		{ name: 'all at once too', settings: RETRY, options: { concurrency: 10 } },
	])('$name', async ({ settings, options }) => {
		refuseShot3();
		const { items, error, context } = await generate(simulator, {
			prompts: shots(10),
			options,
			settings,
		});

		expect(error).toBeUndefined();
		expect(promptsOf(items, simulator)).toEqual(shots(10));
		expect(submissions(simulator)).toHaveLength(11);
		expect(simulator.ledger.countByStatus()).toEqual({ COMPLETED: 10, FAILED: 1 });
		expect(context).toEqual({});
	});

	test('are used again without asking Runpod, which keeps a result for a minute only', async () => {
		refuseShot3();
		const { items } = await generate(simulator, { prompts: shots(10), settings: RETRY });

		expect(promptsOf(items, simulator)).toEqual(shots(10));
		expect(new Set(simulator.requests.map(({ operation }) => operation))).toEqual(
			new Set(['runsync']),
		);
	});

	test('send the same seed again, though the node picked it', async () => {
		refuseShot3();
		const { items } = await generate(simulator, { prompts: shots(10), settings: RETRY });

		const seeds = simulator.ledger.jobs
			.filter(({ input }) => input.prompt === 'shot 3.')
			.map(({ input }) => input.seed);
		expect(seeds).toEqual([items[3]?.json.seed, items[3]?.json.seed]);
	});

	test('send the same seed again where the request was refused, too', async () => {
		simulator.faults.add({ operation: 'runsync', kind: 'status', status: 400 });
		await generate(simulator, { settings: RETRY });

		const seeds = submissions(simulator).map(
			({ body }) => (body as { input: { seed: number } }).input.seed,
		);
		expect(seeds).toEqual([expect.any(Number), seeds[0]]);
	});

	test('with Continue On Fail are not tried again by n8n: nine videos and the error', async () => {
		refuseShot3();
		const { items, context } = await generate(simulator, {
			prompts: shots(10),
			settings: { ...RETRY, ...CONTINUE },
		});

		expect(submissions(simulator)).toHaveLength(10);
		expect(items[3]?.json.error).toMatch(/no worker/);
		expect(context).toEqual({});
	});

	test('with Continue On Fail are tried again where the first item fails, and nine are used again', async () => {
		simulator.faults.add({
			operation: 'runsync',
			kind: 'job',
			error: 'no worker',
			match: { prompt: 'shot 0.' },
		});
		const { items, context } = await generate(simulator, {
			prompts: shots(10),
			settings: { ...RETRY, ...CONTINUE },
		});

		expect(submissions(simulator)).toHaveLength(11);
		expect(promptsOf(items, simulator)).toEqual(shots(10));
		expect(context).toEqual({});
	});
});

describe('whatever Max. Tries says, the video that is made already is made once', () => {
	// n8n's own bounds are 2 and 5, and 3 where it is not set.
	test.each([
		{ maxTries: undefined, tries: 3 },
		{ maxTries: 0, tries: 3 },
		{ maxTries: 1, tries: 2 },
		{ maxTries: 2, tries: 2 },
		{ maxTries: 4, tries: 4 },
		{ maxTries: 5, tries: 5 },
		{ maxTries: 9, tries: 5 },
	])('$maxTries: $tries tries', async ({ maxTries, tries }) => {
		for (const settings of [RETRY, { ...RETRY, ...CONTINUE }]) {
			simulator.reset();
			// The first item fails in every try: only then n8n tries again with Continue On Fail.
			const match = { prompt: 'shot 0.' };
			simulator.faults.add({ operation: 'runsync', kind: 'job', error: 'no', match, times: 99 });
			const { type, kept } = listening();
			await generate(simulator, {
				prompts: shots(2),
				options: { concurrency: 2 },
				settings: { ...settings, maxTries } as Batch['settings'],
				type,
			});

			expect(tally()['shot 1.']).toEqual({ submissions: 1, paid: 1 });
			expect(kept.slice(0, -1).every((text) => text.includes('"result"'))).toBe(true);
			expect(kept.at(-1)).toBe('{}');
			if (settings === RETRY) expect(kept).toHaveLength(tries);
		}
	});
});

test('a result that says error, though it is completed, makes n8n try again: it is not made twice', async () => {
	simulator.faults.add({
		operation: 'runsync',
		kind: 'job',
		status: 'COMPLETED',
		error: 'a warning',
	});
	const { items } = await generate(simulator, {
		prompts: ['a cat', 'a dog'],
		parameters: { simplify: false },
		settings: RETRY,
	});

	expect(submissions(simulator)).toHaveLength(2);
	expect(items[0]?.json).toMatchObject({ status: 'COMPLETED', error: 'a warning' });
});

test('the last try that fails still names every video of earlier tries', async () => {
	// With one item at a time, a failure of the first one keeps later tries from coming to the others.
	const prompts = shots(4);
	simulator.options.executionTimeMs = ({ prompt }) => (prompt === 'shot 0.' ? 100 : 5);
	simulator.faults.add({
		operation: 'runsync',
		kind: 'job',
		error: 'busy',
		match: { prompt: 'shot 0.' },
	});
	simulator.faults.add({
		operation: 'runsync',
		kind: 'status',
		status: 400,
		times: Infinity,
		match: { prompt: 'shot 0.' },
	});
	const downloads = simulator.faults.add({ operation: 'video', kind: 'delay', ms: 150, times: 99 });
	const { error, context } = await generate(simulator, {
		prompts,
		parameters: { download: true },
		options: { concurrency: 2 },
		settings: RETRY,
	});
	downloads.remove();

	const completed = simulator.ledger.jobs.filter(({ status }) => status === 'COMPLETED');
	expect(completed.length).toBeGreaterThan(0);
	for (const { id } of completed) expect(error?.description).toContain(id);
	expect(context).toEqual({});
});

test('the last try that fails still says of an item that it did not come to that its job may be running', async () => {
	simulator.faults.add({
		operation: 'runsync',
		kind: 'reset',
		when: 'after',
		match: { prompt: 'shot 1.' },
	});
	// In the second try the first item's file is gone.
	const times = Infinity;
	simulator.faults.add({ operation: 'video', kind: 'status', status: 404, skip: 1, times });
	const { error } = await generate(simulator, {
		prompts: shots(2),
		parameters: { download: true },
		options: { concurrency: 1 },
		settings: { ...RETRY, maxTries: 2 },
	});

	expect(error?.message).toMatch(/^The video could not be downloaded/);
	expect(error?.description).toContain('Submitted before: item 1: a job that may be running.');
	expect(submissions(simulator)).toHaveLength(2);
});

describe('a job under way', () => {
	test('is polled again after the timeout, not submitted again', async () => {
		simulator.hold('finish');
		// The second try finds it done.
		const unsubscribe = simulator.subscribe((change) => {
			if (change.kind === 'request' && change.request.operation === 'status') {
				const polls = simulator.requests.filter(({ operation }) => operation === 'status');
				if (polls.length === 3) simulator.release();
			}
		});
		const { items, error } = await generate(simulator, {
			options: { executionMode: 'async', timeout: 1, pollInterval: 1 },
			settings: RETRY,
		});
		unsubscribe();

		expect(error).toBeUndefined();
		expect(items[0]?.json.status).toBe('COMPLETED');
		expect(submissions(simulator)).toHaveLength(1);
	});

	test('is named when no try saw its end', async () => {
		simulator.hold('finish');
		const { error, context } = await generate(simulator, {
			options: { executionMode: 'async', timeout: 1, pollInterval: 1 },
			settings: { ...RETRY, maxTries: 2 },
		});

		const [job] = simulator.ledger.jobs;
		expect(submissions(simulator)).toHaveLength(1);
		expect(error?.message).toBe(`The job ${job?.id} was still IN_PROGRESS after 1 s`);
		expect(error?.context).toMatchObject({ id: job?.id, itemIndex: 0 });
		expect(context).toEqual({});
	});

	test('is named when a later try cannot even be read', async () => {
		simulator.hold('finish');
		const json = { prompt: 'a cat', duration: 5 };
		onceSubmitted(() => (json.duration = 11));
		const { error } = await generate(simulator, {
			items: [{ json }],
			parameters: { duration: '={{ $json.duration }}' },
			options: { executionMode: 'async', timeout: 1, pollInterval: 1 },
			settings: RETRY,
		});

		const [job] = simulator.ledger.jobs;
		expect(error?.message).toMatch(/must be a whole number from 1 to 10/);
		expect(error?.description).toContain(job?.id);
		expect(error?.context).toMatchObject({ id: job?.id });
	});
});

test('a job under way is named when a later try cannot read the settings of the whole run', async () => {
	simulator.hold('finish');
	const json = { prompt: 'a cat', parallel: 5 };
	onceSubmitted(() => (json.parallel = 0));
	const { error, context } = await generate(simulator, {
		items: [{ json }],
		options: {
			...{ executionMode: 'async', timeout: 1, pollInterval: 1 },
			concurrency: '={{ $json.parallel }}',
		},
		settings: RETRY,
	});

	const [job] = simulator.ledger.jobs;
	expect(error?.message).toMatch(/'Items in Parallel' must be a whole number/);
	expect(error?.description).toContain(job?.id);
	expect(error?.context).toMatchObject({ id: job?.id });
	expect(context).toEqual({});
});

test('a submitted job that Runpod answers as failed is submitted anew', async () => {
	const failed = { id: 'job-1', status: 'FAILED', error: 'Invalid audio format' };
	simulator.faults.add({
		operation: 'run',
		kind: 'body',
		status: 400,
		body: JSON.stringify(failed),
	});
	const { items, hints } = await generate(simulator, {
		parameters: { resource: 'job', operation: 'submit' },
		options: { maxCostPerExecution: 0.1 },
		settings: RETRY,
	});

	expect(submissions(simulator)).toHaveLength(2);
	expect(items[0]?.json.id).toBe(simulator.ledger.jobs[0]?.id);
	expect(hints.map(({ message }) => message)).toEqual(['1 job submitted, estimated at $0.10']);
});

describe('Job > Retry', () => {
	/** Ids of jobs that have failed. */
	async function failedJobs(count: number): Promise<string[]> {
		simulator.faults.add({ operation: 'runsync', kind: 'job', error: 'busy', times: count });
		await generate(simulator, { prompts: shots(count), settings: CONTINUE });
		return simulator.ledger.jobs.map(({ id }) => id);
	}
	const retry = async (ids: readonly string[]) =>
		await generate(simulator, {
			items: ids.map((id) => ({ json: { id } })),
			parameters: { resource: 'job', operation: 'retry', jobId: '={{ $json.id }}' },
			options: { concurrency: 1 },
			settings: RETRY,
		});
	const retries = () => simulator.requests.filter(({ operation }) => operation === 'retry');

	test('is asked for once where it was taken, again where it was refused', async () => {
		const [first = '', second = ''] = await failedJobs(2);
		simulator.hold();
		const match = { jobId: second };
		simulator.faults.add({ operation: 'retry', kind: 'status', status: 402, match });
		const { items, error } = await retry([first, second]);

		expect(error).toBeUndefined();
		expect(items.map(({ json }) => json.id)).toEqual([first, second]);
		expect(retries().map(({ jobId }) => jobId)).toEqual([first, second, second]);
	});

	test('that may have been taken is not asked for again', async () => {
		const [id = ''] = await failedJobs(1);
		simulator.faults.add({ operation: 'retry', kind: 'reset', when: 'after' });
		const { error } = await retry([id]);

		expect(retries()).toHaveLength(1);
		expect(error?.message).toMatch(/the job may be running/);
		expect(error?.context).toMatchObject({ id });
	});
});

/** Runs once, when the first job is accepted. */
function onceSubmitted(act: () => void): void {
	const unsubscribe = simulator.subscribe(({ kind }) => {
		if (kind !== 'job') return;
		unsubscribe();
		act();
	});
}

describe('an item that asks for something else in the next try', () => {
	const changing = (): Batch => {
		const json = { prompt: 'at nine' };
		onceSubmitted(() => (json.prompt = 'at ten'));
		return { items: [{ json }], settings: RETRY };
	};

	test('gets what it asks for; the job under way is cancelled and named', async () => {
		simulator.hold('finish');
		const batch = changing();
		const unsubscribe = simulator.subscribe(() => {
			if (simulator.ledger.jobs.length === 2) simulator.release();
		});
		const { items, hints, context } = await generate(simulator, {
			...batch,
			options: { executionMode: 'async', timeout: 1, pollInterval: 1 },
		});
		unsubscribe();

		const [first, second] = simulator.ledger.jobs;
		expect(first).toMatchObject({ status: 'CANCELLED', input: { prompt: 'at nine' } });
		expect(second).toMatchObject({ status: 'COMPLETED', input: { prompt: 'at ten' } });
		expect(items[0]?.json.id).toBe(second?.id);
		expect(JSON.stringify(hints)).toContain(`item 0: ${first?.id}`);
		expect(context).toEqual({});
	});

	test('gets what it asks for; the video that is paid already is named with its address', async () => {
		simulator.faults.add({ operation: 'video', kind: 'status', status: 404 });
		const { items, hints } = await generate(simulator, {
			...changing(),
			parameters: { download: true },
		});

		const [first, second] = simulator.ledger.jobs;
		expect(items[0]?.json.id).toBe(second?.id);
		expect(JSON.stringify(hints)).toContain(`item 0: ${first?.id} http://`);
	});

	test('is told that the uncertain submission of the first try may be running', async () => {
		simulator.faults.add({ operation: 'runsync', kind: 'reset', when: 'after' });
		const { items, hints } = await generate(simulator, changing());

		expect(items[0]?.json.id).toBe(simulator.ledger.jobs[1]?.id);
		expect(JSON.stringify(hints)).toContain('item 0: a job that may be running');
	});

	test('is told so in the error, too, where no try succeeds', async () => {
		simulator.faults.add({ operation: 'video', kind: 'status', status: 404 });
		simulator.faults.add({ operation: 'runsync', kind: 'status', status: 401, skip: 1, times: 9 });
		const { error } = await generate(simulator, {
			...changing(),
			parameters: { download: true },
		});

		expect(error?.message).toBe('Runpod did not accept this API key');
		expect(error?.description).toContain(`item 0: ${simulator.ledger.jobs[0]?.id} http://`);
	});
});

describe('a submission of which nobody knows whether it arrived', () => {
	test.each([
		{ name: 'reset after acceptance', fault: { kind: 'reset', when: 'after' } },
		{ name: 'reset before acceptance', fault: { kind: 'reset' } },
		{ name: 'HTTP 500 after acceptance', fault: { kind: 'status', status: 500, when: 'after' } },
		{ name: 'HTTP 502', fault: { kind: 'status', status: 502 } },
		{ name: 'HTTP 504 after acceptance', fault: { kind: 'status', status: 504, when: 'after' } },
		{ name: 'a hang after acceptance', fault: { kind: 'hang', when: 'after' } },
		{ name: 'a page instead of JSON', fault: { kind: 'body', body: '<p>Hello', when: 'after' } },
	] as const)('is not repeated in any try: $name', async ({ fault }) => {
		simulator.faults.add({ operation: 'runsync', ...fault, match: { prompt: 'shot 1.' } });
		const { error } = await generate(simulator, {
			prompts: shots(3),
			options: { syncWait: 1 },
			settings: RETRY,
		});

		expect(tally()).toMatchObject({ 'shot 1.': { submissions: 1 } });
		for (const { submissions: count } of Object.values(tally())) expect(count).toBe(1);
		expect(error?.message).toMatch(/the job may be running/);
		expect(error?.context).toMatchObject({ itemIndex: 1 });
		if (fault.kind === 'status') expect(error?.httpCode).toBe(String(fault.status));
	});
});

test('identical prompts in one batch stay separate videos, over a retry too', async () => {
	simulator.faults.add({ operation: 'runsync', kind: 'job', error: 'busy', skip: 2 });
	const { items } = await generate(simulator, {
		prompts: Array.from({ length: 5 }, () => 'a cat'),
		settings: RETRY,
	});

	expect(new Set(items.map(({ json }) => json.id)).size).toBe(5);
	expect(simulator.ledger.countByStatus()).toEqual({ COMPLETED: 5, FAILED: 1 });
});

test('identical prompts whose jobs are still under way are followed each for itself', async () => {
	simulator.hold('finish');
	const polls = () => simulator.requests.filter(({ operation }) => operation === 'status');
	const { type, kept } = listening(() => {
		if (kept.length === 1) simulator.release();
	});
	const { items, error } = await generate(simulator, {
		prompts: Array.from({ length: 3 }, () => 'a cat'),
		options: { executionMode: 'async', timeout: 1, pollInterval: 1 },
		settings: RETRY,
		type,
	});

	expect(error).toBeUndefined();
	expect(submissions(simulator)).toHaveLength(3);
	expect(new Set(polls().map(({ jobId }) => jobId)).size).toBe(3);
	expect(new Set(items.map(({ json }) => json.id))).toEqual(
		new Set(simulator.ledger.jobs.map(({ id }) => id)),
	);
	// Each item its own: the seed that was sent is the seed that is put out.
	for (const { json } of items) {
		expect(simulator.ledger.find(String(json.id))?.input.seed).toBe(json.seed);
	}
});

/** The node, and what its context held after each of its tries; `atEnd` is called then. */
function listening(atEnd: () => unknown = () => undefined): { type: PrunaVideo; kept: string[] } {
	const kept: string[] = [];
	const type = new PrunaVideo();
	const { execute } = type;
	type.execute = async function () {
		try {
			return await execute.call(this);
		} finally {
			kept.push(JSON.stringify(this.getContext('node')));
			atEnd();
		}
	};
	return { type, kept };
}

test('a video that is used again expires when it did at first', async () => {
	const now = Date.now.bind(Date);
	let jump = 0;
	const clock = jest.spyOn(Date, 'now').mockImplementation(() => now() + jump);
	const { type } = listening(() => (jump = 3_600_000));
	simulator.faults.add({ operation: 'runsync', kind: 'job', error: 'busy', skip: 1 });
	const { items } = await generate(simulator, { prompts: shots(2), settings: RETRY, type });
	clock.mockRestore();

	const inDays = items.map(({ json }) => (Date.parse(String(json.expiresAt)) - now()) / 86_400_000);
	expect(Math.min(...inDays)).toBeCloseTo(7, 3);
	expect(Math.max(...inDays)).toBeCloseTo(7 + 1 / 24, 3);
});

describe('what is kept between tries', () => {
	const cutKey = () => `${'x'.repeat(290)}${simulator.apiKey}`;

	test.each<[string, () => FaultRule, string]>([
		[
			'a video whose address holds it',
			() => ({
				operation: 'runsync',
				kind: 'job',
				output: { video_url: `http://127.0.0.1:9/?token=${simulator.apiKey}`, cost: 0.1 },
			}),
			'"result"',
		],
		[
			'an uncertain submission whose answer holds it',
			() => ({
				operation: 'runsync',
				kind: 'status',
				status: 500,
				body: { error: simulator.apiKey },
				when: 'after',
			}),
			'"uncertain"',
		],
		[
			'an uncertain submission whose answer is cut within it',
			() => ({
				...{ operation: 'runsync', kind: 'status', status: 500, when: 'after' },
				body: { error: cutKey() },
			}),
			'"uncertain"',
		],
	])('is without the key: %s', async (_, fault, what) => {
		const { type, kept } = listening();
		simulator.faults.add(fault());
		await generate(simulator, { parameters: { download: true }, settings: RETRY, type });

		expect(kept).toHaveLength(3);
		expect(kept[0]).toContain(what);
		for (const text of kept) expect(text).not.toContain(simulator.apiKey.slice(0, 8));
		expect(kept[2]).toBe('{}');
	});

	test.each<[string, Batch['settings'], Batch['options'], string[]]>([
		['nothing after the first try', RETRY, {}, ['{}']],
		['nothing without Retry On Fail', CONTINUE, {}, ['{}']],
		['what was spent', RETRY, { maxCostPerExecution: 1 }, ['{"prunaVideoSpent":0.2}']],
	])('after success: %s', async (_, settings, options, expected) => {
		const { type, kept } = listening();
		await generate(simulator, { prompts: shots(2), options, settings, type });

		expect(kept).toEqual(expected);
	});

	test('is what was spent and nothing else once a retry has succeeded', async () => {
		const { type, kept } = listening();
		simulator.faults.add({ operation: 'runsync', kind: 'job', error: 'busy' });
		const options = { maxCostPerExecution: 1 };
		await generate(simulator, { prompts: shots(2), options, settings: RETRY, type });

		expect(kept).toHaveLength(2);
		expect(kept[0]).toContain('"jobId"');
		expect(kept[1]).toBe('{"prunaVideoSpent":0.2}');
	});

	test('is nothing without Retry On Fail, though the run fails', async () => {
		const { type, kept } = listening();
		simulator.faults.add({ operation: 'runsync', kind: 'job', error: 'busy' });
		await generate(simulator, { prompts: shots(2), type });

		expect(kept).toEqual(['{}']);
	});
});

describe('a loop', () => {
	test('that asks for the same prompt twice gets two videos', async () => {
		const { run, context } = await generate(simulator, { extra: inLoop(2), settings: RETRY });

		const ids = run.data.resultData.runData[NODE_NAME]?.map(
			({ data }) => data?.main?.[0]?.[0]?.json.id,
		);
		expect(ids).toHaveLength(2);
		expect(new Set(ids).size).toBe(2);
		expect(simulator.ledger.countByStatus()).toEqual({ COMPLETED: 2 });
		expect(context).toEqual({});
	});

	test('whose second turn fails at first gets its second video by one more submission', async () => {
		simulator.faults.add({ operation: 'runsync', kind: 'job', error: 'busy', skip: 1 });
		const { run } = await generate(simulator, { extra: inLoop(2), settings: RETRY });

		expect(run.data.resultData.error).toBeUndefined();
		expect(simulator.ledger.countByStatus()).toEqual({ COMPLETED: 2, FAILED: 1 });
	});

	test('that goes on after a failed turn does not inherit it', async () => {
		simulator.faults.add({ operation: 'runsync', kind: 'job', error: 'busy', times: 2 });
		const { context } = await generate(simulator, {
			extra: inLoop(2),
			settings: { ...RETRY, ...CONTINUE, maxTries: 2 },
		});

		expect(simulator.ledger.countByStatus()).toEqual({ COMPLETED: 1, FAILED: 2 });
		expect(context).toEqual({});
	});

	test('keeps each turn’s uncertain submission to itself', async () => {
		simulator.faults.add({ operation: 'runsync', kind: 'reset', when: 'after' });
		const { run, context } = await generate(simulator, {
			extra: inLoop(2),
			settings: { ...RETRY, ...CONTINUE },
		});

		const outputs = run.data.resultData.runData[NODE_NAME]?.map(
			({ data }) => data?.main?.[0]?.[0]?.json,
		);
		expect(outputs).toMatchObject([
			{ error: expect.stringContaining('the job may be running') },
			{ status: 'COMPLETED' },
		]);
		expect(submissions(simulator)).toHaveLength(2);
		expect(context).toEqual({});
	});
});
