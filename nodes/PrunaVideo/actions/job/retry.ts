import type { Operation } from '../../execution/operation';
import { ended, makeJob } from '../../execution/jobStates';
import { currentJob } from '../../execution/jobs';
import { jobOf, stillUncertain } from '../../execution/record';
import { readVideoResult } from '../../pvideo/result';
import { isFinal } from '../../runpod/job';
import { optionsProperty } from '../options';
import { jobIdField, planForJob, type JobPlan } from './jobId';

interface RetryPlan extends JobPlan {
	request: string;
}

/**
 * Job > Retry: requeues a failed or timed-out job; it is billed again. With Retry On Fail, a job that Runpod has
 * requeued, or may have requeued, is therefore not requeued a second time.
 */
export const retry: Operation<RetryPlan> = {
	resource: 'job',
	value: 'retry',
	name: 'Retry',
	description: 'Requeue a failed or timed-out job. The new run is billed.',
	action: 'Retry a job',
	fields: [jobIdField, optionsProperty(['concurrency', 'endpointId'])],

	plan(item) {
		const planned = planForJob(item);
		return { ...planned, request: `retry ${planned.endpointId} ${planned.jobId}` };
	},

	async perform(item, { jobId, endpointId, request }) {
		const { execution, record, index } = item;
		if (record?.state === 'uncertain') throw stillUncertain(record.problem, { id: jobId });
		const isKnown = record !== undefined && jobOf(record).id !== undefined;
		const endpoint = await execution.endpoint(endpointId);
		const job = isKnown
			? await currentJob(item, { id: jobId, endpointId })
			: await makeJob(
					item,
					{ request, endpointId, estimatedCost: 0 },
					{ prepare: async () => {}, send: async () => await endpoint.retry(jobId) },
				);
		if (isFinal(job)) ended(execution, index, job, readVideoResult(job.raw.output));
		return item.returns(job.raw, { id: job.id, status: job.status });
	},
};
