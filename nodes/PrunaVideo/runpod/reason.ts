import { isJsonObject } from '../json';

const LONGEST_REASON = 300;
/** Of a text from a server, before its markup is taken out. */
const LONGEST_READ = 20 * LONGEST_REASON;
const LONGEST_URL = 2000;
const DEEPEST = 5;
/** Of a list of errors. */
const MOST_PARTS = 3;

/**
 * What a person should read of an error that Runpod sent: the innermost `message` of JSON within JSON within text
 * (spec: "`error` sometimes holds JSON inside the string"), as short plain text. Empty where nothing is said.
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
	return plain.length > 0 && plain.length <= LONGEST_URL ? plain : '(an address too long to show)';
}

function innermostMessage(value: unknown, depth: number): string {
	if (typeof value === 'string') {
		const inner = depth < DEEPEST ? jsonWithin(value) : undefined;
		const message = inner === undefined ? '' : innermostMessage(inner, depth + 1);
		return message === '' ? value : message;
	}
	if (depth >= DEEPEST) return '';
	if (Array.isArray(value)) {
		const messages = value.slice(0, MOST_PARTS).map((part) => innermostMessage(part, depth + 1));
		return messages.filter((message) => message !== '').join('; ');
	}
	if (isJsonObject(value)) {
		for (const key of ['message', 'error', 'detail', 'error_message', 'msg', 'title']) {
			const message = innermostMessage(value[key], depth + 1);
			if (message !== '') return message;
		}
	}
	return '';
}

/** The JSON object that a text ends with, as in `Error submitting task: 400, {"message":"…"}`. */
function jsonWithin(text: string): unknown {
	const start = text.indexOf('{');
	const end = text.lastIndexOf('}');
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
	return reason === '' ? plainText(jsonText(body)) : `"${reason}"`;
}

function jsonText(body: unknown): string {
	try {
		return JSON.stringify(body);
	} catch {
		return 'JSON that is nested too deeply';
	}
}
