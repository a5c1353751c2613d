/** What an execution leaves in the node's context is found by its own next try, and by a retry of the execution. */
import type { IExecuteFunctions } from 'n8n-workflow';
import { jobOf, type Entry } from '../../../nodes/PrunaVideo/execution/entry';
import { Kept, type TryEnd } from '../../../nodes/PrunaVideo/execution/kept';
import type { JsonObject } from '../../../nodes/PrunaVideo/json';

const JOB = { id: 'job-1', endpointId: 'p-video' };
const RUNNING: Entry = {
	fingerprint: 'a cat',
	seed: 7,
	state: 'running',
	cost: 0.1,
	job: JOB,
	acceptedAt: 0,
};
const asItIs = (stored: JsonObject): JsonObject => stored;

interface Setup {
	node?: { retryOnFail?: boolean; maxTries?: number; type?: string };
	context?: Record<string, unknown>;
	executionId?: string;
	isTool?: boolean;
	json?: object;
}

/** The execution of a node, as its tries see it. */
function execution({
	node,
	context = {},
	executionId = '1',
	isTool = false,
	json = {},
}: Setup = {}) {
	const take = (runIndex = 0) =>
		Kept.take({
			getNode: () => ({ type: 'prunaVideo', retryOnFail: true, ...node }),
			getContext: () => context,
			getInputData: () => [{ json }],
			getExecutionId: () => executionId,
			evaluateExpression: () => runIndex,
			isToolExecution: () => isTool,
		} as unknown as IExecuteFunctions);
	const leave = (end: TryEnd, entry: Entry = RUNNING, runIndex = 0) =>
		take(runIndex).leave(end, new Map([[0, entry]]), [], asItIs);
	return { context, take, leave };
}

test.each([
	[0, 0, RUNNING],
	[0, 1, undefined],
	[1, 0, undefined],
	[7, 7, RUNNING],
])('what turn %i of a loop has kept, turn %i finds: %j', (first, second, found) => {
	const { take, leave } = execution();
	leave('thrown', RUNNING, first);

	expect(take(second).entries.get(0)).toEqual(found);
});

test('what was taken out is gone', () => {
	const { context, take, leave } = execution();
	leave('thrown');
	take();

	expect(context).toEqual({});
	expect(take().entries.size).toBe(0);
});

test.each<[TryEnd[], boolean]>([
	[['fine'], false],
	[['thrown'], true],
	// After the last try the user can still retry the execution.
	[['thrown', 'thrown', 'thrown'], true],
	[['thrown', 'fine'], false],
	// n8n repeats a run that returned an error at once, and counts it only afterwards.
	[['returnedError'], true],
	[['returnedError', 'returnedError'], true],
	[['returnedError', 'returnedError', 'returnedError'], false],
	[['thrown', 'returnedError'], true],
	[['thrown', 'returnedError', 'returnedError'], false],
	[['thrown', 'thrown', 'returnedError'], false],
])('of three tries that ended %j something is kept: %s', (ends, isKept) => {
	const { context, leave } = execution();
	for (const end of ends) leave(end);

	expect(context).toEqual(isKept ? { prunaVideo: { 0: [expect.anything()] } } : {});
});

test.each<[TryEnd, Setup, boolean]>([
	['thrown', { node: { retryOnFail: false } }, true],
	['returnedError', { node: { retryOnFail: false } }, false],
	['fine', { node: { retryOnFail: false } }, false],
	['returnedError', { node: { maxTries: 0 } }, true],
	['returnedError', { node: { maxTries: 9 } }, true],
	// n8n gives an agent what its tool returned, an error too, and does not try again.
	['returnedError', { isTool: true }, false],
	['thrown', { isTool: true }, true],
])('a try that ended %s, %j: kept: %s', (end, setup, isKept) => {
	const { context, leave } = execution(setup);
	leave(end);

	expect(Object.keys(context)).toEqual(isKept ? ['prunaVideo'] : []);
});

