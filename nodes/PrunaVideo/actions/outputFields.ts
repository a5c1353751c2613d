import type { INodeProperties } from 'n8n-workflow';
import { checkFlag } from '../pvideo/validation';

type Show = NonNullable<INodeProperties['displayOptions']>['show'];

/** How a finished video comes out of a node, where `show` says so. */
export function outputFieldsFor(show: Show): INodeProperties[] {
	return [
		{
			displayName: 'Download Video',
			name: 'download',
			type: 'boolean',
			default: false,
			description:
				'Whether to fetch the video file too. Its URL expires after 7 days, a downloaded file does not.',
			displayOptions: { show },
		},
		{
			displayName: 'Put Output File in Field',
			name: 'binaryPropertyName',
			type: 'string',
			required: true,
			default: 'data',
			placeholder: 'e.g. data',
			hint: 'The name of the output binary field to put the file in',
			displayOptions: { show: { ...show, download: [true] } },
		},
		{
			displayName: 'Simplify',
			name: 'simplify',
			type: 'boolean',
			default: true,
			description: 'Whether to return a simplified version of the response instead of the raw data',
			displayOptions: { show },
		},
	];
}

export interface OutputSettings {
	/** The binary field for the video; absent where it is not downloaded. */
	downloadTo?: string;
	simplify: boolean;
}

/**
 * @param read gives a parameter's value, or the fallback where it has none
 * @throws InvalidParameter
 */
export function readOutputSettings(
	read: (name: string, fallback: unknown) => unknown,
): OutputSettings {
	const download = checkFlag(read('download', false), { label: 'Download Video' });
	const field = download ? String(read('binaryPropertyName', 'data')).trim() : '';
	return {
		simplify: checkFlag(read('simplify', true), { label: 'Simplify' }),
		...(download && { downloadTo: field === '' ? 'data' : field }),
	};
}
