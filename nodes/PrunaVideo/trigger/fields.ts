import type { INodeProperties } from 'n8n-workflow';
import { download, optionsProperty, readOptions, simplify, webhookUrl } from '../actions/options';
import type { ItemOptions } from '../actions/options';
import type { ParameterReader } from '../fields/field';
import { choicesField, flagField } from '../fields/kinds';
import type { FinalState } from '../runpod/job';

/** Job outcomes by the field's values. */
const STATES = {
	completed: 'COMPLETED',
	failed: 'FAILED',
	cancelled: 'CANCELLED',
	timedOut: 'TIMED_OUT',
} as const satisfies Record<string, FinalState>;

const events = choicesField<keyof typeof STATES>({
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

const verify = flagField(
	{
		label: 'Verify',
		description:
			'Whether to confirm each call by fetching the job from Runpod, so that forged calls cannot start the workflow',
	},
	true,
);

const skipDuplicates = flagField(
	{
		label: 'Skip Duplicates',
		description: 'Whether to ignore repeated calls for the same job outcome',
	},
	true,
);

/** The trigger's form, from top to bottom. */
export const properties: INodeProperties[] = [
	{
		displayName: `Open 'Webhook URLs' above, copy the <b>Production URL</b> and paste it into '${webhookUrl.label}' of Pruna Video (Job > Submit, or the options of Video > Generate). It must be reachable from the internet.`,
		name: 'webhookNotice',
		type: 'notice',
		default: '',
	},
	events.property('events'),
	verify.property('verify'),
	skipDuplicates.property('skipDuplicates'),
	download.property('download'),
	simplify.property('simplify'),
	optionsProperty(['fileName', 'binaryPropertyName', 'endpointId']),
];

export interface TriggerSettings {
	/** Outcomes that start the workflow. */
	outcomes: readonly FinalState[];
	verifies: boolean;
	skipsDuplicates: boolean;
	downloads: boolean;
	options: ItemOptions;
}

/**
 * @param read calls and executions read parameters differently
 * @throws InvalidParameter
 */
export function readSettings(read: ParameterReader): TriggerSettings {
	return {
		outcomes: events.read(read('events', events.unset)).map((event) => STATES[event]),
		verifies: verify.read(read('verify', true)),
		skipsDuplicates: skipDuplicates.read(read('skipDuplicates', true)),
		downloads: download.read(read('download', false)),
		options: { ...readOptions(read), simplify: simplify.read(read('simplify', true)) },
	};
}
