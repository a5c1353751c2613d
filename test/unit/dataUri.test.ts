/** Files as people can read them. */
import { formatBytes, shortenDataUri } from '../../nodes/PrunaVideo/uri';

test.each([
	['data:image/png;base64,AAAA', 'data:image/png (3 B)'],
	[`data:audio/mpeg;base64,${'A'.repeat(2048)}`, 'data:audio/mpeg (1.5 kB)'],
	[`DATA:image/webp;base64,${'A'.repeat(2 * 1024 ** 2)}`, 'data:image/webp (1.5 MB)'],
	['https://example.com/file', 'https://example.com/file'],
	['data: what I say is data', 'data: what I say is data'],
])('a data URI is shortened to its kind and size: %.30s', (text, short) => {
	expect(shortenDataUri(text)).toBe(short);
});

test.each([
	[0, '0 B'],
	[1023, '1023 B'],
	[1024, '1.0 kB'],
	[20 * 1024 ** 2, '20.0 MB'],
])('%d bytes are written %s', (bytes, text) => {
	expect(formatBytes(bytes)).toBe(text);
});
