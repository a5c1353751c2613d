/** How long an audio file plays, read from its own headers. */

import type { AudioFormat } from './media';

/** Seconds, or undefined where the file does not say. */
export function audioSeconds(format: AudioFormat, bytes: Buffer): number | undefined {
	const seconds = READERS[format](bytes);
	return seconds !== undefined && Number.isFinite(seconds) && seconds > 0 ? seconds : undefined;
}

const READERS: Record<AudioFormat, (bytes: Buffer) => number | undefined> = {
	wav: wavSeconds,
	flac: flacSeconds,
	mp3: mp3Seconds,
};

/** RIFF: the `data` chunk's length over the `fmt ` chunk's bytes per second. */
function wavSeconds(bytes: Buffer): number | undefined {
	let bytesPerSecond: number | undefined;
	for (let at = 12; at + 8 <= bytes.length; ) {
		const id = bytes.toString('latin1', at, at + 4);
		const length = bytes.readUInt32LE(at + 4);
		const present = Math.min(length, bytes.length - at - 8);
		if (id === 'fmt ' && present >= 16) bytesPerSecond = bytes.readUInt32LE(at + 16);
		// A streamed WAV says 0xFFFFFFFF: what is there counts.
		if (id === 'data') return bytesPerSecond ? present / bytesPerSecond : undefined;
		at += 8 + length + (length % 2);
	}
	return undefined;
}

/** STREAMINFO, the first metadata block: 20 bits sample rate, 8 bits format, 36 bits samples. */
function flacSeconds(bytes: Buffer): number | undefined {
	if (bytes.length < 26) return undefined;
	const rate = bytes.readUIntBE(18, 3) >> 4;
	const samples = (bytes.readUInt8(21) & 0x0f) * 2 ** 32 + bytes.readUInt32BE(22);
	return rate > 0 ? samples / rate : undefined;
}

/** kbit/s by bitrate index, layer III. Source: ISO/IEC 11172-3 (MPEG 1) and 13818-3 (MPEG 2). */
const KBITS_MPEG1 = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const KBITS_MPEG2 = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
const RATES_MPEG1 = [44100, 48000, 32000];

interface Mp3Frame {
	bitsPerSecond: number;
	rate: number;
	samples: number;
	/** Where a Xing/Info header would stand, from the frame's beginning. */
	xingAt: number;
}

/** Frames counted by a Xing/Info header, else the estimate for a constant bitrate. */
function mp3Seconds(bytes: Buffer): number | undefined {
	for (let at = id3Length(bytes); at + 4 <= bytes.length; at++) {
		const frame = mp3Frame(bytes.readUInt32BE(at));
		if (!frame) continue;
		const xing = at + frame.xingAt;
		const tag = bytes.toString('latin1', xing, xing + 4);
		const isCounted = (tag === 'Xing' || tag === 'Info') && xing + 12 <= bytes.length;
		if (isCounted && bytes.readUInt32BE(xing + 4) & 1) {
			return (bytes.readUInt32BE(xing + 8) * frame.samples) / frame.rate;
		}
		const hasId3v1 = bytes.toString('latin1', bytes.length - 128, bytes.length - 125) === 'TAG';
		const length = bytes.length - at - (hasId3v1 ? 128 : 0);
		return (length * 8) / frame.bitsPerSecond;
	}
	return undefined;
}

/** Length of a leading ID3v2 tag; its size is written in 7-bit bytes. */
function id3Length(bytes: Buffer): number {
	if (bytes.length < 10 || bytes.toString('latin1', 0, 3) !== 'ID3') return 0;
	return bytes.subarray(6, 10).reduce((sum, byte) => sum * 128 + (byte & 0x7f), 0) + 10;
}

function mp3Frame(header: number): Mp3Frame | undefined {
	const isSync = header >>> 21 === 0x7ff;
	const version = (header >>> 19) & 3; // 3: MPEG 1, 2: MPEG 2, 0: MPEG 2.5
	const isLayer3 = ((header >>> 17) & 3) === 1;
	if (!isSync || !isLayer3 || version === 1) return undefined;
	const isMpeg1 = version === 3;
	const kbits = (isMpeg1 ? KBITS_MPEG1 : KBITS_MPEG2)[(header >>> 12) & 15];
	const rate = RATES_MPEG1[(header >>> 10) & 3];
	if (!kbits || !rate) return undefined;
	const isMono = ((header >>> 6) & 3) === 3;
	return {
		bitsPerSecond: kbits * 1000,
		rate: rate / (isMpeg1 ? 1 : version === 2 ? 2 : 4),
		samples: isMpeg1 ? 1152 : 576,
		xingAt: 4 + (isMpeg1 ? (isMono ? 17 : 32) : isMono ? 9 : 17),
	};
}
