/** With parameters, such as `;charset=utf-8` (RFC 2397). */
const HEAD = /^data:([a-z0-9.+-]+\/[a-z0-9.+-]+)(?:;[a-z-]+=[^;,]+)*;base64,/i;

export interface DataUri {
	/** Lower case. */
	mimeType: string;
	base64: string;
}

export function looksLikeDataUri(text: string): boolean {
	return /^data:/i.test(text);
}

/** The parts of a base64 data URI; undefined where it is not one. Reads 20 MB without a regular expression that backtracks. */
export function parseDataUri(text: string): DataUri | undefined {
	const [head, mimeType] = HEAD.exec(text.slice(0, 200)) ?? [];
	if (head === undefined || mimeType === undefined) return undefined;
	const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
	const content = text.slice(head.length, text.length - padding);
	const isWhole = content !== '' && (content.length + padding) % 4 === 0;
	if (!isWhole || /[^a-z0-9+/]/i.test(content)) return undefined;
	return { mimeType: mimeType.toLowerCase(), base64: text.slice(head.length) };
}
