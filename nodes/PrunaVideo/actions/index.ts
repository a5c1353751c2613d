import {
	NodeOperationError,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeProperties,
} from 'n8n-workflow';
import type { Operation, Plan } from '../run/operation';
import { runItems } from '../run/runItems';
import * as getHealth from './endpoint/getHealth';
import * as cancel from './job/cancel';
import * as get from './job/get';
import { jobIdField } from './job/jobId';
import * as retry from './job/retry';
import * as submit from './job/submit';
import { readRunSettings } from './options';
import { outputFieldsFor } from './outputFields';
import * as estimateCost from './video/estimateCost';
import { additionalVideoFields, videoFields } from './video/fields';
import * as generate from './video/generate';

const resourceField: INodeProperties = {
	displayName: 'Resource',
	name: 'resource',
	type: 'options',
	noDataExpression: true,
	options: [
		{ name: 'Endpoint', value: 'endpoint' },
		{ name: 'Job', value: 'job' },
		{ name: 'Video', value: 'video' },
	],
	default: 'video',
};

const operationFields: INodeProperties[] = [
	{
		displayName: 'Operation',
		name: 'operation',
		type: 'options',
		noDataExpression: true,
		displayOptions: { show: { resource: ['video'] } },
		options: [
			{
				name: 'Estimate Cost',
				value: 'estimateCost',
				action: 'Estimate the cost of a video',
				description: 'Price a video before spending; calls nothing',
			},
			{
				name: 'Generate',
				value: 'generate',
				action: 'Generate a video',
				description: 'Make a video from text, an image or audio and wait for it',
			},
		],
		default: 'generate',
	},
	{
		displayName: 'Operation',
		name: 'operation',
		type: 'options',
		noDataExpression: true,
		displayOptions: { show: { resource: ['job'] } },
		options: [
			{
				name: 'Cancel',
				value: 'cancel',
				action: 'Cancel a job',
				description: 'Cancel a queued or running job',
			},
			{
				name: 'Get',
				value: 'get',
				action: 'Get a job',
				description: 'Get the state of a job, and its video once it is completed',
			},
			{
				name: 'Retry',
				value: 'retry',
				action: 'Retry a job',
				description: 'Put a failed or timed-out job back into the queue; it is paid for again',
			},
			{
				name: 'Submit',
				value: 'submit',
				action: 'Submit a job',
				description:
					'Hand in a video without waiting for it; Runpod can call a webhook when it is done',
			},
		],
		default: 'submit',
	},
	{
		displayName: 'Operation',
		name: 'operation',
		type: 'options',
		noDataExpression: true,
		displayOptions: { show: { resource: ['endpoint'] } },
		options: [
			{
				name: 'Get Health',
				value: 'getHealth',
				action: 'Get the health of the endpoint',
				description: 'Get how many jobs are queued and how many workers run',
			},
		],
		default: 'getHealth',
	},
];

/** The node's form, from top to bottom. */
export const properties: INodeProperties[] = [
	resourceField,
	...operationFields,
	jobIdField,
	get.waitField,
	...videoFields,
	submit.webhookUrlField,
	...outputFieldsFor({ resource: ['video', 'job'], operation: ['generate', 'get'] }),
	...additionalVideoFields,
	...[generate, estimateCost, submit, get, cancel, retry, getHealth].flatMap(
		(action) => action.properties,
	),
];

/** Does the chosen operation for all input items. */
export async function execute(context: IExecuteFunctions): Promise<INodeExecutionData[][]> {
	const resource = context.getNodeParameter('resource', 0);
	const operation = context.getNodeParameter('operation', 0);
	const run = async <P extends Plan>(chosen: Operation<P>) => [
		await runItems(context, chosen, readRunSettings),
	];
	switch (`${resource}:${operation}`) {
		case 'video:generate':
			return await run(generate.operation);
		case 'video:estimateCost':
			return await run(estimateCost.operation);
		case 'job:submit':
			return await run(submit.operation);
		case 'job:get':
			return await run(get.operation);
		case 'job:cancel':
			return await run(cancel.operation);
		case 'job:retry':
			return await run(retry.operation);
		case 'endpoint:getHealth':
			return await run(getHealth.operation);
		default:
			throw new NodeOperationError(
				context.getNode(),
				`The operation '${String(operation)}' does not exist for the resource '${String(resource)}'`,
				{ description: "Choose another one in the fields 'Resource' and 'Operation'." },
			);
	}
}
