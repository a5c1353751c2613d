import type { Operation } from '../../execution/operation';
import { submitJob, type VideoPlan } from '../../execution/jobs';
import { noVideo } from '../../execution/withoutVideo';
import { isFinal } from '../../runpod/job';
import { optionsProperty, readOptions, webhookUrl } from '../options';
import { videoFields } from '../video/fields';
import { planVideo, VIDEO_OPTIONS } from '../video/plan';

export const submit: Operation<VideoPlan> = {
	resource: 'job',
	value: 'submit',
	name: 'Submit',
	description:
		'Submit a job without waiting for the video. Runpod can call a webhook when it finishes.',
	action: 'Submit a job',
	fields: [
		...videoFields.main,
		webhookUrl.property('webhookUrl'),
		videoFields.additional,
		optionsProperty(VIDEO_OPTIONS),
	],

	async plan(item) {
		return await planVideo(item, () => {
			const webhook = webhookUrl.read(item.read('webhookUrl', ''));
			return { options: { ...readOptions(item.read), webhookUrl: webhook }, path: 'run' };
		});
	},

	async perform(item, plan) {
		const { job, result } = await submitJob(item, plan);
		const { videoUrl, cost } = result;
		// A job that has already ended may have no ID; then its video is the only result.
		if (isFinal(job) && job.id === '' && videoUrl === undefined) throw noVideo(job, result);
		const { seed } = item.record?.sent ?? plan;
		item.execution.tally.count('job', plan.estimatedCost);
		return item.returns(
			{
				id: job.id,
				status: job.status,
				...(seed !== undefined && { seed }),
				estimatedCost: plan.estimatedCost,
				...(videoUrl !== undefined && { video_url: videoUrl }),
			},
			{ id: job.id, status: job.status, videoUrl, cost },
		);
	},
};
