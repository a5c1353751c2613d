/** The length of audio files: what they were made with, what music-metadata makes of them, and what we do. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { WINDOW_BYTES, type AudioFile } from '../../../../nodes/PrunaVideo/pvideo/audio/audioBytes';
import { audioSeconds } from '../../../../nodes/PrunaVideo/pvideo/audio/audioSeconds';
import { isJsonObject } from '../../../../nodes/PrunaVideo/json';
import { flac } from './flac';
import { ape, id3v1, id3v2, mp3, samplesOf, type Mp3 } from './mp3';
import { chunk, wav, type Wav } from './wav';

type Case = [name: string, content: Buffer, seconds: number];

const FIXTURES = join(__dirname, '../../../tools/simulator/fixtures');
const fixture = (name: string) => readFileSync(join(FIXTURES, name));
const LIST = chunk('LIST', Buffer.from('INFOISFT\x05\0\0\0Lavf\0\0', 'latin1'));
const big = (bytes: number) => chunk('JUNK', Buffer.alloc(bytes));

const wavCase = (name: string, made: Wav): Case => [`${name}.wav`, wav(made), made.seconds ?? 3];
const WAVS: Case[] = [
	...[8000, 11025, 16000, 22050, 44100, 48000, 96000].flatMap((samplesPerSecond) =>
		[1, 2].flatMap((channels) =>
			[8, 16, 24].map((bits) =>
				wavCase(`${samplesPerSecond} Hz ${channels} x ${bits}`, {
					...{ samplesPerSecond, channels, bits, seconds: 1.5 },
				}),
			),
		),
	),
	wavCase('float', { format: 3, bits: 32 }),
	wavCase('A-law', { format: 6, bits: 8 }),
	wavCase('mu-law', { format: 7, bits: 8 }),
	wavCase('extensible', { isExtensible: true, bits: 24, channels: 2 }),
	wavCase('extensible float', { isExtensible: true, format: 3, bits: 32 }),
	wavCase('six channels', { isExtensible: true, channels: 6, samplesPerSecond: 48000 }),
	wavCase('a list before', { before: [LIST] }),
	wavCase('a list after', { after: [LIST] }),
	wavCase('an odd chunk before', { before: [chunk('odd ', Buffer.alloc(7))] }),
	wavCase('300 kB before', { before: [big(100_000), big(200_000)] }),
	wavCase('300 kB after', { after: [big(300_000)] }),
	wavCase('four hundredths', { seconds: 0.04 }),
	wavCase('ten minutes', { seconds: 600 }),
	wavCase('more stated than there is', { statedSize: 0x7fffffff }),
	['fixture.wav', fixture('three-seconds.wav'), 3],
];

const mp3Case = (name: string, made: Mp3, { before = [], after = [] }: Around = {}): Case => {
	const { samplesPerSecond = 44100, frames } = made;
	const seconds = (frames * samplesOf(samplesPerSecond)) / samplesPerSecond;
	return [`${name}.mp3`, Buffer.concat([...before, mp3(made), ...after]), seconds];
};
interface Around {
	before?: Buffer[];
	after?: Buffer[];
}
const VBR = [96, 128, 160, 320, 32];
const MP3S: Case[] = [
	...[44100, 48000, 32000, 22050, 24000, 16000, 11025, 12000, 8000].flatMap((samplesPerSecond) =>
		[true, false].flatMap((isMono) => [
			...[64, 128].map((kbit) =>
				mp3Case(`${samplesPerSecond} Hz ${isMono ? 'mono' : 'stereo'} ${kbit}`, {
					...{ samplesPerSecond, isMono, kbits: [kbit], frames: 200 },
				}),
			),
			mp3Case(`${samplesPerSecond} Hz ${isMono ? 'mono' : 'stereo'} Xing`, {
				...{ samplesPerSecond, isMono, kbits: [64, 96, 160], frames: 300, header: 'Xing' },
			}),
		]),
	),
	mp3Case('Info', { frames: 300, header: 'Info' }),
	mp3Case('VBRI', { frames: 300, kbits: VBR, header: 'VBRI' }),
	mp3Case('Xing with frames only', {
		...{ frames: 300, kbits: VBR, header: 'Xing' },
		states: { bytes: undefined },
	}),
	mp3Case('320 kbit', { frames: 1000, kbits: [320] }),
	mp3Case('one minute', { frames: 2297 }),
	mp3Case('three minutes Xing', { frames: 6891, kbits: VBR, header: 'Xing' }),
	mp3Case('noise', { frames: 1000, isNoisy: true }),
	mp3Case('noise Xing', { frames: 1000, kbits: VBR, header: 'Xing', isNoisy: true }),
	mp3Case('short, variable, no header', { frames: 200, kbits: VBR }),
	mp3Case('cover', { frames: 400 }, { before: [id3v2(1000)] }),
	mp3Case('cover of 2 MB', { frames: 400 }, { before: [id3v2(2_000_000)] }),
	mp3Case(
		'cover of 2 MB Xing',
		{ frames: 400, kbits: VBR, header: 'Xing' },
		{ before: [id3v2(2_000_000)] },
	),
	mp3Case('ID3v2.4', { frames: 400 }, { before: [id3v2(70_000, { version: 4 })] }),
	mp3Case('ID3v1', { frames: 400 }, { after: [id3v1()] }),
	mp3Case('both ID3', { frames: 400 }, { before: [id3v2(5000)], after: [id3v1()] }),
	mp3Case('zeros before', { frames: 400 }, { before: [Buffer.alloc(3000)] }),
	// The encoder begins and ends with silence.
	['fixture.mp3', fixture('three-seconds.mp3'), 3.096],
	['fixture cbr.mp3', fixture('three-seconds-cbr.mp3'), 3.096],
];

const FLACS: Case[] = [
	...([8000, 16000, 44100, 48000, 96000] as const).flatMap((samplesPerSecond) =>
		([1, 2] as const).map(
			(channels): Case => [
				`${samplesPerSecond} Hz ${channels}.flac`,
				flac({ samples: samplesPerSecond, samplesPerSecond, channels }),
				1,
			],
		),
	),
	['500 kB before.flac', flac({ samples: 44100, paddingBytes: 500_000 }), 1],
	['ID3v2.flac', Buffer.concat([id3v2(100_000), flac({ samples: 66150 })]), 1.5],
	['one sample more.flac', flac({ samples: 44101 }), 44101 / 44100],
	['fixture.flac', fixture('three-seconds.flac'), 3],
];

/** A FLAC whose last frame holds, by chance, what looks like the header of its first. */
function misleadingFlac(): Buffer {
	const content = flac({ samples: 300_000, isTotalUnknown: true });
	content.copy(content, content.length - 20, 42, 48);
	return content;
}

