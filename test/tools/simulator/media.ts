/** Images and audio as the API takes them: an http(s) URL, or `data:<type>;base64,…`. */

import { createHash } from 'node:crypto';
import { isHttpUrl } from './json';
import type { Fetched } from './ledger';

export type MediaField = 'image' | 'audio';
export type AudioFormat = 'flac' | 'mp3' | 'wav';

/** MIME types and first bytes of each format. */
const FORMATS: Record<MediaField, Record<string, { types: RegExp; begins: RegExp }>> = {
	image: {
		jpeg: { types: /^image\/jpe?g$/, begins: /^\xff\xd8\xff/ },
		png: { types: /^image\/png$/, begins: /^\x89PNG\r\n/ },
		webp: { types: /^image\/webp$/, begins: /^RIFF[^]{4}WEBP/ },
	},
	audio: {
		flac: { types: /^audio\/(x-)?flac$/, begins: /^fLaC/ },
		mp3: { types: /^audio\/(mpeg|mp3)$/, begins: /^(ID3|\xff[\xe2\xe3\xf2\xf3\xfa\xfb])/ },
		wav: { types: /^audio\/(x-wav|wave?|vnd\.wave)$/, begins: /^RIFF[^]{4}WAVE/ },
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
		const reason = error instanceof Error ? error.message : String(error);
		return { error: `Failed to download ${field}: ${reason}` };
	}
}

/** In the words of the model's page: "Invalid audio format". */
export function invalidFormat(field: MediaField): { error: string } {
	return { error: `Invalid ${field} format` };
}

/** Base64 as RFC 4648 (4) has it; Node's decoder passes over anything else. */
function readDataUri(field: MediaField, uri: string): MediaAnswer {
	const comma = uri.indexOf(',');
	const [type = '', ...parameters] = uri.slice(5, Math.max(5, comma)).split(';');
	const content = uri.slice(comma + 1);
	// One pattern for all of it would need more stack than there is for 20 MB.
	const isBase64 =
		content.length > 0 &&
		content.length % 4 === 0 &&
		!/[^A-Za-z0-9+/]/.test(content.slice(0, -2)) &&
		/^([A-Za-z0-9+/]{2}|[A-Za-z0-9+/]=|==)$/.test(content.slice(-2));
	const isMarked = parameters.at(-1)?.toLowerCase() === 'base64';
	if (comma < 0 || !isMarked || !isBase64) return invalidFormat(field);
	return recognized(field, Buffer.from(content, 'base64'), type.trim().toLowerCase());
}

/** The format by the first bytes, which has to be that of the type, where there is one. */
function recognized(field: MediaField, bytes: Buffer, type?: string): MediaAnswer {
	const head = bytes.toString('latin1', 0, 12);
	for (const [format, { types, begins }] of Object.entries(FORMATS[field])) {
		if (begins.test(head) && (type === undefined || types.test(type))) return { format, bytes };
	}
	return invalidFormat(field);
}
