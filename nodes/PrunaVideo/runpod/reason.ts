import { isJsonObject, type JsonObject } from '../json';

const LONGEST_REASON = 300;
/** Of a text from a server, before its markup is taken out. */
const LONGEST_READ = 20 * LONGEST_REASON;
const LONGEST_URL = 2000;
const DEEPEST = 5;
/** Of a list of errors. */
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
		.replace(/<(style|script)\b[^]*?<\/\1>/gi, ' ')
		.replace(/<[^<>]*>/g, ' ')
		.replace(/[<>]/g, ' ')
		.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
		.trim();
	const isCut = line.length > LONGEST_REASON || (line !== '' && text.length > LONGEST_READ);
	return isCut ? `${line.slice(0, LONGEST_REASON)}…` : line;
}

/** An address from a server as an error may show it: no markup (a URL parser escapes it), and short enough to read. */
export function plainUrl(url: string): string {
	const plain = URL.canParse(url)
		? new URL(url).href.replace(/[<>"'`\s]/g, encodeURIComponent)
		: '';
	return plain.length > 0 && plain.length <= LONGEST_URL ? plain : '(a URL too long to show)';
}

function innermostMessage(value: unknown, depth: number): string {
	if (typeof value === 'string') {
		const inner = depth < DEEPEST ? jsonWithin(value) : undefined;
		const message = inner === undefined ? '' : innermostMessage(inner, depth + 1);
		return message === '' ? withoutTraceback(value) : message;
	}
	if (depth >= DEEPEST) return '';
	if (Array.isArray(value)) {
		const messages = value.slice(0, MOST_PARTS).map((part) => innermostMessage(part, depth + 1));
		return messages.filter((message) => message !== '').join('; ');
	}
	return isJsonObject(value) ? messageOf(value, depth) : '';
}

function messageOf(error: JsonObject, depth: number): string {
	for (const key of [
		'message',
		'error',
		'detail',
		'error_message',
		'msg',
		'reason',
		'title',
		'error_traceback',
	]) {
		const message = innermostMessage(error[key], depth + 1);
		if (message !== '') return withPlace(error, withType(error, message));
	}
	const type = typeName(error);
	if (type !== '') return `${type}, without a message`;
	const { code } = error;
	return typeof code === 'number' || typeof code === 'string' ? `code ${code}` : '';
}

/** FastAPI names the field that is wrong in `loc`. */
function withPlace({ loc }: JsonObject, message: string): string {
	const names: unknown[] = Array.isArray(loc) ? loc.slice(0, DEEPEST) : [];
	// Only these: an object with a `toString` of its own cannot be made a text.
	const place = names.filter((name) => typeof name === 'string' || typeof name === 'number');
	return place.length === 0 ? message : `${place.join('.')}: ${message}`;
}

/** A Python KeyError says nothing but the key. */
function withType(error: JsonObject, message: string): string {
	return /^'[^']*'$/.test(message) && typeName(error) !== '' ? missingField(message) : message;
}

/** `<class 'AssertionError'>` → `AssertionError`. */
function typeName({ error_type: type }: JsonObject): string {
	if (typeof type !== 'string') return '';
	return /'([\w.]+)'/.exec(type)?.[1] ?? type;
}

function missingField(name: string): string {
	return `the field ${name} is missing or not known to the model`;
}

/** A Python traceback ends with what was wrong; one lone quoted word is a KeyError. */
function withoutTraceback(text: string): string {
	if (/^\s*'[\w.-]+'\s*$/.test(text)) return missingField(text.trim());
	if (!text.startsWith('Traceback (most recent call last)')) return text;
	return text.trimEnd().split('\n').at(-1) ?? text;
}

/** The JSON that a text is or ends with, as in `Error submitting task: 400, {"message":"…"}`. */
function jsonWithin(text: string): unknown {
	return jsonBetween(text, '{', '}') ?? jsonBetween(text, '[', ']');
}

function jsonBetween(text: string, open: string, close: string): unknown {
	const start = text.indexOf(open);
	const end = text.lastIndexOf(close);
	if (start === -1 || end < start) return undefined;
	try {
		return JSON.parse(text.slice(start, end + 1));
	} catch {
		return undefined;
	}
}

/** A response's body as a message can show it: what it says, or what it is. */
export function describeBody(body: unknown): string {
	if (body === undefined || body === null || body === '') return 'an empty answer';
	if (typeof body === 'string') {
		const text = plainText(body);
		return text === '' ? 'an empty answer' : `"${text}"`;
	}
	const reason = readReason(body);
	return reason === '' ? plainText(JSON.stringify(body)) : `"${reason}"`;
}
