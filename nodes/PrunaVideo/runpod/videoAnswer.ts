import { broken, refusal, type OpenFile, type Unavailable } from './openFile';
import { plainText } from './reason';
import { withTimeLimit } from './time';

/** The most bytes of a video whose length was not announced: several times what the model makes. */
const MOST_UNANNOUNCED = 256 * 1024 * 1024;
const MOST_ANNOUNCED = 1024 * 1024 * 1024;
/** Without a byte, in ms. */
const LONGEST_SILENCE_MS = 20_000;

/**
 * Yields the bytes of one answer, as long as they can be a video's and are exactly as many as announced.
 *
 * @throws Unavailable
 */
export async function* videoBytes(file: OpenFile): AsyncGenerator<Buffer> {
	try {
		checkAnswer(file);
		const announced = announcedBytes(file);
		let count = 0;
		for await (const chunk of chunksOf(file)) {
			if (!Buffer.isBuffer(chunk)) throw broken('the answer could not be read');
			if (count === 0) checkStart(chunk, file);
			count += chunk.length;
			// n8n decompresses a body that is compressed although that was not requested, and does not say so.
			if (count > (announced ?? MOST_UNANNOUNCED)) throw tooLong(file);
			yield chunk;
		}
		if (count === 0) throw broken('it was empty');
		if (announced !== undefined && count < announced) {
			throw broken(`only ${count} of ${announced} bytes arrived`);
		}
	} finally {
		file.close();
	}
}

/** Throws where the server falls silent: its connection may have been lost without a word. */
async function* chunksOf({ body, close }: OpenFile): AsyncGenerator<unknown> {
	const chunks: AsyncIterator<unknown> = body[Symbol.asyncIterator]();
	for (;;) {
		const next = await withTimeLimit(LONGEST_SILENCE_MS, undefined, async (silence) => {
			silence.addEventListener('abort', close);
			return await chunks.next().catch((error: unknown) => {
				throw silence.aborted ? broken(`nothing came for ${LONGEST_SILENCE_MS / 1000} s`) : error;
			});
		});
		if (next.done === true) return;
		yield next.value;
	}
}

function checkAnswer(file: OpenFile): void {
	const { status } = file;
	if (status === 403 || status === 404 || status === 410) {
		throw refusal(`not found (HTTP ${status}); videos expire after 7 days`, file);
	}
	if (status === 206) throw refusal('the server sent only part of it (HTTP 206)', file);
	if (status !== 200) throw refusal(`the server answered HTTP ${status}`, file);
	const type = contentType(file);
	if (!/^video\//.test(type) && !isUnnamed(type)) {
		throw refusal(`the server sent '${type}' instead of a video`, file);
	}
	if ((announcedBytes(file) ?? 0) > MOST_ANNOUNCED) {
		throw refusal('the server announced more than 1 GB, more than any video of this model', file);
	}
}

function tooLong(file: OpenFile): Unavailable {
	const announced = announcedBytes(file);
	return announced === undefined
		? refusal('the server did not state its size, and more than 256 MB arrived', file)
		: refusal(`more arrived than the ${announced} bytes that the server announced`, file);
}

/** No video format begins with any of these: blanks, a byte order mark, or what markup and JSON begin with. */
const TEXT_STARTS = /^[\s\u00ef<{["]/;

function checkStart(chunk: Buffer, file: OpenFile): void {
	const start = chunk.subarray(0, 500).toString('latin1');
	if (!TEXT_STARTS.test(start)) return;
	const what = /<html|<!doctype html/i.test(start) ? 'a web page' : 'text';
	throw refusal(`the server sent ${what} instead of a video`, file);
}

function contentType({ headers }: OpenFile): string {
	return plainText(String(headers['content-type'] ?? ''))
		.split(';')[0]!
		.trim()
		.toLowerCase()
		.slice(0, 80);
}

function isUnnamed(type: string): boolean {
	return type === '' || type === 'application/octet-stream' || type === 'binary/octet-stream';
}

export function videoType(file: OpenFile): string {
	const type = contentType(file);
	return isUnnamed(type) ? 'video/mp4' : type;
}

function announcedBytes({ headers }: OpenFile): number | undefined {
	const length = Number(headers['content-length'] ?? NaN);
	return Number.isInteger(length) ? length : undefined;
}
