import { LABELS } from '../labels';

export const DEFAULT_BASE_URL = 'https://api.runpod.ai/v2';

/** Why a credential cannot be used, and what to do about it. Neither contains anything that the user entered. */
export interface CredentialProblem {
	message: string;
	description: string;
}

/**
 * The credential's base URL as the user meant it: without spaces or line breaks around it, without slashes at its end,
 * and Runpod's own where there is none.
 */
export function readBaseUrl(value: unknown): string {
	const url = String(value ?? '')
		.trim()
		.replace(/\/+$/, '');
	return url === '' ? DEFAULT_BASE_URL : url;
}

/** Why `url`, as `readBaseUrl` returns it, cannot be used for requests; undefined if it can. */
export function baseUrlProblem(url: string): CredentialProblem | undefined {
	if (!/^https?:\/\/[^\s\p{Cc}]+$/iu.test(url) || !URL.canParse(url)) {
		return problem('is not a URL that starts with https://');
	}
	// The parser drops an empty query or fragment, which would still cut off the path that is appended.
	if (/[?#]/.test(url)) return problem("contains a '?' or '#'");
	const { protocol, hostname, username, password } = new URL(url);
	if (username !== '' || password !== '') return problem('contains a user name or password');
	if (protocol === 'http:' && !isLoopback(hostname)) {
		return problem('starts with http://, which would send the API key unencrypted');
	}
	return undefined;
}

function problem(what: string): CredentialProblem {
	return {
		message: `The credential's '${LABELS.baseUrl}' ${what}`,
		description: `Open the credential Pruna Video Runpod API and set it to ${DEFAULT_BASE_URL}.`,
	};
}

/** Of a parsed URL, which writes every IPv4 address as four decimal numbers. */
function isLoopback(hostname: string): boolean {
	return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}
