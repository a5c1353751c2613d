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
export type SendJobRequest = (
	endpoint: Endpoint,
	jobId: string,
	stop?: AbortSignal,
) => Promise<Job>;

/** An operation that sends one request about one job and puts out Runpod's answer. */
export function jobOperation(send: SendJobRequest): Operation<JobPlan> {
	return {
		plan: (context, itemIndex) => ({
			jobId: readJobId(context, itemIndex),
			endpointId: readOptions(context, itemIndex).endpointId,
		}),

		async perform(run, { jobId, endpointId }, itemIndex) {
			const connection = await run.connection();
			const job = await send({ connection, endpointId }, jobId, run.stop);
			return { json: job.raw, pairedItem: { item: itemIndex } };
		},
	};
}
