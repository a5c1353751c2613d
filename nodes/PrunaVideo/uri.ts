/** Longer than any URL that servers accept. */
export const LONGEST_URL = 8_000;

/** Whether `value` is a whole http or https URL. */
export function isHttpUrl(value: unknown): value is string {
	if (typeof value !== 'string' || value.length > LONGEST_URL) return false;
	return /^https?:\/\/[^/]/i.test(value) && URL.canParse(value);
}

const HEAD = /^data:([^;,]{1,80})[^,]{0,40},/i;
const LONGEST_HEAD = 200;

/** A readable form of a data URI: its type and size instead of its bytes. Other text is returned unchanged. */
export function shortenDataUri(text: string): string {
	const head = HEAD.exec(text.slice(0, LONGEST_HEAD));
	if (head === null) return text;
	return describeFile(head[1] ?? 'unknown', Math.floor(((text.length - head[0].length) * 3) / 4));
}

/** "data:image/png (1.2 MB)": stands for a file where its bytes would be too long. */
export function describeFile(mimeType: string, bytes: number): string {
	return `data:${mimeType} (${formatBytes(bytes)})`;
}

/** A readable size, in steps of 1024 like Runpod's limits. */
export function formatBytes(bytes: number): string {
	if (bytes < 1024) return `${bytes} B`;
	if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} kB`;
	return `${(bytes / (1024 * 1024)).toFixed(1)} MB`;
}