/** What music-metadata says nothing of, or something else than how the file was made. */
const BEYOND: Case[] = [
	wavCase('stream, size 0', { statedSize: 0 }),
	wavCase('stream, size 0xFFFFFFFF', { statedSize: 0xffffffff }),
	wavCase('RF64', { isRf64: true, seconds: 2 }),
	wavCase('RF64 with a list after', { isRf64: true, after: [LIST] }),
	wavCase('compressed', { format: 2, bits: 4, bytesPerSecond: 4055 }),
	mp3Case('footer', { frames: 400 }, { before: [id3v2(5000, { version: 4, hasFooter: true })] }),
	mp3Case('two ID3v2', { frames: 400 }, { before: [id3v2(5000), id3v2(90_000)] }),
	mp3Case('APE', { frames: 400 }, { after: [ape(3000)] }),
	mp3Case(
		'APE without header, ID3v1',
		{ frames: 400 },
		{ after: [ape(300, { hasHeader: false }), id3v1()] },
	),
	mp3Case('APE of 200 kB', { frames: 400 }, { after: [ape(200_000), id3v1()] }),
	mp3Case('unknown things after', { frames: 400 }, { after: [Buffer.alloc(20_000, 'LYRICS')] }),
	mp3Case('Xing without numbers', {
		frames: 250,
		header: 'Xing',
		kbits: VBR,
		states: { frames: undefined, bytes: undefined },
	}),
	mp3Case('Info of 0 frames', { frames: 1000, header: 'Info', states: { frames: 0, bytes: 0 } }),
	mp3Case('two joined, each with Info', {
		frames: 1001,
		header: 'Info',
		states: { frames: 400, bytes: 167_000 },
	}),
	mp3Case(
		'a frame of another rate after',
		{ frames: 100 },
		{ after: [mp3({ frames: 1, samplesPerSecond: 32000 })] },
	),
	mp3Case('two frames', { frames: 2 }),
	...[1, 4000, 4096, 5000, 300_000].flatMap((samples) =>
		[true, false].map(
			(isVariable): Case => [
				`stream of ${samples}${isVariable ? ', variable' : ''}.flac`,
				flac({ samples, isVariable, isTotalUnknown: true }),
				samples / 44100,
			],
		),
	),
	['a stream with a false header.flac', misleadingFlac(), 300_000 / 44100],
	[
		'after ID3v2 with a footer.flac',
		Buffer.concat([id3v2(5000, { version: 4, hasFooter: true }), flac({ samples: 44100 })]),
		1,
	],
	[
		'a long stream.flac',
		flac({ samples: 700_000, channels: 1, blockSamples: 256, isTotalUnknown: true }),
		700_000 / 44100,
	],
	[
		'a stream with ID3v1.flac',
		Buffer.concat([flac({ samples: 300_000, isTotalUnknown: true }), id3v1()]),
		300_000 / 44100,
	],
];

