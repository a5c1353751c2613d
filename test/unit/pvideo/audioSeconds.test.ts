/** The length of audio files: what they were made with, what music-metadata makes of them, and what we do. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { audioSeconds } from '../../../nodes/PrunaVideo/pvideo/audioSeconds';
import { id3v1, id3v2, mp3, samplesOf, type Mp3 } from './audio/mp3';
import { chunk, wav, type Wav } from './audio/wav';

type Case = [name: string, content: Buffer, seconds: number];

const FIXTURES = join(__dirname, '../../tools/simulator/fixtures');
const fixture = (name: string) => readFileSync(join(FIXTURES, name));
const LIST = chunk('LIST', Buffer.from('INFOISFT\x05\0\0\0Lavf\0\0', 'latin1'));

const wavCase = (name: string, made: Wav): Case => [`${name}.wav`, wav(made), made.seconds ?? 3];
const WAVS: Case[] = [
	...[8, 16, 24].map((bits) => wavCase(`${bits} bits`, { bits, channels: 2 })),
	...[11025, 96000].map((samplesPerSecond) => wavCase(`${samplesPerSecond}`, { samplesPerSecond })),
	wavCase('float', { format: 3, bits: 32 }),
	wavCase('A-law', { format: 6, bits: 8 }),
	wavCase('extensible float', { isExtensible: true, format: 3, bits: 32 }),
	wavCase('six channels', { isExtensible: true, channels: 6, samplesPerSecond: 48000 }),
	wavCase('a list after', { after: [LIST] }),
	wavCase('an odd chunk before', { before: [chunk('odd ', Buffer.alloc(7))] }),
	wavCase('300 kB after', { after: [chunk('JUNK', Buffer.alloc(300_000))] }),
	wavCase('ten minutes', { seconds: 600 }),
	['fixture.wav', fixture('three-seconds.wav'), 3],
];

const mp3Case = (name: string, made: Mp3, before: Buffer[] = [], after: Buffer[] = []): Case => {
	const { samplesPerSecond = 44100, frames } = made;
	const seconds = (frames * samplesOf(samplesPerSecond)) / samplesPerSecond;
	return [`${name}.mp3`, Buffer.concat([...before, mp3(made), ...after]), seconds];
};
const VBR = [96, 128, 160, 320, 32];
const MP3S: Case[] = [
	...[44100, 48000, 32000, 22050, 24000, 16000, 11025, 12000, 8000].flatMap((samplesPerSecond) =>
		[true, false].flatMap((isMono) => {
			const made = { samplesPerSecond, isMono, frames: 300 };
			const name = `${samplesPerSecond} Hz ${isMono ? 'mono' : 'stereo'}`;
			return [
				...[64, 96, 128].map((kbit) => mp3Case(`${name} ${kbit}`, { ...made, kbits: [kbit] })),
				mp3Case(`${name} Xing`, { ...made, kbits: [64, 96, 160], header: 'Xing' }),
			];
		}),
	),
	mp3Case('Info', { frames: 300, header: 'Info' }),
	mp3Case('VBRI', { frames: 300, kbits: VBR, header: 'VBRI' }),
	mp3Case('three minutes Xing', { frames: 6891, kbits: VBR, header: 'Xing' }),
	mp3Case('cover, Xing', { frames: 400, kbits: VBR, header: 'Xing' }, [id3v2(2_000_000)]),
	mp3Case('both ID3', { frames: 400 }, [id3v2(5000)], [id3v1()]),
	mp3Case('zeros before', { frames: 400 }, [Buffer.alloc(3000)]),
	// The encoder begins and ends with silence.
	['fixture.mp3', fixture('three-seconds.mp3'), 3.096],
	['fixture cbr.mp3', fixture('three-seconds-cbr.mp3'), 3.096],
];

/** A FLAC up to its frames, which are not looked at. */
function flac(samples: number, samplesPerSecond = 44100): Buffer {
	const info = Buffer.alloc(34);
	info.writeBigUInt64BE((BigInt(samplesPerSecond) << 44n) | (15n << 36n) | BigInt(samples), 10);
	return Buffer.concat([Buffer.from('fLaC\x80\0\0\x22', 'latin1'), info, Buffer.alloc(5000)]);
}
const FLACS: Case[] = [
	...[8000, 44100, 96000].map((rate): Case => [`${rate} Hz.flac`, flac(rate * 1.5, rate), 1.5]),
	['ID3v2.flac', Buffer.concat([id3v2(100_000), flac(66150)]), 1.5],
	['fixture.flac', fixture('three-seconds.flac'), 3],
];

