import { completeJob } from '../../execution/jobs';
import type { DescribedOperation } from '../describedOperation';
import { optionsProperty, readOptions } from '../options';
import { OUTPUT_FIELDS, readOutputSettings, type OutputSettings } from '../outputFields';
import { videoFields } from './fields';
import { distinctName } from './fileName';
import { videoOutput } from './output';
import { planVideo, VIDEO_OPTIONS, type VideoPlan } from './plan';

interface GeneratePlan extends VideoPlan {
	output: OutputSettings;
	fileName: string;
}

/** Video > Generate: makes a video and waits for it. */
export const generate: DescribedOperation<GeneratePlan> = {
	resource: 'video',
	value: 'generate',
	name: 'Generate',
	description: 'Make a video from text, an image or audio and wait for it',
	action: 'Generate a video',
	fields: [
		...videoFields.main,
		...OUTPUT_FIELDS,
		videoFields.additional,
		optionsProperty([
			...VIDEO_OPTIONS,
			'executionMode',
			'syncWait',
			'pollInterval',
			'cancelOnTimeout',
			'fileName',
			'webhookUrl',
		]),
	],

	async plan(item) {
		const options = readOptions(item.read);
		const output = readOutputSettings(item.read);
		const plan = await planVideo(item, options, {
			path: options.executionMode === 'sync' ? 'runsync' : 'run',
			webhook: options.webhookUrl,
		});
		return { ...plan, output, fileName: distinctName(item, options.fileName) };
	},

	async perform(item, { request, input, options, output, estimate, fileName }) {
		const { execution } = item;
		const { job, finishedAt, deadline, isNew } = await completeJob(item, request);
		const { videoUrl, cost, seed = request.seed } = execution.readResult(job);
		if (videoUrl !== undefined) {
			execution.tally.countVideo(cost, isNew ? estimate.estimatedCost : null);
		}
		return await videoOutput(
			item,
			{
				job,
				finishedAt,
				seed,
				fileName,
				remainingMs: deadline.remaining(),
				...(options.includeInput && { input }),
			},
			output,
		);
	},
};
