import { submitJob } from '../../execution/jobs';
import { readableInput } from '../../pvideo/input';
import { noVideo } from '../../runpod/failures';
import { isFinal } from '../../runpod/job';
import type { DescribedOperation } from '../describedOperation';
import { optionsProperty, readOptions, webhookUrl } from '../options';
import { videoFields } from '../video/fields';
import { planVideo, VIDEO_OPTIONS, type VideoPlan } from '../video/plan';

/** Job > Submit: submits a job without waiting for it. */
export const submit: DescribedOperation<VideoPlan> = {
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
		return await planVideo(item, readOptions(item.read), {
			path: 'run',
			isWebhookPart: true,
			webhook: webhookUrl.readFrom(item.read, 'webhookUrl'),
		});
	},

	async perform(item, { request, input, estimate, options }) {
		const { estimatedCost } = estimate;
		const { seed } = request;
		const job = await submitJob(item, request);
		// A job that has already ended may have no ID; then its video is the only result.
		const { videoUrl, cost } = isFinal(job) ? item.execution.readResult(job) : {};
		if (isFinal(job) && job.id === '' && videoUrl === undefined) throw noVideo(job, cost);
		item.execution.tally.countSubmission(estimatedCost);
		return item.returns(
			{
				id: job.id,
				status: job.status,
				...(seed !== undefined && { seed }),
				estimatedCost,
				...(videoUrl !== undefined && { video_url: videoUrl }),
				...(options.includeInput && { input: readableInput(input) }),
			},
			{ id: job.id, status: job.status, videoUrl, cost },
		);
	},
};
