/**
 * Properties that hold whatever users write into fields, whatever a server answers, and whatever goes wrong on the way.
 *
 * `PROPERTY_RUNS` says how many cases there are in all (CI: 10 000); on a failure fast-check prints the seed and the
 * smallest case that fails, and `PROPERTY_SEED` begins from there.
 */
import { inspect } from 'node:util';
import fc from 'fast-check';
import type { IDataObject, INode, INodeExecutionData } from 'n8n-workflow';
import type * as Time from '../../nodes/PrunaVideo/runpod/time';
import type { FaultRule, JobRecord } from '../tools/simulator';
import {
	API_KEY,
	faultsOf,
	fieldValues,
	hostileHeaders,
	serverBody,
	serverStatus,
	scenario,
	type Scenario,
} from './arbitraries';
import {
	CONTINUE,
	credentialsOf,
	engineLogger,
	generate,
	shots,
	simulator,
	useSimulator,
	WatchedNode,
} from './batch';
import { runNode, type EngineResult } from './engine';
import { FOUND } from './properties.found';
import { startScripted, type Scripted } from './scripted';

const RUNS = Number(process.env.PROPERTY_RUNS ?? 600);
/** Items per execution of the first properties: each is a case of its own. */
const TOGETHER = 20;
/**
 * Scenarios that are played at the same time, since most of their time is waiting; not more, or a busy machine does
 * not answer within a request's time limit, and an item is uncertain that should not be.
 */
const SCENARIOS_AT_ONCE = 32;
const parameters = (share: number) => ({
	numRuns: Math.ceil(RUNS * share),
	interruptAfterTimeLimit: SEARCH_MS,
	markInterruptAsFailure: true,
	...(process.env.PROPERTY_SEED && { seed: Number(process.env.PROPERTY_SEED) }),
});
const mockTurnMs = 50;
/** How many times as fast as in life pauses pass, and Runpod's time. */
const mockHurry = 100;
// 10 000 cases take minutes.
jest.setTimeout(20 * 60_000);
/** Looking for the smallest case that fails ends after this time, in ms: the failure is reported all the same. */
const SEARCH_MS = 12 * 60_000;

const NONE = { requests: 1e9, concurrent: 1e9 };
// Runpod's time passes as fast as the node's pauses do: its `wait` too, so that polling follows.
useSimulator({
	...{ apiKey: API_KEY, executionTimeMs: 3, timeScale: 1 / mockHurry },
	rateLimits: { runsync: NONE, run: NONE, status: NONE, cancel: NONE },
});
/** Another host, as far as addresses can tell. */
let stranger: Scripted;
const written: string[] = [];
const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown) => unhandled.push(reason);

beforeAll(async () => {
	stranger = await startScripted((_, response) => response.end());
	process.on('unhandledRejection', onUnhandled);
});
beforeEach(() => {
	// Every line at every level, before n8n decides what to do with it.
	jest.spyOn(engineLogger(), 'log').mockImplementation((...line: unknown[]) => {
		written.push(inspect(line, { depth: 9 }));
	});
});
afterAll(async () => {
	process.off('unhandledRejection', onUnhandled);
	await stranger.close();
});

/** The longest wait of an item, in ms: endless, unless a test says otherwise. */
let mockLongestWaitMs = Infinity;
/**
 * Pauses are hurried. A request's time limit stays long enough for a busy machine: where it ends a request
 * that nothing is wrong with, an item is uncertain that should not be.
 */
jest.mock('../../nodes/PrunaVideo/runpod/time', () => {
	const time = jest.requireActual<typeof Time>('../../nodes/PrunaVideo/runpod/time');
	const mocked: Partial<typeof Time> = {
		pause: async (ms, stop) => await time.pause(ms / mockHurry, stop),
		withTimeLimit: async (ms, stop, work) => {
			// Turns of the event loop, not time: a busy machine must not make a job uncertain that was answered.
			const limit = new AbortController();
			let turns = Math.min(ms, 1_500) / mockTurnMs;
			const turn = setInterval(() => --turns <= 0 && limit.abort(), mockTurnMs);
			const ended = AbortSignal.any([limit.signal, ...(stop ? [stop] : [])]);
			return await work(ended).finally(() => clearInterval(turn));
		},
		startDeadline: (ms) => time.startDeadline(Math.min(ms, mockLongestWaitMs)),
		deadlineFromUse: (ms) => time.deadlineFromUse(Math.min(ms, mockLongestWaitMs)),
	};
	return { ...time, ...mocked };
});

/** What is refused for good is waited out for a minute and more. */
function hurryDeadlines(): void {
	beforeEach(() => (mockLongestWaitMs = 500));
	afterEach(() => (mockLongestWaitMs = Infinity));
}

