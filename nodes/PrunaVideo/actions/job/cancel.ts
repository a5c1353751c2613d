import type { Operation } from '../../execution/operation';
import { optionsProperty } from '../options';
import { stateOf } from '../video/output';
import { jobIdField, planForJob, type JobPlan } from './jobId';

/** Job > Cancel: cancels a queued or running job. If the job has already ended, returns its state. */
export const cancel: Operation<JobPlan> = {
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
		const known = { id: jobId, status: job.status };
		if (job.status === 'CANCELLED') return item.returns(job.raw, known);
		item.execution.tally.note(`Job ${jobId} was not cancelled: its status is ${job.status}`);
		return item.returns(stateOf(job, true), known);
	},
};
