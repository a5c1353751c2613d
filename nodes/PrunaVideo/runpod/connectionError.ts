import { isJsonObject } from '../json';
import type { Answer } from './answer';

/** Codes of an invalid certificate (Node.js, "TLS/SSL errors"; OpenSSL, X509_V_ERR_…). */
const CERTIFICATE = new Set([
	'CERT_HAS_EXPIRED',
	'CERT_NOT_YET_VALID',
	'CERT_REVOKED',
	'CERT_UNTRUSTED',
	'CERT_REJECTED',
	'CERT_SIGNATURE_FAILURE',
	'DEPTH_ZERO_SELF_SIGNED_CERT',
	'SELF_SIGNED_CERT_IN_CHAIN',
	'UNABLE_TO_GET_ISSUER_CERT',
	'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
	'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
	'HOSTNAME_MISMATCH',
	'ERR_TLS_CERT_ALTNAME_INVALID',
]);
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
const CONNECTING = new Set(['connect', 'getaddrinfo']);

/** What is known of the innermost error, which n8n has wrapped. */
interface SystemError {
	code?: string;
	/** The system call that failed. */
	syscall?: string;
	/** All messages on the way down, and names of error classes. */
	texts: string[];
}

/**
 * How a request that threw has ended; undefined for a timeout of the HTTP client itself. A code such as EHOSTUNREACH
 * can also end an established connection: it is only certain that nothing was sent if the step that failed is known
 * to be connecting.
 */
export function classifyError(error: unknown): Answer | undefined {
	const { code, syscall, texts } = systemError(error);
	const says = (pattern: RegExp) => texts.some((text) => pattern.test(text));
	if (says(BLOCKED)) {
		return { kind: 'refused', reason: "blocked by n8n's SSRF protection" };
	}
	const isHandshake = says(HANDSHAKE) || (code === 'EPROTO' && says(NO_TLS));
	if (isHandshake || (code !== undefined && CERTIFICATE.has(code))) {
		return { kind: 'refused', reason: code ?? 'no TLS connection' };
	}
	if (says(LOST_IN_HANDSHAKE)) return { kind: 'unreached', reason: code ?? 'no TLS connection' };
	if (code === undefined) return { kind: 'interrupted', reason: 'no reason given' };
	if (code === 'ECONNREFUSED' || (syscall !== undefined && CONNECTING.has(syscall))) {
		return { kind: 'unreached', reason: code };
	}
	if (code === 'ECONNABORTED' || code === 'ETIMEDOUT') return undefined;
	return { kind: 'interrupted', reason: code };
}

/**
 * Some versions of n8n (1.123 and 2.0 among them) drop the error that they wrap. They keep its code as `httpCode`, and
 * its message, such as "connect ECONNREFUSED 127.0.0.1:443", in `messages` or `description`.
 */
function systemError(error: unknown): SystemError {
	const found: SystemError = { texts: [] };
	let current = error;
	for (let depth = 0; depth < 8 && isJsonObject(current); depth++) {
		const { code, syscall, name, message, description, messages, errors, cause, httpCode } =
			current as Record<string, unknown>;
		for (const text of [message, description, name, ...listOf(messages)]) {
			if (typeof text === 'string') found.texts.push(text);
		}
		// The innermost code is the original one; the errors around it were made from it.
		for (const candidate of [httpCode, code]) {
			if (typeof candidate === 'string' && /^[A-Z][A-Z0-9_]+$/.test(candidate))
				found.code = candidate;
		}
		if (typeof syscall === 'string') found.syscall = syscall;
		// One for each address that was tried.
		current = cause ?? listOf(errors)[0];
	}
	found.syscall ??= syscallIn(found);
	return found;
}

/** "connect ECONNREFUSED 127.0.0.1:443" → connect. */
function syscallIn({ code, texts }: SystemError): string | undefined {
	if (code === undefined) return undefined;
	const pattern = new RegExp(`\\b([a-zA-Z]+) ${code}\\b`);
	return texts.map((text) => pattern.exec(text)?.[1]).find((syscall) => syscall !== undefined);
}

function listOf(value: unknown): unknown[] {
	return Array.isArray(value) ? value : [];
}
