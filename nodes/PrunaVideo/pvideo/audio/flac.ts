import { WINDOW_BYTES, type AudioBytes } from './audioBytes';

/** What STREAMINFO says; frames are checked against it. */
interface StreamInfo {
	/** Samples of every frame but the last; of the longest where they differ. */
	blockSamples: number;
	samplesPerSecond: number;
}

/**
 * Seconds of a FLAC file: its samples as STREAMINFO counts them. A file that was encoded as a stream states 0; then
 * its last frame tells.
 *
 * Source: RFC 9639, sections 8.2 (STREAMINFO) and 9.1 (frame header).
 */
export async function flacSeconds(bytes: AudioBytes, start: number): Promise<number | undefined> {
	const head = await bytes.read(start, 26);
	if (head.length < 26 || (head.readUInt8(4) & 0x7f) !== 0) return undefined;
	const samplesPerSecond = head.readUIntBE(18, 3) >> 4;
	if (samplesPerSecond === 0) return undefined;
	const samples = (head.readUInt8(21) & 0x0f) * 2 ** 32 + head.readUInt32BE(22);
	if (samples > 0) return samples / samplesPerSecond;

	const tail = await bytes.read(Math.max(start + 42, bytes.size - WINDOW_BYTES), WINDOW_BYTES);
	const end = lastSample(tail, { blockSamples: head.readUInt16BE(10), samplesPerSecond });
	return end === undefined ? undefined : end / samplesPerSecond;
}

interface Frame {
	/** Its first sample, counted from the beginning of the audio. */
	firstSample: number;
	samples: number;
}

/** Samples up to the end of the last frame: one that begins the audio, or where the frame before it ends. */
function lastSample(tail: Buffer, stream: StreamInfo): number | undefined {
	const begins: Frame[] = [];
	for (let at = tail.length - MIN_FRAME_HEADER_BYTES; at >= 0; at--) {
		const frame = readFrame(tail.subarray(at, at + MAX_FRAME_HEADER_BYTES), stream);
		if (frame === undefined) continue;
		// Within audio, bytes can look like a header by chance; two that fit together do not.
		const next = begins.find(
			({ firstSample }) => firstSample === frame.firstSample + frame.samples,
		);
		if (next !== undefined) return next.firstSample + next.samples;
		begins.push(frame);
	}
	const [only] = begins;
	return begins.length === 1 && only?.firstSample === 0 ? only.samples : undefined;
}

const MIN_FRAME_HEADER_BYTES = 6;
const MAX_FRAME_HEADER_BYTES = 16;

/** Bytes that follow for the codes of a sample rate that is written out. */
const RATE_BYTES: Readonly<Record<number, number>> = { 12: 1, 13: 2, 14: 2 };

function readFrame(bytes: Buffer, { blockSamples }: StreamInfo): Frame | undefined {
	if (bytes.length < MIN_FRAME_HEADER_BYTES || bytes.readUInt16BE(0) >> 1 !== 0x7ffc)
		return undefined;
	const isVariable = (bytes.readUInt8(1) & 1) === 1;
	const blockCode = bytes.readUInt8(2) >> 4;
	const rateCode = bytes.readUInt8(2) & 15;
	if (blockCode === 0 || rateCode === 15 || (bytes.readUInt8(3) & 1) === 1) return undefined;

	const number = readNumber(bytes.subarray(4));
	if (number === undefined) return undefined;
	const sizeAt = 4 + number.bytes;
	const sizeBytes = blockCode === 6 ? 1 : blockCode === 7 ? 2 : 0;
	const crcAt = sizeAt + sizeBytes + (RATE_BYTES[rateCode] ?? 0);
	if (crcAt >= bytes.length || crc8(bytes.subarray(0, crcAt)) !== bytes[crcAt]) return undefined;

	const samples =
		sizeBytes > 0
			? bytes.readUIntBE(sizeAt, sizeBytes) + 1
			: blockCode === 1
				? 192
				: blockCode < 6
					? 576 * 2 ** (blockCode - 2)
					: 2 ** blockCode;
	return { firstSample: number.value * (isVariable ? 1 : blockSamples), samples };
}

/** A number in the way of UTF-8, but up to 36 bits. */
function readNumber(bytes: Buffer): { value: number; bytes: number } | undefined {
	const first = bytes[0] ?? 0xff;
	const length = Math.clz32(~(first << 24));
	if (length === 0) return { value: first, bytes: 1 };
	if (length === 1 || length > 7 || bytes.length < length) return undefined;
	let value = first & (0x7f >> length);
	for (const byte of bytes.subarray(1, length)) {
		if (byte >> 6 !== 2) return undefined;
		value = value * 64 + (byte & 0x3f);
	}
	return { value, bytes: length };
}

/** Polynomial x^8 + x^2 + x + 1. */
function crc8(bytes: Buffer): number {
	let crc = 0;
	for (const byte of bytes) {
		crc ^= byte;
		for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc & 0x80 ? 0x107 : 0);
	}
	return crc;
}
