import type { Plan } from '../../execution/operation';
import { Flag } from '../../fields/flag';
import { awaitJob } from '../../runpod/awaitJob';
import { failedJob } from '../../runpod/failures';
import { isFinal } from '../../runpod/job';
import { startDeadline } from '../../runpod/time';
import type { DescribedOperation } from '../describedOperation';
import { optionsProperty, readOptions, type ItemOptions } from '../options';
import { OUTPUT_FIELDS, readOutputSettings, type OutputSettings } from '../outputFields';
import { distinctName } from '../video/fileName';
import { stateOf, videoOutput } from '../video/output';
import { jobIdField, readJobId } from './jobId';

const wait = new Flag({
	label: 'Wait Until Finished',
	description:
		'Whether to wait until the job has finished. If the job fails, the node fails too; without waiting, a failed job is returned as data.',
	default: false,
});

/** A status check that took longer than this, in ms, has waited for the job to end. */
const AT_ONCE_MS = 1_000;
/** How long Runpod keeps a result (Runpod, "Operation reference"), in ms. */
const LONGEST_KEPT_MS = 30 * 60 * 1000;

interface GetPlan extends Plan {
	jobId: string;
	waits: boolean;
	options: ItemOptions;
	output: OutputSettings;
}

/** Job > Get: state and result of a job. */
export const get: DescribedOperation<GetPlan> = {
	resource: 'job',
	value: 'get',
	name: 'Get',
	description: 'Get the state of a job, and its video once it is completed',
	action: 'Get a job',
	fields: [
		jobIdField,
		wait.property('wait'),
		...OUTPUT_FIELDS,
		optionsProperty(['concurrency', 'timeout', 'pollInterval', 'fileName', 'endpointId']),
	],

	plan: (item) => {
		const options = readOptions(item.read);
		return {
			jobId: readJobId(item.read),
			waits: wait.readFrom(item.read, 'wait'),
			options: { ...options, fileName: distinctName(item, options.fileName) },
			output: readOutputSettings(item.read),
		};
	},

	async perform(item, { jobId, waits, options, output }) {
		const { execution } = item;
		const { endpointId, timeout, pollInterval, fileName } = options;
		const endpoint = await execution.endpoint(endpointId);
		const deadline = startDeadline(timeout * 1000);
		const asked = Date.now();
		const job = waits
			? await awaitJob(endpoint, jobId, {
					deadline,
					seconds: timeout,
					pollIntervalMs: pollInterval * 1000,
					isKnown: false,
				})
			: await endpoint.getJob(jobId, deadline.remaining());
		if (isFinal(job) && job.status === 'COMPLETED') {
			// A result that was there at once may have been ready for as long as Runpod keeps results: assume the
			// earliest time.
			const hasWaited = Date.now() - asked > AT_ONCE_MS;
			const finishedAt = Date.now() - (hasWaited ? 0 : LONGEST_KEPT_MS);
			const video = { job, finishedAt, fileName, remainingMs: deadline.remaining() };
			return await videoOutput(item, video, output);
		}
		if (waits && isFinal(job)) {
			const { videoUrl, cost } = execution.readResult(job);
			throw failedJob(job, { endpointId, videoUrl, cost });
		}
		return item.returns(stateOf(job, output.simplify), { id: job.id, status: job.status });
	},
};
