import type { Operation } from '../../execution/operation';
import { failedJob } from '../../execution/withoutVideo';
import { withResult } from '../../execution/jobs';
import { flagField } from '../../fields/kinds';
import { awaitJob } from '../../runpod/awaitJob';
import { isFinal } from '../../runpod/job';
import { startDeadline } from '../../runpod/time';
import { download, optionsProperty, readOptions, type ItemOptions } from '../options';
import { fileNameOf, stateOf, videoOutput } from '../video/output';
import { jobIdField, planForJob, type JobPlan } from './jobId';

const wait = flagField({
	label: 'Wait Until Finished',
	description:
		'Whether to wait until the job has finished. If the job fails, the node fails too; without waiting, a failed job is returned as data.',
	builderHint: { propertyHint: 'true instead of a loop with Wait and If' },
	default: false,
});

/** A status check that took longer than this, in ms, has waited for the job to end. */
const AT_ONCE_MS = 1_000;
/** How long Runpod keeps a result (Runpod, "Operation reference"), in ms. */
const LONGEST_KEPT_MS = 30 * 60 * 1000;

interface GetPlan extends JobPlan {
	waits: boolean;
	downloads: boolean;
	fileName: string;
	options: ItemOptions;
}

export const get: Operation<GetPlan> = {
	resource: 'job',
	value: 'get',
	name: 'Get',
	description: 'Get the state of a job, and its video once it is completed',
	action: 'Get a job',
	fields: [
		jobIdField,
		wait.property('wait'),
		download.property('download'),
		optionsProperty([
			'concurrency',
			'timeout',
			'simplify',
			'fileName',
			'binaryPropertyName',
			'endpointId',
		]),
	],

	plan(item) {
		const options = readOptions(item.read);
		return {
			...planForJob(item),
			waits: wait.read(item.read('wait', false)),
			downloads: download.read(item.read('download', false)),
			fileName: fileNameOf(item, options.fileName),
			options,
		};
	},

	async perform(item, { jobId, endpointId, waits, options, ...output }) {
		const endpoint = await item.execution.endpoint(endpointId);
		const deadline = startDeadline(options.timeout * 1000);
		const asked = performance.now();
		const seconds = options.timeout;
		const job = waits
			? await awaitJob(endpoint, jobId, { deadline, seconds, isKnown: false })
			: await endpoint.getJob(jobId, deadline.remaining());
		if (!isFinal(job)) {
			return item.returns(stateOf(job, options.simplify), { id: job.id, status: job.status });
		}
		const whole = await withResult(endpoint, job, deadline.remaining());
		// With a video it is a result, whatever it is called.
		if (job.status === 'COMPLETED' || (waits && whole.result.videoUrl !== undefined)) {
			// A result that was there at once may have been ready for as long as Runpod keeps results: assume the
			// earliest time.
			const hasWaited = performance.now() - asked > AT_ONCE_MS;
			const finishedAt = Date.now() - (hasWaited ? 0 : LONGEST_KEPT_MS);
			const video = { ...whole, ...output, finishedAt, isNew: hasWaited, deadline, options };
			return await videoOutput(item, video);
		}
		if (waits) throw failedJob(job, whole.result, { endpointId });
		return item.returns(stateOf(job, options.simplify), { id: job.id, status: job.status });
	},
};
