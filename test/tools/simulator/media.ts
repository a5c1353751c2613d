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

type MediaAnswer = Media | { error: string };

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

/** Seconds, or undefined where the file does not say. */
export function audioSeconds(format: string, bytes: Buffer): number | undefined {
	const read = format === 'wav' ? wavSeconds : format === 'flac' ? flacSeconds : mp3Seconds;
	const seconds = read(bytes);
	return Number.isFinite(seconds) && seconds > 0 ? seconds : undefined;
}

/** RIFF: the `data` chunk's length over the `fmt ` chunk's bytes per second. */
function wavSeconds(bytes: Buffer): number {
	let bytesPerSecond = NaN;
	for (let at = 12; at + 8 <= bytes.length; ) {
		const id = bytes.toString('latin1', at, at + 4);
		const length = bytes.readUInt32LE(at + 4);
		const present = Math.min(length, bytes.length - at - 8);
		if (id === 'fmt ' && present >= 16) bytesPerSecond = bytes.readUInt32LE(at + 16);
		// A streamed WAV says 0xFFFFFFFF: what is there counts.
		if (id === 'data') return present / bytesPerSecond;
		at += 8 + length + (length % 2);
	}
	return NaN;
}

/** STREAMINFO, the first metadata block: 20 bits sample rate, 8 bits format, 36 bits samples. */
function flacSeconds(bytes: Buffer): number {
	if (bytes.length < 26) return NaN;
	const samples = (bytes.readUInt8(21) & 0x0f) * 2 ** 32 + bytes.readUInt32BE(22);
	return samples / (bytes.readUIntBE(18, 3) >> 4);
}

/** kbit/s by bitrate index, layer III. Source: ISO/IEC 11172-3 (MPEG 1) and 13818-3 (MPEG 2). */
const KBITS_MPEG1 = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const KBITS_MPEG2 = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];

/** The frames that a Xing or Info header counts, else the length at the first frame's bitrate. */
function mp3Seconds(bytes: Buffer): number {
	// A leading ID3v2 tag writes its size in 7-bit bytes.
	const hasTag = bytes.length >= 10 && bytes.toString('latin1', 0, 3) === 'ID3';
	const tag = bytes.subarray(6, 10).reduce((sum, byte) => sum * 128 + byte, 0) + 10;
	for (let at = hasTag ? tag : 0; at + 4 <= bytes.length; at++) {
		const header = bytes.readUInt32BE(at);
		const version = (header >>> 19) & 3; // 3: MPEG 1, 2: MPEG 2, 0: MPEG 2.5
		if (header >>> 21 !== 0x7ff || ((header >>> 17) & 3) !== 1 || version === 1) continue;
		const kbits = (version === 3 ? KBITS_MPEG1 : KBITS_MPEG2)[(header >>> 12) & 15];
		const rate = [44100, 48000, 32000][(header >>> 10) & 3];
		if (!kbits || !rate) continue;
		const counter = bytes.subarray(at, at + 200);
		const xing = Math.max(counter.indexOf('Xing'), counter.indexOf('Info'));
		const isCounted = xing > 0 && xing + 12 <= counter.length && counter.readUInt32BE(xing + 4) & 1;
		if (!isCounted) return ((bytes.length - at) * 8) / (kbits * 1000);
		const samples = counter.readUInt32BE(xing + 8) * (version === 3 ? 1152 : 576);
		return samples / (rate / { 3: 1, 2: 2, 0: 4 }[version as 0 | 2 | 3]);
	}
	return NaN;
}
