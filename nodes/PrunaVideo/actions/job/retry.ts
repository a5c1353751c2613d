import type { Operation } from '../../run/operation';
import { repeated, uncertaintyOf } from '../../run/uncertainty';
import { isFinal } from '../../runpod/job';
import { retryJob } from '../../runpod/operations';
import { optionsProperty } from '../options';
import { planJobRequest, type JobPlan } from './jobOperation';

export const properties = [
	optionsProperty({ resource: ['job'], operation: ['retry'] }, ['concurrency', 'endpointId']),
];

/**
 * Job > Retry: puts a failed or timed-out job back into the queue; it is paid for again. So with Retry On Fail a job that
 * Runpod took back, or may have taken back, is not asked for a second time.
 */
export const operation: Operation<JobPlan> = {
	plan(context, itemIndex) {
		const planned = planJobRequest(context, itemIndex);
		return { ...planned, fingerprint: `retry ${planned.endpointId} ${planned.jobId}` };
	},

	async perform(run, { jobId, endpointId, fingerprint = '' }, itemIndex) {
		const kept = run.memory.recall(itemIndex, fingerprint);
		if (kept?.uncertain !== undefined) throw repeated(kept.uncertain).with({ jobId });
		let json = kept?.result;
		if (json === undefined) {
			const endpoint = { connection: await run.connection(), endpointId };
			const job = await retryJob(endpoint, jobId, run.stop).catch((error: unknown) => {
				const uncertain = uncertaintyOf(error);
				if (uncertain) run.memory.keep(itemIndex, { request: fingerprint, uncertain });
				throw error;
			});
			json = job.raw;
			if (!isFinal(job)) run.openJobs.add(endpoint, jobId);
			run.memory.keep(itemIndex, { request: fingerprint, jobId, endpointId, result: json });
		}
		return { json, pairedItem: { item: itemIndex } };
	},
};
