import { createHash } from 'node:crypto';
import type { RequestContext } from './exchange';
import { Stopped } from './failure';
import {
	broken,
	openFile,
	refusal,
	Unavailable,
	type FileSource,
	type OpenFile,
	type Stream,
} from './openFile';
import { repeatDelayMs } from './repeat';
import { pause, type Deadline } from './time';
import { mayRepeat } from './verdicts';
import { videoBytes, videoType } from './videoAnswer';

export interface VideoSource extends FileSource {
	deadline: Deadline;
	stop?: AbortSignal;
}

/** The most attempts in a row that bring no new bytes. */
const MOST_TRIES = 4;

/** A part of the video, and the answer that it came with. */
interface Part {
	bytes: Buffer;
	file: OpenFile;
}

export interface OpenVideo {
	mimeType: string;
	stream: Stream;
	/** Ends the download, whether it was read or not. */
	close(): void;
	/** Why the stream ended early, unless its reader ended it. */
	fault(): Error | undefined;
}

/**
 * Opens a video as one stream that survives lost connections, so that n8n stores a single file. Its start is checked
 * here: anything that cannot be a video throws before anything is stored.
 *
 * @throws Unavailable; Stopped. Once it is returned, the stream fails with these, and `fault` returns them.
 */
export async function openVideo(context: RequestContext, source: VideoSource): Promise<OpenVideo> {
	const end = new AbortController();
	const close = () => end.abort();
	source.limit.addEventListener('abort', close, { once: true });
	if (source.limit.aborted) close();

	let fault: Error | undefined;
	const parts = wholeVideo(context, { ...source, limit: end.signal }, (error) => (fault = error));
	const first = await parts.next();
	if (first.done === true) throw broken('it was empty');
	const { file, bytes } = first.value;
	async function* all(): AsyncGenerator<Buffer> {
		yield bytes;
		for await (const part of parts) yield part.bytes;
	}
	const stream = streamLike(file.body, all());
	return { mimeType: videoType(file), stream, close, fault: () => fault };
}

/** A stream made by the class of another one: Node.js's own class cannot be imported. */
function streamLike(body: Stream, chunks: AsyncIterable<Buffer>): Stream {
	const made: unknown = body.constructor;
	if (!canMakeStreams(made)) throw broken('the answer could not be read');
	return made.from(chunks);
}

function canMakeStreams(made: unknown): made is { from(chunks: AsyncIterable<Buffer>): Stream } {
	return typeof made === 'function' && 'from' in made && typeof made.from === 'function';
}

/**
 * Yields all parts of the video, each once. After a lost connection the video is requested again, and what has
 * already come is compared and skipped. That works with servers that do not support `Range`, and a file that has
 * changed is noticed.
 */
async function* wholeVideo(
	context: RequestContext,
	source: VideoSource,
	onFault: (fault: Error) => void,
): AsyncGenerator<Part, void> {
	const { stop, deadline } = source;
	const known = { bytes: 0, hash: createHash('sha256') };
	for (let failedTries = 1; ; failedTries++) {
		const before = known.bytes;
		try {
			if (stop?.aborted) throw new Stopped();
			const file = await openFile(context, source);
			for await (const bytes of unseen(file, before, known.hash.copy().digest('hex'))) {
				known.bytes += bytes.length;
				known.hash.update(bytes);
				yield { bytes, file };
			}
			return;
		} catch (error) {
			if (known.bytes > before) failedTries = 1;
			const fault = faultOf(error, source);
			const delay = delayAfter(fault, failedTries);
			if (delay === undefined || delay >= deadline.remaining()) {
				onFault(fault);
				throw fault;
			}
			await pause(delay, stop).catch((stopped: Error) => {
				onFault(stopped);
				throw stopped;
			});
		}
	}
}

function faultOf(error: unknown, { stop, limit }: VideoSource): Stopped | Unavailable {
	if (stop?.aborted) return new Stopped();
	if (limit.aborted)
		return new Unavailable('it took too long', { kind: 'refused', reason: 'it took too long' });
	return error instanceof Unavailable ? error : broken('the connection was lost');
}

/** Milliseconds until the next try; undefined where there is none. */
function delayAfter(fault: Stopped | Unavailable, failedTries: number): number | undefined {
	if (fault instanceof Stopped || failedTries >= MOST_TRIES) return undefined;
	const { answer } = fault;
	// A success with something other than the video would be the same again.
	const isWrong = answer.kind === 'answered' && answer.status < 300;
	return isWrong || !mayRepeat(answer, false) ? undefined : repeatDelayMs(answer, failedTries);
}

/** The bytes after the first `skip` bytes, whose hash must be `expected`. */
async function* unseen(file: OpenFile, skip: number, expected: string): AsyncGenerator<Buffer> {
	const changed = () => refusal('it changed while it was being downloaded', file);
	const hash = createHash('sha256');
	let left = skip;
	for await (const bytes of videoBytes(file)) {
		if (left === 0) {
			yield bytes;
			continue;
		}
		const seen = bytes.subarray(0, left);
		hash.update(seen);
		left -= seen.length;
		if (left > 0) continue;
		if (hash.digest('hex') !== expected) throw changed();
		if (bytes.length > seen.length) yield bytes.subarray(seen.length);
	}
	if (left > 0) throw changed();
}
