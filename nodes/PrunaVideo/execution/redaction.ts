import { isJsonObject, type JsonValue } from '../json';

/** A shorter one is not a Runpod key; removing it from every text would corrupt addresses and IDs. */
const SHORTEST_KEY = 8;

/** What a text ends with where it was cut (`plainText`, `shown`). */
const CUT = '…';

/**
 * Removes the API key from a text, in case a server or a field contains it, and also what is left of a key that was
 * cut.
 */
export function withoutKey(text: string, apiKey: string | undefined): string {
	if (apiKey === undefined || !mayHoldKey(text, apiKey)) return text;
	let clean = text.replaceAll(apiKey, '***');
	for (let left = apiKey.length - 1; left >= SHORTEST_KEY; left--) {
		clean = clean.replaceAll(`${apiKey.slice(0, left)}${CUT}`, `***${CUT}`);
	}
	return clean;
}

/** JSON without the API key in any text or name of it. */
export function jsonWithoutKey<T>(json: T, apiKey: string | undefined): T {
	return apiKey !== undefined && mayHoldKey(JSON.stringify(json), apiKey)
		? (redacted(json as JsonValue, apiKey) as T)
		: json;
}

function mayHoldKey(text: string, apiKey: string): boolean {
	return apiKey.length >= SHORTEST_KEY && text.includes(startOf(apiKey));
}

/** The start of the key that is the same in text and in JSON, where quotes and backslashes are escaped. */
function startOf(apiKey: string): string {
	return /^[^"\\]*/.exec(apiKey)?.[0].slice(0, SHORTEST_KEY) ?? '';
}

function redacted(value: JsonValue, apiKey: string): JsonValue {
	if (typeof value === 'string') return withoutKey(value, apiKey);
	if (Array.isArray(value)) return value.map((part) => redacted(part, apiKey));
	if (!isJsonObject(value)) return value;
	return Object.fromEntries(
		Object.entries(value).map(([name, part]) => [withoutKey(name, apiKey), redacted(part, apiKey)]),
	);
}
