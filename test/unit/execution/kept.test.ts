/** What an execution leaves in the node's context; that its next try resumes with it is in resume.test.ts. */
import type { TryEnd } from '../../../nodes/PrunaVideo/execution/kept';
import type { JobRecord } from '../../../nodes/PrunaVideo/execution/record';
import { open, type Setup } from './opened';

const job = { id: 'job-1', endpointId: 'p-video' };
const sent = { request: 'a cat', seed: 7 };
const MADE = { job, sent, executionId: '0', cost: 0.1, earlierCost: 0 };
const RUNNING: JobRecord = { state: 'running', ...MADE };
const DEAR: JobRecord = { ...RUNNING, earlierCost: 0.2 };

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
	for (const end of ends) {
		const execution = open({ ...setup, context, limit: null });
		execution.records.set(0, RUNNING);
		execution.close(end);
	}
	expect(Object.keys(context)).toEqual([isKept ? 'prunaVideo' : 'prunaVideoSpent']);
	expect(open({ ...setup, context }).records.get(0)).toEqual(isKept ? RUNNING : undefined);
	// What was taken out is gone.
	expect(open({ ...setup, context }).records.get(0)).toBeUndefined();
});

const stored = (record: unknown, v = 1) => ({ 0: { v, items: { 0: record } } });
const NONE = [[1], 'x', { 0: 'x' }, { 0: null }, { 0: { v: 1, items: 'x' } }, stored(RUNNING, 0)];

test.each<[string, Record<string, unknown>, number]>([
	['is new', {}, 0],
	['goes on after a Wait', { prunaVideoSpent: 0.3 }, 0.3],
	['has a damaged sum', { prunaVideoSpent: '0.3' }, 0],
	['is tried again', { prunaVideo: stored(DEAR) }, 0.3],
	['is tried again after a Wait', { prunaVideoSpent: 0.3, prunaVideo: stored(DEAR) }, 0.6],
	...NONE.map((prunaVideo): [string, Record<string, unknown>, number] => [
		'holds what is none',
		{ prunaVideo },
		0,
	]),
])('an execution that %s (%j) has spent $%d', (_, context, spent) => {
	expect(open({ context }).kept.committed).toBe(spent);
});
