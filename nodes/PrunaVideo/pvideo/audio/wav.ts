import type { AudioBytes } from './audioBytes';

/** Chunks that are looked at; files have a handful. */
const MOST_CHUNKS = 32;

/** Formats of which every block is one sample: PCM, float, A-law, µ-law. Source: RFC 2361, appendix A. */
const ONE_SAMPLE_PER_BLOCK = [1, 3, 6, 7];
/** The number of the format is then in the subformat. */
const EXTENSIBLE = 0xfffe;

/**
 * Seconds of a WAV file, also one above 4 GB (RF64): the size of its data over what one second takes.
 *
 * Source: Microsoft, "Multimedia Programming Interface and Data Specifications 1.0"; EBU Tech 3306 (RF64).
 */
export async function wavSeconds(bytes: AudioBytes, start: number): Promise<number | undefined> {
	let bytesPerSecond: number | undefined;
	let longSize: number | undefined;
	let at = start + 12;
	for (let chunks = 0; chunks < MOST_CHUNKS; chunks++) {
		const chunk = await bytes.read(at, 8 + 40);
		if (chunk.length < 8) return undefined;
		const id = chunk.toString('latin1', 0, 4);
		const size = chunk.readUInt32LE(4);
		const content = chunk.subarray(8, 8 + size);
		if (id === 'fmt ') bytesPerSecond = bytesPerSecondOf(content);
		if (id === 'ds64' && content.length >= 16) longSize = Number(content.readBigUInt64LE(8));
		if (id === 'data') {
			if (bytesPerSecond === undefined) return undefined;
			const stated = size === 0xffffffff && longSize ? longSize : size;
			const present = bytes.size - at - 8;
			// A file that was written as a stream states 0, or more than there is: then everything to the end is
			// audio.
			return (stated === 0 ? present : Math.min(stated, present)) / bytesPerSecond;
		}
		at += 8 + size + (size % 2);
	}
	return undefined;
}

function bytesPerSecondOf(format: Buffer): number | undefined {
	if (format.length < 16) return undefined;
	const tag = format.readUInt16LE(0);
	const subformat = tag === EXTENSIBLE && format.length >= 26 ? format.readUInt16LE(24) : tag;
	// Players go by the samples; only for compressed formats by the stated bytes per second.
	const played = format.readUInt32LE(4) * format.readUInt16LE(12);
	const stated = format.readUInt32LE(8);
	const isPlain = ONE_SAMPLE_PER_BLOCK.includes(subformat);
	return (isPlain ? played || stated : stated) || undefined;
}
