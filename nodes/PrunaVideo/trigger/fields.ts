import type { INodeProperties } from 'n8n-workflow';
import {
	download,
	type ItemOptions,
	optionsProperty,
	readOptions,
	simplify,
	webhookUrl,
} from '../actions/options';
import type { ParameterReader } from '../fields/field';
import { choicesField, flagField } from '../fields/kinds';
import type { FinalState } from '../runpod/job';

/** Job outcomes: the field's value, Runpod's name, ours, and what n8n's nodes panel calls the event. */
const EVENTS = [
	['completed', 'COMPLETED', 'Completed', 'The video is ready', 'When a video is completed'],
	['failed', 'FAILED', 'Failed', 'Runpod could not make the video', 'When a video fails'],
	['cancelled', 'CANCELLED', 'Cancelled', 'The job was cancelled', 'When a job is cancelled'],
	['timedOut', 'TIMED_OUT', 'Timed Out', 'The job timed out on Runpod', 'When a job times out'],
] as const;

const events = choicesField({
	label: 'Events',
	description: 'Which job outcomes start the workflow',
	options: EVENTS.map(([value, , name, description, action]) => {
		return { value, name, description, action };
	}),
});

const verify = flagField({
	label: 'Verify',
	description:
		'Whether to confirm each call by fetching the job from Runpod, so that forged calls cannot start the workflow',
	default: true,
});

const skipDuplicates = flagField({
	label: 'Skip Duplicates',
	description: 'Whether to ignore repeated calls for the same job outcome',
	default: true,
});

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
	outcomes: readonly FinalState[];
	verifies: boolean;
	skipsDuplicates: boolean;
	downloads: boolean;
	options: ItemOptions;
}

/** @param read calls and executions read parameters differently @throws InvalidParameter */
export function readSettings(read: ParameterReader): TriggerSettings {
	const chosen = events.read(read('events', events.unset));
	return {
		outcomes: EVENTS.filter(([value]) => chosen.includes(value)).map(([, state]) => state),
		verifies: verify.read(read('verify', true)),
		skipsDuplicates: skipDuplicates.read(read('skipDuplicates', true)),
		downloads: download.read(read('download', false)),
		options: { ...readOptions(read), simplify: simplify.read(read('simplify', true)) },
	};
}
