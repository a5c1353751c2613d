/** MP3 files of valid frames, and the headers and tags that stand before, in and after them. */
import { randomBytes } from 'node:crypto';

const KBITS = {
	1: [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
	2: [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
};
const RATES = [44100, 48000, 32000, 22050, 24000, 16000, 11025, 12000, 8000];

export interface Mp3 {
	frames: number;
	samplesPerSecond?: number;
	isMono?: boolean;
	/** Of the frames, one after another, over and over. */
	kbits?: readonly number[];
	/** The header in a frame of its own before the others. */
	header?: 'Xing' | 'Info' | 'VBRI';
	/** What the header says, instead of what is true; undefined leaves it out (Xing, Info). */
	states?: { frames?: number | undefined };
}

export function samplesOf(samplesPerSecond: number): number {
	return samplesPerSecond >= 32000 ? 1152 : 576;
}

export function mp3({
	frames,
	samplesPerSecond = 44100,
	isMono = false,
	kbits = [128],
	header,
	states = {},
}: Mp3): Buffer {
	const version = samplesPerSecond >= 32000 ? 1 : 2;
	const samples = samplesOf(samplesPerSecond);
	const versionBits = version === 1 ? 3 : samplesPerSecond >= 16000 ? 2 : 0;
	const rateBits = RATES.indexOf(samplesPerSecond) % 3;
	let owed = 0;
	const frame = (rate: number) => {
		// Padding makes up for the part of a byte that each frame is too short.
		const exact = (samples * rate * 1000) / 8 / samplesPerSecond + owed;
		const plain = Math.floor((samples * rate * 1000) / 8 / samplesPerSecond);
		const padding = exact - plain >= 1 ? 1 : 0;
		owed = exact - plain - padding;
		const bytes = Buffer.alloc(plain + padding);
		const index = KBITS[version].indexOf(rate);
		if (index < 1) throw new Error(`No frames of ${rate} kbit/s`);
		bytes[0] = 0xff;
		bytes[1] = 0xe0 | (versionBits << 3) | 0x03;
		bytes[2] = (index << 4) | (rateBits << 2) | (padding << 1);
		bytes[3] = isMono ? 0xc0 : 0x40;
		return bytes;
	};
	const lead = header === undefined ? [] : [frame(Math.max(...kbits))];
	const audio = Array.from({ length: frames }, (_, index) => frame(kbits[index % kbits.length]!));
	const [info] = lead;
	const bytes = [...lead, ...audio].reduce((sum, { length }) => sum + length, 0);
	const says = { frames, ...states };
	if (info !== undefined && header === 'VBRI') {
		info.write('VBRI\0\x01', 36, 'latin1');
		info.writeUInt32BE(bytes, 46);
		info.writeUInt32BE(says.frames ?? 0, 50);
	} else if (info !== undefined && header !== undefined) {
		const numbers = [says.frames, bytes].filter((number) => number !== undefined);
		const at = 4 + (version === 1 ? (isMono ? 17 : 32) : isMono ? 9 : 17);
		info.write(header, at, 'latin1');
		// Which of the numbers follow.
		info.writeUInt32BE(says.frames === undefined ? 2 : 3, at + 4);
		numbers.forEach((number, index) => info.writeUInt32BE(number, at + 8 + 4 * index));
	}
	return Buffer.concat([...lead, ...audio]);
}

/** An ID3v2 tag with a cover picture of so many bytes, as in MP3s from a shop. */
export function id3v2(pictureBytes: number, { version = 3, hasFooter = false } = {}): Buffer {
	const picture = Buffer.concat([
		Buffer.from('\0image/jpeg\0\x03\0', 'latin1'),
		jpeg(pictureBytes),
	]);
	const frame = Buffer.alloc(10);
	frame.write('APIC', 'latin1');
	if (version === 4) sevenBits(picture.length).copy(frame, 4);
	else frame.writeUInt32BE(picture.length, 4);
	const size = sevenBits(frame.length + picture.length);
	const head = (name: string) =>
		Buffer.concat([Buffer.from([...Buffer.from(name), version, 0, hasFooter ? 0x10 : 0]), size]);
	return Buffer.concat([head('ID3'), frame, picture, ...(hasFooter ? [head('3DI')] : [])]);
}

/** 0xFF is stuffed in a JPEG, so that no frame of MP3 seems to begin there. */
function jpeg(bytes: number): Buffer {
	return randomBytes(bytes).map((byte) => (byte === 0xff ? 0 : byte)) as Buffer;
}

function sevenBits(size: number): Buffer {
	return Buffer.from([21, 14, 7, 0].map((shift) => (size >> shift) & 0x7f));
}

export function id3v1(): Buffer {
	const tag = Buffer.alloc(128);
	tag.write('TAGA song', 'latin1');
	return tag;
}
