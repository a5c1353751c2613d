/** Stop means stop: what is known is cancelled on Runpod within 2 s, nothing new is sent, nothing stays behind. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import type { INodeType } from 'n8n-workflow';
import { startSimulator, type FaultRule, type Simulator } from '../tools/simulator';
import {
	CONTINUE,
	engineLogger,
	generate,
	RETRY,
	shots,
	submissions,
	WatchedNode,
	type Batch,
} from './batch';
import { node, NODE_NAME, simpleDescription } from './engine';

const WITHIN_MS = 2000;
/** An answer that comes so late comes when the test moves time on. */
const LATER_MS = 60_000;

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

let simulator: Simulator;
let { executionTimeMs, statusSync }: Partial<Simulator['options']> = {};
beforeAll(async () => {
	simulator = await startSimulator({ unknownAtFirst: { looks: 0, ms: 0 } });
	await generate(simulator);
	({ executionTimeMs, statusSync } = simulator.options);
});
beforeEach(() => {
	simulator.reset();
	Object.assign(simulator.options, { executionTimeMs, statusSync });
});
afterAll(async () => await simulator.close());

interface Stopped {
	/** Presses Stop; resolves when the node itself has ended. */
	stop: () => Promise<void>;
	/** Ms from the stop on. */
	elapsed: () => number;
	/** What each try has thrown, in their order. */
	errors: () => string[];
}

/** Starts a batch whose jobs do not end by themselves. */
function start(batch: Batch): Stopped {
	const type = new WatchedNode();
	const stop = new AbortController();
	const execution = generate(simulator, { ...batch, type, stop: stop.signal });
	let stoppedAt = 0;
	return {
		stop: async () => {
			stoppedAt = performance.now();
			stop.abort();
			await execution;
			// A stop during a retry may begin one more run, which the list then holds.
			for (let ended = 0; ended < type.runs.length; ) {
				ended = type.runs.length;
				await Promise.all(type.runs);
			}
		},
		elapsed: () => performance.now() - stoppedAt,
		errors: () => type.errors.map(({ message, description }) => `${message} ${description}`),
	};
}

const count = (operation: string) =>
	simulator.requests.filter((request) => request.operation === operation);
/** Status checks, whichever way the node makes them. */
const looks = () =>
	simulator.requests.filter(({ operation }) => ['status', 'status-sync'].includes(operation));
const underway = () => simulator.requests.filter(({ answeredAt }) => answeredAt === undefined);

/** Ids of jobs that have failed. */
async function failedJobs(jobs: number): Promise<string[]> {
	if (jobs === 0) return [];
	simulator.faults.add({ operation: 'runsync', kind: 'job', error: 'busy', times: jobs });
	await generate(simulator, { prompts: shots(jobs), settings: CONTINUE });
	return simulator.ledger.jobs.map(({ id }) => id);
}

const ASYNC = { executionMode: 'async', pollInterval: 1 };

const putOff = (operation: 'run' | 'status' | 'status-sync'): FaultRule => ({
	...{ operation, kind: 'status', status: 429, times: Infinity },
	headers: { 'retry-after': '20' },
});
const PUT_OFF_LOOKS = [putOff('status'), putOff('status-sync')];

