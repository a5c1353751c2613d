import { uncertainAgain } from '../../execution/entry';
import type { Item } from '../../execution/item';
import { currentJob } from '../../execution/jobs';
import { isFinal, type Job } from '../../runpod/job';
import type { DescribedOperation } from '../describedOperation';
import { optionsProperty } from '../options';
import { jobIdField } from './jobId';
import { planForJob, type JobPlan } from './jobPlan';

interface RetryPlan extends JobPlan {
	fingerprint: string;
}

/**
 * Job > Retry: requeues a failed or timed-out job; it is billed again. With Retry On Fail, a job that Runpod has
 * requeued, or may have requeued, is therefore not requeued a second time.
 */
export const retry: DescribedOperation<RetryPlan> = {
	resource: 'job',
	value: 'retry',
	name: 'Retry',
	description: 'Requeue a failed or timed-out job. You are billed again.',
	action: 'Retry a job',
	fields: [jobIdField, optionsProperty(['concurrency', 'endpointId'])],

	plan(item) {
		const planned = planForJob(item);
		return { ...planned, fingerprint: `retry ${planned.endpointId} ${planned.jobId}` };
	},

	async perform(item, plan) {
		const known = item.page.recall(plan.fingerprint);
		if (known?.state === 'uncertain') throw uncertainAgain(known.problem).with({ id: plan.jobId });
		const job =
			known !== undefined && 'job' in known
				? await currentJob(item, known.job)
				: await requeue(item, plan);
		const { id, status } = job;
		// Runpod's answer need not repeat the ID.
		return item.returns({ ...job.raw, id }, { id, status });
	},
};

async function requeue(
	{ execution, page }: Item,
	{ jobId, endpointId, fingerprint }: RetryPlan,
): Promise<Job> {
	const endpoint = await execution.endpoint(endpointId);
	const intent = { fingerprint, estimatedCost: 0 };
	await page.reserve(intent);
	const job = await endpoint.retry(jobId).catch((error: unknown) => {
		page.notAccepted(error, true, intent);
		throw error;
	});
	page.accepted(job, endpoint, intent);
	if (isFinal(job)) page.ended(job);
	return job;
}
