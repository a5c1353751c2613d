import type { JsonObject } from '../../json';
import type { MediaFile } from './media';

/** The files of a request, by their API names. */
export type Files = Array<[apiName: string, file: MediaFile]>;

/** How many bytes are encoded as base64 at a time; divisible by 3, so that the pieces can be joined. */
const SLICE_BYTES = 3 * 4 * 1024;

/**
 * A submission as JSON, with its files as data URIs. `JSON.stringify` would hold each file in memory several times: as
 * bytes, as base64, within the JSON text, and as the bytes of that text. Here its base64 is written straight into the
 * buffer that is sent, while the file is read.
 */
export async function encodeBody(
	{ input, ...envelope }: { input: JsonObject; [name: string]: JsonObject[string] },
	files: Files,
): Promise<Buffer> {
	const others = { ...input };
	for (const [name] of files) delete others[name];
	const parts: Array<string | MediaFile> = [
		JSON.stringify({ ...envelope, input: {} }).slice(0, -2),
		...files.flatMap(([name, file]) => [`${JSON.stringify(name)}:"${file.head}`, file, '",']),
		// `others` is never empty: a request has a prompt.
		`${JSON.stringify(others).slice(1)}}`,
	];

	const body = Buffer.alloc(parts.reduce((bytes, part) => bytes + encodedBytes(part), 0));
	let at = 0;
	for (const part of parts) {
		if (typeof part === 'string') at += body.write(part, at);
		else for await (const base64 of encode(part)) at += body.write(base64, at, 'latin1');
	}
	return body.subarray(0, at);
}

function encodedBytes(part: string | MediaFile): number {
	return typeof part === 'string' ? Buffer.byteLength(part) : 4 * Math.ceil(part.bytes / 3);
}

/** A file's base64, in pieces. */
async function* encode(file: MediaFile): AsyncIterable<string> {
	let rest = Buffer.alloc(0);
	for await (const chunk of file.read()) {
		const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
		const end = bytes.length - (bytes.length % 3);
		for (let start = 0; start < end; start += SLICE_BYTES) {
			yield bytes.toString('base64', start, Math.min(start + SLICE_BYTES, end));
		}
		rest = bytes.subarray(end);
	}
	yield rest.toString('base64');
}