describe('a stop cancels on Runpod every job whose id is known, within 2 s', () => {
	test.each([
		{ name: 'five jobs that are polled', jobs: 5 },
		{ name: '60 jobs, though Runpod takes 20 cancels at once', jobs: 60 },
	])('$name', async ({ jobs }) => {
		simulator.hold('finish');
		const { stop, elapsed } = start({
			prompts: shots(jobs),
			options: { ...ASYNC, concurrency: jobs },
		});
		await simulator.waitFor(() => new Set(looks().map(({ jobId }) => jobId)).size === jobs);

		const ended = stop();
		await simulator.waitFor(
			({ count: of }) => simulator.ledger.count('CANCELLED') === jobs && !!of,
		);
		expect(elapsed()).toBeLessThan(WITHIN_MS);
		await ended;
		expect(simulator.ledger.countByStatus()).toEqual({ CANCELLED: jobs });
		expect(count('cancel')).toHaveLength(jobs);
	});

	test('a synchronous job that Runpod has answered IN_PROGRESS', async () => {
		simulator.hold('finish');
		const { stop, elapsed } = start({ options: { syncWait: 1, pollInterval: 1 } });
		await simulator.waitFor(() => looks().length > 0);

		const ended = stop();
		await simulator.waitFor(() => simulator.ledger.count('CANCELLED') === 1);
		expect(elapsed()).toBeLessThan(WITHIN_MS);
		await ended;
	});

	test('a job whose /run is in flight at the stop', async () => {
		simulator.hold('finish');
		simulator.faults.add({ operation: 'run', kind: 'delay', ms: 200 });
		const { stop, elapsed } = start({ options: ASYNC });
		await simulator.waitFor(() => count('run').length === 1);
		expect(simulator.ledger.jobs).toHaveLength(0);

		const ended = stop();
		await simulator.waitFor(() => simulator.ledger.count('CANCELLED') === 1);
		expect(elapsed()).toBeLessThan(WITHIN_MS);
		await ended;
	});

	test('60 /run in flight: never more than 20 cancels at once', async () => {
		simulator.hold('finish');
		simulator.faults.add({ operation: 'run', kind: 'delay', ms: LATER_MS, times: 60 });
		simulator.faults.add({ operation: 'cancel', kind: 'delay', ms: 100, times: 60 });
		const { stop, elapsed } = start({
			prompts: shots(60),
			options: { ...ASYNC, concurrency: 60 },
		});
		await simulator.waitFor(() => count('run').length === 60);
		let most = 0;
		simulator.subscribe(() => {
			const open = count('cancel').filter(({ answeredAt }) => answeredAt === undefined);
			most = Math.max(most, open.length);
		});

		const ended = stop();
		simulator.advance(LATER_MS);
		await simulator.waitFor(() => simulator.ledger.count('CANCELLED') === 60);
		expect(elapsed()).toBeLessThan(WITHIN_MS);
		await ended;
		expect(most).toBe(20);
		expect(count('cancel').map(({ status }) => status)).toEqual(Array(60).fill(200));
	});

	test('a job that an earlier try left behind, when the stop comes between two tries', async () => {
		simulator.hold('finish');
		const { stop, elapsed } = start({
			options: { ...ASYNC, timeout: 1 },
			settings: { ...RETRY, waitBetweenTries: 1000 },
		});
		// The poll at the timeout ends the first try.
		await simulator.waitFor(() => looks().filter((poll) => poll.answeredAt).length === 2);

		const ended = stop();
		await simulator.waitFor(() => simulator.ledger.count('CANCELLED') === 1);
		expect(elapsed()).toBeLessThan(WITHIN_MS);
		await ended;
	});

	test('a job whose next status check Runpod has put off for 20 s', async () => {
		simulator.hold('finish');
		for (const rule of PUT_OFF_LOOKS) simulator.faults.add(rule);
		const { stop, elapsed } = start({ options: ASYNC });
		await simulator.waitFor(() => looks().some(({ answeredAt }) => answeredAt));

		const ended = stop();
		await simulator.waitFor(() => simulator.ledger.count('CANCELLED') === 1);
		await ended;
		expect(elapsed()).toBeLessThan(WITHIN_MS);
		expect(looks()).toHaveLength(1);
	});

	test('running jobs beside a submission that waits to be repeated, which is not', async () => {
		simulator.hold('finish');
		simulator.faults.add({
			operation: 'run',
			kind: 'status',
			status: 503,
			headers: { 'retry-after': '30' },
			match: { prompt: 'shot 3.' },
		});
		const { stop, elapsed } = start({ prompts: shots(4), options: ASYNC });
		await simulator.waitFor(
			() =>
				new Set(looks().map(({ jobId }) => jobId)).size === 3 &&
				count('run').length === 4 &&
				count('run').every(({ answeredAt }) => answeredAt),
		);

		await stop();
		expect(elapsed()).toBeLessThan(WITHIN_MS);
		expect(simulator.ledger.countByStatus()).toEqual({ CANCELLED: 3 });
		expect(submissions(simulator)).toHaveLength(4);
	});

	test('running jobs beside a download', async () => {
		simulator.hold('finish');
		const isFirst = { prompt: 'shot 0.' };
		simulator.faults.add({ operation: 'run', kind: 'status', status: 503, match: isFirst });
		const { stop, elapsed } = start({
			prompts: shots(4),
			parameters: { download: true },
			options: ASYNC,
		});
		await simulator.waitFor(() => new Set(looks().map(({ jobId }) => jobId)).size === 4);
		simulator.release();
		simulator.hold('finish');
		simulator.faults.add({ operation: 'video', kind: 'hang', times: Infinity });
		await simulator.waitFor(() => count('video').length > 0);
		const open = () => simulator.ledger.count('IN_PROGRESS') + simulator.ledger.count('IN_QUEUE');

		await stop();
		expect(elapsed()).toBeLessThan(WITHIN_MS);
		expect(open()).toBe(0);
		await simulator.waitFor(() => underway().length === 0);
	});

	test.each([
		{ name: '/run of Job > Submit', operation: 'submit' },
		{ name: '/retry of Job > Retry', operation: 'retry' },
	])('20 jobs whose $name is in flight at the stop', async ({ operation }) => {
		const ids = await failedJobs(operation === 'retry' ? 20 : 0);
		simulator.hold('finish');
		const path = operation === 'retry' ? 'retry' : 'run';
		simulator.faults.add({
			operation: path,
			kind: 'trickle',
			bytes: 10,
			intervalMs: 50,
			times: 20,
		});
		const { stop, elapsed, errors } = start({
			items: (ids.length > 0 ? ids : shots(20)).map((text) => ({ json: { prompt: text } })),
			parameters: { resource: 'job', operation, jobId: '={{ $json.prompt }}' },
			options: { concurrency: 20 },
		});
		// All are accepted, none has been answered in full.
		await simulator.waitFor(() => simulator.ledger.count('IN_PROGRESS') === 20);

		const ended = stop();
		await simulator.waitFor(() => simulator.ledger.count('CANCELLED') === 20);
		expect(elapsed()).toBeLessThan(WITHIN_MS);
		await ended;
		for (const { id } of simulator.ledger.jobs) expect(errors().join()).toContain(id);
	});

	test('jobs that Job > Submit has submitted, and those whose /run is answered later', async () => {
		simulator.hold('finish');
		const times = Infinity;
		simulator.faults.add({ operation: 'run', kind: 'delay', ms: LATER_MS, skip: 25, times });
		const { stop, elapsed } = start({
			prompts: shots(100),
			parameters: { resource: 'job', operation: 'submit' },
			options: { concurrency: 25 },
		});
		await simulator.waitFor(() => count('run').length === 50);

		const ended = stop();
		simulator.advance(LATER_MS);
		await ended;
		expect(elapsed()).toBeLessThan(WITHIN_MS);
		expect(simulator.ledger.countByStatus()).toEqual({ CANCELLED: 50 });
		expect(submissions(simulator)).toHaveLength(50);
	});

	test.each<[string, FaultRule[]]>([
		[
			'fails',
			[
				{ operation: 'cancel', kind: 'reset' },
				{ operation: 'cancel', kind: 'status', status: 503 },
			],
		],
		[
			'does not find the job, which is new',
			[{ operation: 'cancel', kind: 'status', status: 404, body: { error: 'job not found' } }],
		],
	])('also where the first /cancel %s', async (_, faults) => {
		simulator.hold('finish');
		for (const fault of faults) simulator.faults.add(fault);
		const { stop, elapsed } = start({ options: ASYNC });
		await simulator.waitFor(() => looks().length > 0);

		const ended = stop();
		await simulator.waitFor(() => simulator.ledger.count('CANCELLED') === 1);
		expect(elapsed()).toBeLessThan(WITHIN_MS);
		await ended;
	});
});