const UNKNOWN: Array<[name: string, content: Buffer]> = [
	['nothing', Buffer.alloc(0)],
	['one byte', Buffer.from([0xff])],
	['a text', Buffer.from('this is not audio at all '.repeat(1000))],
	['zeros', Buffer.alloc(200_000)],
	['only 0xFF', Buffer.alloc(200_000, 0xff)],
	['only an ID3v2 tag', id3v2(1000)],
	['an ID3v2 tag that is longer than the file', id3v2(100_000).subarray(0, 5000)],
	['WAV without data', wav({}).subarray(0, 36)],
	[
		'WAV with an empty fmt',
		Buffer.concat([
			Buffer.from('RIFF\xff\0\0\0WAVE', 'latin1'),
			chunk('fmt ', Buffer.alloc(0)),
			chunk('data', Buffer.alloc(9)),
		]),
	],
	['WAV of 0 Hz', wav({ samplesPerSecond: 0, bytesPerSecond: 0 })],
	['WAV of nothing', wav({ seconds: 0 })],
	[
		'WAV of endless chunks',
		wav({ before: Array.from({ length: 1000 }, () => chunk('JUNK', Buffer.alloc(0))) }),
	],
	['FLAC of 0 Hz', flac({ samples: 4096 }).fill(0, 18, 21)],
	['FLAC that ends at once', Buffer.from('fLaC')],
	['FLAC stream without frames', flac({ samples: 0, isTotalUnknown: true })],
	['MP3 of one frame', mp3({ frames: 1 })],
	['MP3, variable, no header', mp3({ frames: 1000, kbits: VBR })],
	[
		'MP3, variable at the end only',
		Buffer.concat([mp3({ frames: 500 }), mp3({ frames: 500, kbits: [64] })]),
	],
	[
		'MP3, speech between two jingles',
		Buffer.concat([mp3({ frames: 200 }), mp3({ frames: 2000, kbits: [64] }), mp3({ frames: 200 })]),
	],
	[
		'MP3, two joined, each with Xing',
		mp3({ frames: 1000, kbits: VBR, header: 'Xing', states: { frames: 500, bytes: 120_000 } }),
	],
];

/** A file that knows what was read of it. */
function fileOf(content: Buffer) {
	const reads: Array<[start: number, length: number]> = [];
	const file: AudioFile = {
		bytes: content.length,
		readRange(start, length) {
			reads.push([start, length]);
			return content.subarray(start, start + length);
		},
	};
	return { file, reads };
}

/** Seconds: what padding makes up for in an MP3, a sample elsewhere. */
const tolerance = (name: string) => (name.endsWith('.mp3') ? 0.003 : 1 / 8000);
/** music-metadata counts the frames of some files by one more or less. */
const FRAME_SECONDS = 1152 / 44100;

