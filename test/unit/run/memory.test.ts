/** What a run leaves in the node's context is found by its own next try only. */
import type { IExecuteFunctions } from 'n8n-workflow';
import { Memory, type Kept, type TryEnd } from '../../../nodes/PrunaVideo/run/memory';

const KEPT: Kept = { request: 'a cat', jobId: 'job-1', endpointId: 'p-video' };
const asItIs = <T>(stored: T): T => stored;

/** The execution of a node, as its tries see it. */
function execution(node: { retryOnFail?: boolean; maxTries?: number } = { retryOnFail: true }) {
	const context = {};
	const open = (runIndex: number) =>
		Memory.open({
			getNode: () => ({ type: 'n8n-nodes-pruna-video.prunaVideo', ...node }),
			getContext: () => context,
			getInputData: () => [{ json: {} }],
			evaluateExpression: () => runIndex,
			isToolExecution: () => false,
		} as unknown as IExecuteFunctions);
	return { context, open };
}

test.each([
	[0, 0, KEPT],
	[0, 1, undefined],
	[1, 0, undefined],
	[7, 7, KEPT],
])('what turn %i of a loop has kept, turn %i finds: %j', (first, second, found) => {
	const { open } = execution();
	const memory = open(first);
	memory.keep(0, KEPT);
	memory.close('thrown', asItIs);

	expect(open(second).at(0)).toEqual(found);
});

test.each<[TryEnd[], boolean]>([
	[['fine'], false],
	[['thrown'], true],
	[['thrown', 'thrown'], true],
	[['thrown', 'thrown', 'thrown'], false],
	// n8n repeats a run that returned an error at once, and counts it only afterwards.
	[['returnedError'], true],
	[['returnedError', 'returnedError'], true],
	[['thrown', 'fine'], false],
])('of three tries that ended %j something is kept: %s', (ends, isKept) => {
	const { context, open } = execution();
	for (const end of ends) {
		const memory = open(0);
		memory.keep(0, KEPT);
		memory.close(end, asItIs);
	}

	expect(context).toEqual(isKept ? { prunaVideo: { 0: [expect.anything()] } } : {});
});

test.each([{ retryOnFail: false }, {}])('with %j nothing is kept', (node) => {
	const { context, open } = execution(node);
	const memory = open(0);
	memory.keep(0, KEPT);
	memory.close('thrown', asItIs);

	expect(context).toEqual({});
});

test.each<[string, unknown]>([
	['a text', 'x'],
	['a list', [1]],
	['runs that are none', { 0: 'x' }],
	['a run that is none', { 0: [null] }],
	['items that are none', { 0: [{ items: { 0: 'x', 1: { request: 5 } }, abandoned: 'x' }] }],
])('%s in the context is nothing that was kept', (_, prunaVideo) => {
	const { context, open } = execution();
	Object.assign(context, { prunaVideo });
	const memory = open(0);

	expect([...memory.entries]).toEqual([]);
	expect(memory.abandoned).toEqual([]);
	expect(context).toEqual({});
});