describe('after a stop', () => {
	test('no waiting item is submitted', async () => {
		simulator.hold('finish');
		const { stop } = start({ prompts: shots(50), options: { ...ASYNC, concurrency: 2 } });
		await simulator.waitFor(() => looks().length >= 2);
		await stop();

		expect(submissions(simulator)).toHaveLength(2);
	});

	test('a video that is finished is named, and its job is left alone', async () => {
		// Polled, so that one more request shows that the first job's end has been read.
		simulator.options.statusSync = 405;
		simulator.options.executionTimeMs = ({ prompt }) => (prompt === 'shot 0.' ? 5 : 60_000);
		const { stop, errors } = start({ prompts: shots(2), options: { ...ASYNC, concurrency: 2 } });
		const jobOf = (prompt: string) =>
			simulator.ledger.jobs.find(({ input }) => input.prompt === prompt);
		// In the profile `seen` a first answer says that the job is unknown.
		const polls = (prompt: string) =>
			count('status').filter(({ jobId, status }) => jobId === jobOf(prompt)?.id && status === 200);
		// The node has read the end of one: it asks for it no more, but for the other again and again.
		await simulator.waitFor(() => {
			const last = polls('shot 0.').at(-1)?.answeredAt ?? Infinity;
			const hasEnded = jobOf('shot 0.')?.status === 'COMPLETED';
			return hasEnded && polls('shot 1.').filter(({ at }) => at > last).length >= 3;
		}, 15_000);
		await stop();

		expect(count('cancel').map(({ jobId }) => jobId)).toEqual([jobOf('shot 1.')?.id]);
		expect(errors().join()).toContain(`Finished: item 0: ${jobOf('shot 0.')?.id}`);
		expect(errors().join()).toContain('Cancelled on Runpod: ');
	});

	test('a submission that Runpod refused for now is not repeated', async () => {
		const { stop } = start({ options: ASYNC });
		simulator.faults.add({
			operation: 'run',
			kind: 'status',
			status: 429,
			headers: { 'retry-after': '1' },
			times: Infinity,
		});
		await simulator.waitFor(() => count('run').some(({ answeredAt }) => answeredAt));
		await stop();

		expect(submissions(simulator)).toHaveLength(1);
		expect(simulator.ledger.jobs).toHaveLength(0);
	});

	test('Retry On Fail submits nothing again', async () => {
		simulator.hold('finish');
		const { stop } = start({ prompts: shots(3), options: ASYNC, settings: RETRY });
		await simulator.waitFor(() => new Set(looks().map(({ jobId }) => jobId)).size === 3);
		await stop();

		expect(submissions(simulator)).toHaveLength(3);
		expect(simulator.ledger.countByStatus()).toEqual({ CANCELLED: 3 });
	});

	test.each<{ name: string; seen: () => unknown[]; faults?: FaultRule[]; polls?: true } & Batch>([
		{ name: 'polled jobs', options: { ...ASYNC, pollInterval: 30 }, seen: looks, polls: true },
		{ name: 'jobs that are waited for', options: ASYNC, seen: looks },
		{ name: 'synchronous jobs', options: {}, seen: () => count('runsync') },
		{
			name: 'submissions put off',
			options: ASYNC,
			seen: () => count('run'),
			faults: [putOff('run')],
		},
		{ name: 'looks put off', options: ASYNC, seen: looks, faults: PUT_OFF_LOOKS },
		{
			name: 'downloads',
			parameters: { download: true },
			options: ASYNC,
			seen: () => count('video'),
			faults: [{ operation: 'video', kind: 'hang', times: Infinity }],
		},
	])('no timer and no request is left behind by $name', async (row) => {
		const { name, seen, faults = [], polls, ...batch } = row;
		if (polls) simulator.options.statusSync = 405;
		// The first look comes at once, so that the stop falls into the pause after it.
		const chance = jest.spyOn(Math, 'random').mockReturnValue(0);
		for (const rule of faults) simulator.faults.add(rule);
		if (name !== 'downloads') simulator.hold('finish');
		const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout');
		// Jest's and the simulator's own; the simulator's clock may get its one timer later.
		const most = timers().length + 1;
		const { stop } = start({ prompts: shots(5), ...batch });
		await simulator.waitFor(() => seen().length >= 5);
		chance.mockRestore();
		await stop();

		await simulator.waitFor(() => underway().length === 0);
		const sent = simulator.requests.length;
		simulator.reset();
		// Sockets that are just closing still have theirs; a poll or a time limit would keep one for seconds.
		const deadline = performance.now() + 2_000;
		while (timers().length > most && performance.now() < deadline) await nextTurn();
		expect(timers().length).toBeLessThanOrEqual(most);
		// A poll that had been left behind would be due by then, and would be seen.
		expect(simulator.requests).toHaveLength(0);
		expect(sent).toBeGreaterThanOrEqual(5);
	});

	test('a download ends', async () => {
		simulator.options.videoBytes = 1_000_000;
		simulator.faults.add({ operation: 'video', kind: 'trickle', bytes: 100, intervalMs: 10 });
		const { stop, elapsed } = start({ parameters: { download: true } });
		await simulator.waitFor(() => count('video').length === 1);
		await stop();

		expect(elapsed()).toBeLessThan(WITHIN_MS);
		await simulator.waitFor(() => underway().length === 0);
		simulator.options.videoBytes = 0;
	});
});

