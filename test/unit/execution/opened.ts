import type { IExecuteFunctions } from 'n8n-workflow';
import { Execution } from '../../../nodes/PrunaVideo/execution/execution';
import type { JobRecord } from '../../../nodes/PrunaVideo/execution/record';

export interface Setup {
	/** The node's context in the execution, as its runs share it and n8n saves it. */
	context?: Record<string, unknown>;
	executionId?: string;
	runIndex?: number;
	retryOnFail?: boolean;
	isTool?: boolean;
	json?: object;
	/** USD; null for none. */
	limit?: number | null;
	cancelsOnStop?: boolean;
	stop?: AbortSignal;
	log?: string[];
}

/** One `execute()` of the node, in n8n's place. */
export function open({ context = {}, limit = 1, log = [], ...setup }: Setup = {}): Execution {
	const {
		runIndex = 0,
		retryOnFail = true,
		isTool = false,
		json = {},
		cancelsOnStop = true,
	} = setup;
	const functions = {
		getNode: () => ({ type: 'prunaVideo', retryOnFail }),
		getContext: () => context,
		getInputData: () => [{ json }],
		getExecutionId: () => setup.executionId ?? '1',
		getExecutionCancelSignal: () => setup.stop,
		evaluateExpression: () => runIndex,
		isToolExecution: () => isTool,
		continueOnFail: () => false,
		logger: { info: (line: string) => log.push(line), warn: (line: string) => log.push(line) },
	} as unknown as IExecuteFunctions;
	const maxCostPerExecution = limit ?? undefined;
	return new Execution(functions, {
		concurrency: 1,
		cancelOnStop: cancelsOnStop,
		maxCostPerExecution,
	});
}

export const JOB = { id: 'job-1', endpointId: 'p-video' };
const SENT = { request: 'a cat', seed: 7 };
export const RUNNING: JobRecord = {
	state: 'running',
	job: JOB,
	sent: SENT,
	cost: 0.1,
	earlierCost: 0,
};
export const FAILED: JobRecord = { ...RUNNING, state: 'failed', status: 'FAILED', cost: 0 };
export const CANCELLED: JobRecord = { ...FAILED, state: 'cancelled', status: 'CANCELLED' };
