import { isJsonObject, parseJson, type JsonObject } from '../json';

const LONGEST_REASON = 300;
const LONGEST_READ = 20_000;
const LONGEST_URL = 2_000;
const DEEPEST = 5;
const MOST_PARTS = 3;

/**
 * The part of an error from Runpod that a person should read, as short plain text: the innermost message of JSON
 * within JSON within text, without tracebacks. Empty where nothing is said. The shapes are those that Runpod's SDKs,
 * its Python workers (`error_type`, `error_message`, `error_traceback`) and FastAPI (`loc`, `msg`) send.
 */
export function readReason(error: unknown): string {
	return plainText(innermostMessage(error, 0));
}

/** Text from a server as an error may show it: one line, no markup, at most 300 characters. */
export function plainText(text: string): string {
	const line = text
		.slice(0, LONGEST_READ)
		.replace(/<(style|script)\b[^<]*(<(?!\/)[^<]*)*/gi, ' ')
		.replace(/<[^<>]*>/g, ' ')
		.replace(/[<>]/g, ' ')
		.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
		.trim();
	const isCut = line.length > LONGEST_REASON || (line !== '' && text.length > LONGEST_READ);
	return isCut ? `${line.slice(0, LONGEST_REASON)}…` : line;
}

/** An address from a server as an error may show it: no markup (a URL parser escapes it), and short enough to read. */
export function plainUrl(url: string): string {
	const plain =
		url.length <= LONGEST_URL && URL.canParse(url)
			? new URL(url).href.replace(/[<>"'`\s]/g, encodeURIComponent)
			: '';
	return plain === '' ? '(a URL too long to show)' : plain;
}

/** A response's body as a message can show it: what it says, or what it is. */
export function describeBody(body: unknown): string {
	if (typeof body !== 'string' && !isJsonObject(body) && !Array.isArray(body)) {
		return body === undefined || body === null ? 'an empty answer' : String(body);
	}
	const reason = typeof body === 'string' ? plainText(body) : readReason(body);
	if (reason !== '') return `"${reason}"`;
	return typeof body === 'string' ? 'an empty answer' : plainText(JSON.stringify(body));
}

function innermostMessage(value: unknown, depth: number): string {
	if (typeof value === 'string') {
		const text = value.slice(0, LONGEST_READ);
		const inner = depth < DEEPEST ? jsonWithin(text) : undefined;
		const message = inner === undefined ? '' : innermostMessage(inner, depth + 1);
		return message === '' ? withoutTraceback(text) : message;
	}
	if (depth >= DEEPEST) return '';
	if (Array.isArray(value)) {
		const messages = value.slice(0, MOST_PARTS).map((part) => innermostMessage(part, depth + 1));
		return messages.filter((message) => message !== '').join('; ');
	}
	return isJsonObject(value) ? messageOf(value, depth) : '';
}

const MESSAGE_NAMES = ['message', 'detail', 'error', 'error_message', 'msg', 'reason', 'title'];

function messageOf(error: JsonObject, depth: number): string {
	for (const name of [...MESSAGE_NAMES, 'error_traceback']) {
		const message = innermostMessage(error[name], depth + 1);
		if (message !== '') return withPlace(error, message);
	}
	const { error_type: type, code } = error;
	// `<class 'AssertionError'>` → AssertionError.
	if (typeof type === 'string') return `${/'([\w.]+)'/.exec(type)?.[1] ?? type}, without a message`;
	return typeof code === 'number' || typeof code === 'string' ? `code ${code}` : '';
}

function withPlace({ loc }: JsonObject, message: string): string {
	const names: unknown[] = Array.isArray(loc) ? loc.slice(0, DEEPEST) : [];
	// Only these: an object with a `toString` of its own cannot be made a text.
	const place = names.filter((name) => typeof name === 'string' || typeof name === 'number');
	return place.length === 0 ? message : `${place.join('.')}: ${message}`;
}

/** A Python traceback ends with what was wrong; one lone quoted word is a KeyError, which says nothing but the key. */
function withoutTraceback(text: string): string {
	const line = text.startsWith('Traceback (most recent call last)')
		? (text.trimEnd().split('\n').at(-1) ?? text)
		: text;
	const key = /^\s*(?:KeyError: )?('[\w.-]+')\s*$/.exec(line)?.[1];
	return key === undefined ? line : `the field ${key} is missing or not known to the model`;
}

/** The JSON that a text is or ends with, as in `Error submitting task: 400, {"message":"…"}`. */
function jsonWithin(text: string): unknown {
	return jsonBetween(text, '{', '}') ?? jsonBetween(text, '[', ']');
}

function jsonBetween(text: string, open: string, close: string): unknown {
	const start = text.indexOf(open);
	const end = text.lastIndexOf(close);
	return start === -1 || end < start ? undefined : parseJson(text.slice(start, end + 1));
}
