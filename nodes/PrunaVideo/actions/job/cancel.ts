import type { DescribedOperation } from '../describedOperation';
import { optionsProperty } from '../options';
import { stateOf } from '../video/output';
import { jobIdField } from './jobId';
import { planForJob, type JobPlan } from './jobPlan';

/** Job > Cancel: cancels a queued or running job. If the job has already ended, returns its state. */
export const cancel: DescribedOperation<JobPlan> = {
	resource: 'job',
	value: 'cancel',
	name: 'Cancel',
	description: 'Cancel a queued or running job',
	action: 'Cancel a job',
	fields: [jobIdField, optionsProperty(['concurrency', 'endpointId'])],

	plan: planForJob,

	async perform(item, { jobId, endpointId }) {
		const endpoint = await item.execution.endpoint(endpointId);
		const job = await endpoint.cancel(jobId);
		if (job.status === 'CANCELLED')
			return item.returns({ ...job.raw, id: jobId }, { id: jobId, status: job.status });
		item.execution.tally.note(`Job ${jobId} was not cancelled: its status is ${job.status}`);
		return item.returns(stateOf(job, true), { id: jobId, status: job.status });
	},
};