/** One execution and what each of its tries has thrown. */
interface Watched extends EngineResult {
	thrown: readonly Error[];
}

async function watched(run: (type: WatchedNode) => Promise<EngineResult>): Promise<Watched> {
	const type = new WatchedNode();
	const result = await run(type);
	await Promise.all(type.runs);
	return { ...result, thrown: type.errors };
}

/** The beginning and the end of the key: a text that is cut within it still gives most of it away. */
const KEY_PARTS = [API_KEY.slice(0, 10), API_KEY.slice(-10)];

/** What holds for every run: nothing was thrown past n8n, and the key is nowhere to be seen. */
function expectSane(executions: readonly Watched[], { hasKey = true } = {}): void {
	expect(unhandled.splice(0)).toEqual([]);
	const log = written.splice(0).join('\n');
	expect(log).toContain('Workflow execution');
	const texts = hasKey ? [log, ...executions.flatMap(everythingOf)] : [];
	for (const part of KEY_PARTS) {
		expect(texts.flatMap((text) => around(part, text))).toEqual([]);
	}
}

/** Where in a text a part of it stands, short enough to read. */
function around(part: string, text: string): string[] {
	const at = text.indexOf(part);
	return at < 0 ? [] : [text.slice(Math.max(0, at - 200), at + 100)];
}

/** All that an execution leaves behind, errors with their stacks, causes and contexts, as people and as n8n read it. */
function everythingOf({ items, errorItems, error, hints, context, thrown }: Watched): string[] {
	const errors = [error, ...thrown, ...[...items, ...errorItems].map((item) => item.error)];
	return [
		...[items, errorItems, hints, context, errors].map((part) =>
			inspect(part, { depth: 20, showHidden: true, maxStringLength: null, maxArrayLength: null }),
		),
		...errors.map((each) => JSON.stringify(each) ?? ''),
	];
}

/** Every input item has given an output item with a result or an error, or there is an error that says which it is. */
function expectAnswers({ items, errorItems, error }: EngineResult, count: number): void {
	if (error !== undefined) {
		expect(error.name).toMatch(/^Node(Api|Operation)Error$/);
		expect(error.message).not.toBe('');
		expect(error.context?.itemIndex).toEqual(expect.any(Number));
		return;
	}
	const outputs = [...items, ...errorItems].sort((a, b) => itemOf(a) - itemOf(b));
	expect(outputs.map(({ pairedItem }) => pairedItem)).toEqual(
		Array.from({ length: count }, (_, item) => ({ item })),
	);
	for (const { json } of outputs) {
		if (!hasResult(json)) expect(json.error).toMatch(/./);
		expect(JSON.stringify(json)).not.toContain('This is not expected');
	}
}

function itemOf({ pairedItem }: INodeExecutionData): number {
	return typeof pairedItem === 'object' && 'item' in pairedItem ? pairedItem.item : -1;
}

/** A job, a video whose job has no usable ID, a price, or the endpoint's health. */
function hasResult({ id, video_url: url, currency, workers }: IDataObject): boolean {
	const hasJob = [id, url].some((part) => typeof part === 'string' && part !== '');
	return hasJob || currency === 'USD' || workers !== undefined;
}

const OPERATIONS = [
	['video', 'generate'],
	['video', 'estimateCost'],
	['job', 'submit'],
	['job', 'get'],
	['job', 'cancel'],
	['job', 'retry'],
	['endpoint', 'getHealth'],
] as const;

/** Every field takes its value from the item, as with expressions in the editor. */
async function runFields(
	[resource, operation]: readonly [string, string],
	values: ReadonlyArray<Record<string, unknown>>,
	settings: Partial<INode>,
): Promise<Watched> {
	const names = Object.keys(values[0] ?? {});
	const fields = Object.fromEntries(names.map((name) => [name, `={{ $json.${name} }}`]));
	return await watched((type) =>
		runNode({
			parameters: { resource, operation, ...fields },
			items: values.map((json) => ({ json: json as IDataObject })),
			settings,
			credentials: credentialsOf(simulator),
			type,
		}),
	);
}

