/**
 * How long a WAV, FLAC or MP3 file plays, in seconds. The bytes say which it is: names and types of files are often
 * wrong. Where they do not tell, it is undefined and never a guess, since a video costs by the second.
 */
export function audioSeconds(file: Buffer): number | undefined {
	const audio = file.subarray(bytesOfTags(file));
	const seconds = secondsOf(audio) ?? 0;
	return Number.isFinite(seconds) && seconds > 0 ? seconds : undefined;
}

function secondsOf(audio: Buffer): number | undefined {
	const start = textAt(audio, 0, 12);
	if (start.startsWith('fLaC')) return flacSeconds(audio);
	return /^(RIFF|RF64|BW64).{4}WAVE/s.test(start) ? wavSeconds(audio) : mp3Seconds(audio);
}

function textAt(file: Buffer, at: number, length: number): string {
	return file.toString('latin1', at, at + length);
}

/** Tags that are passed over; some programs put a second one before the first. */
const MOST_TAGS = 4;

/** Where the audio begins. Source: id3.org, "ID3 tag version 2.4.0", sections 3.1 and 3.4 (ID3v2). */
function bytesOfTags(file: Buffer): number {
	let at = 0;
	for (let tags = 0; tags < MOST_TAGS; tags++) {
		if (textAt(file, at, 3) !== 'ID3' || at + 10 > file.length) break;
		const hasFooter = (file.readUInt8(at + 5) & 0x10) !== 0;
		// Four bytes of seven bits each.
		const size = file.subarray(at + 6, at + 10).reduce((sum, byte) => sum * 128 + (byte & 0x7f), 0);
		at += 10 + size + (hasFooter ? 10 : 0);
	}
	return at;
}

/** Chunks that are looked at; files have a handful. */
const MOST_CHUNKS = 100;

/**
 * The size of a WAV's data over what one second takes. Source: Microsoft, "Multimedia Programming Interface and Data
 * Specifications 1.0"; EBU Tech 3306 (RF64).
 */
function wavSeconds(wav: Buffer): number | undefined {
	let bytesPerSecond = 0;
	let longSize = 0;
	let at = 12;
	for (let chunks = 0; chunks < MOST_CHUNKS && at + 8 <= wav.length; chunks++) {
		const id = textAt(wav, at, 4);
		const size = wav.readUInt32LE(at + 4);
		const content = wav.subarray(at + 8, id === 'data' ? undefined : at + 8 + size);
		if (id === 'fmt ' && content.length >= 16) bytesPerSecond = bytesPerSecondOf(content);
		if (id === 'ds64' && content.length >= 16) longSize = Number(content.readBigUInt64LE(8));
		if (id === 'data') {
			const stated = size === 0xffffffff ? longSize : size;
			// A file that was written as a stream states 0, or more than there is: then all up to its end is audio.
			return Math.min(stated || Infinity, content.length) / bytesPerSecond;
		}
		at += 8 + size + (size % 2);
	}
	return undefined;
}

/** Formats of which every block is one sample: PCM, float, A-law, µ-law. Source: RFC 2361, appendix A. */
const ONE_SAMPLE_PER_BLOCK = [1, 3, 6, 7];
/** The number of the format is then in the subformat. */
const EXTENSIBLE = 0xfffe;

function bytesPerSecondOf(format: Buffer): number {
	const tag = format.readUInt16LE(0);
	const subformat = tag === EXTENSIBLE && format.length >= 26 ? format.readUInt16LE(24) : tag;
	// Players go by the samples; only for compressed formats by the stated bytes per second.
	const played = format.readUInt32LE(4) * format.readUInt16LE(12);
	return (ONE_SAMPLE_PER_BLOCK.includes(subformat) && played) || format.readUInt32LE(8);
}

/** The samples that STREAMINFO counts; 0 where the file was written as a stream. Source: RFC 9639, section 8.2. */
function flacSeconds(flac: Buffer): number | undefined {
	if (flac.length < 26 || (flac.readUInt8(4) & 0x7f) !== 0) return undefined;
	const samplesPerSecond = flac.readUIntBE(18, 3) >> 4;
	const samples = (flac.readUInt8(21) & 0x0f) * 2 ** 32 + flac.readUInt32BE(22);
	return samples / samplesPerSecond;
}

/**
 * The frames that are there, one by one. That takes milliseconds, and is right for a variable bit rate and for files
 * that were joined, of which a Xing or VBRI header counts the first only.
 */
function mp3Seconds(mp3: Buffer): number | undefined {
	let seconds = 0;
	let frameBytes = 0;
	let rateBefore: number | undefined;
	for (let at = 0; at < mp3.length && at - frameBytes <= MOST_OTHER_BYTES; ) {
		if (seconds > LONGEST_SECONDS) return undefined;
		const frame = frameAt(mp3, at);
		const next = at + (frame?.bytes ?? 0);
		// What looks like a frame in the middle of other bytes has no second one beside it.
		const isFrame =
			frame !== undefined &&
			next <= mp3.length &&
			(frame.rate === rateBefore || frame.rate === frameAt(mp3, next)?.rate);
		rateBefore = isFrame ? frame.rate : undefined;
		if (!isFrame) {
			at++;
			continue;
		}
		// The first may only be a header, which does not play.
		const isHeader = frameBytes === 0 && HEADER.test(textAt(mp3, at + 4, 38));
		if (!isHeader) seconds += frame.seconds;
		frameBytes += frame.bytes;
		at = next;
	}
	return mp3.length - frameBytes <= MOST_OTHER_BYTES ? seconds : undefined;
}

/** Of tags behind the audio, silence before it, and what is broken; with more, a file is no MP3 that is known here. */
const MOST_OTHER_BYTES = 256 * 1024;
/** Counting the frames of more than an hour would block the event loop. */
const LONGEST_SECONDS = 3_600;

/** Source: Xing's "VBR Header SDK" (Info is LAME's name for it at a constant rate), Fraunhofer's "VBRI Header SDK". */
const HEADER = /Xing|Info|VBRI/;

interface Frame {
	bytes: number;
	seconds: number;
	/** Samples per second, which tell the versions of MPEG apart, too. */
	rate: number;
}

/** kbit/s of layer III by index. Source: ISO/IEC 11172-3 (MPEG 1) and 13818-3 (MPEG 2). */
const KBITS_MPEG1 = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const KBITS_MPEG2 = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
const RATES_MPEG1 = [44100, 48000, 32000];

/** The frame of layer III whose header begins there. */
function frameAt(mp3: Buffer, at: number): Frame | undefined {
	if (mp3[at] !== 0xff || at + 4 > mp3.length) return undefined;
	const header = mp3.readUInt32BE(at);
	const version = (header >>> 19) & 3; // 3: MPEG 1, 2: MPEG 2, 0: MPEG 2.5
	const isLayer3 = ((header >>> 17) & 3) === 1;
	if (header >>> 21 !== 0x7ff || !isLayer3 || version === 1) return undefined;
	const isMpeg1 = version === 3;
	const kbits = (isMpeg1 ? KBITS_MPEG1 : KBITS_MPEG2)[(header >>> 12) & 15];
	const fullRate = RATES_MPEG1[(header >>> 10) & 3];
	if (!kbits || !fullRate) return undefined;
	const rate = fullRate / (isMpeg1 ? 1 : version === 2 ? 2 : 4);
	const samples = isMpeg1 ? 1152 : 576;
	const padding = (header >>> 9) & 1;
	const bytes = Math.floor((samples * kbits * 125) / rate) + padding;
	return { bytes, seconds: samples / rate, rate };
}
