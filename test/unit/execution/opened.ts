import type { IExecuteFunctions } from 'n8n-workflow';
import { Execution } from '../../../nodes/PrunaVideo/execution/execution';

export interface Setup {
	/** The node's context in the execution, as its runs share it and n8n saves it. */
	context?: Record<string, unknown>;
	retryOnFail?: boolean;
	isTool?: boolean;
	json?: object;
	/** USD; null for none. */
	limit?: number | null;
}

/** One `execute()` of the node, in n8n's place. */
export function open({ context = {}, limit = 1, json = {}, ...setup }: Setup = {}): Execution {
	const functions = {
		getNode: () => ({ type: 'prunaVideo', retryOnFail: setup.retryOnFail ?? true }),
		getContext: () => context,
		getInputData: () => [{ json }],
		getExecutionId: () => '1',
		getExecutionCancelSignal: () => undefined,
		evaluateExpression: () => 0,
		isToolExecution: () => setup.isTool ?? false,
		continueOnFail: () => false,
		logger: { info: () => {} },
	} as unknown as IExecuteFunctions;
	const limits = limit !== null && { maxCostPerExecution: limit };
	return new Execution(functions, { concurrency: 1, cancelOnStop: true, ...limits });
}
