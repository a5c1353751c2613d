import { createHash } from 'node:crypto';
import type { IBinaryData } from 'n8n-workflow';
import { describeFile } from '../../uri';
import type { Item } from '../../execution/execution';
import { InvalidParameter } from '../../fields/field';
import type { GivenFile } from '../../fields/media';
import type { JsonObject } from '../../json';
import { LABELS } from '../../labels';
import { audioSeconds } from '../../pvideo/audioSeconds';
import { formatOf, FORMATS_IN_WORDS, START_BYTES, type MediaName } from '../../pvideo/formats';
import { MEDIA } from '../../pvideo/parameters';
import { unreachableFromOutside } from '../../runpod/address';
import type { ItemOptions } from '../options';

/** An image or audio for a request, checked but not held. */
export interface Media {
	/** The URL or, until the request is sent, the file's type and size. */
	text: string;
	/** Set where a file has to be read before sending. */
	file?: MediaFile;
}

export interface MediaFile {
	name: MediaName;
	mimeType: string;
	bytes: number;
	/** Same for the same content. */
	identity: string;
	/** Whether the user gave it as a data URI. */
	isUri: boolean;
	stored?: IBinaryData;
	/**
	 * Reads the file; a large one is not held from the check of all items until it is sent.
	 * @throws InvalidParameter where it no longer exists
	 */
	load(): Promise<Buffer>;
}

/** Longer audio is not read for its length. */
const LARGEST_AUDIO_BYTES = 64 * 1024 * 1024;

/** Reads the image or audio that an item's field gives; undefined where it is empty. @throws InvalidParameter */
export async function readMedia(item: Item, name: MediaName): Promise<Media | undefined> {
	const field = MEDIA[name];
	const read = () => field.read(item.read(name, ''), item.input);
	const given = read();
	if (given === undefined) return undefined;
	if (typeof given === 'string') return { text: given };
	const { start, bytes, identity } = await lookAt(item, given, field.label);
	if (bytes === 0) throw new InvalidParameter(`'${field.label}': the file is empty`, CHECK_NODE);
	const format = formatOf(name, start, given.named);
	if ('isInstead' in format) {
		throw new InvalidParameter(
			`'${field.label}': the file is ${format.isInstead}; use ${FORMATS_IN_WORDS[name]}`,
			'Convert the file before this node, or use another one.',
		);
	}
	const { mimeType } = format;
	const file: MediaFile = {
		name,
		mimeType,
		bytes,
		identity,
		isUri: given.isUri === true,
		...(given.id !== undefined && { stored: { id: given.id, data: '', mimeType } }),
		load: async () => {
			// A stored file is read by its ID: an expression may name another one by now, which has another price.
			const again = given.id === undefined ? read() : given;
			const isFile = typeof again === 'object';
			const content = isFile ? await contentOf(item, again, field.label) : undefined;
			if (content && (given.id !== undefined || content.length === bytes)) return content;
			throw new InvalidParameter(
				`'${field.label}' is no longer the file that was checked`,
				'Use an expression that returns the same value each time.',
			);
		},
	};
	return { text: describeFile(mimeType, bytes), file };
}

const CHECK_NODE = 'Check the node that produced it.';

async function lookAt(item: Item, file: GivenFile, label: string) {
	if (file.id === undefined) {
		const content = file.bytes();
		const identity = createHash('sha256').update(content).digest('hex');
		return { start: content.subarray(0, START_BYTES), bytes: content.length, identity };
	}
	const { helpers } = item.context;
	const { id } = file;
	return await readStored(label, async () => {
		const { fileSize: bytes } = await helpers.getBinaryMetadata(id);
		let start = Buffer.alloc(0);
		for await (const chunk of await helpers.getBinaryStream(id)) {
			start = Buffer.concat([start, Buffer.from(chunk)]);
			if (start.length >= START_BYTES) break;
		}
		return { start: start.subarray(0, START_BYTES), bytes, identity: id };
	});
}

async function contentOf({ context }: Item, file: GivenFile, label: string): Promise<Buffer> {
	if (file.id === undefined) return file.bytes();
	const { helpers } = context;
	const { id } = file;
	return await readStored(
		label,
		async () => await helpers.binaryToBuffer(await helpers.getBinaryStream(id)),
	);
}

/** n8n reads a file by its ID, because older versions cannot otherwise read one of an earlier node. */
async function readStored<T>(label: string, read: () => Promise<T>): Promise<T> {
	return await read().catch((error: unknown) => {
		const why = error instanceof Error ? error.message : String(error);
		throw new InvalidParameter(`'${label}': n8n could not read the file (${why})`, CHECK_NODE);
	});
}

