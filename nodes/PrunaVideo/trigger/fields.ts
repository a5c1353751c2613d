import type { INodeProperties } from 'n8n-workflow';
import { endpointId, fileName, webhookUrl } from '../actions/options';
import { OUTPUT_FIELDS, readOutputSettings, type OutputSettings } from '../actions/outputFields';
import { Choices } from '../fields/choice';
import { collectionProperty, readCollection, type Collection } from '../fields/collection';
import type { ParameterReader } from '../fields/field';
import { Flag } from '../fields/flag';
import type { FinalState } from '../runpod/job';

/** Job outcomes by the field's values. */
const STATES = {
	completed: 'COMPLETED',
	failed: 'FAILED',
	cancelled: 'CANCELLED',
	timedOut: 'TIMED_OUT',
} as const satisfies Record<string, FinalState>;

const events = new Choices<keyof typeof STATES>({
	label: 'Events',
	description: 'Which job outcomes start the workflow',
	options: [
		{
			value: 'completed',
			name: 'Completed',
			description: 'The video is ready',
			action: 'When a video is completed',
		},
		{
			value: 'failed',
			name: 'Failed',
			description: 'Runpod could not make the video',
			action: 'When a video fails',
		},
		{
			value: 'cancelled',
			name: 'Cancelled',
			description: 'The job was cancelled',
			action: 'When a job is cancelled',
		},
		{
			value: 'timedOut',
			name: 'Timed Out',
			description: 'The job timed out on Runpod',
			action: 'When a job times out',
		},
	],
});

const verify = new Flag({
	label: 'Verify',
	description:
		'Whether to confirm each call by fetching the job from Runpod, so that forged calls cannot start the workflow',
	default: true,
});

const skipDuplicates = new Flag({
	label: 'Skip Duplicates',
	description: 'Whether to ignore repeated calls for the same job outcome',
	default: true,
});

const OPTIONS: Collection = { label: 'Options', name: 'options', addText: 'Add Option' };
const OPTION_FIELDS = { fileName, endpointId };

/** The trigger's form, from top to bottom. */
export const properties: INodeProperties[] = [
	{
		displayName: `Open 'Webhook URLs' above, copy the URL and paste it into '${webhookUrl.label}' of Pruna Video (Job > Submit, or the options of Video > Generate). It must be reachable from the internet.`,
		name: 'webhookNotice',
		type: 'notice',
		default: '',
	},
	// n8n shows the credential above the field that it depends on.
	verify.property('verify'),
	events.property('events'),
	skipDuplicates.property('skipDuplicates'),
	...OUTPUT_FIELDS,
	collectionProperty(OPTIONS, Object.entries(OPTION_FIELDS)),
];

export interface TriggerSettings {
	/** Outcomes that start the workflow. */
	outcomes: readonly FinalState[];
	verifies: boolean;
	skipsDuplicates: boolean;
	output: OutputSettings;
	endpointId: string;
	fileName: string;
}

/**
 * @param read returns a parameter's value, or the fallback if it has none: calls and executions read parameters
 *   differently
 * @throws InvalidParameter
 */
export function readSettings(read: ParameterReader): TriggerSettings {
	return {
		outcomes: events.readFrom(read, 'events').map((event) => STATES[event]),
		verifies: verify.readFrom(read, 'verify'),
		skipsDuplicates: skipDuplicates.readFrom(read, 'skipDuplicates'),
		output: readOutputSettings(read),
		...readCollection(read(OPTIONS.name, {}), OPTION_FIELDS),
	};
}