let folder: string;
let theirs: Record<string, unknown>;
beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), 'pruna-audio-'));
	for (const [name, content] of [...WAVS, ...MP3S, ...FLACS])
		writeFileSync(join(folder, name), content);
	const program = join(__dirname, 'musicMetadata.mjs');
	const answer: unknown = JSON.parse(
		execFileSync(process.execPath, [program, folder], { encoding: 'utf8' }),
	);
	if (!isJsonObject(answer)) throw new Error('music-metadata gave no lengths');
	theirs = answer;
});
afterAll(() => rmSync(folder, { recursive: true }));

test('a hundred files at least', () => {
	expect(WAVS.length + MP3S.length + FLACS.length).toBeGreaterThanOrEqual(100);
});

describe.each([
	['WAV', WAVS],
	['MP3', MP3S],
	['FLAC', FLACS],
])('%s, as made and as music-metadata says', (_, cases) => {
	test.each(cases)('%s', async (name, content, seconds) => {
		const found = await audioSeconds(fileOf(content).file);

		expect(Math.abs((found ?? NaN) - seconds)).toBeLessThanOrEqual(tolerance(name));
		expect(Math.abs((found ?? NaN) - Number(theirs[name]))).toBeLessThanOrEqual(
			tolerance(name) + (name.endsWith('.mp3') ? FRAME_SECONDS : 0),
		);
	});
});

test.each(BEYOND)('%s', async (name, content, seconds) => {
	const found = await audioSeconds(fileOf(content).file);
	expect(Math.abs((found ?? NaN) - seconds)).toBeLessThanOrEqual(tolerance(name));
});

test.each(UNKNOWN)('not known: %s', async (_, content) => {
	expect(await audioSeconds(fileOf(content).file)).toBeUndefined();
});

test('of a large file a few kilobytes are read', async () => {
	const reads = async (content: Buffer) => {
		const file = fileOf(content);
		await audioSeconds(file.file);
		return file.reads.reduce((sum, [, length]) => sum + length, 0) / WINDOW_BYTES;
	};
	expect(await reads(wav({ seconds: 600 }))).toBe(1);
	expect(await reads(flac({ samples: 100_000 }))).toBe(1);
	expect(await reads(flac({ samples: 100_000, isTotalUnknown: true }))).toBe(2);
	expect(await reads(mp3({ frames: 20_000 }))).toBeLessThanOrEqual(4);
});

test('whatever a file contains: it ends, nothing is read beyond its end, and there is a length or none', async () => {
	const seeds = [
		wav({ before: [LIST], isRf64: true, isExtensible: true }),
		flac({ samples: 9000, isTotalUnknown: true }),
		Buffer.concat([id3v2(300), mp3({ frames: 20, kbits: VBR, header: 'Xing' }), ape(100), id3v1()]),
		mp3({ frames: 20, header: 'VBRI' }),
	];
	const change = fc.record({ at: fc.nat(400), byte: fc.nat(255), fromEnd: fc.boolean() });
	await fc.assert(
		fc.asyncProperty(
			fc.constantFrom(...seeds),
			fc.array(change, { maxLength: 12 }),
			fc.double({ min: 0, max: 1, noNaN: true }),
			async (seed, changes, share) => {
				const content = Buffer.from(
					seed.subarray(0, Math.ceil(seed.length * Math.max(share, 0.01))),
				);
				for (const { at, byte, fromEnd } of changes) {
					content[(fromEnd ? content.length - 1 - at : at) % content.length] = byte;
				}
				const { file, reads } = fileOf(content);
				const seconds = await audioSeconds(file);

				expect(seconds === undefined || (seconds > 0 && Number.isFinite(seconds))).toBe(true);
				expect(reads.length).toBeLessThanOrEqual(40);
				for (const [start, length] of reads) {
					expect(start).toBeGreaterThanOrEqual(0);
					expect(length).toBeGreaterThan(0);
					expect(start + length).toBeLessThanOrEqual(content.length);
				}
			},
		),
		{ numRuns: 500 },
	);
});
