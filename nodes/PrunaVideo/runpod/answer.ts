import { shortenDataUri } from '../uri';
import { isJsonObject, parseJson, type JsonObject, type JsonValue } from '../json';

/** How one HTTP exchange ended; `verdicts.ts` says what follows from it. */
export type Answer =
	| {
			kind: 'answered';
			status: number;
			headers: Record<string, unknown>;
			/** JSON, else text; what Runpod repeats of the request is shortened. */
			body: unknown;
			/** Milliseconds from sending to the whole answer. */
			tookMs: number;
	  }
	/** Larger than any answer that makes sense, or nested without end; not read any further. */
	| { kind: 'tooLarge'; reason: string }
	/** No connection was made: nothing can have been accepted. */
	| { kind: 'unreached'; reason: string }
	/** No connection was made, and none will be: an invalid certificate, or n8n's own SSRF protection. */
	| { kind: 'refused'; reason: string; isCertificate?: true }
	/** The connection broke after the request may have been sent. */
	| { kind: 'interrupted'; reason: string }
	/** No full answer in time; Runpod may be processing the request. */
	| { kind: 'timedOut'; reason: string };

/** Far below where `JSON.stringify`, which n8n saves executions with, runs out of stack. */
const DEEPEST = 60;
/** Objects, lists and their members in one answer. Runpod's have dozens; a million take seconds to read. */
const MOST_PARTS = 20_000;
/** Characters that are looked through for the ID of a job. */
const LONGEST_BEGINNING = 10_000;

/**
 * What a response's text holds: JSON, else the text itself. Parts that are nested too deeply, files and the query of
 * a webhook are cut. @returns undefined where the text has more parts than any answer that makes sense
 */
export function readBody(text: string): { body: unknown } | undefined {
	if (['[', '{', ','].some((part) => countOf(part, text) > MOST_PARTS)) return undefined;
	const parsed = parseJson(text.startsWith('\ufeff') ? text.slice(1) : text);
	return { body: parsed === undefined ? text : bounded(parsed) };
}

function countOf(part: string, text: string): number {
	let count = 0;
	for (let at = text.indexOf(part); at !== -1 && count <= MOST_PARTS; count++) {
		at = text.indexOf(part, at + 1);
	}
	return count;
}

