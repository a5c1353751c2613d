import type { INodeProperties } from 'n8n-workflow';
import { readCost, readVideoResult } from '../../pvideo/result';
import { completeJob } from '../../run/jobRun';
import type { Operation } from '../../run/operation';
import { optionsProperty, readOptions } from '../options';
import { readOutputSettings, type OutputSettings } from '../outputFields';
import { videoItem } from './output';
import { noteUnknownCost, planVideo, type VideoPlan } from './plan';

export const properties: INodeProperties[] = [
	optionsProperty({ resource: ['video'], operation: ['generate'] }, [
		'concurrency',
		'executionMode',
		'syncWait',
		'timeout',
		'pollInterval',
		'maxCostPerItem',
		'maxCostPerExecution',
		'cancelOnStop',
		'fileName',
		'includeInput',
		'endpointId',
		'executionTimeout',
		'ttl',
		'lowPriority',
	]),
];

interface GeneratePlan extends VideoPlan {
	output: OutputSettings;
}

/** Video > Generate: makes a video and waits for it. */
export const operation: Operation<GeneratePlan> = {
	async plan(context, itemIndex) {
		const options = readOptions(context, itemIndex);
		const output = readOutputSettings((name, fallback) =>
			context.getNodeParameter(name, itemIndex, fallback),
		);
		const plan = await planVideo(context, itemIndex, options, {
			operation: options.executionMode === 'sync' ? 'runsync' : 'run',
		});
		return { ...plan, output };
	},

	async perform(run, plan, itemIndex) {
		const { request, input, options, output } = plan;
		noteUnknownCost(run, plan);
		const { job, seed, finishedAt, deadline } = await completeJob(
			run,
			itemIndex,
			request,
			(final) => readCost(final.raw.output),
		);
		const result = readVideoResult(job.raw.output);
		if (result !== undefined) run.tally.countVideo(result.cost);
		return await videoItem(
			run,
			{
				job,
				finishedAt,
				seed,
				fileName: options.fileName,
				remainingMs: deadline.remaining(),
				...(options.includeInput && {
					input: { ...input, ...(seed !== undefined && { seed }) },
				}),
			},
			output,
			itemIndex,
		);
	},
};
