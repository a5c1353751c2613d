/** Stop means stop: what is known is cancelled on Runpod at once, nothing new is sent, nothing stays behind. */
import { inspect } from 'node:util';
import type { INodeType } from 'n8n-workflow';
import type { FaultRule, Simulator } from '../tools/simulator';
import {
	CONTINUE,
	engineLogger,
	generate,
	RETRY,
	shots,
	simulator,
	submissions,
	useSimulator,
	WatchedNode,
	type Batch,
} from './batch';
import { node, NODE_NAME, simpleDescription } from './engine';
import { hurryClock } from './hurry';

/** An answer that comes so late comes when the test moves time on. */
const LATER_MS = 60_000;
const times = Infinity;

useSimulator({ unknownAtFirst: 0 });

/** Starts a batch whose jobs do not end by themselves. */
function start(batch: Batch) {
	const type = new WatchedNode();
	const stop = new AbortController();
	const execution = generate(simulator, { ...batch, type, stop: stop.signal });
	return {
		/** Presses Stop; resolves when the node itself has ended. */
		stop: async () => {
			stop.abort();
			await execution;
			// A stop during a retry may begin one more run, which the list then holds.
			for (let ended = 0; ended < type.runs.length; ) {
				ended = type.runs.length;
				await Promise.all(type.runs);
			}
		},
		/** What each try has thrown, in their order. */
		errors: () => type.errors.map(({ message, description }) => `${message} ${description}`),
	};
}

const count = (operation: string) =>
	simulator.requests.filter((request) => request.operation === operation);
/** Status checks, whichever way the node makes them. */
const looks = () => [...count('status'), ...count('status-sync')];
/** Whether so many jobs are followed. */
const followed = (jobs: number) => () => new Set(looks().map(({ jobId }) => jobId)).size === jobs;
const answered = (operation: string, least: number) => () =>
	count(operation).filter(({ answeredAt }) => answeredAt).length >= least;
const underway = () => simulator.requests.filter(({ answeredAt }) => answeredAt === undefined);
const jobOf = (prompt: string) =>
	simulator.ledger.jobs.find(({ input }) => input.prompt === prompt);
/** A request that was on its way before this one has arrived after it. */
const askHealth = async () =>
	await generate(simulator, { parameters: { resource: 'endpoint', operation: 'getHealth' } });

const ASYNC = { executionMode: 'async', concurrency: 400 };
const SUBMIT = { resource: 'job', operation: 'submit' };
const putOff = (operation: 'run' | 'status' | 'status-sync', status = 429): FaultRule => ({
	...{ operation, kind: 'status', status, times, headers: { 'retry-after': '300' } },
});
const PUT_OFF_LOOKS = [putOff('status'), putOff('status-sync')];

interface Row extends Batch {
	jobs: number;
	ready: () => boolean;
	/** Whether answers come that are put off. */
	isLater?: true;
	faults?: FaultRule[];
	options?: Batch['options'];
	set?: Partial<Simulator['options']>;
	sent?: number;
}

