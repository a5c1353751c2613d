import type {
	ICredentialsDecrypted,
	ICredentialTestFunctions,
	INodeCredentialTestResult,
} from 'n8n-workflow';
import { isJsonObject } from '../json';
import { LABELS } from '../labels';
import { apiKeyProblem, readApiKey } from './apiKey';
import { baseUrlProblem, DEFAULT_BASE_URL, readBaseUrl, type CredentialProblem } from './baseUrl';
import { readJob } from './job';
import { readReason } from './reason';

/**
 * The status of a job that does not exist: Runpod says so to a valid key, and nothing is spent. `/health` does not
 * test a key, because public endpoints may refuse it to everyone. The ID is shaped like Runpod's own, in case others
 * are refused.
 */
const MADE_UP_JOB = '/p-video/status/00000000-0000-0000-0000-000000000000-u1';
const TIMEOUT_MS = 20_000;

/**
 * The credential's test: asks Runpod for the status of a made-up job. Never throws, and never shows the key.
 *
 * A credential's own `test.request` cannot tell "job not found" from "endpoint not found" in every n8n. A test function
 * can; `request`, deprecated elsewhere, is the one helper for HTTP that n8n gives it.
 */
export async function testCredential(
	this: ICredentialTestFunctions,
	{ data }: ICredentialsDecrypted,
): Promise<INodeCredentialTestResult> {
	const key = readApiKey(data?.apiKey);
	const baseUrl = readBaseUrl(data?.baseUrl);
	const problem = baseUrlProblem(baseUrl) ?? apiKeyProblem(key);
	if (problem !== undefined) return refused(problem);
	const { request } = this.helpers;
	try {
		const response: unknown = await request({
			method: 'GET',
			uri: baseUrl + MADE_UP_JOB,
			headers: { Accept: 'application/json', Authorization: `Bearer ${key}` },
			timeout: TIMEOUT_MS,
			// The key stays with the host of the base URL.
			followRedirect: false,
			simple: false,
			resolveWithFullResponse: true,
		});
		return readKeyCheck(response, key);
	} catch (error) {
		return refused(unreached(error));
	}
}

/** What Runpod's answer about the made-up job says of `key`. */
export function readKeyCheck(response: unknown, key: string): INodeCredentialTestResult {
	const { statusCode, body } = isJsonObject(response) ? response : {};
	const status = typeof statusCode === 'number' ? statusCode : 0;
	const text = typeof body === 'string' ? body : JSON.stringify(body ?? '');
	const isPage = /^\s*</.test(text);
	if (!isPage && isAboutJob(status, text)) {
		return { status: 'OK', message: 'Connection successful!' };
	}
	const reason = isPage ? '' : readReason(text.replaceAll(key, '***'));
	return refused(problemOf(status, isPage), reason);
}

/** Only a request with a valid key is told about jobs. */
function isAboutJob(status: number, text: string): boolean {
	if (status === 200) return readJob(parsed(text)) !== undefined;
	if (status !== 404) return false;
	// A server without such an address may repeat it in its answer.
	const words = text.replace(/\/\S*/g, ' ');
	const subject = /\b(job|request|endpoint)\b/i.exec(words)?.[1];
	return subject !== undefined && subject.toLowerCase() !== 'endpoint';
}

const RESET_BASE_URL = `Set '${LABELS.baseUrl}' to ${DEFAULT_BASE_URL}.`;

function problemOf(status: number, isPage: boolean): CredentialProblem {
	if (status >= 500 || status === 429) {
		return {
			message: `The key could not be checked: Runpod answered with HTTP ${status}`,
			description: 'Wait a minute, then test again.',
		};
	}
	if (status >= 300 && status < 400) {
		return {
			message: `The '${LABELS.baseUrl}' redirects to another address`,
			description: RESET_BASE_URL,
		};
	}
	if (isPage || status === 200 || status === 404) {
		return {
			message: `The '${LABELS.baseUrl}' does not lead to Runpod's API`,
			description: RESET_BASE_URL,
		};
	}
	if (status === 401) {
		return {
			message: 'Runpod did not accept this API key',
			description:
				'Paste it again, or create a new one in the Runpod console under Settings > API Keys.',
		};
	}
	if (status === 403) {
		return {
			message: 'This API key has no access to Pruna Video',
			description:
				'Give it access to p-video in the Runpod console under Settings > API Keys, or use another key.',
		};
	}
	return {
		message: `The key could not be checked: Runpod answered with HTTP ${status}`,
		description: `Check the account in the Runpod console. ${RESET_BASE_URL}`,
	};
}

/** `error` comes from n8n. Only its code is shown, because it may hold the request's headers. */
function unreached(error: unknown): CredentialProblem {
	const code = isJsonObject(error) ? error.code : undefined;
	const why = typeof code === 'string' && /^[A-Z][A-Z_]+$/.test(code) ? ` (${code})` : '';
	return {
		message: `The key could not be checked: Runpod could not be reached${why}`,
		description: `Check the network and '${LABELS.baseUrl}', then test again.`,
	};
}

function refused(
	{ message, description }: CredentialProblem,
	reason = '',
): INodeCredentialTestResult {
	const said = reason === '' ? '' : ` ("${reason}")`;
	return { status: 'Error', message: `${message}${said}. ${description}` };
}

function parsed(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}