describe('any field values', () => {
	hurryDeadlines();

	test.each(OPERATIONS)('%s: %s', async (...operation) => {
		const batch = fc.array(fieldValues, { minLength: TOGETHER, maxLength: TOGETHER });
		await fc.assert(
			fc.asyncProperty(batch, async (values) => {
				simulator.reset();
				const result = await runFields(operation, values, CONTINUE);
				// Estimate Cost has no credential, so it cannot know a key.
				expectSane([result], { hasKey: operation[1] !== 'estimateCost' });
				expectAnswers(result, values.length);
			}),
			parameters(0.06 / TOGETHER),
		);
	});

	test('one item, thrown', async () => {
		await fc.assert(
			fc.asyncProperty(fieldValues, async (values) => {
				simulator.reset();
				const result = await runFields(OPERATIONS[0], [values], {});
				expectSane([result]);
				expectAnswers(result, 1);
			}),
			parameters(0.05),
		);
	});

	test('reach no prototype', () => {
		expect({}).not.toHaveProperty('polluted');
		expect({}).not.toHaveProperty('camera');
	});
});

describe.each([
	{
		what: 'any answer',
		fault: fc.record({ body: serverBody, status: serverStatus }).map(answered),
	},
	{ what: 'any headers', fault: hostileHeaders.map(sentAway) },
])('$what', ({ fault }) => {
	test.each(['runsync', 'run', 'status'] as const)('to %s', async (operation) => {
		const prompts = shots(TOGETHER);
		await fc.assert(
			fc.asyncProperty(
				fc.array(fault, { minLength: TOGETHER, maxLength: TOGETHER }),
				async (faults) => {
					simulator.reset();
					faults.forEach((each, index) => {
						const match = { prompt: prompts[index] };
						simulator.faults.add({ ...each(), operation, match } as FaultRule);
					});
					const executionMode = operation === 'runsync' ? 'sync' : 'async';
					const result = await watched((type) =>
						generate(simulator, {
							prompts,
							options: { executionMode, timeout: 1, concurrency: 20 },
							settings: CONTINUE,
							type,
						}),
					);
					expectSane([result]);
					expectAnswers(result, prompts.length);
					expect(stranger.requests).toEqual([]);
				},
			),
			parameters(0.04 / TOGETHER),
		);
	});

	describe('of one request', () => {
		hurryDeadlines();

		test.each([
			['job', 'get', 'status'],
			['job', 'cancel', 'cancel'],
			['job', 'retry', 'retry'],
			['job', 'submit', 'run'],
			['endpoint', 'getHealth', 'health'],
		] as const)('to %s: %s', async (resource, operation, request) => {
			await fc.assert(
				fc.asyncProperty(fault, async (each) => {
					simulator.reset();
					simulator.faults.add({ ...each(), operation: request } as FaultRule);
					const result = await watched((type) =>
						runNode({
							parameters: { resource, operation, jobId: 'job-1', prompt: 'A cat' },
							settings: CONTINUE,
							credentials: credentialsOf(simulator),
							type,
						}),
					);
					expectSane([result]);
					if (resource === 'job') expectAnswers(result, 1);
					expect(stranger.requests).toEqual([]);
				}),
				parameters(0.01),
			);
		});
	});
});

function answered(answer: { body: string; status: number }): () => object {
	return () => ({ kind: 'body', ...answer });
}

/** The other host's address is known only when the tests run. */
function sentAway({
	headers,
	...rest
}: typeof hostileHeaders extends fc.Arbitrary<infer T> ? T : never) {
	return () => {
		const { location } = headers;
		const isElsewhere = location === '<stranger>';
		return {
			...{ kind: 'status', ...rest },
			headers: { ...headers, ...(isElsewhere && { location: stranger.credentials.baseUrl }) },
		};
	};
}

let scenarios = 0;

/** Plays scenarios at the same time and says what is wrong with their ends. */
async function play(batches: readonly Scenario[]): Promise<string[]> {
	simulator.reset();
	const ends = await Promise.all(batches.map(playOne));
	expectSane(ends.map(({ result }) => result));
	return ends.flatMap(({ wrong }) => wrong);
}

async function playOne(batch: Scenario): Promise<{ result: Watched; wrong: string[] }> {
	const { items, operation, download, executionMode, concurrency, settings, stopAfter } = batch;
	const { resubmitUncertain = false, cancelOnTimeout = false } = batch;
	// A request that was given up on a busy machine can still reach the simulator when another scenario is played.
	const title = `scenario ${++scenarios}`;
	const prompts = items.map((_, index) => `${title} shot ${index}.`);
	for (const rule of faultsOf(batch, prompts)) simulator.faults.add(rule);
	const stop = new AbortController();
	const timer = stopAfter === undefined ? undefined : setTimeout(() => stop.abort(), stopAfter);
	const result = await watched((type) =>
		generate(simulator, {
			prompts,
			parameters: { ...(operation === 'submit' && { resource: 'job', operation }), download },
			options: {
				...{ executionMode, concurrency, timeout: 2 },
				...(operation === 'generate' && { cancelOnTimeout }),
				resubmitUncertain,
			},
			settings: { ...settings, maxTries: 3, waitBetweenTries: 1 } as Partial<INode>,
			type,
			...(stopAfter !== undefined && { stop: stop.signal }),
		}),
	);
	clearTimeout(timer);
	const jobs = simulator.ledger.jobs.filter(({ input }) => prompts.includes(String(input.prompt)));
	await simulator.waitFor(() => jobs.every(isOver));
	if (!wasStopped(result)) expectAnswers(result, items.length);
	const wrong = [...billedTwice(jobs, batch, prompts), ...lost(jobs, batch, prompts, result)];
	return { result, wrong: wrong.map((what) => `${what} in ${JSON.stringify(batch)}`) };
}

