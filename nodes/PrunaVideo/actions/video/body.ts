import type { JsonObject } from '../../json';
import type { MediaFile } from './media';

/** The files of a request, by the names that the API has for them. */
export type Files = Array<[apiName: string, file: MediaFile]>;

/** Bytes that become base64 at a time; divisible by 3, so that the pieces join. */
const SLICE_BYTES = 3 * 4 * 1024;

/**
 * A submission as JSON, with its files in it as data URIs. As a text, within the JSON's text and again as the bytes of
 * that, a file would be in memory many times over; here its base64 is written to where it is sent from, and nowhere else.
 */
export async function encodeBody(
	{ input, ...envelope }: { input: JsonObject; [name: string]: JsonObject[string] },
	files: Files,
): Promise<Buffer> {
	const others = { ...input };
	for (const [name] of files) delete others[name];
	const parts: Array<string | Buffer> = [JSON.stringify({ ...envelope, input: {} }).slice(0, -2)];
	for (const [name, file] of files) {
		parts.push(`${JSON.stringify(name)}:"${file.head}`, await file.read(), '",');
	}
	// There are others: a request has a prompt.
	parts.push(`${JSON.stringify(others).slice(1)}}`);

	const body = Buffer.alloc(parts.reduce((bytes, part) => bytes + encodedBytes(part), 0));
	let at = 0;
	for (const part of parts) {
		if (typeof part === 'string') {
			at += body.write(part, at);
			continue;
		}
		for (let start = 0; start < part.length; start += SLICE_BYTES) {
			at += body.write(part.toString('base64', start, start + SLICE_BYTES), at, 'latin1');
		}
	}
	return body;
}

function encodedBytes(part: string | Buffer): number {
	return typeof part === 'string' ? Buffer.byteLength(part) : 4 * Math.ceil(part.length / 3);
}