test.each([1, 3])('a stop says how many synchronous requests were open: %i', async (open) => {
	simulator.hold('finish');
	const { stop, errors } = start({ prompts: shots(open) });
	await simulator.waitFor(() => simulator.ledger.count('IN_PROGRESS') === open);
	await stop();

	expect(errors().join()).toContain(
		`${open} synchronous request${open === 1 ? ' was' : 's were'} still open`,
	);
	expect(count('cancel')).toHaveLength(0);
});

test('a stop does not count a request that Runpod had refused and that waits to be repeated', async () => {
	simulator.faults.add(putOff('run'));
	const { stop, errors } = start({ options: ASYNC });
	await simulator.waitFor(() => count('run').some(({ answeredAt }) => answeredAt));
	await stop();

	expect(errors().join()).toContain('No job was running on Runpod');
});

test('a stop does not say that no job was running where one may be', async () => {
	simulator.faults.add({ operation: 'run', kind: 'status', status: 500 });
	simulator.faults.add(putOff('run'));
	const { stop, errors } = start({
		prompts: shots(2),
		options: { ...ASYNC, concurrency: 1 },
		settings: { onError: 'continueRegularOutput' },
	});
	await simulator.waitFor(() => count('run').filter(({ answeredAt }) => answeredAt).length === 2);
	await stop();

	expect(errors().join()).toContain('the job may be running');
	expect(errors().join()).not.toContain('No job was running');
});

