import { createHash } from 'node:crypto';
import type { IBinaryData, IExecuteFunctions } from 'n8n-workflow';
import type { DataUri } from '../../fields/dataUri';
import type { ParameterReader } from '../../fields/field';
import { START_BYTES } from '../../fields/fileFormat';
import type { Media as MediaField, MediaSource } from '../../fields/media';
import { InvalidParameter } from '../../invalidParameter';
import { PARAMETERS, type MediaName } from '../../pvideo/parameters';
import { describeFile } from '../../dataUri';
import type { Item } from '../../execution/item';
import type { AudioFile } from '../../pvideo/audio/audioBytes';
import { readRange } from './fileRange';

/** An image or audio for a request, checked but not loaded. */
export interface Media {
	/** The URL or, until the request is sent, the file's type and size. */
	text: string;
	/** Set where a file has to be read before sending. */
	file?: MediaFile;
}

/** A file whose bytes can be read in parts, for example to find the length of audio. */
export interface MediaFile extends AudioFile {
	/** Label of the field that it comes from, for messages. */
	label: string;
	mimeType: string;
	/** Length of the data URI in bytes. */
	dataUriBytes: number;
	/** Same for the same content. */
	identity: string;
	/** The part of its data URI before the base64: `data:image/png;base64,`. */
	head: string;
	/** Where n8n stores it; absent for a data URI in a URL field. */
	binary?: IBinaryData;
	/**
	 * The whole file, in chunks.
	 *
	 * @throws InvalidParameter where it no longer exists
	 */
	read(): Iterable<Buffer> | AsyncIterable<Buffer>;
}

/**
 * Where the media comes from.
 *
 * @throws InvalidParameter
 */
export function mediaSource(read: ParameterReader, name: MediaName): MediaSource {
	return PARAMETERS[name].field.source.readFrom(read, `${name}Source`);
}

/**
 * Reads the image or audio that the item's fields name; undefined where its source is 'none'.
 *
 * @throws InvalidParameter
 */
export async function readMedia(
	{ context, read, input }: Item,
	name: MediaName,
): Promise<Media | undefined> {
	const { field } = PARAMETERS[name];
	switch (mediaSource(read, name)) {
		case 'none':
			return undefined;
		case 'url':
			return readUrl(() => field.url.readFrom(read, `${name}Url`), field);
		case 'binary': {
			const value = field.file.readFrom(read, `${name}BinaryField`);
			return await readFile(context, field.file.fileIn(input, value), field);
		}
	}
}

/** Reads a URL field. A data URI is read again when the request is sent, so that the plan does not hold megabytes. */
function readUrl(readField: () => string | DataUri, field: MediaField): Media {
	const given = readField();
	if (typeof given === 'string') return { text: given };
	const content = Buffer.from(given.base64, 'base64');
	return fileOf(given.mimeType, content.length, {
		label: field.url.label,
		identity: hash(content),
		readRange: (start, length) => {
			const again = readField();
			const bytes = typeof again === 'string' ? '' : again.base64;
			return Buffer.from(bytes, 'base64').subarray(start, start + length);
		},
		read: () => {
			const again = readField();
			if (typeof again !== 'string') return [Buffer.from(again.base64, 'base64')];
			throw new InvalidParameter(
				`'${field.url.label}' was a data URI when it was checked, but no longer is`,
				'Use an expression that returns the same value each time.',
			);
		},
	});
}

async function readFile(
	context: IExecuteFunctions,
	binary: IBinaryData,
	field: MediaField,
): Promise<Media> {
	const format =
		field.formatOf(binary) ?? field.formatOfBytes(await readRange(context, binary, 0, START_BYTES));
	const bytes = await sizeOf(context, binary);
	if (bytes === 0) {
		throw new InvalidParameter(
			`'${field.file.label}': the file is empty`,
			'Check the node that produced it.',
		);
	}
	return fileOf(format.mimeType, bytes, {
		label: field.file.label,
		identity: binary.id ?? hash(binary.data),
		binary,
		readRange: async (start, length) => await readRange(context, binary, start, length),
		read: () => readChunks(context, binary, bytes),
	});
}

function fileOf(
	mimeType: string,
	bytes: number,
	file: Omit<MediaFile, 'bytes' | 'mimeType' | 'dataUriBytes' | 'head'>,
): Media {
	const head = `data:${mimeType};base64,`;
	return {
		text: describeFile(mimeType, bytes),
		file: {
			bytes,
			mimeType,
			dataUriBytes: head.length + 4 * Math.ceil(bytes / 3),
			head,
			...file,
		},
	};
}

function hash(content: string | Buffer): string {
	return createHash('sha256').update(content).digest('hex');
}

async function sizeOf(context: IExecuteFunctions, { id, data }: IBinaryData): Promise<number> {
	if (id !== undefined) return (await context.helpers.getBinaryMetadata(id)).fileSize;
	return Buffer.byteLength(data, 'base64');
}

/**
 * Reads a file by its ID, because older versions of n8n cannot otherwise read a file from an earlier node; not beyond
 * the `size` that it had when it was checked.
 */
async function* readChunks(
	{ helpers }: IExecuteFunctions,
	{ id, data }: IBinaryData,
	size: number,
): AsyncIterable<Buffer> {
	if (id === undefined) {
		yield Buffer.from(data, 'base64');
		return;
	}
	let left = size;
	for await (const chunk of await helpers.getBinaryStream(id)) {
		const part = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk);
		yield part.subarray(0, left);
		left -= part.length;
		if (left <= 0) return;
	}
}
