/** Bytes that are read in one place, such as the beginning of the audio and the end of the file. */
export const WINDOW_BYTES = 64 * 1024;

/** An audio file, wherever it is kept. */
export interface AudioFile {
	bytes: number;
	/** `length` bytes from `start` on; never called for a range beyond `bytes`, and may return fewer. */
	readRange(start: number, length: number): Promise<Buffer> | Buffer;
}

/** A file read by windows; the last one is kept, so that neighbouring headers cost one read. */
export class AudioBytes {
	private start = 0;
	private window = Buffer.alloc(0);

	constructor(private readonly file: AudioFile) {}

	get size(): number {
		return this.file.bytes;
	}

	/** `length` bytes (at most a window) from `start` on; fewer, or none, where the file ends before. */
	async read(start: number, length: number): Promise<Buffer> {
		const from = Math.max(0, start);
		const end = Math.min(from + Math.min(length, WINDOW_BYTES), this.size);
		if (from >= end) return Buffer.alloc(0);
		if (from < this.start || end > this.start + this.window.length) {
			this.window = await this.file.readRange(from, Math.min(WINDOW_BYTES, this.size - from));
			this.start = from;
		}
		return this.window.subarray(from - this.start, end - this.start);
	}
}
