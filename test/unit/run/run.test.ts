/** What an execution has spent, as its runs share it. */
import type { IExecuteFunctions } from 'n8n-workflow';
import { Run } from '../../../nodes/PrunaVideo/run/run';

function open(context: object): Run {
	const functions = {
		getNode: () => ({ type: 'n8n-nodes-pruna-video.prunaVideo' }),
		getContext: () => context,
		getInputData: () => [{ json: {} }],
		getExecutionCancelSignal: () => undefined,
		continueOnFail: () => false,
		evaluateExpression: () => 0,
		isToolExecution: () => false,
	} as unknown as IExecuteFunctions;
	return new Run(functions, { concurrency: 1, maxCostPerExecution: 1, cancelOnStop: true });
}

test.each<[unknown, number]>([
	[0.3, 0.3],
	[undefined, 0],
	['0.3', 0],
])('an execution that goes on after a Wait with %j spent has spent %d', (spent, expected) => {
	expect(open({ prunaVideoSpent: spent }).budget.committed).toBe(expected);
});

test('what a run has spent the next one counts, though both are of the same moment', async () => {
	const context = {};
	const [first, second] = [open(context), open(context)];
	first.budget.settle(first.budget.reserve(0.2)!, 0.15);
	second.budget.reserve(0.2);
	await first.close('fine');

	expect(second.budget.committed).toBe(0.35);
	expect(open(context).budget.committed).toBe(0.35);
	expect(context).toEqual({ prunaVideoSpent: 0.35 });
});