/** Seconds that the audio among a request's files plays; undefined if there is none or its length cannot be read. */
export async function secondsOf(files: readonly MediaFile[]): Promise<number | undefined> {
	const audio = files.find(({ name }) => name === 'audio');
	if (audio === undefined || audio.bytes > LARGEST_AUDIO_BYTES) return undefined;
	return audioSeconds(await audio.load());
}

/** How many bytes are encoded as base64 at a time; divisible by 3, so that the pieces can be joined. */
const SLICE_BYTES = 3 * 64 * 1024;

export function dataUriBytes({ mimeType, bytes }: MediaFile): number {
	return `data:${mimeType};base64,`.length + 4 * Math.ceil(bytes / 3);
}

/**
 * A submission as JSON, with its files as data URIs. `JSON.stringify` would hold each file in memory several times
 * more: here its base64 is written straight into the buffer that is sent.
 */
export async function encodeBody(
	{ input, ...envelope }: { input: JsonObject; [name: string]: JsonObject[string] },
	files: readonly MediaFile[],
): Promise<Buffer> {
	const others = { ...input };
	for (const { name } of files) delete others[name];
	const parts: Array<string | Buffer> = [JSON.stringify({ ...envelope, input: {} }).slice(0, -2)];
	for (const { name, mimeType, load } of files) {
		parts.push(`"${name}":"data:${mimeType};base64,`, await load(), '",');
	}
	// `others` is never empty: a request has a prompt.
	parts.push(`${JSON.stringify(others).slice(1)}}`);
	const sizes = parts.map((part) =>
		typeof part === 'string' ? Buffer.byteLength(part) : 4 * Math.ceil(part.length / 3),
	);
	const body = Buffer.alloc(sizes.reduce((sum, size) => sum + size, 0));
	let at = 0;
	for (const part of parts) {
		if (typeof part === 'string') at += body.write(part, at);
		for (let from = 0; typeof part !== 'string' && from < part.length; from += SLICE_BYTES) {
			const to = Math.min(from + SLICE_BYTES, part.length);
			at += body.write(part.toString('base64', from, to), at, 'latin1');
		}
	}
	return body;
}

/** A link must outlive the item's longest wait until the job is accepted, and then its time in the queue. */
const SHORTEST_LINK_SECONDS = 3600;
const LONGEST_QUEUE_MS = 24 * 3600 * 1000;

const INSTEAD = `set the option '${LABELS.sendFilesAs}' to Data URI.`;

/**
 * A signed, short-lived link to a file that n8n keeps (`helpers.createBinarySignedUrl`, n8n 1.100 on).
 * @throws InvalidParameter where Runpod could not fetch the file from it
 */
export async function linkTo(
	item: Item,
	{ stored, name }: MediaFile,
	{ policy, timeout }: ItemOptions,
): Promise<string> {
	const { helpers } = item.context;
	const refuse = (why: string, advice: string) =>
		new InvalidParameter(
			`'${MEDIA[name].label}': the file cannot be sent as a link, because ${why}`,
			advice,
		);
	if (typeof helpers.createBinarySignedUrl !== 'function') {
		throw refuse('this version of n8n cannot create links', `Update n8n, or ${INSTEAD}`);
	}
	if (stored === undefined) {
		throw refuse(
			'n8n keeps binary data in memory',
			`Set N8N_DEFAULT_BINARY_DATA_MODE to filesystem, database or s3, or ${INSTEAD}`,
		);
	}
	const queueMs = typeof policy.ttl === 'number' ? policy.ttl : LONGEST_QUEUE_MS;
	const seconds = Math.max(SHORTEST_LINK_SECONDS, timeout + Math.ceil(queueMs / 1000));
	const link = helpers.createBinarySignedUrl(stored, `${seconds}s`);
	const problem = await unreachableByRunpod(item, link);
	if (problem === undefined) return link;
	throw refuse(
		`the link points to ${problem}, which Runpod cannot reach`,
		`Set WEBHOOK_URL to the public URL of this n8n instance, or ${INSTEAD}`,
	);
}

/**
 * Why Runpod cannot reach a URL, worded to follow "points to"; undefined if it can. If the Base URL itself is on this
 * machine or network, there is a simulator or a proxy behind it, which may reach what Runpod cannot.
 */
export async function unreachableByRunpod(
	{ execution }: Item,
	url: string,
): Promise<string | undefined> {
	const problem = unreachableFromOutside(url);
	if (problem === undefined) return undefined;
	const { baseUrl } = await execution.connection();
	return unreachableFromOutside(baseUrl) === undefined ? problem : undefined;
}