const FREE = ['FAILED', 'TIMED_OUT', 'CANCELLED'];
const isOver = ({ status }: JobRecord) => status === 'COMPLETED' || FREE.includes(status);

/**
 * Each item is billed once. With 'Resubmit Uncertain Jobs' another job may follow in each later try, but only where
 * nobody knew of the one before, or not any more.
 */
function billedTwice(
	jobs: readonly JobRecord[],
	{ items, resubmitUncertain, settings }: Scenario,
	prompts: readonly string[],
): string[] {
	return prompts.flatMap((prompt, index) => {
		const billed = jobs.filter(({ price, input }) => price > 0 && input.prompt === prompt).length;
		const { submission = [], status = [] } = items[index] ?? {};
		const uncertain =
			submission.filter(({ kind }) => kind !== 'job').length +
			status.filter(({ kind }) => kind === 'forget').length;
		const laterTries = settings.retryOnFail ? 2 : 0;
		const most = resubmitUncertain ? 1 + Math.min(uncertain, laterTries) : 1;
		return billed > most ? [`${prompt} was billed ${billed} times, at most ${most} allowed`] : [];
	});
}

/** Billed jobs of which their own item says nothing. */
function lost(
	jobs: readonly JobRecord[],
	{ items, resubmitUncertain }: Scenario,
	prompts: readonly string[],
	result: Watched,
): string[] {
	const isStopped = wasStopped(result);
	return jobs.flatMap(({ id, price, input }) => {
		const index = prompts.indexOf(String(input.prompt));
		const text = textOf(index, result);
		// Of a job whose acceptance was never reported no ID can be known; what is stopped may not even know of the job.
		const isHidden =
			/may (still )?be running/.test(text) ||
			// Another has been made in its place, as the user wanted.
			(resubmitUncertain && jobs.findLast((job) => job.input.prompt === input.prompt)?.id !== id) ||
			(isStopped && items[index]?.submission.some(({ kind }) => kind !== 'job'));
		return price === 0 || text.includes(id) || isHidden
			? []
			: [`${String(input.prompt)} ${id} is lost: ${text}`];
	});
}

function wasStopped({ run, error }: Watched): boolean {
	return (
		run.status === 'canceled' || error?.message.startsWith('The execution was stopped') === true
	);
}

/** What is said about one item: its output, its error, or its part in the error that ended the run. */
function textOf(index: number, { items, errorItems, error, thrown, run }: Watched): string {
	// A stopped execution ends before the node has.
	const last = run.status === 'canceled' ? (thrown.at(-1) as EngineResult['error']) : error;
	if (last === undefined) {
		return [...items, ...errorItems]
			.filter((item) => itemOf(item) === index)
			.map(({ json, error: own }) => `${JSON.stringify(json)} ${own?.description ?? ''}`)
			.join();
	}
	const [first, ...others] = (last.description ?? '').split(/(?=\bitem \d+: )/);
	const own = others.filter((part) => part.startsWith(`item ${index}: `));
	// After a stop the jobs that were running are named together.
	const isAboutAll = last.message.startsWith('The execution was stopped');
	if (isAboutAll || last.context?.itemIndex === index) own.push(last.message, first ?? '');
	return own.join(' ');
}

describe('any faults', () => {
	test('no billed job is lost, and no item is billed twice', async () => {
		const [minLength, maxLength] = [SCENARIOS_AT_ONCE / 2, SCENARIOS_AT_ONCE];
		const scenarios = fc.array(scenario, { minLength, maxLength, size: 'max' });
		await fc.assert(
			fc.asyncProperty(scenarios, async (batches) => {
				expect(await play(batches)).toEqual([]);
			}),
			parameters(0.1 / (0.75 * SCENARIOS_AT_ONCE)),
		);
	});

	test.each(FOUND)('found once: $name', async ({ batch }) => {
		expect(await play([batch])).toEqual([]);
	});
});