/** Seconds. */
const FRAME = 1152 / 44100;
const joined = (first: Partial<Mp3>, second: Partial<Mp3>) =>
	Buffer.concat([mp3({ frames: 400, ...first }), mp3({ frames: 400, ...second })]);
const FOOTED = id3v2(90, { version: 4, hasFooter: true });
const TAGGED = Buffer.concat([id3v2(9000), mp3({ frames: 400 }), id3v1()]);

/** What music-metadata says nothing of, or something else than how the file was made. */
const BEYOND: Case[] = [
	...[0, 0x7fffffff, 0xffffffff, 2e9, 48_001].flatMap((statedSize) => [
		wavCase(`stream, size ${statedSize}`, { statedSize }),
		wavCase(`stream, size ${statedSize}, a list before`, { statedSize, before: [LIST] }),
	]),
	wavCase('RF64', { isRf64: true, seconds: 2 }),
	wavCase('RF64 with a list after', { isRf64: true, after: [LIST] }),
	['BW64.wav', Buffer.concat([Buffer.from('BW64'), wav({ isRf64: true }).subarray(4)]), 3],
	['RF64 as a stream.wav', wav({ isRf64: true }).fill(0, 28, 36), 3],
	// 26 bytes of the list count as audio, which is never too low.
	['a stream with a list after.wav', wav({ statedSize: 0, after: [LIST] }), 3 + 26 / 16_000],
	['a stream after ID3v2.wav', Buffer.concat([FOOTED, wav({ statedSize: 0 })]), 3],
	wavCase('compressed', { format: 2, bits: 4, bytesPerSecond: 4055 }),
	['a day.flac', flac(86_400 * 96_000, 96_000), 86_400],
	['a false rate of bytes.wav', wav({ isExtensible: true }).fill(1, 28, 32), 3],
	mp3Case('two ID3v2', { frames: 400 }, [id3v2(5000), id3v2(90_000)]),
	mp3Case('unknown things after', { frames: 400 }, [], [Buffer.alloc(200_000, 'LYRICS'), id3v1()]),
	mp3Case('variable, no header', { frames: 2000, kbits: VBR }),
	mp3Case('two frames', { frames: 2 }),
	mp3Case('cut in a frame', { frames: 20 }, [], [mp3({ frames: 1 }).subarray(0, 300)]),
	...[0, 300, undefined].map((frames) =>
		mp3Case(`Info that states ${frames}`, { frames: 1000, header: 'Info', states: { frames } }),
	),
	// The second header is a frame that plays, in silence.
	['joined, each with Info.mp3', joined({ header: 'Info' }, { header: 'Info' }), 801 * FRAME],
	['joined, one with Xing.mp3', joined({ header: 'Xing' }, { kbits: [32] }), 800 * FRAME],
	['joined, of other rates.mp3', joined({}, { samplesPerSecond: 48000 }), 400 * FRAME + 9.6],
	['joined, with tags.mp3', Buffer.concat([TAGGED, TAGGED, TAGGED]), 3 * 400 * FRAME],
];

/** For these it is never too low: no length at all. */
const UNKNOWN: Array<[name: string, content: Buffer]> = [
	['an MP3 of more than an hour', mp3({ frames: 150_100, samplesPerSecond: 24000, kbits: [8] })],
	['nothing', Buffer.alloc(0)],
	['a text', Buffer.from('this is not audio at all '.repeat(1000))],
	['only 0xFF', Buffer.alloc(200_000, 0xff)],
	['only an ID3v2 tag', id3v2(1000)],
	['an ID3v2 tag that is longer than the file', id3v2(100_000).subarray(0, 5000)],
	['WAV without data', wav({}).subarray(0, 36)],
	['WAV without fmt', Buffer.concat([wav({}).subarray(0, 12), chunk('data', Buffer.alloc(9))])],
	['WAV with half a fmt', wav({}).fill(8, 16, 17)],
	['WAV of 0 Hz', wav({ samplesPerSecond: 0, bytesPerSecond: 0 })],
	['WAV of nothing', wav({ seconds: 0 })],
	['WAV of endless chunks', wav({ before: Array(1000).fill(chunk('JUNK', Buffer.alloc(0))) })],
	['FLAC of 0 Hz', flac(4096).fill(0, 18, 21)],
	['FLAC that ends at once', Buffer.from('fLaC')],
	['FLAC that was written as a stream', flac(0)],
	['FLAC that begins with another block', flac(4096).fill(1, 4, 5)],
	['MP3 of one frame', mp3({ frames: 1 })],
	['MP3 of layer II', Buffer.from(mp3({ frames: 9 }).map((byte) => (byte === 0xfb ? 0xfd : byte)))],
	['MP3 with 1 MB of something', Buffer.concat([mp3({ frames: 400 }), Buffer.alloc(1e6, 1)])],
	['joined, with a cover of 1 MB between', Buffer.concat([TAGGED, id3v2(1e6), TAGGED])],
];