describe('with Retry On Fail, which tries again even after a stop', () => {
	test('every job is cancelled once, and each error says so', async () => {
		simulator.hold('finish');
		const seen = () => new Set(looks().map(({ jobId }) => jobId)).size === 2;
		const { stop, errors } = start({ prompts: shots(2), options: ASYNC, settings: RETRY });
		await simulator.waitFor(seen);
		await stop();

		expect(count('cancel').map(({ status }) => status)).toEqual([200, 200]);
		expect(errors().length).toBeGreaterThan(0);
		for (const error of errors()) {
			expect(error).toContain('Cancelled on Runpod: ');
			for (const { id } of simulator.ledger.jobs) expect(error).toContain(id);
		}
	});

	test('in a later try the running jobs are cancelled, and finished ones are left alone', async () => {
		simulator.options.executionTimeMs = ({ prompt }) => (prompt === 'shot 0.' ? 5 : 60_000);
		const { stop, errors } = start({
			prompts: shots(2),
			options: { ...ASYNC, timeout: 1 },
			// On a busy machine the third look may come in the third try: there must be one more.
			settings: { ...RETRY, maxTries: 5 },
		});
		const [finished, running] = ['shot 0.', 'shot 1.'].map((prompt) => () => {
			return simulator.ledger.jobs.find(({ input }) => input.prompt === prompt);
		});
		// The first try gives up on the other job after a second.
		await simulator.waitFor(
			() => looks().filter(({ jobId }) => jobId === running?.()?.id).length > 2,
			15_000,
		);
		await stop();

		expect(submissions(simulator)).toHaveLength(2);
		expect(finished?.()?.status).toBe('COMPLETED');
		expect(count('cancel').map(({ jobId }) => jobId)).toEqual([running?.()?.id]);
		for (const error of errors()) expect(error).toContain(finished?.()?.id);
	});

	test('a job whose item now makes a different request is cancelled too', async () => {
		simulator.hold('finish');
		const json = { prompt: 'at nine' };
		const unsubscribe = simulator.subscribe(({ kind }) => {
			if (kind === 'job') json.prompt = 'at ten';
		});
		simulator.faults.add({ operation: 'cancel', kind: 'delay', ms: 300 });
		const options = { ...ASYNC, timeout: 1, pollInterval: 1 };
		const { stop } = start({ items: [{ json }], options, settings: RETRY });
		await simulator.waitFor(() => count('cancel').length > 0);
		await stop();
		unsubscribe();

		expect(simulator.ledger.count('IN_PROGRESS')).toBe(0);
		const [first] = simulator.ledger.jobs;
		expect(first?.status).toBe('CANCELLED');
		expect(count('cancel').filter(({ jobId }) => jobId === first?.id)).toHaveLength(1);
	});
});

test('the error after a stop does not show a key that is part of an address', async () => {
	const server = createServer((_request, response) => {
		response.writeHead(200, { 'content-type': 'video/mp4' }).write('x');
	}).listen(0, '127.0.0.1');
	await once(server, 'listening');
	const { port } = server.address() as AddressInfo;
	const video_url = `http://127.0.0.1:${port}/a.mp4?token=${simulator.apiKey}`;
	simulator.faults.add({ operation: 'runsync', kind: 'job', output: { video_url, cost: 0.1 } });
	const isAskedForVideo = once(server, 'request');
	const { stop, errors } = start({ parameters: { download: true } });
	await isAskedForVideo;
	await stop();
	server.closeAllConnections();
	server.close();

	const texts = errors().join();
	expect(texts).toContain('/a.mp4?token=***');
	expect(texts).not.toContain(simulator.apiKey);
});

