import type { INodeProperties } from 'n8n-workflow';
import { checkFlag } from '../../pvideo/validation';
import type { Operation, Plan } from '../../run/operation';
import { awaitJob } from '../../runpod/awaitJob';
import { failedJob } from '../../runpod/failures';
import { isFinal } from '../../runpod/job';
import { getJob } from '../../runpod/operations';
import { startDeadline } from '../../runpod/timing';
import { optionsProperty, readOptions, type ItemOptions } from '../options';
import { readOutputSettings, type OutputSettings } from '../outputFields';
import { stateOf, videoItem } from '../video/output';
import { readJobId } from './jobId';

const show = { resource: ['job'], operation: ['get'] };

export const waitField: INodeProperties = {
	displayName: 'Wait Until Finished',
	name: 'wait',
	type: 'boolean',
	default: false,
	description:
		'Whether to wait until the job has ended. Then a job that failed is an error; without waiting it is data.',
	displayOptions: { show },
};

export const properties: INodeProperties[] = [
	optionsProperty(show, ['concurrency', 'timeout', 'pollInterval', 'fileName', 'endpointId']),
];

interface GetPlan extends Plan {
	jobId: string;
	waits: boolean;
	options: ItemOptions;
	output: OutputSettings;
}

/** Job > Get: state and result of a job. */
export const operation: Operation<GetPlan> = {
	plan: (context, itemIndex) => ({
		jobId: readJobId(context, itemIndex),
		waits: checkFlag(context.getNodeParameter('wait', itemIndex, false), {
			label: waitField.displayName,
		}),
		options: readOptions(context, itemIndex),
		output: readOutputSettings((name, fallback) =>
			context.getNodeParameter(name, itemIndex, fallback),
		),
	}),

	async perform(run, { jobId, waits, options, output }, itemIndex) {
		const endpoint = { connection: await run.connection(), endpointId: options.endpointId };
		const deadline = startDeadline(options.timeout * 1000);
		const job = waits
			? await awaitJob(
					endpoint,
					{ id: jobId, status: 'IN_QUEUE' },
					{
						deadline,
						seconds: options.timeout,
						pollIntervalMs: options.pollInterval * 1000,
						stop: run.stop,
					},
				)
			: await getJob(endpoint, jobId, run.stop);
		if (!isFinal(job) || job.status !== 'COMPLETED') {
			if (waits && isFinal(job)) throw failedJob(job);
			return { json: stateOf(job, output.simplify), pairedItem: { item: itemIndex } };
		}
		return await videoItem(
			run,
			{
				job,
				finishedAt: Date.now(),
				fileName: options.fileName,
				remainingMs: deadline.remaining(),
			},
			output,
			itemIndex,
		);
	},
};
