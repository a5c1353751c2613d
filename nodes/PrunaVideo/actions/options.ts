import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { InvalidParameter } from '../invalidParameter';
import { isJsonObject } from '../json';
import { checkAmount, checkChoice, checkFlag, checkInteger } from '../pvideo/validation';
import type { RunSettings } from '../run/run';
import { isEndpointId } from '../runpod/job';

/** The collection 'Options': how the node works, as opposed to what the video is. Ranges by Runpod's documents. */
const INTEGERS = {
	concurrency: { label: 'Items in Parallel', minimum: 1, maximum: 400, default: 5 },
	syncWait: { label: 'Sync Wait', minimum: 1, maximum: 300, default: 90 },
	timeout: { label: 'Timeout', minimum: 1, maximum: 86_400, default: 600 },
	pollInterval: { label: 'Poll Interval', minimum: 1, maximum: 30, default: 2 },
	executionTimeout: { label: 'Execution Timeout', minimum: 5, maximum: 604_800, default: 600 },
	ttl: { label: 'Time to Live', minimum: 10, maximum: 604_800, default: 86_400 },
} as const;

type IntegerOption = keyof typeof INTEGERS;

const EXECUTION_MODES = ['sync', 'async'] as const;
type ExecutionMode = (typeof EXECUTION_MODES)[number];

export const DEFAULT_ENDPOINT = 'p-video';

/** Options of one item, checked, with their defaults. Times in seconds, amounts in USD. */
export interface ItemOptions {
	executionMode: ExecutionMode;
	syncWait: number;
	timeout: number;
	pollInterval: number;
	maxCostPerItem?: number;
	maxCostPerExecution?: number;
	fileName: string;
	includeInput: boolean;
	endpointId: string;
	/** The API's policy; absent where the user set nothing. */
	executionTimeout?: number;
	ttl?: number;
	lowPriority?: boolean;
}

/**
 * @throws InvalidParameter
 */
export function readOptions(context: IExecuteFunctions, itemIndex: number): ItemOptions {
	return checkOptions(collection(context, itemIndex));
}

/**
 * @param values the collection as the user filled it in
 * @throws InvalidParameter
 */
export function checkOptions(values: Record<string, unknown>): ItemOptions {
	const { executionTimeout, ttl, lowPriority, fileName } = values;
	return {
		executionMode: checkChoice(values.executionMode ?? 'sync', {
			label: 'Execution Mode',
			choices: EXECUTION_MODES,
		}),
		syncWait: integer(values, 'syncWait'),
		timeout: integer(values, 'timeout'),
		pollInterval: integer(values, 'pollInterval'),
		...amount(values, 'maxCostPerItem'),
		...amount(values, 'maxCostPerExecution'),
		fileName:
			typeof fileName === 'string' || typeof fileName === 'number' ? String(fileName).trim() : '',
		includeInput: checkFlag(values.includeInput ?? false, { label: 'Include Input' }),
		endpointId: checkEndpointId(values.endpointId ?? DEFAULT_ENDPOINT),
		...(executionTimeout !== undefined && {
			executionTimeout: integer(values, 'executionTimeout'),
		}),
		...(ttl !== undefined && { ttl: integer(values, 'ttl') }),
		...(lowPriority !== undefined && {
			lowPriority: checkFlag(lowPriority, { label: 'Low Priority' }),
		}),
	};
}

/**
 * What the whole run takes from its first item.
 *
 * @throws InvalidParameter
 */
export function readRunSettings(context: IExecuteFunctions): RunSettings {
	const values = collection(context, 0);
	return {
		concurrency: integer(values, 'concurrency'),
		...amount(values, 'maxCostPerExecution'),
		cancelOnStop: checkFlag(values.cancelOnStop ?? true, { label: 'Cancel on Stop' }),
	};
}

function collection(context: IExecuteFunctions, itemIndex: number): Record<string, unknown> {
	const values: unknown = context.getNodeParameter('options', itemIndex, {});
	return isJsonObject(values) ? values : {};
}

function integer(values: Record<string, unknown>, name: IntegerOption): number {
	return checkInteger(values[name] ?? INTEGERS[name].default, INTEGERS[name]);
}

const AMOUNTS = {
	maxCostPerItem: 'Max Cost per Item',
	maxCostPerExecution: 'Max Cost per Execution',
} as const;

/** A limit that was added to the options; nothing where it was not. */
function amount<Name extends keyof typeof AMOUNTS>(
	values: Record<string, unknown>,
	name: Name,
): { [N in Name]?: number } {
	const limits: { [N in Name]?: number } = {};
	if (Object.hasOwn(values, name)) limits[name] = checkAmount(values[name], AMOUNTS[name]);
	return limits;
}

