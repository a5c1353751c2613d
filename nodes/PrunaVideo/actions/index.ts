import {
	NodeOperationError,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeProperties,
} from 'n8n-workflow';
import { execute as executeOperation } from '../execution/execute';
import { Choice, type Option } from '../fields/choice';
import type { DescribedOperation } from './describedOperation';
import { getHealth } from './endpoint/getHealth';
import { cancel } from './job/cancel';
import { get } from './job/get';
import { retry } from './job/retry';
import { submit } from './job/submit';
import { readVideoResult } from '../pvideo/result';
import { readExecutionSettings } from './options';
import { estimateCost } from './video/estimateCost';
import { generate } from './video/generate';

/** In the form's order, the most used first. */
const RESOURCES = [
	{ name: 'Video', value: 'video' },
	{ name: 'Job', value: 'job' },
	{ name: 'Endpoint', value: 'endpoint' },
] as const;

/** In the order of the menus, the most used first; the first of a resource is its default. */
const OPERATIONS: readonly DescribedOperation[] = [
	generate,
	estimateCost,
	submit,
	get,
	cancel,
	retry,
	getHealth,
];

/** The node's form, from top to bottom. */
export const properties: INodeProperties[] = [
	menu('Resource', 'resource', RESOURCES),
	...RESOURCES.map(({ value }) => ({
		...menu(
			'Operation',
			'operation',
			OPERATIONS.filter(({ resource }) => resource === value),
		),
		displayOptions: { show: { resource: [value] } },
	})),
	...OPERATIONS.flatMap(fieldsOf),
];

function menu(
	label: string,
	name: string,
	entries: ReadonlyArray<Option<string>>,
): INodeProperties {
	const options = entries.map(({ value, name: entry, description, action }) => ({
		name: entry,
		value,
		...(description !== undefined && { description }),
		...(action !== undefined && { action }),
	}));
	const field = new Choice({ label, options, default: options[0]?.value ?? '' });
	return { ...field.property(name), noDataExpression: true };
}

function fieldsOf({ resource, value, fields }: DescribedOperation): INodeProperties[] {
	return fields.map((field) => ({
		...field,
		displayOptions: {
			show: { resource: [resource], operation: [value], ...field.displayOptions?.show },
		},
	}));
}

/** Does the chosen operation for all input items. */
export async function execute(context: IExecuteFunctions): Promise<INodeExecutionData[][]> {
	const resource = context.getNodeParameter('resource', 0);
	const value = context.getNodeParameter('operation', 0);
	const chosen = OPERATIONS.find(
		(operation) => operation.resource === resource && operation.value === value,
	);
	if (chosen === undefined) {
		throw new NodeOperationError(
			context.getNode(),
			`The operation '${String(value)}' does not exist for the resource '${String(resource)}'`,
			{ description: "Choose another one in the fields 'Resource' and 'Operation'." },
		);
	}
	return [
		await executeOperation(context, chosen, {
			readSettings: readExecutionSettings,
			readResult: ({ raw }) => readVideoResult(raw.output),
		}),
	];
}
