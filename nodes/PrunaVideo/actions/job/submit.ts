import type { INodeProperties } from 'n8n-workflow';
import type { JsonObject } from '../../json';
import { readableInput } from '../../pvideo/request';
import { checkHttpUrl } from '../../pvideo/validation';
import { handInJob } from '../../run/jobRun';
import type { Operation } from '../../run/operation';
import { optionsProperty, readOptions } from '../options';
import { noteUnknownCost, planVideo, type VideoPlan } from '../video/plan';

const show = { resource: ['job'], operation: ['submit'] };

export const webhookUrlField: INodeProperties = {
	displayName: 'Webhook URL',
	name: 'webhookUrl',
	type: 'string',
	default: '',
	placeholder: 'e.g. {{ $execution.resumeUrl }}',
	description:
		'Address that Runpod calls when the job has ended: of a Pruna Video Trigger, or the resume URL of a Wait node',
	displayOptions: { show },
};

export const properties: INodeProperties[] = [
	optionsProperty(show, [
		'concurrency',
		'maxCostPerItem',
		'maxCostPerExecution',
		'cancelOnStop',
		'includeInput',
		'endpointId',
		'executionTimeout',
		'ttl',
		'lowPriority',
	]),
];

/** Job > Submit: hands a job in and goes on at once. */
export const operation: Operation<VideoPlan> = {
	async plan(context, itemIndex) {
		const options = readOptions(context, itemIndex);
		const url: unknown = context.getNodeParameter('webhookUrl', itemIndex, '');
		const webhook = url === '' || url === null ? undefined : checkHttpUrl(url, 'Webhook URL');
		return await planVideo(context, itemIndex, options, {
			operation: 'run',
			...(webhook !== undefined && { webhook }),
		});
	},

	async perform(run, plan, itemIndex) {
		const { request, input, estimate, options } = plan;
		const { estimatedCost } = estimate;
		noteUnknownCost(run, plan);
		const { job, seed } = await handInJob(run, itemIndex, request);
		run.tally.countSubmission(estimatedCost ?? undefined);
		const withSeed: JsonObject = seed === undefined ? {} : { seed };
		return {
			json: {
				id: job.id,
				status: job.status,
				...withSeed,
				estimatedCost,
				...(options.includeInput && { input: readableInput({ ...input, ...withSeed }) }),
			},
			pairedItem: { item: itemIndex },
		};
	},
};
