/** What an execution has spent, as the runs of its node share it. */
import type { IExecuteFunctions } from 'n8n-workflow';
import { Execution } from '../../../nodes/PrunaVideo/execution/execution';

function open(context: object, limit: number | null = 1): Execution {
	const functions = {
		getNode: () => ({ type: 'n8n-nodes-pruna-video.prunaVideo' }),
		getContext: () => context,
		getInputData: () => [{ json: {} }],
		getExecutionCancelSignal: () => undefined,
		getExecutionId: () => '1',
		continueOnFail: () => false,
		evaluateExpression: () => 0,
		isToolExecution: () => false,
	} as unknown as IExecuteFunctions;
	const settings = { concurrency: 1, cancelOnStop: true };
	return new Execution(
		functions,
		{ ...settings, ...(limit !== null && { maxCostPerExecution: limit }) },
		() => ({}),
	);
}

const RUN = {
	items: {
		0: {
			fingerprint: 'x',
			state: 'running',
			cost: 0.1,
			job: { id: 'a', endpointId: 'b' },
			acceptedAt: 0,
		},
	},
};

test.each<[string, object, number]>([
	['goes on after a Wait', { prunaVideoSpent: 0.3 }, 0.3],
	['is new', {}, 0],
	['has a damaged context', { prunaVideoSpent: '0.3' }, 0],
	[
		'is retried, its first one had a limit',
		{ prunaVideoSpent: 0.3, prunaVideo: { 0: [RUN] } },
		0.3,
	],
	['is retried, its first one had none', { prunaVideo: { 0: [RUN] } }, 0.1],
])('an execution that %s has spent', (_, context, expected) => {
	expect(open(context).budget.committed).toBe(expected);
});

test('the next execution counts what the one before spent, even at the same moment', async () => {
	const context = {};
	const [first, second] = [open(context), open(context)];
	first.budget.add(0.15);
	second.budget.add(0.2);
	await first.close('fine');

	expect(second.budget.committed).toBe(0.35);
	expect(open(context).budget.committed).toBe(0.35);
	expect(context).toEqual({ prunaVideoSpent: 0.35 });
});

test('jobs of unknown cost count until their cost is known: after a failed call, and after a Wait', async () => {
	const context = {};
	const first = open(context);
	first.budget.addUnknown(1);
	await first.close('thrown');

	expect(open(context).budget.allows(null)).toBe(false);
	const saved = JSON.parse(JSON.stringify(context));
	const afterWait = open(saved);
	expect(afterWait.budget.allows(null)).toBe(false);
	afterWait.budget.addUnknown(-1);
	expect(open(saved).budget.allows(null)).toBe(true);
});

test('without a limit, nothing is recorded', async () => {
	const context = {};
	const execution = open(context, null);
	execution.budget.add(0.1);
	await execution.close('fine');

	expect(context).toEqual({});
});

test('what was closed stays closed', async () => {
	const context = {};
	const execution = open(context, null);
	await execution.close('fine');
	await execution.close('thrown');

	expect(context).toEqual({});
});
