import type { Operation } from '../../execution/operation';
import { completeJob, type VideoPlan } from '../../execution/jobs';
import { download, optionsProperty, readOptions, type ItemOptions } from '../options';
import { videoFields } from './fields';
import { fileNameOf, videoOutput } from './output';
import { planVideo, VIDEO_OPTIONS } from './plan';

interface GeneratePlan extends VideoPlan {
	options: ItemOptions;
	downloads: boolean;
	fileName: string;
}

export const generate: Operation<GeneratePlan> = {
	resource: 'video',
	value: 'generate',
	name: 'Generate',
	description: 'Make a video from text, an image or audio and wait for it',
	action: 'Generate a video',
	fields: [
		...videoFields.main,
		download.property('download'),
		videoFields.additional,
		optionsProperty([
			...VIDEO_OPTIONS,
			'simplify',
			'fileName',
			'binaryPropertyName',
			'executionMode',
			'webhookUrl',
			'cancelOnTimeout',
		]),
	],

	async plan(item) {
		const plan = await planVideo(item, () => {
			const options = readOptions(item.read);
			const path: VideoPlan['path'] = options.executionMode === 'sync' ? 'runsync' : 'run';
			return { options, path, downloads: download.read(item.read('download', false)) };
		});
		return { ...plan, fileName: fileNameOf(item, plan.options.fileName) };
	},

	async perform(item, plan) {
		const { options, downloads, fileName, estimatedCost } = plan;
		const finished = await completeJob(item, plan);
		const { cost = null } = finished.result;
		item.execution.tally.count('video', cost, finished.isNew ? estimatedCost : null);
		return await videoOutput(item, { ...finished, options, downloads, fileName });
	},
};
