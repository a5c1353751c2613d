import { shortenDataUri } from '../dataUri';
import { isJsonObject, type JsonValue } from '../json';

/** How one HTTP exchange ended; `verdicts.ts` says what follows from it. */
export type Answer =
	| {
			kind: 'answered';
			status: number;
			headers: Record<string, unknown>;
			/** JSON, else text; what Runpod repeats of the request is shortened. */
			body: unknown;
	  }
	/** An answer above `LARGEST_ANSWER_BYTES`, not read any further. */
	| { kind: 'tooLarge'; reason: string }
	/** No connection was made: nothing can have been accepted. */
	| { kind: 'unreached'; reason: string }
	/** No connection was made, and none will be: an invalid certificate, or n8n's own SSRF protection. */
	| { kind: 'refused'; reason: string }
	/** The connection broke after the request may have been sent. */
	| { kind: 'interrupted'; reason: string }
	/** No full answer in time; Runpod may be processing the request. */
	| { kind: 'timedOut'; reason: string };

/** Well above the largest answer that makes sense: one that repeats the 20 MB of its request. */
export const LARGEST_ANSWER_BYTES = 32 * 1024 * 1024;

/** Far below where `JSON.stringify`, which n8n saves executions with, runs out of stack. */
const DEEPEST = 60;

/** The body, parsed if it is JSON. Parts that are nested too deeply, files and the query of a webhook are cut. */
export function readBody(text: string): unknown {
	let parsed: JsonValue;
	try {
		parsed = JSON.parse(text);
	} catch {
		return text;
	}
	const body = bounded(parsed, 0);
	if (isJsonObject(body) && typeof body.webhook === 'string') {
		body.webhook = body.webhook.replace(/[?#].*$/s, '');
	}
	return body;
}

function bounded(value: JsonValue, depth: number): JsonValue {
	if (typeof value === 'string') return shortenDataUri(value);
	if (typeof value !== 'object' || value === null) return value;
	if (depth >= DEEPEST) return '(nested too deeply)';
	if (Array.isArray(value)) return value.map((part) => bounded(part, depth + 1));
	for (const [name, part] of Object.entries(value)) {
		if (typeof part === 'string' || typeof part === 'object')
			value[name] = bounded(part, depth + 1);
	}
	return value;
}