test('jobs that Runpod would not cancel are named as such, those that it did are not', async () => {
	simulator.hold('finish');
	simulator.faults.add({
		operation: 'cancel',
		kind: 'status',
		status: 403,
		match: { prompt: 'shot 1.' },
		times: Infinity,
	});
	const { stop, errors } = start({ prompts: shots(2), options: ASYNC });
	await simulator.waitFor(() => new Set(looks().map(({ jobId }) => jobId)).size === 2);
	await stop();

	const [running] = simulator.ledger.jobs.filter(({ status }) => status === 'IN_PROGRESS');
	const [error = ''] = errors();
	expect(error).toContain(`These jobs could not be cancelled on Runpod: ${running?.id}.`);
	const [cancelled] = simulator.ledger.jobs.filter(({ status }) => status === 'CANCELLED');
	expect(error).toContain(`Cancelled on Runpod: ${cancelled?.id}.`);
});

test("without 'Cancel on Stop' nothing is cancelled", async () => {
	simulator.hold('finish');
	const { stop, errors } = start({
		prompts: shots(3),
		options: { ...ASYNC, cancelOnStop: false },
	});
	await simulator.waitFor(() => new Set(looks().map(({ jobId }) => jobId)).size === 3);
	await stop();

	expect(errors().join()).toContain("'Cancel on Stop' is off, so these jobs keep running");
	for (const { id } of simulator.ledger.jobs) expect(errors().join()).toContain(id);
	expect(count('cancel')).toHaveLength(0);
	expect(simulator.ledger.countByStatus()).toEqual({ IN_PROGRESS: 3 });
});

function gate(): { opened: Promise<void>; open: () => void } {
	let open = () => {};
	const opened = new Promise<void>((resolve) => (open = resolve));
	return { opened, open };
}

test.each<[string, Batch]>([
	['Video > Generate', { options: ASYNC }],
	['Job > Submit', { parameters: { resource: 'job', operation: 'submit' } }],
])(
	'%s: an execution that ends by itself cancels nothing, whatever is stopped later',
	async (_, batch) => {
		const isSubmitted = batch.parameters?.operation === 'submit';
		if (isSubmitted) simulator.hold('finish');
		// The execution is stopped in the node after this one.
		const [isNext, isOver] = [gate(), gate()];
		const next: INodeType = {
			description: simpleDescription('next'),
			execute: async () => {
				isNext.open();
				await isOver.opened;
				return [[]];
			},
		};
		const to = (name: string) => ({ main: [[{ node: name, type: 'main' as const, index: 0 }]] });
		const stop = new AbortController();
		const execution = generate(simulator, {
			...batch,
			stop: stop.signal,
			extra: {
				nodes: [node('Next', 'next')],
				types: { next },
				connections: { Source: to(NODE_NAME), [NODE_NAME]: to('Next') },
			},
		});
		await isNext.opened;
		stop.abort();
		isOver.open();
		await execution;
		// A request that had been sent would come before this one, which takes the same way.
		await generate(simulator, { parameters: { resource: 'endpoint', operation: 'getHealth' } });

		expect(count('cancel')).toHaveLength(0);
		expect(simulator.ledger.countByStatus()).toEqual({
			[isSubmitted ? 'IN_PROGRESS' : 'COMPLETED']: 1,
		});
	},
);

test('the log line about a job that was not cancelled does not show a key that came back', async () => {
	const lines: string[] = [];
	const log = jest.spyOn(engineLogger(), 'log').mockImplementation((...line: unknown[]) => {
		lines.push(inspect(line, { depth: 9 }));
	});
	simulator.hold('finish');
	const body = { error: `not with ${simulator.apiKey}` };
	simulator.faults.add({ operation: 'cancel', kind: 'status', status: 422, body });
	const { stop } = start({ options: ASYNC });
	await simulator.waitFor(() => looks().length > 0);
	await stop();
	log.mockRestore();

	expect(lines.join()).toContain('could not be cancelled');
	expect(lines.join()).toContain('not with ***');
	expect(lines.join()).not.toContain(simulator.apiKey);
});
