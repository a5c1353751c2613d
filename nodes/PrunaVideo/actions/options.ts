import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import type { ExecutionSettings } from '../execution/execution';
import { Address } from '../fields/address';
import { Choice } from '../fields/choice';
import { collectionProperty, readCollection, type Collection } from '../fields/collection';
import type { Fields, ParameterReader, ValuesOf } from '../fields/field';
import { Flag } from '../fields/flag';
import { Amount, Integer } from '../fields/number';
import { Name, Text } from '../fields/text';
import { LABELS } from '../labels';
import { isEndpointId } from '../runpod/job';

const DEFAULT_ENDPOINT = 'p-video';

const FROM_FIRST_ITEM = 'Taken from the first item and applied to all items';

const WEEK_SECONDS = 7 * 24 * 60 * 60;

/**
 * How the node works, as opposed to what the video shows. In the order of the menu: first the cost limits, then how
 * the node waits, what it returns, and Runpod's own settings. Ranges are from Runpod's documentation.
 */
const OPTIONS = {
	maxCostPerItem: new Amount({
		label: 'Max Cost per Item (USD)',
		description: 'Items estimated above this amount are not submitted',
		suggestion: 0.4,
	}),
	maxCostPerExecution: new Amount({
		label: `${LABELS.maxCostPerExecution} (USD)`,
		description: 'Items that would take the total above this amount are not submitted',
		hint: FROM_FIRST_ITEM,
		suggestion: 5,
	}),
	concurrency: new Integer({
		label: LABELS.concurrency,
		description: 'How many items to process at the same time',
		hint: FROM_FIRST_ITEM,
		minimum: 1,
		maximum: 400,
		default: 5,
	}),
	executionMode: new Choice({
		label: LABELS.executionMode,
		description: 'How to wait for a video',
		options: [
			{
				value: 'sync',
				name: 'Sync',
				description: 'One request that waits for the video (runsync)',
			},
			{
				value: 'async',
				name: 'Async',
				description:
					'Submit the job, then wait for it (run). Every job can be cancelled on a stop, and results are kept for 30 minutes.',
			},
		],
		default: 'sync',
	}),
	timeout: new Integer({
		label: `${LABELS.timeout} (Seconds)`,
		description:
			'Maximum time to wait for each item, in seconds. After that the node fails with the job ID, if there is one; the job keeps running on Runpod.',
		minimum: 1,
		maximum: 86_400,
		default: 600,
		unit: 'seconds',
	}),
	syncWait: new Integer({
		label: 'Sync Wait (Seconds)',
		description:
			'How long, in seconds, the request waits for the video before the node switches to status checks. The job keeps running.',
		minimum: 1,
		maximum: 300,
		default: 90,
		unit: 'seconds',
	}),
	pollInterval: new Integer({
		label: 'Poll Interval (Seconds)',
		description:
			'Maximum time between status checks, in seconds, on endpoints that do not support long polling (status-sync)',
		minimum: 1,
		maximum: 30,
		default: 2,
		unit: 'seconds',
	}),
	cancelOnStop: new Flag({
		label: LABELS.cancelOnStop,
		description: 'Whether to cancel running jobs on Runpod when the execution is stopped',
		hint: FROM_FIRST_ITEM,
		default: true,
	}),
	cancelOnTimeout: new Flag({
		label: LABELS.cancelOnTimeout,
		description: `Whether to cancel an item's job on Runpod when ${LABELS.timeout} expires, instead of letting it run`,
		default: false,
	}),
	resubmitUncertain: new Flag({
		label: LABELS.resubmitUncertain,
		description:
			'Whether a retry submits an item again when it is unknown whether Runpod accepted it, or when Runpod no longer knows its job. The video may be billed twice.',
		default: false,
	}),
	fileName: new Text({
		label: 'File Name',
		description: 'Name of the downloaded file. If empty, it is named after the job.',
		placeholder: 'e.g. sunset.mp4',
		default: '',
	}),
	includeInput: new Flag({
		label: 'Include Input',
		description: 'Whether to include the input that was sent to Runpod in the output',
		default: false,
	}),
	sendFilesAs: new Choice({
		label: LABELS.sendFilesAs,
		description: 'How to send an image or audio from a binary field to Runpod',
		options: [
			{ value: 'dataUri', name: 'Data URI', description: 'In the request itself' },
			{
				value: 'link',
				name: 'Link',
				description:
					'As a signed, short-lived link to this n8n instance, which must be reachable from the internet. For large files.',
			},
		],
		default: 'dataUri',
	}),
	webhookUrl: new Address({
		label: 'Webhook URL',
		description:
			'URL that Runpod calls when the job finishes, such as the URL of a Pruna Video Trigger or the resume URL of a Wait node',
		placeholder: 'e.g. {{ $execution.resumeUrl }}',
	}),
	endpointId: new Name({
		label: LABELS.endpointId,
		description: 'The Runpod endpoint to use',
		default: DEFAULT_ENDPOINT,
		demand: 'contain only letters, digits, hyphens and underscores',
		isValid: isEndpointId,
		advice: `It is the part of the endpoint's URL after /v2/, such as ${DEFAULT_ENDPOINT}.`,
	}),
	executionTimeout: new Integer({
		label: `Runpod: ${LABELS.executionTimeout} (Seconds)`,
		description: 'Maximum time Runpod lets the job run, in seconds',
		// According to one of Runpod's pages more than 5 s, according to another at least 5 s.
		minimum: 6,
		maximum: WEEK_SECONDS,
		suggestion: 600,
		unit: 'seconds',
	}),
	ttl: new Integer({
		label: `Runpod: ${LABELS.ttl} (Seconds)`,
		description: 'How long Runpod keeps the job after submission, in seconds',
		minimum: 10,
		maximum: WEEK_SECONDS,
		suggestion: 86_400,
		unit: 'seconds',
	}),
	lowPriority: new Flag({
		label: 'Runpod: Low Priority',
		description: 'Whether to let other jobs go first and not start new workers for this one',
	}),
} satisfies Fields;

export type OptionName = keyof typeof OPTIONS;

const COLLECTION: Collection = { label: 'Options', name: 'options', addText: 'Add Option' };

/** The collection 'Options' with just these options, in the order of the table. */
export function optionsProperty(names: readonly OptionName[]): INodeProperties {
	const isOffered = new Set<string>(names);
	return collectionProperty(
		COLLECTION,
		Object.entries(OPTIONS).filter(([name]) => isOffered.has(name)),
	);
}

const { concurrency, cancelOnStop, ...ITEM_OPTIONS } = OPTIONS;
const { maxCostPerExecution } = ITEM_OPTIONS;

/** Options of one item, checked, with their defaults. Times in seconds, amounts in USD. */
export type ItemOptions = ValuesOf<typeof ITEM_OPTIONS>;

/**
 * @throws InvalidParameter
 */
export function readOptions(read: ParameterReader): ItemOptions {
	return readCollection(read(COLLECTION.name, {}), ITEM_OPTIONS);
}

/**
 * The settings that the whole execution takes from its first item.
 *
 * @throws InvalidParameter
 */
export function readExecutionSettings(context: IExecuteFunctions): ExecutionSettings {
	return readCollection(context.getNodeParameter(COLLECTION.name, 0, {}), {
		concurrency,
		maxCostPerExecution,
		cancelOnStop,
	});
}

/** For messages that name an option. */
export function labelOf(name: OptionName): string {
	return OPTIONS[name].label;
}

/** Options that are also used as fields elsewhere. */
export const { endpointId, fileName, webhookUrl } = OPTIONS;
