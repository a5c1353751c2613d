import { createHash } from 'node:crypto';
import type { IBinaryData, IExecuteFunctions } from 'n8n-workflow';
import { InvalidParameter } from '../../invalidParameter';
import { PARAMETERS } from '../../pvideo/parameters';
import { describeFile } from '../../pvideo/request';
import { checkChoice, checkMediaType, checkMediaUrl, shown } from '../../pvideo/validation';
import { SOURCES } from './fields';

/** An image or audio for a request, checked but not loaded. */
export interface Media {
	/** What stands in the request: the address, or the file's kind and size until it is sent. */
	text: string;
	/** Set where a file has to be read before sending. */
	file?: MediaFile;
}

export interface MediaFile {
	/** Length of the data URI in bytes. */
	dataUriBytes: number;
	/** Same for the same content. */
	identity: string;
	/** What its data URI has before the base64: `data:image/png;base64,`. */
	head: string;
	read(): Promise<Buffer>;
}

/** The media that a video can start from. */
export type MediaName = 'image' | 'audio';

/**
 * Where the media comes from.
 *
 * @throws InvalidParameter
 */
export function mediaSource(
	context: IExecuteFunctions,
	itemIndex: number,
	name: MediaName,
): (typeof SOURCES)[number] {
	const source: unknown = context.getNodeParameter(`${name}Source`, itemIndex, 'none');
	return checkChoice(source, { label: `${PARAMETERS[name].label} Source`, choices: SOURCES });
}

/**
 * Reads the image or audio that the item's fields name; undefined where its source is 'none'.
 *
 * @throws InvalidParameter
 */
export async function readMedia(
	context: IExecuteFunctions,
	itemIndex: number,
	name: MediaName,
): Promise<Media | undefined> {
	switch (mediaSource(context, itemIndex, name)) {
		case 'none':
			return undefined;
		case 'url': {
			const url: unknown = context.getNodeParameter(`${name}Url`, itemIndex, '');
			const parameter = PARAMETERS[name];
			return { text: checkMediaUrl(url, parameter, `${parameter.label} URL`) };
		}
		case 'binary':
			return await readFile(context, itemIndex, name);
	}
}

async function readFile(
	context: IExecuteFunctions,
	itemIndex: number,
	name: MediaName,
): Promise<Media> {
	const parameter = PARAMETERS[name];
	const binaryLabel = `${parameter.label} Field`;
	const field: unknown = context.getNodeParameter(`${name}BinaryField`, itemIndex, 'data');
	const fieldName = typeof field === 'string' ? field.trim() : '';
	const binary = context.getInputData()[itemIndex]?.binary?.[fieldName];
	if (fieldName === '' || binary === undefined) {
		throw new InvalidParameter(
			`'${binaryLabel}': the item has no file in the field ${shown(field)}`,
			"Use the name of a binary field that the previous node's output shows, such as data.",
		);
	}
	const mimeType = checkMediaType(binary, parameter, binaryLabel);
	const head = `data:${mimeType};base64,`;
	const bytes = await sizeOf(context, binary);
	if (bytes === 0) {
		throw new InvalidParameter(
			`'${binaryLabel}': the file is empty`,
			'Look at the node that made it.',
		);
	}
	return {
		text: describeFile(mimeType, bytes),
		file: {
			dataUriBytes: head.length + 4 * Math.ceil(bytes / 3),
			identity: binary.id ?? createHash('sha256').update(binary.data).digest('hex'),
			head,
			read: async () => await context.helpers.getBinaryDataBuffer(itemIndex, fieldName),
		},
	};
}

async function sizeOf(context: IExecuteFunctions, binary: IBinaryData): Promise<number> {
	if (binary.id !== undefined) return (await context.helpers.getBinaryMetadata(binary.id)).fileSize;
	return Buffer.byteLength(binary.data, 'base64');
}
