/** FLAC files whose frames hold their samples as they are (RFC 9639, verbatim subframes): big enough to look real. */
import { randomBytes } from 'node:crypto';

export interface Flac {
	samples: number;
	samplesPerSecond?: 8000 | 16000 | 44100 | 48000 | 96000;
	channels?: 1 | 2;
	/** Samples in a frame. */
	blockSamples?: number;
	/** Frames are numbered by sample instead of by frame. */
	isVariable?: boolean;
	/** As an encoder that writes to a pipe leaves it. */
	isTotalUnknown?: boolean;
	/** Bytes of padding, as of a cover picture, before the audio. */
	paddingBytes?: number;
}

const RATE_CODES = { 8000: 4, 16000: 5, 44100: 9, 48000: 10, 96000: 11 };

export function flac({
	samples,
	samplesPerSecond = 44100,
	channels = 2,
	blockSamples = 4096,
	isVariable = false,
	isTotalUnknown = false,
	paddingBytes = 0,
}: Flac): Buffer {
	const info = Buffer.alloc(34);
	info.writeUInt16BE(isVariable ? 16 : blockSamples, 0);
	info.writeUInt16BE(blockSamples, 2);
	const total = BigInt(isTotalUnknown ? 0 : samples);
	const [rate, last, bits] = [BigInt(samplesPerSecond), BigInt(channels - 1), 15n];
	info.writeBigUInt64BE((rate << 44n) | (last << 41n) | (bits << 36n) | total, 10);

	const frames: Buffer[] = [];
	for (let first = 0; first < samples; first += blockSamples) {
		const number = isVariable ? first : first / blockSamples;
		const size = Math.min(blockSamples, samples - first);
		frames.push(
			frame({ number, size, isVariable, channels, rateCode: RATE_CODES[samplesPerSecond] }),
		);
	}
	return Buffer.concat([
		Buffer.from('fLaC'),
		block(0, info, paddingBytes === 0),
		...(paddingBytes > 0 ? [block(1, Buffer.alloc(paddingBytes), true)] : []),
		...frames,
	]);
}

function block(type: number, content: Buffer, isLast: boolean): Buffer {
	const head = Buffer.alloc(4);
	head.writeUInt32BE(((isLast ? 0x80 : 0) | type) * 2 ** 24 + content.length);
	return Buffer.concat([head, content]);
}

interface Frame {
	number: number;
	size: number;
	isVariable: boolean;
	channels: number;
	rateCode: number;
}

function frame({ number, size, isVariable, channels, rateCode }: Frame): Buffer {
	const sizeCode = size === 4096 ? 12 : size === 4608 ? 5 : size === 192 ? 1 : size <= 256 ? 6 : 7;
	const written = Buffer.alloc(sizeCode === 6 ? 1 : sizeCode === 7 ? 2 : 0);
	if (written.length > 0) written.writeUIntBE(size - 1, 0, written.length);
	const head = Buffer.concat([
		Buffer.from([
			0xff,
			isVariable ? 0xf9 : 0xf8,
			sizeCode * 16 + rateCode,
			(channels - 1) * 16 + 8,
		]),
		utf8(number),
		written,
	]);
	const verbatim = Array.from({ length: channels }, () =>
		Buffer.concat([Buffer.from([2]), randomBytes(size * 2)]),
	);
	const body = Buffer.concat([head, Buffer.from([crc(head, 8, 0x07)]), ...verbatim]);
	const end = Buffer.alloc(2);
	end.writeUInt16BE(crc(body, 16, 0x8005));
	return Buffer.concat([body, end]);
}

/** Up to 21 bits here. */
function utf8(value: number): Buffer {
	if (value < 0x80) return Buffer.from([value]);
	const bytes: number[] = [];
	let rest = value;
	while (rest >= 0x40 >> bytes.length) {
		bytes.unshift(0x80 | (rest & 0x3f));
		rest >>= 6;
	}
	return Buffer.from([((0xff00 >> (bytes.length + 1)) & 0xff) | rest, ...bytes]);
}

function crc(bytes: Buffer, width: 8 | 16, polynomial: number): number {
	let value = 0;
	for (const byte of bytes) {
		value ^= byte << (width - 8);
		for (let bit = 0; bit < 8; bit++) {
			value = ((value << 1) ^ ((value >> (width - 1)) & 1 ? polynomial : 0)) & (2 ** width - 1);
		}
	}
	return value;
}
