/** Retry On Fail resumes: what was billed is used again, what is running is followed, what is uncertain is not repeated. */
import { PrunaVideo } from '../../nodes/PrunaVideo/PrunaVideo.node';
import { startSimulator, type FaultRule, type Simulator } from '../tools/simulator';
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

/** Submissions and open or billed jobs per prompt. */
function tally(): Record<string, { submissions: number; billed: number }> {
	const counts: Record<string, { submissions: number; billed: number }> = {};
	const of = (prompt: unknown) => (counts[String(prompt)] ??= { submissions: 0, billed: 0 });
	for (const { body } of submissions(simulator)) {
		of((body as { input: { prompt: string } }).input.prompt).submissions++;
	}
	for (const { input, status } of simulator.ledger.jobs) {
		if (!['FAILED', 'CANCELLED', 'TIMED_OUT'].includes(status)) of(input.prompt).billed++;
	}
	return counts;
}

/** The state of the first item's job, as a saved execution has it. */
function stateIn(context: object): unknown {
	return /"0":\{[^}]*"state":"(\w+)"/.exec(JSON.stringify(context))?.[1];
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

	test('send the same seed again, even if the node picked it', async () => {
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

describe('whatever Max. Tries is, a finished video is made only once', () => {
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

			expect(tally()['shot 1.']).toEqual({ submissions: 1, billed: 1 });
			for (const text of kept.slice(0, -1)) expect(text).toContain('"state":"done"');
			expect(kept).toHaveLength(tries);
			// After the last try that throws, the user can still retry the execution; one that returns is over.
			if (settings === RETRY) expect(kept.at(-1)).toContain('"state":"done"');
			else expect(kept.at(-1)).toBe('{}');
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
	for (const { id } of completed) {
		expect(error?.description).toContain(id);
		expect(JSON.stringify(context)).toContain(id);
	}
});

test('the last failed try still says that the job of an item it did not reach may be running', async () => {
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
	expect(error?.description).toContain(
		'From an earlier try: item 1: a job that may still be running.',
	);
	expect(submissions(simulator)).toHaveLength(2);
});

describe('a job that is running', () => {
	test('is checked again after the timeout, not submitted again', async () => {
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
		expect(error?.message).toBe(`Job ${job?.id} was still IN_PROGRESS after 1 s`);
		expect(error?.context).toMatchObject({ id: job?.id, itemIndex: 0 });
		expect(stateIn(context)).toBe('running');
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

test('a job that is running is named when a later try cannot read the settings of the whole execution', async () => {
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
	expect(stateIn(context)).toBe('running');
});

test('a submitted job that Runpod answers as failed, with a bill: both are said', async () => {
	const output = { cost: 0.2, video_url: 'https://a.example/b.mp4' };
	const body = JSON.stringify({ id: 'job-1', status: 'FAILED', error: 'too late', output });
	simulator.faults.add({ operation: 'run', kind: 'body', body });
	const { error } = await generate(simulator, {
		parameters: { resource: 'job', operation: 'submit' },
	});

	expect(`${error?.message} ${error?.description}`).toContain('billed ($0.20)');
	expect(error?.context).toMatchObject({ id: 'job-1', cost: 0.2, video_url: output.video_url });
});

test('a proxy that says "failed" of its own request does not make a second job', async () => {
	const body = JSON.stringify({ status: 'failed', error: 'upstream timed out' });
	simulator.faults.add({ operation: 'runsync', kind: 'body', status: 502, body, when: 'after' });
	const { error } = await generate(simulator, { settings: RETRY });

	expect(submissions(simulator)).toHaveLength(1);
	expect(error?.message).toContain('the job may be running');
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

	test('is sent once if it was accepted, and again if it was refused', async () => {
		const [first = '', second = ''] = await failedJobs(2);
		simulator.hold();
		const match = { jobId: second };
		simulator.faults.add({ operation: 'retry', kind: 'status', status: 402, match });
		const { items, error } = await retry([first, second]);

		expect(error).toBeUndefined();
		expect(items.map(({ json }) => json.id)).toEqual([first, second]);
		expect(retries().map(({ jobId }) => jobId)).toEqual([first, second, second]);
	});

	test('that may have been accepted is not sent again', async () => {
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

describe('an item whose request changes in the next try', () => {
	const changing = (): Batch => {
		const json = { prompt: 'at nine' };
		onceSubmitted(() => (json.prompt = 'at ten'));
		return { items: [{ json }], settings: RETRY };
	};

	test('gets what it asks for; the running job is cancelled and named', async () => {
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
		expect(JSON.stringify(hints)).toContain(`item 0: ${first?.id} (cancelled)`);
		expect(context).toEqual({});
	});

	test('that cannot be cancelled is named as running', async () => {
		simulator.hold('finish');
		const batch = changing();
		simulator.faults.add({ operation: 'cancel', kind: 'status', status: 403 });
		const unsubscribe = simulator.subscribe(() => {
			if (simulator.ledger.jobs.length === 2) simulator.release();
		});
		const { hints } = await generate(simulator, {
			...batch,
			options: { executionMode: 'async', timeout: 1, pollInterval: 1, maxCostPerExecution: 0.2 },
		});
		unsubscribe();

		expect(simulator.ledger.total).toBe(0.2);
		expect(JSON.stringify(hints)).toContain(
			`item 0: ${simulator.ledger.jobs[0]?.id} (may still be running)`,
		);
	});

	test('leaves the estimate of the cancelled job to the new one', async () => {
		simulator.hold('finish');
		const batch = changing();
		const unsubscribe = simulator.subscribe(() => {
			if (simulator.ledger.jobs.length === 2) simulator.release();
		});
		const { items } = await generate(simulator, {
			...batch,
			options: { executionMode: 'async', timeout: 1, pollInterval: 1, maxCostPerExecution: 0.1 },
		});
		unsubscribe();

		expect(items[0]?.json.cost).toBe(0.1);
		expect(simulator.ledger.countByStatus()).toEqual({ CANCELLED: 1, COMPLETED: 1 });
	});

	test('gets what it asks for; the video that is billed already is named with its address', async () => {
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
		expect(JSON.stringify(hints)).toContain('item 0: a job that may still be running');
	});

	test('is told so in the error, too, where no try succeeds', async () => {
		simulator.faults.add({ operation: 'video', kind: 'status', status: 404 });
		simulator.faults.add({ operation: 'runsync', kind: 'status', status: 401, skip: 1, times: 9 });
		const { error } = await generate(simulator, {
			...changing(),
			parameters: { download: true },
		});

		expect(error?.message).toBe('Runpod did not accept this API key: Simulated 401');
		expect(error?.description).toContain(`item 0: ${simulator.ledger.jobs[0]?.id} http://`);
	});
});

describe('a submission that may or may not have arrived', () => {
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

test('identical prompts whose jobs are still running are followed separately', async () => {
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
	// Each item its own: the seed that was sent is the seed that is returned.
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

test('what is known is kept for the next try, whatever is thrown', async () => {
	const type = new PrunaVideo();
	const { execute } = type;
	let tries = 0;
	type.execute = async function () {
		// n8n's channel to the editor breaks once, after the last item.
		if (++tries === 1) {
			this.sendMessageToUI = () => {
				throw new Error('the editor is gone');
			};
		}
		return await execute.call(this);
	};
	const { items } = await generate(simulator, { prompts: shots(2), settings: RETRY, type });

	expect(tries).toBe(2);
	expect(promptsOf(items, simulator)).toEqual(shots(2));
	expect(submissions(simulator)).toHaveLength(2);
});

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
			'"state":"done"',
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
			'"state":"uncertain"',
		],
		[
			'an uncertain submission whose answer is cut within it',
			() => ({
				...{ operation: 'runsync', kind: 'status', status: 500, when: 'after' },
				body: { error: cutKey() },
			}),
			'"state":"uncertain"',
		],
	])('is without the key: %s', async (_, fault, what) => {
		const { type, kept } = listening();
		simulator.faults.add(fault());
		await generate(simulator, { parameters: { download: true }, settings: RETRY, type });

		expect(kept).toHaveLength(3);
		for (const text of kept) {
			expect(text).toContain(what);
			expect(text).not.toContain(simulator.apiKey.slice(0, 8));
		}
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
		expect(kept[0]).toContain('"state":"done"');
		expect(kept[1]).toBe('{"prunaVideoSpent":0.2}');
	});

	test('is what the user may retry from the list of executions, without Retry On Fail too', async () => {
		const { type, kept } = listening();
		simulator.faults.add({ operation: 'runsync', kind: 'job', error: 'busy' });
		await generate(simulator, { prompts: shots(2), type });

		expect(kept).toEqual([expect.stringContaining('"state":"failed"')]);
	});
});

describe('a retry from the list of executions', () => {
	const refuse = (prompt: string, fault: Partial<FaultRule> = { kind: 'job', error: 'busy' }) =>
		simulator.faults.add({ operation: 'runsync', ...fault, match: { prompt } } as FaultRule);

	test.each<[string, Batch['settings']]>([
		['without Retry On Fail', {}],
		['after all tries of Retry On Fail', { ...RETRY, maxTries: 2 }],
	])('only submits again what failed, %s', async (_, settings) => {
		refuse('shot 1.');
		if (settings?.retryOnFail) refuse('shot 1.');
		const batch = { prompts: shots(3), options: { concurrency: 3 }, settings };
		const failed = await generate(simulator, batch);
		expect(failed.error).toBeDefined();
		const asked = submissions(simulator).length;
		const { items, error, context } = await generate(simulator, { ...batch, retryOf: failed.run });

		expect(error).toBeUndefined();
		expect(promptsOf(items, simulator)).toEqual(shots(3));
		expect(submissions(simulator)).toHaveLength(asked + 1);
		expect(simulator.ledger.count('COMPLETED')).toBe(3);
		expect(context).toEqual({});
	});

	test('has all tries of Retry On Fail before it', async () => {
		for (let tries = 0; tries < 5; tries++) refuse('shot 0.');
		const batch = { prompts: shots(1), settings: { ...RETRY, maxTries: 3 } };
		const failed = await generate(simulator, batch);
		const { error } = await generate(simulator, { ...batch, retryOf: failed.run });

		expect(error).toBeUndefined();
		expect(simulator.ledger.countByStatus()).toEqual({ FAILED: 5, COMPLETED: 1 });
	});

	test('follows a job that was running at the timeout', async () => {
		simulator.hold('finish');
		const options = { executionMode: 'async', timeout: 1 };
		const failed = await generate(simulator, { options });
		simulator.release();
		const { items } = await generate(simulator, { options, retryOf: failed.run });

		expect(items[0]?.json.id).toBe(simulator.ledger.jobs[0]?.id);
		expect(submissions(simulator)).toHaveLength(1);
	});

	test('makes a video that was cancelled, because the user asks for it again', async () => {
		refuse('a cat', { kind: 'job', status: 'CANCELLED' });
		const failed = await generate(simulator, { settings: RETRY });
		expect(submissions(simulator)).toHaveLength(1);
		const { items } = await generate(simulator, { settings: RETRY, retryOf: failed.run });

		expect(items[0]?.json.id).toBe(simulator.ledger.jobs[1]?.id);
	});

	describe('long after, of a job that Runpod does not know any more,', () => {
		const failedLongAgo = async () => {
			simulator.hold('finish');
			const { run } = await generate(simulator, {
				options: { executionMode: 'async', timeout: 1 },
			});
			simulator.release();
			for (const operation of ['status', 'status-sync'] as const) {
				simulator.faults.add({ operation, kind: 'forget' });
			}
			const now = Date.now;
			jest.spyOn(Date, 'now').mockImplementation(() => now() + 3_600_000);
			return run;
		};
		afterEach(() => jest.restoreAllMocks());
		const options = { executionMode: 'async', pollInterval: 1 };

		test('says so within seconds, each time', async () => {
			const failed = await failedLongAgo();
			const began = performance.now();
			const again = await generate(simulator, { options, retryOf: failed });
			const { error } = await generate(simulator, { options, retryOf: again.run });

			expect(performance.now() - began).toBeLessThan(10_000);
			const [job] = simulator.ledger.jobs;
			expect(error?.message).toMatch(`Job ${job?.id} was not found on Runpod`);
			expect(submissions(simulator)).toHaveLength(1);
		});

		test("makes the video with 'Resubmit Uncertain Jobs'", async () => {
			const failed = await failedLongAgo();
			const { items, hints } = await generate(simulator, {
				options: { ...options, resubmitUncertain: true },
				retryOf: failed,
			});

			expect(items[0]?.json.id).toBe(simulator.ledger.jobs[1]?.id);
			expect(submissions(simulator)).toHaveLength(2);
			expect(JSON.stringify(hints)).toContain('Some items were submitted again');
			expect(JSON.stringify(hints)).toContain(`item 0: ${simulator.ledger.jobs[0]?.id}`);
		});

		test('names it where nobody knows of the second', async () => {
			const failed = await failedLongAgo();
			simulator.faults.add({ operation: 'run', kind: 'reset', when: 'after' });
			const { error } = await generate(simulator, {
				options: { ...options, resubmitUncertain: true },
				retryOf: failed,
			});

			expect(error?.message).toContain('may be running');
			expect(error?.description).toContain(`item 0: ${simulator.ledger.jobs[0]?.id}`);
			expect(submissions(simulator)).toHaveLength(2);
		});

		test('makes no other where Runpod says on a cancel that it is completed', async () => {
			const failed = await failedLongAgo();
			const output = { video_url: 'https://a.example/b.mp4', cost: 0.1 };
			const body = JSON.stringify({ status: 'COMPLETED', output });
			simulator.faults.add({ operation: 'cancel', kind: 'body', body });
			const { items } = await generate(simulator, {
				options: { ...options, resubmitUncertain: true },
				retryOf: failed,
			});

			expect(items[0]?.json.video_url).toBe('https://a.example/b.mp4');
			expect(submissions(simulator)).toHaveLength(1);
		});

		test('names it where the second is above the limit', async () => {
			const failed = await failedLongAgo();
			const { error } = await generate(simulator, {
				options: { ...options, resubmitUncertain: true, maxCostPerExecution: 0.15 },
				retryOf: failed,
			});

			expect(error?.message).toMatch(/would cost \$0.20, above/);
			expect(error?.description).toContain(`item 0: ${simulator.ledger.jobs[0]?.id}`);
		});
	});

	test('counts what the failed execution spent, even if that had no limit', async () => {
		refuse('shot 1.', { kind: 'status', status: 400 });
		const batch = { prompts: shots(2), options: { concurrency: 2 } };
		const failed = await generate(simulator, batch);
		const options = { maxCostPerExecution: 0.15 };
		const { error } = await generate(simulator, { ...batch, options, retryOf: failed.run });

		expect(error?.message).toMatch(/the execution would cost \$0.20, above/);
		expect(simulator.ledger.total).toBe(0.1);
	});

	test('names the jobs of items that no longer exist', async () => {
		refuse('shot 0.', { kind: 'status', status: 400 });
		const failed = await generate(simulator, { prompts: shots(2), options: { concurrency: 2 } });
		const [job] = simulator.ledger.jobs;
		const settings = { executeOnce: true };
		const { hints } = await generate(simulator, { settings, retryOf: failed.run });

		expect(JSON.stringify(hints)).toContain(`item 1: ${job?.id} http://`);
	});
});

describe("'Resubmit Uncertain Jobs'", () => {
	const lost = (times = 1) =>
		simulator.faults.add({ operation: 'runsync', kind: 'reset', when: 'after', times });
	const resubmit = async (resubmitUncertain: boolean, more: Batch = {}) =>
		await generate(simulator, {
			settings: RETRY,
			...more,
			options: { resubmitUncertain, ...more.options },
		});

	test.each([
		{ resubmitUncertain: false, answersLost: 1, submitted: 1, isMade: false },
		{ resubmitUncertain: true, answersLost: 1, submitted: 2, isMade: true },
		{ resubmitUncertain: true, answersLost: 2, submitted: 3, isMade: true },
		// Once in each try.
		{ resubmitUncertain: true, answersLost: 3, submitted: 3, isMade: false },
	])(
		'$resubmitUncertain, $answersLost answers lost: $submitted submissions',
		async ({ resubmitUncertain, answersLost, submitted, isMade }) => {
			lost(answersLost);
			const { items, hints } = await resubmit(resubmitUncertain);
			const isTold = hints.some(({ message }) =>
				message.startsWith('Some items were submitted again'),
			);
			expect(isTold).toBe(isMade);

			expect(submissions(simulator)).toHaveLength(submitted);
			expect(simulator.ledger.jobs).toHaveLength(submitted);
			expect(items.length > 0).toBe(isMade);
		},
	);

	test('counts each of them against the limit', async () => {
		lost(2);
		const { error } = await resubmit(true, { options: { maxCostPerExecution: 0.25 } });

		expect(error?.message).toMatch(/the execution would cost \$0.30, above/);
		expect(error?.description).toContain('that job may still be running');
		await simulator.waitFor((ledger) => ledger.count('COMPLETED') === 2);
		expect(simulator.ledger.jobs).toHaveLength(2);
	});

	test('counts them before the batch begins: what does not fit is not begun', async () => {
		lost();
		const { error } = await resubmit(true, {
			prompts: shots(2),
			options: { maxCostPerExecution: 0.25, concurrency: 1 },
		});

		expect(error?.message).toMatch(/the execution would cost \$0.30, above/);
		expect(submissions(simulator)).toHaveLength(1);
	});

	test('says so of an item that is not the one that ends the execution', async () => {
		const match = { prompt: 'shot 1.' };
		simulator.faults.add({ operation: 'runsync', kind: 'reset', when: 'after', match });
		simulator.faults.add({ operation: 'runsync', kind: 'status', status: 400, match });
		simulator.faults.add({ operation: 'runsync', kind: 'delay', ms: 500, skip: 1, match });
		const isFirst = { prompt: 'shot 0.' };
		const job = { operation: 'runsync', kind: 'job', error: 'no light', times: 2 } as const;
		simulator.faults.add({ ...job, match: isFirst });
		const { error } = await resubmit(true, {
			prompts: shots(2),
			settings: { ...RETRY, maxTries: 2 },
			options: { concurrency: 2 },
		});

		expect(error?.description).toMatch(
			/item 1: Runpod rejected the request .*\(an earlier job may still be running\)/,
		);
	});

	test('does not forget the first job where Runpod refuses the second', async () => {
		lost();
		simulator.faults.add({ operation: 'runsync', kind: 'status', status: 400 });
		const { type, kept } = listening();
		const { error } = await resubmit(true, { settings: { ...RETRY, maxTries: 2 }, type });

		expect(error?.message).toMatch(/^Runpod rejected the request/);
		expect(error?.description).toContain('that job may still be running');
		expect(kept.at(-1)).toContain('"state":"uncertain"');
	});
});

describe("'Cancel on Timeout'", () => {
	const overdue = async (fault?: FaultRule, settings: Batch['settings'] = {}) => {
		simulator.hold('finish');
		if (fault) simulator.faults.add(fault);
		const options = { executionMode: 'async', timeout: 2, cancelOnTimeout: true };
		return await generate(simulator, { options, settings });
	};
	/** An answer to `cancel` that says that the job has ended. */
	const answered = (job: object): FaultRule => ({
		operation: 'cancel',
		kind: 'body',
		body: JSON.stringify(job),
	});

	test('cancels the job and says so', async () => {
		const { error } = await overdue();

		expect(simulator.ledger.countByStatus()).toEqual({ CANCELLED: 1 });
		expect(error?.message).toMatch(/was still IN_PROGRESS after 2 s/);
		expect(error?.description).toMatch(/^The job was cancelled/);
		expect(error?.context).toMatchObject({ status: 'CANCELLED' });
	});

	test('lets a later try make another', async () => {
		await overdue(undefined, { ...RETRY, maxTries: 2 });

		expect(simulator.ledger.countByStatus()).toEqual({ CANCELLED: 2 });
	});

	test('says of a job that could not be cancelled that it keeps running', async () => {
		const { error } = await overdue({ operation: 'cancel', kind: 'status', status: 403 });

		expect(simulator.ledger.countByStatus()).toEqual({ IN_PROGRESS: 1 });
		expect(error?.description).toMatch(/^The job could not be cancelled\. It keeps running/);
	});

	test.each<[string, object, string | RegExp]>([
		[
			'COMPLETED',
			{ output: { video_url: 'https://a.example/b.mp4', cost: 0.1 } },
			'https://a.example/b.mp4',
		],
		['FAILED', { error: 'no light' }, /^Runpod could not make the video: no light/],
		['TIMED_OUT', {}, /^Job \S+ timed out on Runpod/],
	])('returns the finished job if cancel answers %s', async (status, more, expected) => {
		const unsubscribe = simulator.subscribe((change) => {
			if (change.kind !== 'job' || simulator.ledger.jobs.length !== 1) return;
			unsubscribe();
			simulator.faults.add(answered({ id: change.job.id, status, ...more }));
		});
		const { items, error } = await overdue();

		if (typeof expected === 'string') expect(items[0]?.json.video_url).toBe(expected);
		else expect(error?.message).toMatch(expected);
		expect(submissions(simulator)).toHaveLength(1);
	});

	test('asks for the video if cancel says COMPLETED and no more', async () => {
		simulator.faults.add({
			...answered({ status: 'COMPLETED' }),
			// It is completed by the time its cancel arrives.
			match: () => (simulator.release(), true),
		});
		const { items } = await overdue();

		expect(items[0]?.json.video_url).toBe(simulator.videoUrl(simulator.ledger.jobs[0]!.id));
		expect(simulator.ledger.countByStatus()).toEqual({ COMPLETED: 1 });
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

	test('that continues after a failed turn does not inherit it', async () => {
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
