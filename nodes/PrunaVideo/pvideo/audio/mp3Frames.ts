/** kbit/s of layer III by index. Source: ISO/IEC 11172-3 (MPEG 1) and 13818-3 (MPEG 2). */
const KBITS_MPEG1 = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const KBITS_MPEG2 = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
const SAMPLES_PER_SECOND_MPEG1 = [44100, 48000, 32000];

const FRAME_HEADER_BYTES = 4;

export interface Mp3Frame {
	bytes: number;
	samples: number;
	samplesPerSecond: number;
	bitsPerSecond: number;
	/** Where a Xing or Info header would be, from the frame's beginning. */
	xingAt: number;
}

/** The frame of layer III whose header begins at `at`; undefined where none does. */
export function readFrame(bytes: Buffer, at: number): Mp3Frame | undefined {
	if (at + FRAME_HEADER_BYTES > bytes.length) return undefined;
	const header = bytes.readUInt32BE(at);
	const version = (header >>> 19) & 3; // 3: MPEG 1, 2: MPEG 2, 0: MPEG 2.5
	const isLayer3 = ((header >>> 17) & 3) === 1;
	if (header >>> 21 !== 0x7ff || !isLayer3 || version === 1) return undefined;
	const isMpeg1 = version === 3;
	const kbits = (isMpeg1 ? KBITS_MPEG1 : KBITS_MPEG2)[(header >>> 12) & 15];
	const fullRate = SAMPLES_PER_SECOND_MPEG1[(header >>> 10) & 3];
	if (!kbits || !fullRate) return undefined;
	const samplesPerSecond = fullRate / (isMpeg1 ? 1 : version === 2 ? 2 : 4);
	const samples = isMpeg1 ? 1152 : 576;
	const bitsPerSecond = kbits * 1000;
	const padding = (header >>> 9) & 1;
	const isMono = ((header >>> 6) & 3) === 3;
	return {
		bytes: Math.floor((samples * bitsPerSecond) / 8 / samplesPerSecond) + padding,
		samples,
		samplesPerSecond,
		bitsPerSecond,
		xingAt: FRAME_HEADER_BYTES + (isMpeg1 ? (isMono ? 17 : 32) : isMono ? 9 : 17),
	};
}

/** The whole frames within a piece of a file. */
export interface Frames {
	/** Where the first begins and the last ends, from the piece's beginning. */
	start: number;
	end: number;
	first: Mp3Frame;
	count: number;
	isConstantRate: boolean;
}

/**
 * Finds the frames in a piece of a file that may begin in the middle of one, and have other things before, between
 * and after them. A frame only counts if another of its kind is right before or after it, which does not happen by
 * chance.
 */
export function findFrames(bytes: Buffer): Frames | undefined {
	let frames: Frames | undefined;
	for (let at = 0; at + FRAME_HEADER_BYTES <= bytes.length; ) {
		const frame = readFrame(bytes, at);
		const end = at + (frame?.bytes ?? 0);
		const isOne =
			frame !== undefined &&
			end <= bytes.length &&
			(frames === undefined || isSameKind(frame, frames.first)) &&
			(frames?.end === at || isSameKind(frame, readFrame(bytes, end)));
		if (!isOne) {
			at++;
			continue;
		}
		frames ??= { start: at, end, first: frame, count: 0, isConstantRate: true };
		frames.count++;
		frames.end = end;
		frames.isConstantRate &&= frame.bitsPerSecond === frames.first.bitsPerSecond;
		at = end;
	}
	return frames;
}

function isSameKind(frame: Mp3Frame, other: Mp3Frame | undefined): boolean {
	return frame.samples === other?.samples && frame.samplesPerSecond === other.samplesPerSecond;
}
