/**
 * Properties that hold whatever users write into fields, whatever a server answers, and whatever goes wrong on the way.
 *
 * `PROPERTY_RUNS` says how many cases there are in all (CI: 10 000); on a failure fast-check prints the seed and the
 * smallest case that fails, and `PROPERTY_SEED` begins from there.
 */
import { createRequire } from 'node:module';
import { inspect } from 'node:util';
import fc from 'fast-check';
import type { IDataObject, INode } from 'n8n-workflow';
import { startSimulator, type JobRecord, type Simulator } from '../simulator';
import {
	faultsOf,
	fieldValues,
	serverBody,
	serverStatus,
	story,
	type StoryBatch,
} from './arbitraries';
import { CONTINUE, credentialsOf, generate, shots, shown, WatchedNode } from './batch';
import { runNode, type EngineResult } from './engine';
import { hurry } from './hurry';
import { FOUND } from './properties.found';

const RUNS = Number(process.env.PROPERTY_RUNS ?? 600);
/** Items per execution of the first two properties: each is a case of its own. */
const TOGETHER = 20;
const parameters = (share: number) => ({
	numRuns: Math.ceil(RUNS * share),
	...(process.env.PROPERTY_SEED && { seed: Number(process.env.PROPERTY_SEED) }),
});
/** 10 000 cases take minutes. */
const LONG = 20 * 60_000;

let simulator: Simulator;
const written: string[] = [];
const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown) => unhandled.push(reason);

beforeAll(async () => {
	simulator = await startSimulator({ executionTimeMs: 3 });
	process.on('unhandledRejection', onUnhandled);
});
beforeEach(() => {
	// Every line at every level, before n8n decides what to do with it. `hurry` takes all spies back after each test.
	jest.spyOn(engineLogger(), 'log').mockImplementation((...line: unknown[]) => {
		written.push(inspect(line, { depth: 9 }));
	});
	simulator.reset();
	simulator.options.rateLimits = Object.fromEntries(
		['runsync', 'run', 'status', 'cancel'].map((name) => [
			name,
			{ requests: 1e9, concurrent: 1e9 },
		]),
	) as never;
});
afterAll(async () => {
	process.off('unhandledRejection', onUnhandled);
	await simulator.close();
});
hurry(100);

/** What all log lines of n8n's engine pass through. */
function engineLogger(): { log(...line: unknown[]): void } {
	const common = createRequire(require.resolve('n8n-core')).resolve('@n8n/backend-common');
	return jest.requireActual(common).Logger.prototype;
}

/** What holds for every run: nothing was thrown past n8n, and the key is nowhere to be seen. */
function expectSane(result: EngineResult): void {
	expect(unhandled.splice(0)).toEqual([]);
	expect(shown(result)).not.toContain(simulator.apiKey);
	const log = written.splice(0).join('\n');
	expect(log).toContain('Workflow execution');
	expect(log).not.toContain(simulator.apiKey);
}

/** Every input item has given an output item or a proper error that says which it is. */
function expectAnswers(result: EngineResult, count: number): void {
	const { items, error } = result;
	if (error !== undefined) {
		expect(error.name).toMatch(/^Node(Api|Operation)Error$/);
		expect(error.message).not.toBe('');
		expect(error.context?.itemIndex).toEqual(expect.any(Number));
		return;
	}
	expect(items.map(({ pairedItem }) => pairedItem)).toEqual(
		Array.from({ length: count }, (_, item) => ({ item })),
	);
	for (const { json } of items) {
		if (!('id' in json)) expect(json.error).not.toBe('');
		expect(JSON.stringify(json)).not.toContain('This is not expected');
	}
}

const OPERATIONS = [
	['video', 'generate'],
	['video', 'estimateCost'],
	['job', 'submit'],
	['job', 'get'],
] as const;

/** Every field takes its value from the item, as with expressions in the editor. */
async function runFields(
	[resource, operation]: readonly [string, string],
	values: ReadonlyArray<Record<string, unknown>>,
	settings: Partial<INode>,
): Promise<EngineResult> {
	const names = Object.keys(values[0] ?? {});
	const fields = Object.fromEntries(names.map((name) => [name, `={{ $json.${name} }}`]));
	return await runNode({
		parameters: { resource, operation, ...fields },
		items: values.map((json) => ({ json: json as IDataObject })),
		settings,
		credentials: credentialsOf(simulator),
	});
}

describe('any field values', () => {
	test.each(OPERATIONS)(
		'%s: %s',
		async (...operation) => {
			const batch = fc.array(fieldValues, { minLength: TOGETHER, maxLength: TOGETHER });
			await fc.assert(
				fc.asyncProperty(batch, async (values) => {
					simulator.reset();
					const result = await runFields(operation, values, CONTINUE);
					expectSane(result);
					expectAnswers(result, values.length);
				}),
				parameters(0.1 / TOGETHER),
			);
		},
		LONG,
	);

	test(
		'one item, thrown',
		async () => {
			await fc.assert(
				fc.asyncProperty(fieldValues, async (values) => {
					simulator.reset();
					const result = await runFields(OPERATIONS[0], [values], {});
					expectSane(result);
					expectAnswers(result, 1);
				}),
				parameters(0.05),
			);
		},
		LONG,
	);

	test('reach no prototype', () => {
		expect({}).not.toHaveProperty('polluted');
		expect({}).not.toHaveProperty('camera');
	});
});

