import type { IBinaryData, IExecuteFunctions } from 'n8n-workflow';

/**
 * Reads a range of a file that n8n stores. n8n can only stream files from the beginning, whatever the storage: bytes
 * before the range are read and dropped, and the stream is closed after the range.
 *
 * @returns `length` bytes from `start` on; fewer if the file ends earlier
 */
export async function readRange(
	{ helpers }: Pick<IExecuteFunctions, 'helpers'>,
	binary: IBinaryData,
	start: number,
	length: number,
): Promise<Buffer> {
	const end = start + length;
	if (binary.id === undefined) {
		// Four base64 characters are three bytes.
		const text = binary.data.slice(0, 4 * Math.ceil(end / 3));
		return Buffer.from(text, 'base64').subarray(start, end);
	}

	const pieces: Buffer[] = [];
	let at = 0;
	// Leaving the loop closes the stream.
	for await (const chunk of await helpers.getBinaryStream(binary.id)) {
		const bytes = Buffer.from(chunk);
		pieces.push(bytes.subarray(Math.max(0, start - at), end - at));
		at += bytes.length;
		if (at >= end) break;
	}
	return Buffer.concat(pieces);
}
