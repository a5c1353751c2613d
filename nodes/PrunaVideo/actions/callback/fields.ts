import type { INodeProperties, IWebhookFunctions } from 'n8n-workflow';
import { InvalidParameter } from '../../invalidParameter';
import { isJsonObject } from '../../json';
import { checkFlag } from '../../pvideo/validation';
import type { FinalState } from '../../runpod/job';
import { checkOptions, optionsProperty } from '../options';
import { outputFieldsFor, readOutputSettings, type OutputSettings } from '../outputFields';

/** How a job can end, as the field's values name it. */
const ENDS: ReadonlyMap<string, FinalState> = new Map([
	['completed', 'COMPLETED'],
	['failed', 'FAILED'],
	['cancelled', 'CANCELLED'],
	['timedOut', 'TIMED_OUT'],
]);

/** The trigger's form, from top to bottom. */
export const properties: INodeProperties[] = [
	{
		displayName:
			"Put this trigger's webhook URL into 'Webhook URL' of Pruna Video > Job > Submit. Runpod has to reach it from the internet.",
		name: 'webhookNotice',
		type: 'notice',
		default: '',
	},
	{
		displayName: 'Events',
		name: 'events',
		type: 'multiOptions',
		required: true,
		options: [
			{ name: 'Cancelled', value: 'cancelled', description: 'Somebody cancelled the job' },
			{ name: 'Completed', value: 'completed', description: 'The video is there' },
			{ name: 'Failed', value: 'failed', description: 'Runpod could not make the video' },
			{ name: 'Timed Out', value: 'timedOut', description: 'The job ran out of time at Runpod' },
		],
		default: ['completed', 'failed', 'cancelled', 'timedOut'],
		description: 'Which ends of a job start the workflow',
	},
	{
		displayName: 'Verify',
		name: 'verify',
		type: 'boolean',
		default: true,
		description:
			'Whether to fetch the job from Runpod and believe only that answer, so that nobody else can start the workflow by calling its URL',
	},
	{
		displayName: 'Skip Duplicates',
		name: 'skipDuplicates',
		type: 'boolean',
		default: true,
		description: 'Whether repeated calls for the same end of a job start the workflow only once',
	},
	...outputFieldsFor({}),
	optionsProperty(undefined, ['endpointId', 'fileName']),
];

export interface CallbackSettings {
	/** Ends that start the workflow. */
	ends: readonly FinalState[];
	verifies: boolean;
	skipsDuplicates: boolean;
	output: OutputSettings;
	endpointId: string;
	fileName: string;
}

/**
 * @throws InvalidParameter
 */
export function readSettings(context: IWebhookFunctions): CallbackSettings {
	const read = (name: string, fallback: unknown): unknown =>
		context.getNodeParameter(name, fallback);
	const options = read('options', {});
	const { endpointId, fileName } = checkOptions(isJsonObject(options) ? options : {});
	return {
		ends: readEnds(read('events', [...ENDS.keys()])),
		verifies: checkFlag(read('verify', true), { label: 'Verify' }),
		skipsDuplicates: checkFlag(read('skipDuplicates', true), { label: 'Skip Duplicates' }),
		output: readOutputSettings(read),
		endpointId,
		fileName,
	};
}

function readEnds(value: unknown): FinalState[] {
	const names: unknown[] = Array.isArray(value) ? value : [];
	const ends = names.flatMap((name) => ENDS.get(String(name)) ?? []);
	if (ends.length === 0 || ends.length < names.length) {
		throw new InvalidParameter(
			`'Events' must be some of ${[...ENDS.keys()].join(', ')}`,
			'Choose at least one event in the trigger.',
		);
	}
	return ends;
}
