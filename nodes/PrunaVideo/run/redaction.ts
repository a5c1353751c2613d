import { isJsonObject, type JsonValue } from '../json';

/** A shorter one is no key of Runpod's, and to take it out of every text would spoil addresses and ids. */
const SHORTEST_KEY = 8;

/** A text without the API key in it, should a server send it back. */
export function withoutKey(text: string, apiKey: string | undefined): string {
	return apiKey !== undefined && apiKey.length >= SHORTEST_KEY
		? text.replaceAll(apiKey, '***')
		: text;
}

/** JSON without the API key in any text or name of it. */
export function jsonWithoutKey<T>(json: T, apiKey: string | undefined): T {
	return holdsKey(json, apiKey) ? (redacted(json as JsonValue, apiKey) as T) : json;
}

function holdsKey(json: unknown, apiKey: string | undefined): boolean {
	return !!apiKey && JSON.stringify(json).includes(JSON.stringify(apiKey).slice(1, -1));
}

function redacted(value: JsonValue, apiKey: string | undefined): JsonValue {
	if (typeof value === 'string') return withoutKey(value, apiKey);
	if (Array.isArray(value)) return value.map((part) => redacted(part, apiKey));
	if (!isJsonObject(value)) return value;
	return Object.fromEntries(
		Object.entries(value).map(([name, part]) => [withoutKey(name, apiKey), redacted(part, apiKey)]),
	);
}
