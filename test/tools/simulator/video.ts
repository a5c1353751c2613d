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
import { text, type Answer } from './answer';

const FILE = readFileSync(join(__dirname, 'video.mp4'));
const ZEROS = Buffer.alloc(64 * 1024);

/** `videoBytes` (below 4 GB) pads the file to that size where it is smaller. */
export function videoAnswer(videoBytes: number): Answer {
	const isPadded = videoBytes >= FILE.length + 8;
	return {
		status: 200,
		headers: { 'content-type': 'video/mp4' },
		body: isPadded ? padded(videoBytes - FILE.length) : FILE,
		length: isPadded ? videoBytes : FILE.length,
	};
}

/** What a store answers for an object that is not (or no longer) there. */
export function missingVideo(status: number): Answer {
	const said = '<?xml version="1.0" encoding="UTF-8"?><Error><Code>NoSuchKey</Code></Error>';
	return text(status, 'application/xml', said);
}

/** The file and a `free` box of `bytes` in all, made piece by piece. Source: ISO/IEC 14496-12, 4.2. */
function* padded(bytes: number): Iterable<Buffer> {
	yield FILE;
	const header = Buffer.from('\0\0\0\0free', 'latin1');
	header.writeUInt32BE(bytes, 0);
	yield header;
	for (let left = bytes - 8; left > 0; left -= ZEROS.length) yield ZEROS.subarray(0, left);
}
