/** Checks for data from outside, which is `unknown` until it has been checked. */

import { isUtf8 } from 'node:buffer';

export function isRecord(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The parsed JSON, or undefined where the bytes are none. JSON is UTF-8 (RFC 8259, 8.1). */
export function parseJson(bytes: Buffer): unknown {
	if (!isUtf8(bytes)) return undefined;
	try {
		return JSON.parse(bytes.toString());
	} catch {
		return undefined;
	}
}

/** `new URL` alone would mend what is no URL by RFC 3986: spaces, line breaks, missing slashes. */
export function isHttpUrl(text: string): boolean {
	return /^https?:\/\/[^/\s]\S*$/i.test(text) && URL.canParse(text);
}

export function promptOf(input: unknown): string | undefined {
	return isRecord(input) && typeof input.prompt === 'string' ? input.prompt : undefined;
}
