import {
	NodeOperationError,
	updateDisplayOptions,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeProperties,
} from 'n8n-workflow';
import { execute as executeOperation } from '../execution/execute';
import type { Operation } from '../execution/operation';
import { choiceField, type Option } from '../fields/kinds';
import { getHealth } from './endpoint/getHealth';
import { cancel } from './job/cancel';
import { get } from './job/get';
import { retry } from './job/retry';
import { submit } from './job/submit';
import { readExecutionSettings } from './options';
import { estimateCost } from './video/estimateCost';
import { generate } from './video/generate';

const RESOURCES = [
	{ name: 'Video', value: 'video' },
	{ name: 'Job', value: 'job' },
	{ name: 'Endpoint', value: 'endpoint' },
] as const;

/** In the order of the menus, the most used first; the first of a resource is its default. */
const OPERATIONS: readonly Operation[] = [
	generate,
	estimateCost,
	submit,
	get,
	cancel,
	retry,
	getHealth,
];

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
	...OPERATIONS.flatMap(({ resource, value, fields }) =>
		updateDisplayOptions({ show: { resource: [resource], operation: [value] } }, fields),
	),
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
	const field = choiceField({ label, options, default: options[0]?.value ?? '' });
	return { ...field.property(name), noDataExpression: true };
}

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
	return [await executeOperation(context, chosen, readExecutionSettings)];
}