describe('a stop cancels on Runpod every job whose id is known, at once', () => {
	const ofCancel = (status: number): FaultRule => ({ operation: 'cancel', kind: 'status', status });
	const ROWS: Record<string, Row> = {
		'five jobs that are followed': { jobs: 5, ready: followed(5) },
		'60 jobs, though Runpod takes 20 cancels at once': {
			jobs: 60,
			ready: followed(60),
			faults: [{ operation: 'cancel', kind: 'delay', ms: 100, times }],
		},
		'a synchronous job that Runpod has answered IN_PROGRESS': {
			jobs: 1,
			ready: followed(1),
			options: {},
			set: { timeScale: 0.02 },
		},
		'jobs whose /run is in flight': {
			...{ jobs: 60, ready: () => count('run').length === 60, isLater: true },
			faults: [{ operation: 'run', kind: 'delay', ms: LATER_MS, times }],
		},
		'a job that an earlier try left behind, between two tries': {
			...{ jobs: 1, ready: answered('status', 2), options: { ...ASYNC, timeout: 1 } },
			settings: { ...RETRY, waitBetweenTries: 1000 },
		},
		'a job whose next status check Runpod has put off': {
			jobs: 1,
			ready: answered('status-sync', 1),
			faults: PUT_OFF_LOOKS,
		},
		'jobs beside a submission that waits to be repeated, which is not': {
			...{ jobs: 3, sent: 4, ready: () => followed(3)() && answered('run', 4)() },
			faults: [{ ...putOff('run', 503), match: { prompt: 'shot 3.' } }],
		},
		'a job whose first /cancel is answered 503': {
			jobs: 1,
			ready: followed(1),
			faults: [ofCancel(503)],
		},
		'a job whose first /cancel is answered 404': {
			jobs: 1,
			ready: followed(1),
			faults: [ofCancel(404)],
		},
	};

	test.each(Object.entries(ROWS))('%s', async (_, row) => {
		const { jobs, ready, faults = [], set, sent = jobs, isLater, ...batch } = row;
		Object.assign(simulator.options, set);
		simulator.hold('finish');
		for (const fault of faults) simulator.faults.add(fault);
		const { stop, errors } = start({ options: ASYNC, prompts: shots(sent), ...batch });
		await simulator.waitFor(ready, 20_000);
		let most = 0;
		const unsubscribe = simulator.subscribe(() => {
			const open = count('cancel').filter(({ answeredAt }) => answeredAt === undefined);
			most = Math.max(most, open.length);
		});

		const ended = stop();
		if (isLater) simulator.advance(LATER_MS);
		// What Runpod has put off for minutes would outlast the test.
		await ended;
		unsubscribe();
		expect(most).toBeLessThanOrEqual(20);
		expect(simulator.ledger.countByStatus()).toEqual({ CANCELLED: jobs });
		expect(submissions(simulator)).toHaveLength(sent);
		for (const { id } of simulator.ledger.jobs.slice(0, 50)) {
			expect(errors().at(-1)).toContain(`${id} (cancelled)`);
		}
	});

	test('20 jobs whose Job > Retry is in flight', async () => {
		simulator.faults.add({ operation: 'runsync', kind: 'job', error: 'busy', times: 20 });
		await generate(simulator, { prompts: shots(20), settings: CONTINUE });
		simulator.hold('finish');
		simulator.faults.add({ operation: 'retry', kind: 'trickle', bytes: 10, intervalMs: 50, times });
		const { stop, errors } = start({
			items: simulator.ledger.jobs.map(({ id }) => ({ json: { id } })),
			parameters: { resource: 'job', operation: 'retry', jobId: '={{ $json.id }}' },
			options: { concurrency: 20 },
		});
		// All are accepted, none has been answered in full.
		await simulator.waitFor(() => simulator.ledger.count('IN_PROGRESS') === 20);

		await stop();
		expect(simulator.ledger.countByStatus()).toEqual({ CANCELLED: 20 });
		for (const { id } of simulator.ledger.jobs) expect(errors().join()).toContain(id);
	});

	test('500 jobs of Job > Submit, more than Runpod cancels in its ten seconds; what is left is named', async () => {
		simulator.options.rateLimits = {
			...simulator.options.rateLimits,
			cancel: { requests: 400, concurrent: 20 },
		};
		simulator.hold('finish');
		simulator.faults.add({ operation: 'run', kind: 'delay', ms: LATER_MS, skip: 450, times });
		const last = { prompt: 'shot 499.' };
		simulator.faults.add({ operation: 'cancel', kind: 'status', status: 403, match: last, times });
		const { stop, errors } = start({
			prompts: shots(510),
			parameters: SUBMIT,
			options: { concurrency: 50 },
		});
		await simulator.waitFor(() => count('run').length === 500, 120_000);

		const ended = stop();
		simulator.advance(LATER_MS);
		await ended;
		expect(simulator.ledger.countByStatus()).toEqual({ CANCELLED: 499, IN_PROGRESS: 1 });
		expect(submissions(simulator)).toHaveLength(500);
		const [error = ''] = errors();
		expect(error).toContain('Not every job could be cancelled on Runpod.');
		expect(error).toContain(`item 499: ${jobOf(last.prompt)?.id} (may still be running)`);
		expect(error).toContain(', and 450 more.');
		expect(error.length).toBeLessThan(10_000);
	}, 240_000);

	test('a job that Job > Retry requeued, in the second try', async () => {
		simulator.faults.add({ operation: 'runsync', kind: 'job', error: 'busy', times: 2 });
		await generate(simulator, { prompts: shots(2), settings: CONTINUE });
		const ids = simulator.ledger.jobs.map(({ id }) => id);
		simulator.hold('finish');
		simulator.faults.add({ operation: 'retry', kind: 'status', status: 402, skip: 1 });
		simulator.faults.add({ operation: 'status', kind: 'hang' });
		const { stop, errors } = start({
			items: ids.map((id) => ({ json: { id } })),
			parameters: { resource: 'job', operation: 'retry', jobId: '={{ $json.id }}' },
			options: { concurrency: 1 },
			settings: RETRY,
		});
		await simulator.waitFor(() => count('status').length === 1);
		await stop();

		expect(simulator.ledger.countByStatus()).toEqual({ CANCELLED: 1, FAILED: 1 });
		expect(count('retry').map(({ jobId }) => jobId)).toEqual(ids);
		expect(errors().at(-1)).toContain(`${ids[0]} (cancelled)`);
	});

	test('jobs beside a download, which ends', async () => {
		simulator.options.executionTimeMs = ({ prompt }) => (prompt === 'shot 0.' ? 5 : LATER_MS);
		simulator.faults.add({ operation: 'video', kind: 'hang', times });
		const { stop, errors } = start({
			prompts: shots(4),
			parameters: { download: true },
			options: ASYNC,
		});
		await simulator.waitFor(() => followed(4)() && count('video').length === 1, 20_000);

		await stop();
		expect(simulator.ledger.countByStatus()).toEqual({ CANCELLED: 3, COMPLETED: 1 });
		expect(errors().join()).toContain(`item 0: ${jobOf('shot 0.')?.id} http://`);
		await simulator.waitFor(() => underway().length === 0);
	});
});

