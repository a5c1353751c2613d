import { WINDOW_BYTES, type AudioBytes } from './audioBytes';
import { findFrames, type Frames, type Mp3Frame } from './mp3Frames';

/** How far the size that a header states may be off before the header is not believed: a file joined from two, or cut. */
const SIZE_TOLERANCE = 1 / 16;

/**
 * Seconds of an MP3: the frames that its Xing, Info or VBRI header counts, else those that are there where all are
 * read, else its size over the bit rate where that is the same at the beginning, in the middle and at the end.
 */
export async function mp3Seconds(bytes: AudioBytes, start: number): Promise<number | undefined> {
	const head = await bytes.read(start, WINDOW_BYTES);
	const frames = findFrames(head);
	if (frames === undefined) return undefined;
	const { first } = frames;
	const firstAt = start + frames.start;
	const end = Math.max(firstAt, await endOfAudio(bytes));
	const secondsPerFrame = first.samples / first.samplesPerSecond;

	const header = readHeader(head.subarray(frames.start), first);
	if (header !== undefined && header.frames > 0) {
		const audioBytes = end - firstAt;
		const isWhole = Math.abs(audioBytes - header.bytes) <= audioBytes * SIZE_TOLERANCE;
		if (header.bytes === 0 || isWhole) return header.frames * secondsPerFrame;
	}
	// The frame of a header is silent, and not part of what plays.
	const headerFrames = header === undefined ? 0 : 1;

	const restAt = start + head.length;
	const tailAt = Math.max(firstAt, end - WINDOW_BYTES);
	if (tailAt <= restAt) {
		const rest = await bytes.read(restAt, Math.max(0, end - restAt));
		const all = findFrames(Buffer.concat([head, rest]).subarray(0, end - start));
		return all && (all.count - headerFrames) * secondsPerFrame;
	}

	const middle = findFrames(await bytes.read(Math.floor((restAt + tailAt) / 2), WINDOW_BYTES));
	const last = findFrames(await bytes.read(tailAt, end - tailAt));
	if (last === undefined || ![frames, middle, last].every((part) => isAtRate(part, first))) {
		return undefined;
	}
	const audioBytes = tailAt + last.end - firstAt - headerFrames * first.bytes;
	return (audioBytes * 8) / first.bitsPerSecond;
}

function isAtRate(part: Frames | undefined, { bitsPerSecond }: Mp3Frame): boolean {
	return part?.isConstantRate === true && part.first.bitsPerSecond === bitsPerSecond;
}

interface Header {
	/** Frames with audio; 0 where it does not say. */
	frames: number;
	/** Bytes with its own frame; 0 where it does not say. */
	bytes: number;
}

/**
 * What the first frame says of all.
 *
 * Source: Xing's "VBR Header SDK" (Info is LAME's name for it at a constant rate), Fraunhofer's "VBRI Header SDK".
 */
function readHeader(bytes: Buffer, { bytes: frameBytes, xingAt }: Mp3Frame): Header | undefined {
	const frame = bytes.subarray(0, frameBytes);
	const nameAt = (at: number) => frame.toString('latin1', at, at + 4);
	const numberAt = (at: number) => (at + 4 <= frame.length ? frame.readUInt32BE(at) : 0);
	if (nameAt(xingAt) === 'Xing' || nameAt(xingAt) === 'Info') {
		const flags = numberAt(xingAt + 4);
		const hasFrames = (flags & 1) !== 0;
		const hasBytes = (flags & 2) !== 0;
		return {
			frames: hasFrames ? numberAt(xingAt + 8) : 0,
			bytes: hasBytes ? numberAt(xingAt + (hasFrames ? 12 : 8)) : 0,
		};
	}
	if (nameAt(36) === 'VBRI') return { bytes: numberAt(36 + 10), frames: numberAt(36 + 14) };
	return undefined;
}

/** Where an APE tag's footer can begin, from the file's end: last, or before an ID3v1 tag. */
const APE_FOOTERS = [32, 32 + 128];

/** Without an APE tag, which can be long; an ID3v1 tag has 128 bytes and is passed over like all that is no frame. */
async function endOfAudio(bytes: AudioBytes): Promise<number> {
	const tail = await bytes.read(bytes.size - WINDOW_BYTES, WINDOW_BYTES);
	for (const fromEnd of APE_FOOTERS) {
		const at = tail.length - fromEnd;
		const hasFooter = at >= 0 && tail.toString('latin1', at, at + 8) === 'APETAGEX';
		if (hasFooter) return bytes.size - tail.readUInt32LE(at + 12);
	}
	return bytes.size;
}
