/** What an execution leaves in the node's context is found by its own next try, and by a retry of the execution. */
import type { TryEnd } from '../../../nodes/PrunaVideo/execution/kept';
import type { JobRecord } from '../../../nodes/PrunaVideo/execution/record';
import { CANCELLED, FAILED, JOB, open, RUNNING, type Setup } from './opened';

/** A try that knows this of its first item when it ends. */
function leave(end: TryEnd, setup: Setup, record: JobRecord = RUNNING): void {
	const execution = open(setup);
	execution.records.set(0, record);
	execution.close(end);
}

const found = (setup: Setup) => open(setup).records.get(0);

test.each([
	[0, 0, RUNNING],
	[0, 1, undefined],
	[1, 0, undefined],
	[7, 7, RUNNING],
])('what turn %i of a loop has kept, turn %i finds: %j', (first, second, record) => {
	const context = {};
	leave('thrown', { context, runIndex: first });
	expect(found({ context, runIndex: second })).toEqual(record);
});

test('what was taken out is gone, and a failed record comes back as it was', () => {
	const context = {};
	leave('thrown', { context }, FAILED);
	expect([found({ context }), found({ context })]).toEqual([FAILED, undefined]);
});

/** After the last try the user can still retry the execution. n8n repeats a run that returned an error, but no tool's. */
test.each<[TryEnd[], Setup, boolean]>([
	[['fine'], {}, false],
	[['thrown'], {}, true],
	[['thrown', 'thrown', 'thrown'], {}, true],
	[['thrown', 'fine'], {}, false],
	[['returnedError'], {}, true],
	[['thrown'], { retryOnFail: false }, true],
	[['returnedError'], { retryOnFail: false }, false],
	[['returnedError'], { isTool: true }, false],
	[['thrown'], { isTool: true }, true],
])('tries that ended %j, %j: something is kept: %s', (ends, setup, isKept) => {
	const context: Record<string, unknown> = {};
	for (const end of ends) leave(end, { ...setup, context, limit: null });
	expect(Object.keys(context)).toEqual(isKept ? ['prunaVideo'] : []);
});

test.each<[string, JobRecord, JobRecord]>([
	['runs', RUNNING, RUNNING],
	['was cancelled: somebody wants it after all', CANCELLED, { ...CANCELLED, state: 'failed' }],
])('a retry from the list of executions finds a job that %s', (_, kept, record) => {
	const context = {};
	leave('thrown', { context }, kept);
	// n8n hands the context on as it was saved.
	const retry = open({ context: JSON.parse(JSON.stringify(context)), executionId: '2' });
	expect([retry.records.get(0), retry.kept.isSameExecution]).toEqual([record, false]);
	const next = open({ context });
	expect([next.records.get(0), next.kept.isSameExecution]).toEqual([kept, true]);
});

test('each of several identical calls of an agent counts, and one of them is taken up again', () => {
	const setup: Setup = { context: {}, isTool: true, json: { prompt: 'a cat' } };
	const [first, second] = [open(setup), open(setup)];
	first.records.set(0, RUNNING);
	second.records.set(0, { ...RUNNING, job: { ...JOB, id: 'job-2' } });
	expect([first, second].map(({ kept }) => kept.committed)).toEqual([0.2, 0.2]);
	first.close('thrown');
	second.close('thrown');
	const other = open({ ...setup, json: { prompt: 'a dog' } });
	expect([other.records.get(0), other.kept.committed]).toEqual([undefined, 0.2]);
	const again = open(setup);
	expect([again.records.get(0), again.kept.committed]).toEqual([RUNNING, 0.2]);
});

const stored = (record: unknown, v = 1) => ({ 0: { v, executionId: '1', items: { 0: record } } });
const DEAR = { ...RUNNING, earlierCost: 0.2 };

test.each<[string, Record<string, unknown>, number]>([
	['is new', {}, 0],
	['goes on after a Wait', { prunaVideoSpent: 0.3 }, 0.3],
	['has a damaged context', { prunaVideoSpent: '0.3', prunaVideo: 'x' }, 0],
	['is of another version', { prunaVideo: stored(RUNNING, 0) }, 0],
	['is tried again', { prunaVideo: stored(DEAR) }, 0.3],
	['is tried again after a Wait', { prunaVideoSpent: 0.3, prunaVideo: stored(DEAR) }, 0.6],
	...[[1], { 0: 'x' }, { 0: null }, { 0: { v: 1, items: 'x' } }].map(
		(damaged): [string, Record<string, unknown>, number] => [
			...(['holds what is none', { prunaVideo: damaged }, 0] as const),
		],
	),
])('an execution that %s (%j) has spent $%d', (_, context, spent) => {
	expect(open({ context }).kept.committed).toBe(spent);
});

test('the next execution counts what the one before spent, even at the same moment; closed is closed', () => {
	const context = {};
	const [first, second] = [open({ context }), open({ context })];
	first.records.set(0, RUNNING);
	second.records.set(0, DEAR);
	for (const end of ['fine', 'thrown'] as const) first.close(end);
	expect([second.kept.committed, open({ context }).kept.committed]).toEqual([0.4, 0.4]);
	second.close('fine');
	expect(context).toEqual({ prunaVideoSpent: 0.4 });
});

test('a job that is dropped counts on, but no item takes it over', () => {
	const context = {};
	const { kept, records } = open({ context });
	records.set(0, DEAR);
	kept.drop(0);
	expect([records.get(0), kept.committed]).toEqual([undefined, 0.3]);
});