describe('a retry from the list of executions', () => {
	/** n8n hands the context on, as it was saved, to an execution with another ID. */
	const retried = (entry: Entry, ends: TryEnd[] = ['thrown', 'thrown', 'thrown']) => {
		const failed = execution();
		for (const end of ends) failed.leave(end, entry);
		return execution({ context: JSON.parse(JSON.stringify(failed.context)), executionId: '2' });
	};

	test.each<[string, Entry, Entry]>([
		['a running job', RUNNING, RUNNING],
		[
			'a cancelled job, which somebody wants after all',
			{ fingerprint: 'a cat', seed: 7, state: 'cancelled', job: JOB },
			{ fingerprint: 'a cat', seed: 7, state: 'failed', job: JOB, status: 'CANCELLED' },
		],
	])('finds %s', (_, entry, found) => {
		expect(retried(entry).take().entries.get(0)).toEqual(found);
	});

	test('has all its tries before it', () => {
		const { context, leave } = retried(RUNNING, ['thrown', 'thrown', 'thrown']);
		leave('returnedError');
		leave('returnedError');

		expect(Object.keys(context)).toEqual(['prunaVideo']);
		leave('returnedError');
		expect(context).toEqual({});
	});
});

test('a cancelled job stays final for the next try of the same execution', () => {
	const { take, leave } = execution();
	const entry: Entry = { fingerprint: 'a cat', state: 'cancelled', job: JOB };
	leave('thrown', entry);

	expect(take().entries.get(0)).toEqual(entry);
});

test('each of several identical calls of an agent finds what one of them kept', () => {
	const { take, context } = execution({ isTool: true, json: { prompt: 'a cat' } });
	const [first, second] = [take(), take()];
	first?.leave('thrown', new Map([[0, RUNNING]]), [], asItIs);
	second?.leave('thrown', new Map([[0, { ...RUNNING, job: { ...JOB, id: 'job-2' } }]]), [], asItIs);
	expect(execution({ context, isTool: true, json: { prompt: 'a dog' } }).take().entries.size).toBe(
		0,
	);

	const found = [take(), take(), take()].map((kept) => jobOf(kept.entries.get(0))?.id);
	expect(found).toEqual(['job-1', 'job-2', undefined]);
});

test('everything kept counts: what items ask for, and what they asked for before', () => {
	const { take } = execution();
	const before: Entry = {
		...{ fingerprint: 'a dog', state: 'uncertain', cost: 0.2 },
		problem: { message: '', description: '' },
	};
	take().leave('thrown', new Map([[0, RUNNING]]), [{ itemIndex: 0, entry: before }], asItIs);
	const kept = take();

	expect(kept.superseded).toEqual([{ itemIndex: 0, entry: before }]);
	expect(kept.spending.total).toBe(0.3);
});

const damaged = { ...RUNNING, cost: 'much' };
test.each<[string, unknown]>([
	['a text', 'x'],
	['a list', [1]],
	['runs that are none', { 0: 'x' }],
	['a run that is none', { 0: [null] }],
	['items that are none', { 0: [{ items: { 0: 'x', 1: { request: 5 } }, superseded: 'x' }] }],
	['a state that nobody knows', { 0: [{ items: { 0: { ...RUNNING, state: 'toString' } } }] }],
	['a job without an ID', { 0: [{ items: { 0: { ...RUNNING, job: { endpointId: 'x' } } } }] }],
	['a cost that is none', { 0: [{ items: { 0: damaged } }] }],
	['a video without its response', { 0: [{ items: { 0: { ...RUNNING, state: 'done' } } }] }],
	['a failed job without its state', { 0: [{ items: { 0: { ...RUNNING, state: 'failed' } } }] }],
	['a doubt without its reason', { 0: [{ items: { 0: { ...RUNNING, state: 'uncertain' } } }] }],
	['what is put aside and is none', { 0: [{ superseded: [5, { itemIndex: 0, entry: damaged }] }] }],
])('%s in the context is ignored', (_, prunaVideo) => {
	const { context, take } = execution({ context: { prunaVideo } });
	const kept = take();

	expect([...kept.entries]).toEqual([]);
	expect(kept.superseded).toEqual([]);
	expect(context).toEqual({});
});