test('a stop whose cancels are never answered ends in a minute, and names the jobs', async () => {
	hurryClock(10);
	simulator.hold('finish');
	simulator.faults.add({ operation: 'cancel', kind: 'hang', times });
	const { stop, errors } = start({ prompts: shots(50), options: ASYNC });
	await simulator.waitFor(followed(50), 20_000);
	const began = performance.now();
	await stop();

	expect(performance.now() - began).toBeLessThan(75_000);
	for (const { id } of simulator.ledger.jobs) {
		expect(errors().at(-1)).toContain(`${id} (may still be running)`);
	}
});

describe('after a stop', () => {
	test('no waiting item is submitted, and Retry On Fail submits nothing again', async () => {
		simulator.hold('finish');
		const options = { ...ASYNC, concurrency: 2 };
		const { stop, errors } = start({ prompts: shots(50), options, settings: RETRY });
		await simulator.waitFor(followed(2));
		await stop();

		expect(submissions(simulator)).toHaveLength(2);
		expect(count('cancel').filter(({ status }) => status !== 404)).toHaveLength(2);
		// n8n tries again even then: each error says it.
		expect(errors().length).toBeGreaterThan(0);
		for (const error of errors()) {
			for (const { id } of simulator.ledger.jobs) expect(error).toContain(`${id} (cancelled)`);
		}
	});

	test('in a later try running jobs are cancelled, and finished ones are left alone', async () => {
		simulator.options.executionTimeMs = ({ prompt }) => (prompt === 'shot 0.' ? 5 : LATER_MS);
		// The first try gives the other job up after these, and the second follows it.
		const rule = { kind: 'status', status: 404, match: { prompt: 'shot 1.' } } as const;
		const body = { error: 'endpoint not found' };
		simulator.faults.add({ operation: 'status-sync', ...rule, body });
		simulator.faults.add({ operation: 'status', ...rule, body, times: 3 });
		const { stop, errors } = start({ prompts: shots(2), options: ASYNC, settings: RETRY });
		const isAskedAgain = () =>
			count('status-sync').filter(({ jobId }) => jobId === jobOf('shot 1.')?.id).length === 2;
		await simulator.waitFor(isAskedAgain, 25_000);
		await stop();

		expect(submissions(simulator)).toHaveLength(2);
		expect(jobOf('shot 0.')?.status).toBe('COMPLETED');
		const cancelled = new Set(count('cancel').map(({ jobId }) => jobId));
		expect([...cancelled]).toEqual([jobOf('shot 1.')?.id]);
		for (const error of errors()) expect(error).toContain(`item 0: ${jobOf('shot 0.')?.id} http`);
	});

	test('what had ended before is not called cancelled', async () => {
		simulator.hold('finish');
		const output = { video_url: 'https://v.example/a.mp4', cost: 0.1 };
		for (const [index, job] of [
			{ status: 'COMPLETED', output },
			{ status: 'FAILED', error: 'no light' },
		].entries()) {
			const rule = { kind: 'body', body: JSON.stringify(job) } as const;
			simulator.faults.add({ operation: 'cancel', ...rule, match: { prompt: `shot ${index}.` } });
		}
		const { stop, errors } = start({ prompts: shots(3), options: ASYNC });
		await simulator.waitFor(followed(3));
		await stop();

		const [completed, failed, cancelled] = shots(3).map((prompt) => jobOf(prompt)?.id);
		expect(errors()[0]).toMatch(
			new RegExp(
				`item 0: ${completed} https://v.example/a.mp4, item 1: ${failed} \\(FAILED\\), item 2: ${cancelled} \\(cancelled\\)`,
			),
		);
		expect(errors()[0]).not.toContain('No job was running');
	});

	test.each([1, 3])('open synchronous requests are counted: %i', async (open) => {
		simulator.hold('finish');
		const { stop, errors } = start({ prompts: shots(open) });
		await simulator.waitFor(() => simulator.ledger.count('IN_PROGRESS') === open);
		await stop();

		expect(errors().join()).toContain(
			`${open} synchronous request${open === 1 ? ' was' : 's were'} still open`,
		);
		expect(count('cancel')).toHaveLength(0);
	});

	test.each<[string, FaultRule[], boolean]>([
		['that Runpod refused is not counted or repeated', [putOff('run')], false],
		[
			'that may be accepted is',
			[{ operation: 'run', kind: 'status', status: 500 }, putOff('run')],
			true,
		],
	])('a submission %s', async (_, faults, mayRun) => {
		for (const fault of faults) simulator.faults.add(fault);
		const { stop, errors } = start({
			prompts: shots(2),
			options: { ...ASYNC, concurrency: 1 },
			settings: CONTINUE,
		});
		await simulator.waitFor(answered('run', faults.length));
		await stop();

		const said = errors().join();
		expect(said.includes('the job may be running')).toBe(mayRun);
		expect(said.includes('No job was running on Runpod.')).toBe(!mayRun);
		expect(said).not.toContain('still open');
		expect(submissions(simulator)).toHaveLength(faults.length);
	});

	test.each<{ name: string; seen: () => unknown[]; faults?: FaultRule[]; polls?: true } & Batch>([
		{ name: 'polled jobs', options: ASYNC, seen: looks, polls: true },
		{ name: 'jobs that are waited for', options: ASYNC, seen: looks },
		{ name: 'synchronous jobs', options: {}, seen: () => count('runsync') },
		{
			name: 'submissions put off',
			options: ASYNC,
			seen: () => count('run'),
			faults: [putOff('run')],
		},
		{ name: 'looks put off', options: ASYNC, seen: looks, faults: PUT_OFF_LOOKS },
	])('no timer and no request is left behind by $name', async (row) => {
		const { seen, faults = [], polls, ...batch } = row;
		if (polls) simulator.options.statusSync = 405;
		for (const rule of faults) simulator.faults.add(rule);
		simulator.hold('finish');
		const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout');
		// Jest's and the simulator's own; the simulator's clock may get its one timer later.
		const most = timers().length + 1;
		const { stop } = start({ prompts: shots(5), ...batch });
		await simulator.waitFor(() => seen().length >= 5);
		await stop();

		await simulator.waitFor(() => underway().length === 0);
		simulator.reset();
		// Sockets that are just closing still have theirs; a poll or a time limit would keep one for seconds.
		const deadline = performance.now() + 5_000;
		while (timers().length > most && performance.now() < deadline) {
			await new Promise<void>((resolve) => setImmediate(resolve));
		}
		expect(timers().length).toBeLessThanOrEqual(most);
		await askHealth();
		expect(simulator.requests).toHaveLength(1);
	});
});

