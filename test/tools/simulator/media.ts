/** Images and audio as the API takes them: an http(s) URL, or `data:<type>;base64,…`. */

import { createHash } from 'node:crypto';
import { fetch } from 'undici';
import { isHttpUrl } from './json';
import type { Fetched } from './ledger';

export type MediaField = 'image' | 'audio';

/** MIME types and first bytes of each format. */
const FORMATS: Record<MediaField, Record<string, [types: RegExp, begins: RegExp]>> = {
	image: {
		jpeg: [/^image\/jpe?g$/, /^\xff\xd8\xff/],
		png: [/^image\/png$/, /^\x89PNG\r\n/],
		webp: [/^image\/webp$/, /^RIFF[^]{4}WEBP/],
	},
	audio: {
		flac: [/^audio\/(x-)?flac$/, /^fLaC/],
		mp3: [/^audio\/(mpeg|mp3)$/, /^(ID3|\xff[\xe2\xe3\xf2\xf3\xfa\xfb])/],
		wav: [/^audio\/(x-wav|wave?|vnd\.wave)$/, /^RIFF[^]{4}WAVE/],
	},
};

export interface Media {
	/** A name in FORMATS; undefined, as `bytes`, for a URL that was not fetched. */
	format?: string;
	bytes?: Buffer;
}

export type MediaAnswer = Media | { error: string };

/** What can be said without the network; `url` where the bytes are still to be fetched. */
export function readMedia(field: MediaField, value: unknown): MediaAnswer | { url: string } {
	if (typeof value !== 'string') return { error: `${field} must be a string` };
	if (value.slice(0, 5).toLowerCase() === 'data:') return readDataUri(field, value);
	if (!isHttpUrl(value)) return { error: `${field} must be an http(s) URL or a data URI` };
	return { url: value };
}

/** Fetches and checks the file; what came is noted in `fetched`. */
export async function fetchMedia(
	field: MediaField,
	url: string,
	signal: AbortSignal,
	fetched: Fetched[],
): Promise<MediaAnswer> {
	try {
		const response = await fetch(url, { signal });
		const bytes = Buffer.from(await response.arrayBuffer());
		if (!response.ok) return { error: `Failed to download ${field}: HTTP ${response.status}` };
		const sha256 = createHash('sha256').update(bytes).digest('hex');
		fetched.push({ field, url, bytes: bytes.length, sha256 });
		return recognized(field, bytes);
	} catch (error) {
		return { error: `Failed to download ${field}: ${String(error)}` };
	}
}

/** In the words of the model's page: "Invalid audio format". */
export function invalidFormat(field: MediaField): { error: string } {
	return { error: `Invalid ${field} format` };
}

/** Base64 as RFC 4648 (4) has it; Node's decoder passes over anything else. */
function readDataUri(field: MediaField, uri: string): MediaAnswer {
	const comma = uri.indexOf(',');
	const [, type = ''] = /^data:([^;]*);(?:[^,]*;)?base64$/i.exec(uri.slice(0, comma)) ?? [];
	const content = uri.slice(comma + 1);
	const bytes = Buffer.from(content, 'base64');
	if (bytes.toString('base64') !== content) return invalidFormat(field);
	return recognized(field, bytes, type.toLowerCase());
}

/** The format by the first bytes, which has to be that of the type, where there is one. */
function recognized(field: MediaField, bytes: Buffer, type?: string): MediaAnswer {
	const head = bytes.toString('latin1', 0, 12);
	for (const [format, [types, begins]] of Object.entries(FORMATS[field])) {
		if (begins.test(head) && (type === undefined || types.test(type))) return { format, bytes };
	}
	return invalidFormat(field);
}