function checkEndpointId(value: unknown): string {
	const id = typeof value === 'string' ? value.trim() : '';
	if (!isEndpointId(id)) {
		throw new InvalidParameter(
			"'Endpoint ID' must be letters, digits and hyphens only",
			`It is the part of the endpoint's address after /v2/, such as ${DEFAULT_ENDPOINT}.`,
		);
	}
	return id;
}

function integerProperty(name: IntegerOption, description: string): INodeProperties {
	const { label, minimum, maximum, default: value } = INTEGERS[name];
	return {
		displayName: label,
		name,
		type: 'number',
		typeOptions: { minValue: minimum, maxValue: maximum, numberPrecision: 0 },
		default: value,
		description,
	};
}

const FROM_FIRST_ITEM = 'Read from the first item; it holds for all of them';

const PROPERTIES = {
	concurrency: {
		...integerProperty('concurrency', 'How many items are under way at the same time'),
		hint: FROM_FIRST_ITEM,
	},
	executionMode: {
		displayName: 'Execution Mode',
		name: 'executionMode',
		type: 'options',
		options: [
			{
				name: 'Sync',
				value: 'sync',
				description: 'One request that waits for the video (runsync): the fastest way',
			},
			{
				name: 'Async',
				value: 'async',
				description:
					'Submit and poll (run): every job can be cancelled on a stop, and its result is kept for 30 minutes',
			},
		],
		default: 'sync',
		description: 'How to wait for a video',
	},
	syncWait: integerProperty(
		'syncWait',
		'How many seconds the one request may wait before the node goes over to polling; the job goes on meanwhile',
	),
	timeout: integerProperty(
		'timeout',
		'How many seconds to wait for a video at most. After that the error names the job, which goes on at Runpod.',
	),
	pollInterval: integerProperty(
		'pollInterval',
		'How many seconds lie between two looks at a job at most. Results of synchronous jobs are kept for a minute only.',
	),
	maxCostPerItem: {
		displayName: AMOUNTS.maxCostPerItem,
		name: 'maxCostPerItem',
		type: 'number',
		typeOptions: { minValue: 0, numberPrecision: 4 },
		default: 0.4,
		description: 'US dollars. An item estimated above this is not submitted.',
	},
	maxCostPerExecution: {
		displayName: AMOUNTS.maxCostPerExecution,
		name: 'maxCostPerExecution',
		type: 'number',
		typeOptions: { minValue: 0, numberPrecision: 4 },
		default: 5,
		description: 'US dollars. Items that would take the sum above this are not submitted.',
		hint: FROM_FIRST_ITEM,
	},
	cancelOnStop: {
		displayName: 'Cancel on Stop',
		name: 'cancelOnStop',
		type: 'boolean',
		default: true,
		description: 'Whether jobs under way are cancelled at Runpod when the execution is stopped',
		hint: FROM_FIRST_ITEM,
	},
	fileName: {
		displayName: 'File Name',
		name: 'fileName',
		type: 'string',
		default: '',
		placeholder: 'e.g. sunset.mp4',
		description: 'Name of the downloaded file. Left empty, it is named after the job.',
	},
	includeInput: {
		displayName: 'Include Input',
		name: 'includeInput',
		type: 'boolean',
		default: false,
		description: 'Whether the output also holds the request that was sent',
	},
	endpointId: {
		displayName: 'Endpoint ID',
		name: 'endpointId',
		type: 'string',
		default: DEFAULT_ENDPOINT,
		description: 'The Runpod endpoint to use',
	},
	executionTimeout: integerProperty(
		'executionTimeout',
		'How many seconds Runpod lets the job run before it ends it (policy)',
	),
	ttl: integerProperty(
		'ttl',
		'How many seconds Runpod keeps the job at all, from its submission on (policy)',
	),
	lowPriority: {
		displayName: 'Low Priority',
		name: 'lowPriority',
		type: 'boolean',
		default: false,
		description: 'Whether the job lets others go first and does not start new workers (policy)',
	},
} satisfies Record<string, INodeProperties>;

export type OptionName = keyof typeof PROPERTIES;

/** The collection 'Options' with just these options, sorted by their labels as n8n wants it. */
export function optionsProperty(
	show: { resource: string[]; operation: string[] } | undefined,
	names: readonly OptionName[],
): INodeProperties {
	const options = names
		.map((name): INodeProperties => PROPERTIES[name])
		// Not by `localeCompare`: its first call takes as long as loading all of this package.
		.sort((a, b) => (a.displayName < b.displayName ? -1 : 1));
	return {
		displayName: 'Options',
		name: 'options',
		type: 'collection',
		placeholder: 'Add Option',
		default: {},
		...(show && { displayOptions: { show } }),
		options,
	};
}
