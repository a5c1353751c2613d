import type { IExecuteFunctions } from 'n8n-workflow';
import type { Operation, Plan } from '../../run/operation';
import type { Job } from '../../runpod/job';
import type { Endpoint } from '../../runpod/operations';
import { readOptions } from '../options';
import { readJobId } from './jobId';

export interface JobPlan extends Plan {
	jobId: string;
	endpointId: string;
}

/** Sends one request about one job. */
type SendJobRequest = (endpoint: Endpoint, jobId: string, stop?: AbortSignal) => Promise<Job>;

/**
 * @throws InvalidParameter
 */
export function planJobRequest(context: IExecuteFunctions, itemIndex: number): JobPlan {
	return {
		jobId: readJobId(context, itemIndex),
		endpointId: readOptions(context, itemIndex).endpointId,
	};
}

/** An operation that sends one request about one job and puts out Runpod's answer. */
export function jobOperation(send: SendJobRequest): Operation<JobPlan> {
	return {
		plan: planJobRequest,

		async perform(run, { jobId, endpointId }, itemIndex) {
			const connection = await run.connection();
			const job = await send({ connection, endpointId }, jobId, run.stop);
			return { json: job.raw, pairedItem: { item: itemIndex } };
		},
	};
}