/** JSON from outside as an execution can hold it: no part too deep, no file, no query of a webhook, which may hold a token. */
export function bounded(value: JsonValue, depth = 0): JsonValue {
	if (typeof value === 'string') return shortenDataUri(value);
	if (typeof value !== 'object' || value === null) return value;
	if (depth >= DEEPEST) return '(nested too deeply)';
	if (Array.isArray(value)) return value.map((part) => bounded(part, depth + 1));
	return Object.fromEntries(
		Object.entries(value).map(([name, part]) => [
			name,
			depth === 0 && name === 'webhook' && typeof part === 'string'
				? part.replace(/[?#].*$/s, '')
				: bounded(part, depth + 1),
		]),
	);
}

/**
 * The simple members that an answer which broke off begins with: Runpod's names its job before the output, so that
 * the ID of a billed job is not lost.
 */
export function readBeginning(text: string): JsonObject {
	const member = /\s*[{,]\s*"(\w{1,40})"\s*:\s*("(?:[^"\\]|\\.)*"|(?:-?\d[\d.]*|null)(?=\s*[,}]))/y;
	const found: JsonObject = {};
	const start = text.slice(0, LONGEST_BEGINNING);
	for (let match = member.exec(start); match !== null; match = member.exec(start)) {
		const value = parseJson(match[2] ?? '');
		if (match[1] !== undefined && value !== undefined) found[match[1]] = value;
	}
	return found;
}

/** What OpenSSL and Node.js call an invalid certificate (Node.js, "TLS/SSL errors"; OpenSSL, X509_V_ERR_…). */
const CERTIFICATE =
	/^(CERT_|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(GET|VERIFY)_|HOSTNAME_MISMATCH|ERR_TLS_CERT_)/;
/** What OpenSSL says where a handshake fails; the code is EPROTO, as elsewhere. */
const HANDSHAKE =
	/unsupported protocol|handshake failure|alert protocol version|unrecognized name/i;
/** What Node.js says where the connection is lost during the handshake; the code is ECONNRESET, as elsewhere. */
const LOST_IN_HANDSHAKE = /before secure TLS connection was established/i;
/**
 * What OpenSSL says of bytes that are not TLS. They can also come in place of an answer: then Node.js gives a code
 * such as ERR_SSL_WRONG_VERSION_NUMBER. EPROTO means that the handshake had not finished.
 */
const NO_TLS = /wrong version number|packet length too long/i;
/** n8n's own protection against requests to internal addresses (n8n 2, `N8N_SSRF_PROTECTION_ENABLED`). */
const BLOCKED = /restricted IP address|SSRF|blocked hostname/i;

/** Steps that come before any byte of the request is sent. */
const CONNECTING = ['connect', 'getaddrinfo'];

/**
 * How a request that threw has ended; undefined for a timeout of the HTTP client itself. A code such as EHOSTUNREACH
 * can also end an established connection: it is only certain that nothing was sent if the step that failed is known
 * to be connecting.
 */
export function classifyError(error: unknown): Answer | undefined {
	const { code, syscall, texts } = systemError(error);
	const says = (pattern: RegExp) => texts.some((text) => pattern.test(text));
	if (says(BLOCKED)) return { kind: 'refused', reason: "blocked by n8n's SSRF protection" };
	if (code !== undefined && CERTIFICATE.test(code)) {
		return { kind: 'refused', reason: code, isCertificate: true };
	}
	if (says(HANDSHAKE) || (code === 'EPROTO' && says(NO_TLS))) {
		return { kind: 'refused', reason: code ?? 'no TLS connection' };
	}
	if (says(LOST_IN_HANDSHAKE)) return { kind: 'unreached', reason: code ?? 'no TLS connection' };
	if (code === undefined) return { kind: 'interrupted', reason: 'no reason given' };
	if (code === 'ECONNREFUSED' || (syscall !== undefined && CONNECTING.includes(syscall))) {
		return { kind: 'unreached', reason: code };
	}
	if (code === 'ECONNABORTED' || code === 'ETIMEDOUT') return undefined;
	return { kind: 'interrupted', reason: code };
}

/** What is known of the innermost error, which n8n has wrapped. */
interface SystemError {
	code?: string;
	/** The system call that failed. */
	syscall?: string;
	/** All messages on the way down, and names of error classes. */
	texts: string[];
}

/**
 * Some versions of n8n (1.123 and 2.0 among them) drop the error that they wrap. They keep its code as `httpCode`,
 * and its message, such as "connect ECONNREFUSED 127.0.0.1:443", in `messages` or `description`.
 */
function systemError(error: unknown): SystemError {
	const found: SystemError = { texts: [] };
	let current = error;
	for (let depth = 0; depth < 8 && isJsonObject(current); depth++) {
		const wrapped: Record<string, unknown> = current;
		const { code, syscall, name, message, description, messages, errors, cause, httpCode } =
			wrapped;
		const several: unknown[] = Array.isArray(messages) ? messages : [];
		for (const text of [message, description, name, ...several]) {
			if (typeof text === 'string') found.texts.push(text.slice(0, 2_000));
		}
		// The innermost code is the original one; the errors around it were made from it.
		for (const candidate of [httpCode, code]) {
			if (typeof candidate === 'string' && /^[A-Z][A-Z0-9_]+$/.test(candidate))
				found.code = candidate;
		}
		if (typeof syscall === 'string') found.syscall = syscall;
		// One for each address that was tried.
		current = cause ?? (Array.isArray(errors) ? errors[0] : undefined);
	}
	found.syscall ??= syscallIn(found);
	return found;
}

/** "connect ECONNREFUSED 127.0.0.1:443" → connect. */
function syscallIn({ code, texts }: SystemError): string | undefined {
	if (code === undefined) return undefined;
	const words = texts.map((text) => text.split(/\s+/));
	return words.map((text) => text[text.indexOf(code) - 1]).find((word) => word !== undefined);
}
