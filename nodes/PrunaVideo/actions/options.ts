import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import type { ExecutionSettings } from '../execution/execution';
import {
	collectionProperty,
	readCollection,
	type Fields,
	type ParameterReader,
	type ValuesOf,
} from '../fields/field';
import {
	amountField,
	choiceField,
	flagField,
	jsonField,
	nameField,
	textField,
	wholeNumberField,
} from '../fields/kinds';
import { addressField } from '../fields/links';
import { LABELS } from '../labels';
import { MODEL_ENDPOINT } from '../pvideo/parameters';
import { isEndpointId } from '../runpod/job';

const FROM_FIRST_ITEM = 'Taken from the first item and applied to all items';

/**
 * How the node works, as opposed to what the video shows, in the order of the menu: first the cost limits, then how
 * the node waits, what it returns, and Runpod's own settings. Ranges are from Runpod's documentation.
 */
const OPTIONS = {
	maxCostPerItem: amountField({
		label: `${LABELS.maxCostPerItem} (USD)`,
		description:
			'Items estimated to cost more than this amount, and items of unknown price, are not submitted',
		suggestion: 0.4,
	}),
	maxCostPerExecution: amountField({
		label: `${LABELS.maxCostPerExecution} (USD)`,
		description:
			'Items that would take the total above this amount, and items of unknown price, are not submitted',
		hint: FROM_FIRST_ITEM,
		builderHint: { propertyHint: 'Always set it: every execution is billed' },
		suggestion: 5,
	}),
	concurrency: wholeNumberField({
		label: LABELS.concurrency,
		description: 'How many items to process at the same time',
		hint: FROM_FIRST_ITEM,
		minimum: 1,
		maximum: 400,
		default: 5,
	}),
	timeout: wholeNumberField({
		label: `${LABELS.timeout} (Seconds)`,
		description:
			'Maximum time to wait for each item, in seconds. After that the item fails with an error that names the job, if it is known; the job keeps running on Runpod.',
		minimum: 1,
		maximum: 86_400,
		default: 600,
	}),
	simplify: flagField({
		label: 'Simplify',
		description: 'Whether to return a simplified version of the response instead of the raw data',
		default: true,
	}),
	fileName: textField({
		label: 'File Name',
		description: 'Name of the downloaded file. If empty, it is named after the job.',
		placeholder: 'e.g. sunset.mp4',
	}),
	binaryPropertyName: nameField({
		label: 'Put Output File in Field',
		description: 'Name of the output binary field for the downloaded file',
		placeholder: 'e.g. data',
		default: 'data',
		demand: 'be the name of a field',
		isValid: () => true,
	}),
	executionMode: choiceField({
		label: LABELS.executionMode,
		description: 'How to wait for a video',
		builderHint: { propertyHint: 'Both modes wait for the video: neither needs a Wait node' },
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
					'Submit the job, then wait for it (run). Every job can be cancelled when the execution is stopped, and results are kept for 30 minutes.',
			},
		],
		default: 'sync',
	}),
	webhookUrl: addressField({
		label: 'Webhook URL',
		description:
			'URL that Runpod calls when the job finishes, such as the Production URL of a Pruna Video Trigger or the resume URL of a Wait node',
		placeholder: 'e.g. {{ $execution.resumeUrl }}',
	}),
	cancelOnStop: flagField({
		label: LABELS.cancelOnStop,
		description: 'Whether to cancel running jobs on Runpod when the execution is stopped',
		hint: FROM_FIRST_ITEM,
		default: true,
	}),
	cancelOnTimeout: flagField({
		label: LABELS.cancelOnTimeout,
		description: `Whether to cancel an item's job on Runpod when ${LABELS.timeout} expires, instead of letting it run`,
		default: false,
	}),
	resubmitUncertain: flagField({
		label: LABELS.resubmitUncertain,
		description:
			'Whether a retry submits an item again if Runpod may already have accepted it. The video may then be billed twice.',
		default: false,
	}),
	sendFilesAs: choiceField({
		label: LABELS.sendFilesAs,
		description: 'How to send an image or audio file to Runpod',
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
	endpointId: nameField({
		label: LABELS.endpointId,
		description: 'The Runpod endpoint to use',
		default: MODEL_ENDPOINT,
		demand: 'contain only letters, digits, hyphens and underscores',
		isValid: isEndpointId,
		advice: `It is the part of the endpoint's URL after /v2/, such as ${MODEL_ENDPOINT}.`,
	}),
	policy: jsonField({
		label: `${LABELS.policy} (JSON)`,
		description:
			"Runpod's own settings for the job: executionTimeout and ttl, in milliseconds, and lowPriority",
		placeholder: 'e.g. { "ttl": 3600000 }',
	}),
} satisfies Fields;

export type OptionName = keyof typeof OPTIONS;

const COLLECTION = { displayName: 'Options', name: 'options', placeholder: 'Add Option' };

export function optionsProperty(names: readonly OptionName[]): INodeProperties {
	const isOffered = new Set<string>(names);
	const offered = Object.entries(OPTIONS).filter(([name]) => isOffered.has(name));
	return collectionProperty(COLLECTION, Object.fromEntries(offered));
}

const { concurrency, cancelOnStop, ...ITEM_OPTIONS } = OPTIONS;
const { maxCostPerExecution } = ITEM_OPTIONS;

/** Options of one item, checked, with their defaults. Times in seconds, amounts in USD. */
export type ItemOptions = ValuesOf<typeof ITEM_OPTIONS>;

export function readOptions(read: ParameterReader): ItemOptions {
	return readCollection(read(COLLECTION.name, {}), ITEM_OPTIONS);
}

/** The settings that the whole execution takes from its first item. @throws InvalidParameter */
export function readExecutionSettings(context: IExecuteFunctions): ExecutionSettings {
	return readCollection(context.getNodeParameter(COLLECTION.name, 0, {}), {
		concurrency,
		maxCostPerExecution,
		cancelOnStop,
	});
}

export const { webhookUrl, simplify } = OPTIONS;

export const download = flagField({
	label: LABELS.download,
	description:
		'Whether to also download the video file. Its URL expires after 7 days; a downloaded file does not.',
	default: false,
});
