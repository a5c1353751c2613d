import { isJsonObject, type JsonObject, type JsonValue } from '../json';
import { shortenDataUri } from '../dataUri';

/** n8n saves executions with recursive code, which overflows the stack at a few thousand levels. */
const DEEPEST = 40;
/** Values within one field of an answer. */
const MOST_VALUES = 2_000;
const MOST_FIELDS = 100;
/** A URL may be long; longer text is a file or a mistake. */
const LONGEST_TEXT = 20_000;

/**
 * Runpod's answer about a job, small enough for n8n to save. What it repeats of the request is shortened (data URIs
 * to their type and size, the webhook's URL by its query), and anything larger than Runpod's real answers is cut.
 */
export function boundedAnswer(answer: JsonObject): JsonObject {
	return Object.fromEntries(
		Object.entries(answer)
			.slice(0, MOST_FIELDS)
			.map(([name, value]) => [
				name,
				name === 'webhook' ? withoutQuery(value) : bounded(value, 1, { values: MOST_VALUES }),
			]),
	);
}

function bounded(value: JsonValue, depth: number, left: { values: number }): JsonValue {
	if (typeof value === 'string') {
		const text = shortenDataUri(value);
		return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text;
	}
	if (typeof value !== 'object' || value === null) return value;
	if (depth >= DEEPEST) return '…';
	const isKept = () => left.values-- > 0;
	if (Array.isArray(value)) {
		return value.filter(isKept).map((part) => bounded(part, depth + 1, left));
	}
	return Object.fromEntries(
		Object.entries(value)
			.filter(isKept)
			.map(([name, part]) => [name, bounded(part, depth + 1, left)]),
	);
}

function withoutQuery(address: JsonValue): JsonValue {
	if (typeof address !== 'string') return isJsonObject(address) ? {} : null;
	return address.replace(/[?#].*$/s, '').slice(0, LONGEST_TEXT);
}