/** Seconds: what padding makes up for in an MP3, a sample elsewhere. */
const tolerance = (name: string) => (name.endsWith('.mp3') ? 0.003 : 1 / 8000);

/** By file name. A program of its own, since music-metadata has ES modules only and jest loads CommonJS. */
function lengthsByMusicMetadata(cases: Case[]): Record<string, unknown> {
	const folder = mkdtempSync(join(tmpdir(), 'pruna-audio-'));
	for (const [name, content] of cases) writeFileSync(join(folder, name), content);
	const program = `
		import { parseFile } from 'music-metadata';
		const lengths = {};
		for (const name of ${JSON.stringify(cases.map(([name]) => name))})
			lengths[name] = (await parseFile('${folder}/' + name, { duration: true })).format.duration;
		console.log(JSON.stringify(lengths));`;
	const flags = ['--input-type=module', '--eval', program];
	const answer = execFileSync(process.execPath, flags, { cwd: __dirname, encoding: 'utf8' });
	rmSync(folder, { recursive: true });
	return JSON.parse(answer);
}

const KNOWN = [...WAVS, ...MP3S, ...FLACS];
const theirs = lengthsByMusicMetadata(KNOWN);

test.each(KNOWN)('%s, also by music-metadata', (name, content, seconds) => {
	const found = audioSeconds(content) ?? NaN;
	expect(Math.abs(found - seconds)).toBeLessThanOrEqual(tolerance(name));
	// music-metadata counts the frames of some MP3s by one more or less.
	const frame = name.endsWith('.mp3') ? FRAME : 0;
	expect(Math.abs(found - Number(theirs[name]))).toBeLessThanOrEqual(tolerance(name) + frame);
});

test.each(BEYOND)('%s', (name, content, seconds) => {
	expect(Math.abs((audioSeconds(content) ?? NaN) - seconds)).toBeLessThanOrEqual(tolerance(name));
});

test.each(UNKNOWN)('not known: %s', (_, content) => expect(audioSeconds(content)).toBeUndefined());

test.each<[string, Buffer]>([
	['an MP3', mp3({ frames: 36_000 })],
	['random bytes', randomBytes(15e6)],
	['0xFF', Buffer.alloc(15e6, 0xff)],
	['headers of MP3 frames', Buffer.alloc(15e6, Buffer.from([0xff, 0xfb, 0x90, 0, 1]))],
	['tags', Buffer.alloc(15e6, 'ID3\x04\0\0\0\0\0\0')],
	['chunks', wav({ before: Array(1e6).fill(chunk('fmt ', Buffer.alloc(8))) })],
])('15 MB of %s take no minutes', (_, content) => {
	const before = process.cpuUsage();
	audioSeconds(content);
	// Microseconds: a tenth of a second here, hours where the time is quadratic.
	expect(process.cpuUsage(before).user).toBeLessThan(10_000_000);
});

test('whatever a file contains, there is a length or none', () => {
	const tagged = Buffer.concat([id3v2(300), mp3({ frames: 20, kbits: VBR, header: 'Xing' })]);
	const starts = ['', 'ID3', 'fLaC', 'RIFF....WAVEdata'].map((start) => Buffer.from(start));
	const seeds = [wav({ isRf64: true, isExtensible: true }), flac(9000), tagged, ...starts];
	const change = fc.record({ at: fc.nat(400), byte: fc.nat(255) });
	const changed = fc
		.tuple(fc.constantFrom(...seeds), fc.uint8Array(), fc.array(change), fc.nat(3000))
		.map(([seed, more, changes, length]) => {
			const content = Buffer.concat([seed, more]).subarray(0, length);
			for (const { at, byte } of changes) if (at < content.length) content[at] = byte;
			return content;
		});
	const isLength = (seconds = 1) => seconds > 0 && Number.isFinite(seconds);
	const holds = fc.property(changed, (content) => isLength(audioSeconds(content)));
	fc.assert(holds, { numRuns: 2000 });
});
