import type {
	ICredentialsDecrypted,
	ICredentialTestFunctions,
	INodeCredentialTestResult,
} from 'n8n-workflow';
import { isJsonObject } from '../json';
import { LABELS } from '../labels';
import { classifyError, readBody, type Answer } from './answer';
import { checkCredential, DEFAULT_BASE_URL, withoutKey } from './connection';
import { Failure } from './failure';
import { jobIn } from './job';
import { explain } from './messages';
import { judge, whatIsMissing } from './verdicts';

/**
 * The status of a job that does not exist: Runpod says so to a valid key, and nothing is spent. `/health` does not
 * test a key, because public endpoints may refuse it to everyone. The ID is shaped like Runpod's own, in case others
 * are refused.
 */
const MADE_UP_JOB = '/p-video/status/00000000-0000-0000-0000-000000000000-u1';
const TIMEOUT_MS = 20_000;

/**
 * The credential's test: asks Runpod for the status of a made-up job. Never throws, and never shows the key. A
 * credential's own `test.request` cannot tell "job not found" from "endpoint not found" in every n8n. A test function
 * can; `request`, deprecated elsewhere, is the one helper for HTTP that n8n gives it.
 */
export async function testCredential(
	this: ICredentialTestFunctions,
	{ data }: ICredentialsDecrypted,
): Promise<INodeCredentialTestResult> {
	try {
		const { apiKey, baseUrl } = checkCredential(data ?? {});
		const { request } = this.helpers;
		const answer = await request({
			method: 'GET',
			uri: baseUrl + MADE_UP_JOB,
			headers: { Accept: 'application/json', Authorization: `Bearer ${apiKey}` },
			timeout: TIMEOUT_MS,
			// The key stays with the host of the base URL.
			followRedirect: false,
			simple: false,
			resolveWithFullResponse: true,
		}).then(
			(response: unknown) => readResponse(response, apiKey),
			(error: unknown): Answer => classifyError(error) ?? { kind: 'timedOut', reason: 'in 20 s' },
		);
		return readKeyCheck(answer);
	} catch (error) {
		// Only our own words: an error of n8n's may hold the request's headers.
		const { message, description } =
			error instanceof Failure
				? error
				: { message: 'The key could not be checked', description: 'Test again.' };
		return { status: 'Error', message: `${message}. ${description}` };
	}
}

function readResponse(response: unknown, apiKey: string): Answer {
	const { statusCode, body }: Record<string, unknown> = isJsonObject(response) ? response : {};
	const text = typeof body === 'string' ? body : JSON.stringify(body ?? '');
	const read = readBody(withoutKey(text, apiKey));
	const status = typeof statusCode === 'number' ? statusCode : 0;
	return { kind: 'answered', status, headers: {}, body: read?.body, tookMs: 0 };
}

/** What Runpod's answer about the made-up job says of the key. Only a request with a valid key is told about jobs. */
export function readKeyCheck(answer: Answer): INodeCredentialTestResult {
	if (whatIsMissing(answer) === 'job' || jobIn(answer) !== undefined) {
		return { status: 'OK', message: 'Connection successful!' };
	}
	const { cause, isPassing } = judge(answer);
	const { what, advice } = explain(answer, 'p-video');
	const message =
		cause === 'missing' || cause === 'noJob'
			? `The '${LABELS.baseUrl}' does not lead to Runpod's API (${what}). Set it to ${DEFAULT_BASE_URL}.`
			: `${isPassing ? 'The key could not be checked: ' : ''}${what}. ${advice}`;
	return { status: 'Error', message };
}
