import type { INodeProperties } from 'n8n-workflow';
import type { ParameterReader } from '../fields/field';
import { Flag } from '../fields/flag';
import { Name } from '../fields/text';

const download = new Flag({
	label: 'Download Video',
	description:
		'Whether to download the video file too. Its URL expires after 7 days; a downloaded file does not.',
	default: false,
});

const binaryPropertyName = new Name({
	label: 'Put Output File in Field',
	placeholder: 'e.g. data',
	hint: 'The name of the output binary field to put the file in',
	default: 'data',
	isRequired: true,
	demand: 'be the name of a field',
	isValid: () => true,
});

const simplify = new Flag({
	label: 'Simplify',
	description: 'Whether to return a simplified version of the response instead of the raw data',
	default: true,
});

/** For messages that refer to it. */
export const DOWNLOAD_LABEL = download.label;

/** The fields that decide how a finished video is output. */
export const OUTPUT_FIELDS: INodeProperties[] = [
	download.property('download'),
	{
		...binaryPropertyName.property('binaryPropertyName'),
		displayOptions: { show: { download: [true] } },
	},
	simplify.property('simplify'),
];

export interface OutputSettings {
	/** The binary field for the video; absent where it is not downloaded. */
	downloadTo?: string;
	simplify: boolean;
}

/**
 * @throws InvalidParameter
 */
export function readOutputSettings(read: ParameterReader): OutputSettings {
	return {
		simplify: simplify.readFrom(read, 'simplify'),
		...(download.readFrom(read, 'download') && {
			downloadTo: binaryPropertyName.readFrom(read, 'binaryPropertyName'),
		}),
	};
}
