/** How long an audio file plays, read from its own headers. */

/** Seconds, or undefined where the file does not say. */
export function audioSeconds(format: string, bytes: Buffer): number | undefined {
	const read = format === 'wav' ? wavSeconds : format === 'flac' ? flacSeconds : mp3Seconds;
	const seconds = read(bytes);
	return Number.isFinite(seconds) && seconds > 0 ? seconds : undefined;
}

/** RIFF: the `data` chunk's length over the `fmt ` chunk's bytes per second. */
function wavSeconds(bytes: Buffer): number {
	let bytesPerSecond = NaN;
	for (let at = 12; at + 8 <= bytes.length; ) {
		const id = bytes.toString('latin1', at, at + 4);
		const length = bytes.readUInt32LE(at + 4);
		const present = Math.min(length, bytes.length - at - 8);
		if (id === 'fmt ' && present >= 16) bytesPerSecond = bytes.readUInt32LE(at + 16);
		// A streamed WAV says 0xFFFFFFFF: what is there counts.
		if (id === 'data') return present / bytesPerSecond;
		at += 8 + length + (length % 2);
	}
	return NaN;
}

/** STREAMINFO, the first metadata block: 20 bits sample rate, 8 bits format, 36 bits samples. */
function flacSeconds(bytes: Buffer): number {
	if (bytes.length < 26) return NaN;
	const samples = (bytes.readUInt8(21) & 0x0f) * 2 ** 32 + bytes.readUInt32BE(22);
	return samples / (bytes.readUIntBE(18, 3) >> 4);
}

/** kbit/s by bitrate index, layer III. Source: ISO/IEC 11172-3 (MPEG 1) and 13818-3 (MPEG 2). */
const KBITS_MPEG1 = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const KBITS_MPEG2 = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];

/** The frames that a Xing or Info header counts, else the length at the first frame's bitrate. */
function mp3Seconds(bytes: Buffer): number {
	// A leading ID3v2 tag writes its size in 7-bit bytes.
	const hasTag = bytes.length >= 10 && bytes.toString('latin1', 0, 3) === 'ID3';
	const tag = bytes.subarray(6, 10).reduce((sum, byte) => sum * 128 + byte, 0) + 10;
	for (let at = hasTag ? tag : 0; at + 4 <= bytes.length; at++) {
		const header = bytes.readUInt32BE(at);
		const version = (header >>> 19) & 3; // 3: MPEG 1, 2: MPEG 2, 0: MPEG 2.5
		if (header >>> 21 !== 0x7ff || ((header >>> 17) & 3) !== 1 || version === 1) continue;
		const kbits = (version === 3 ? KBITS_MPEG1 : KBITS_MPEG2)[(header >>> 12) & 15];
		const rate = [44100, 48000, 32000][(header >>> 10) & 3];
		if (!kbits || !rate) continue;
		const counter = bytes.subarray(at, at + 200);
		const xing = Math.max(counter.indexOf('Xing'), counter.indexOf('Info'));
		const isCounted = xing > 0 && xing + 12 <= counter.length && counter.readUInt32BE(xing + 4) & 1;
		if (!isCounted) return ((bytes.length - at) * 8) / (kbits * 1000);
		const samples = counter.readUInt32BE(xing + 8) * (version === 3 ? 1152 : 576);
		return samples / (rate / { 3: 1, 2: 2, 0: 4 }[version as 0 | 2 | 3]);
	}
	return NaN;
}