describe('any answer', () => {
	const fault = fc.record({ body: serverBody, status: serverStatus });

	test.each(['runsync', 'run', 'status'] as const)(
		'to %s',
		async (operation) => {
			const prompts = shots(TOGETHER);
			await fc.assert(
				fc.asyncProperty(
					fc.array(fault, { minLength: TOGETHER, maxLength: TOGETHER }),
					async (faults) => {
						simulator.reset();
						faults.forEach(({ body, status }, index) => {
							const match = { prompt: prompts[index] };
							simulator.faults.add({ operation, kind: 'body', body, status, match });
						});
						const executionMode = operation === 'runsync' ? 'sync' : 'async';
						const result = await generate(simulator, {
							prompts,
							options: { executionMode, timeout: 1, concurrency: 20 },
							settings: CONTINUE,
						});
						expectSane(result);
						expectAnswers(result, prompts.length);
					},
				),
				parameters(0.07 / TOGETHER),
			);
		},
		LONG,
	);

	test.each([
		['get', 'status'],
		['cancel', 'cancel'],
		['retry', 'retry'],
		['submit', 'run'],
	] as const)(
		'to job: %s',
		async (operation, request) => {
			await fc.assert(
				fc.asyncProperty(fault, async ({ body, status }) => {
					simulator.reset();
					simulator.faults.add({ operation: request, kind: 'body', body, status });
					const result = await runNode({
						parameters: { resource: 'job', operation, jobId: 'job-1', prompt: 'A cat' },
						settings: CONTINUE,
						credentials: credentialsOf(simulator),
					});
					expectSane(result);
					expectAnswers(result, 1);
				}),
				parameters(0.01),
			);
		},
		LONG,
	);
});

let stories = 0;

/** Plays a story and says what is wrong with its end. */
async function play(batch: StoryBatch): Promise<string[]> {
	const { items, executionMode, concurrency, settings, stopAfter } = batch;
	simulator.reset();
	// A request that was given up on a busy machine can still reach the simulator when the next story has begun.
	const title = `story ${++stories}`;
	const prompts = items.map((_, index) => `${title} shot ${index}.`);
	for (const rule of faultsOf(batch, prompts)) simulator.faults.add(rule);
	const type = new WatchedNode();
	const stop = new AbortController();
	const timer = stopAfter === undefined ? undefined : setTimeout(() => stop.abort(), stopAfter);
	const result = await generate(simulator, {
		prompts,
		options: { executionMode, concurrency, syncWait: 1, timeout: 2, pollInterval: 1 },
		settings: { ...settings, maxTries: 3, waitBetweenTries: 1 } as Partial<INode>,
		type,
		...(stopAfter !== undefined && { stop: stop.signal }),
	});
	clearTimeout(timer);
	await Promise.all(type.runs);
	const jobs = simulator.ledger.jobs.filter(({ input }) => prompts.includes(String(input.prompt)));
	await simulator.waitFor(() => jobs.every(isOver));
	expectSane(result);
	return [...paidTwice(jobs), ...lost(jobs, batch, prompts, result)];
}

const FREE = ['FAILED', 'TIMED_OUT', 'CANCELLED'];
const isOver = ({ status }: JobRecord) => status === 'COMPLETED' || FREE.includes(status);

function paidTwice(jobs: readonly JobRecord[]): string[] {
	const paid = jobs.filter(({ price }) => price > 0).map(({ input }) => String(input.prompt));
	return paid
		.filter((prompt, index) => paid.indexOf(prompt) !== index)
		.map((prompt) => `${prompt} was paid twice`);
}

/** Paid jobs that nobody hears of. */
function lost(
	jobs: readonly JobRecord[],
	{ items, stopAfter }: StoryBatch,
	prompts: readonly string[],
	result: EngineResult,
): string[] {
	const text = shown(result);
	const isStopped = stopAfter !== undefined && result.run.status === 'canceled';
	const unnamed = jobs.filter(({ price, id }) => price > 0 && !text.includes(id));
	const untold = unnamed.filter(({ input }) => {
		const index = prompts.indexOf(String(input.prompt));
		// Of a job whose acceptance was not told no id can be known; what is stopped may not even know of the job.
		return isStopped && items[index]?.submission.some(({ kind }) => kind !== 'job');
	});
	// On a busy machine a request can also time out by itself: each such item says that a job may be running.
	const admitted = text.split('may be running').length - 1;
	return unnamed.length - untold.length <= admitted
		? []
		: unnamed.map(({ id, input }) => `${String(input.prompt)} ${id} is lost: ${text}`);
}

describe('any faults', () => {
	test(
		'no paid job is lost, and no item is paid twice',
		async () => {
			await fc.assert(
				fc.asyncProperty(story, async (batch) => {
					expect(await play(batch)).toEqual([]);
				}),
				parameters(0.3),
			);
		},
		LONG,
	);

	test.each(FOUND)('found once: $name', async ({ batch }) => {
		expect(await play(batch)).toEqual([]);
	});
});
