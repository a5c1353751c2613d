import type { INodeProperties } from 'n8n-workflow';
import type { JsonObject } from '../../json';
import { readableInput } from '../../pvideo/request';
import { checkHttpUrl } from '../../pvideo/validation';
import { handInJob } from '../../run/jobRun';
import type { Operation } from '../../run/operation';
import { optionsProperty, readOptions } from '../options';
import { UNKNOWN_COST_NOTE } from '../video/generate';
import { planVideo, type VideoPlan } from '../video/plan';

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

interface SubmitPlan extends VideoPlan {
	includeInput: boolean;
	hasLimit: boolean;
}

/** Job > Submit: hands a job in and goes on at once. */
export const operation: Operation<SubmitPlan> = {
	async plan(context, itemIndex) {
		const options = readOptions(context, itemIndex);
		const url: unknown = context.getNodeParameter('webhookUrl', itemIndex, '');
		const webhook = url === '' || url === null ? undefined : checkHttpUrl(url, 'Webhook URL');
		const plan = await planVideo(context, itemIndex, options, {
			operation: 'run',
			...(webhook !== undefined && { webhook }),
		});
		const hasLimit =
			options.maxCostPerItem !== undefined || options.maxCostPerExecution !== undefined;
		return { ...plan, includeInput: options.includeInput, hasLimit };
	},

	async perform(run, { request, input, estimate, includeInput, hasLimit }, itemIndex) {
		const { estimatedCost } = estimate;
		if (estimatedCost === null && hasLimit) run.tally.note(UNKNOWN_COST_NOTE);
		const { job, seed } = await handInJob(run, itemIndex, request);
		run.tally.countSubmission(estimatedCost ?? undefined);
		const withSeed: JsonObject = seed === undefined ? {} : { seed };
		return {
			json: {
				id: job.id,
				status: job.status,
				...withSeed,
				estimatedCost,
				...(includeInput && { input: readableInput({ ...input, ...withSeed }) }),
			},
			pairedItem: { item: itemIndex },
		};
	},
};
