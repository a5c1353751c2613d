/**
 * The video that every job makes, played by any browser. It was made once with
 *
 *   ffmpeg -f lavfi -i "gradients=size=320x180:rate=24:duration=2:speed=0.03:c0=0x5b2be0:c1=0xff6b6b:c2=0x00c2a8:nb_colors=3:seed=7" \
 *     -f lavfi -i "sine=frequency=440:sample_rate=44100:duration=2" \
 *     -c:v libx264 -profile:v main -pix_fmt yuv420p -crf 26 -preset veryslow -c:a aac -b:a 48k \
 *     -movflags +faststart -map_metadata -1 -fflags +bitexact -flags:v +bitexact -flags:a +bitexact video.mp4
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { refusal, text, type Answer, type Content } from './answer';

const FILE = readFileSync(join(__dirname, 'video.mp4'));
const ZEROS = Buffer.alloc(64 * 1024);
/** Above this a box writes its size in 64 bits behind its type. Source: ISO/IEC 14496-12, 4.2. */
const LARGEST_SHORT_BOX = 2 ** 32 - 1;

interface Range {
	first: number;
	last: number;
}

/** Answers GET and HEAD; `videoBytes` pads the file to that size where it is smaller. */
export function videoAnswer(
	method: string,
	rangeHeader: string | undefined,
	videoBytes: number,
): Answer {
	const padding = paddingHeader(videoBytes - FILE.length);
	const size = padding.length > 0 ? videoBytes : FILE.length;
	const range = parseRange(rangeHeader, size);
	if (range === 'unsatisfiable') {
		return refusal(416, 'Range not satisfiable', { 'content-range': `bytes */${size}` });
	}
	const { first, last } = range ?? { first: 0, last: size - 1 };
	return {
		status: range ? 206 : 200,
		headers: {
			'content-type': 'video/mp4',
			'accept-ranges': 'bytes',
			...(range ? { 'content-range': `bytes ${first}-${last}/${size}` } : {}),
		},
		body: content(padding, first, last + 1),
		isBodiless: method === 'HEAD',
	};
}

/** What a store answers for an object that is not (or no longer) there. */
export function missingVideo(status: number): Answer {
	return text(
		status,
		'application/xml',
		'<?xml version="1.0" encoding="UTF-8"?><Error><Code>NoSuchKey</Code></Error>',
	);
}

/** Bytes `first` to before `end` of file, padding header and zeros, made piece by piece. */
function content(padding: Buffer, first: number, end: number): Content {
	return {
		length: end - first,
		*chunks() {
			let at = first;
			while (at < end) {
				const chunk = pieceAt(padding, at);
				const piece = chunk.subarray(0, end - at);
				at += piece.length;
				yield piece;
			}
		},
	};
}

function pieceAt(padding: Buffer, at: number): Buffer {
	if (at < FILE.length) return FILE.subarray(at);
	const inPadding = at - FILE.length;
	return inPadding < padding.length ? padding.subarray(inPadding) : ZEROS;
}

/** The header of a `free` box of `bytes` in all; empty where that is too few for a header. */
function paddingHeader(bytes: number): Buffer {
	if (bytes > LARGEST_SHORT_BOX) {
		const header = Buffer.from('\0\0\0\x01free\0\0\0\0\0\0\0\0', 'latin1');
		header.writeBigUInt64BE(BigInt(bytes), 8);
		return header;
	}
	if (bytes < 8) return Buffer.alloc(0);
	const header = Buffer.from('\0\0\0\0free', 'latin1');
	header.writeUInt32BE(bytes, 0);
	return header;
}

/** One range; several, or what is none, are ignored, as RFC 9110 (14.2) allows. */
function parseRange(header: string | undefined, size: number): Range | 'unsatisfiable' | undefined {
	const [, from, to] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
	if (from === undefined || to === undefined || (from === '' && to === '')) return undefined;
	if (from === '') {
		const length = Math.min(Number(to), size);
		return length > 0 ? { first: size - length, last: size - 1 } : 'unsatisfiable';
	}
	const first = Number(from);
	const last = to === '' ? size - 1 : Math.min(Number(to), size - 1);
	if (to !== '' && Number(to) < first) return undefined;
	return first < size ? { first, last } : 'unsatisfiable';
}