test("without 'Cancel on Stop' nothing is cancelled, and the jobs are named", async () => {
	simulator.hold('finish');
	const { stop, errors } = start({ prompts: shots(3), options: { ...ASYNC, cancelOnStop: false } });
	await simulator.waitFor(followed(3));
	await stop();

	expect(errors().join()).toContain("'Cancel on Stop' is off, so running jobs keep running");
	for (const { id } of simulator.ledger.jobs) {
		expect(errors().join()).toContain(`${id} (may still be running)`);
	}
	expect(count('cancel')).toHaveLength(0);
	expect(simulator.ledger.countByStatus()).toEqual({ IN_PROGRESS: 3 });
});

test.each<[string, Batch, string]>([
	['Video > Generate', { options: ASYNC }, 'COMPLETED'],
	['Job > Submit', { parameters: SUBMIT }, 'IN_PROGRESS'],
])(
	'%s: what ended by itself is not cancelled by a stop in the next node',
	async (_, batch, status) => {
		if (status === 'IN_PROGRESS') simulator.hold('finish');
		const stop = new AbortController();
		const next: INodeType = {
			description: simpleDescription('next'),
			execute: async () => {
				stop.abort();
				return [[]];
			},
		};
		const to = (name: string) => ({ main: [[{ node: name, type: 'main' as const, index: 0 }]] });
		await generate(simulator, {
			...batch,
			stop: stop.signal,
			extra: {
				nodes: [node('Next', 'next')],
				types: { next },
				connections: { Source: to(NODE_NAME), [NODE_NAME]: to('Next') },
			},
		});
		await askHealth();

		expect(count('cancel')).toHaveLength(0);
		expect(simulator.ledger.countByStatus()).toEqual({ [status]: 1 });
	},
);

test('a key that came back is not in the log line about a job that was not cancelled', async () => {
	const lines: string[] = [];
	jest.spyOn(engineLogger(), 'log').mockImplementation((...line: unknown[]) => {
		lines.push(inspect(line, { depth: 9 }));
	});
	simulator.hold('finish');
	const body = { error: `not with ${simulator.apiKey}` };
	simulator.faults.add({ operation: 'cancel', kind: 'status', status: 422, body, times });
	const { stop } = start({ options: ASYNC });
	await simulator.waitFor(followed(1));
	await stop();

	expect(lines.join()).toMatch(/could not be cancelled: .*not with \*\*\*/);
	expect(lines.join()).not.toContain(simulator.apiKey);
});
