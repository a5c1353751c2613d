import { LABELS } from '../labels';
import type { Answer } from './answer';
import { DEFAULT_BASE_URL } from './connection';
import { Failure, StillRunning, type KnownJob } from './failure';
import { retryAfterMs } from './http';
import { isDocumented, type Job } from './job';
import { describeBody, readReason } from './reason';
import { judge, whatIsMissing, type Cause } from './verdicts';

/** What happened, without the reason that was given; and what the user can do about it. */
type Sentences = readonly [says: string | ((endpointId: string) => string), advice: string];

const SAFE_TO_REPEAT = 'It is safe to run again.';
const CREDENTIAL = `the credential's '${LABELS.baseUrl}'`;
const API_KEYS = 'in the Runpod console under API Keys';

export const MAKE_SMALLER = `Use a URL instead of a file, set the option '${LABELS.sendFilesAs}' to Link, or make the file smaller.`;

/** For a job that may run although its ID is not known. */
export const CHECK_USAGE =
	'The Billing Explorer in the Runpod console (https://console.runpod.io/user/billing) shows what was spent, but not single jobs. Run the item again only if you accept that it may be billed a second time.';

const SENTENCES: Readonly<Record<Cause, Sentences>> = {
	unreached: [
		'Runpod could not be reached',
		`Nothing was sent. Check the network and ${CREDENTIAL}, then run again.`,
	],
	blocked: [
		'No connection to Runpod was made',
		`Nothing was sent. Check ${CREDENTIAL} and n8n's settings.`,
	],
	certificate: [
		'No connection to Runpod was made: n8n does not trust the certificate',
		"Nothing was sent. If your company's network replaces certificates, give n8n its root certificate with the environment variable NODE_EXTRA_CA_CERTS and restart it.",
	],
	timedOut: ['Runpod did not answer', SAFE_TO_REPEAT],
	interrupted: ['The connection to Runpod was lost', SAFE_TO_REPEAT],
	tooLarge: [
		"Runpod's answer is too large",
		`Check ${CREDENTIAL}: Runpod's own answers are short.`,
	],
	proxy: [
		'The proxy between n8n and Runpod requires a login',
		'Nothing reached Runpod. Put user name and password into the environment variable HTTPS_PROXY of n8n, as in http://user:password@proxy:8080.',
	],
	between: [
		'Something between n8n and Runpod blocked the request',
		"The answer is not Runpod's: neither the key nor the credential is at fault. Let n8n reach api.runpod.ai through the network's filter or proxy.",
	],
	size: ['The request is too large for Runpod', MAKE_SMALLER],
	key: [
		'Runpod did not accept this API key',
		`Open the credential and paste the key again, or create a new one ${API_KEYS}.`,
	],
	credit: [
		'There is no credit left on this Runpod account',
		'Add credit in the Runpod console under Billing, then run again.',
	],
	access: [
		(endpoint) => `This API key has no access to the endpoint '${endpoint}'`,
		`Give the key access to it ${API_KEYS}, or use another key.`,
	],
	missing: [
		(endpoint) => `The endpoint '${endpoint}' was not found`,
		`Check the option '${LABELS.endpointId}' and ${CREDENTIAL} (${DEFAULT_BASE_URL}).`,
	],
	limit: ['Runpod is limiting requests', 'Run again later.'],
	redirect: [
		'The Runpod URL redirected to another address',
		`The API key is not sent to another address. Set ${CREDENTIAL} to ${DEFAULT_BASE_URL}, then run again.`,
	],
	rejected: ['Runpod rejected the request', 'Fix the problem named above, then run again.'],
	unavailable: ['Runpod is not available', 'Runpod did not accept the request. Run again later.'],
	unfinished: ['Runpod did not finish the request', SAFE_TO_REPEAT],
	error: ['Runpod returned an error', 'Run again later.'],
	noJob: [
		'Runpod answered without a job',
		`Check ${CREDENTIAL}: something else seems to answer there.`,
	],
};

/** Causes whose sentence says what the HTTP status means, so that the number adds nothing. */
const NAMED: readonly Cause[] = ['key', 'credit', 'access', 'missing', 'limit', 'size'];

export const USE_LINK = `Runpod may only accept URLs: set the option '${LABELS.sendFilesAs}' to Link, or use a URL instead of a file.`;

export interface About {
	endpointId: string;
	isCostly: boolean;
	hasFile?: boolean;
	job?: KnownJob;
}

/** What happened and what to do about an answer that does not hold what was asked for, with the reason that was given. */
export function explain(answer: Answer, endpointId: string): { what: string; advice: string } {
	const { cause } = judge(answer);
	const [says, advice] = SENTENCES[cause];
	const what = typeof says === 'string' ? says : says(endpointId);
	if (answer.kind !== 'answered') return { what: `${what} (${answer.reason})`, advice };
	if (cause === 'noJob') {
		return { what: `Runpod answered with ${describeBody(answer.body)} instead of a job`, advice };
	}
	const code = NAMED.includes(cause) ? '' : ` (HTTP ${answer.status})`;
	const askedMs = retryAfterMs(answer.headers['retry-after']);
	const asked = askedMs !== undefined && `The server asked to wait ${Math.ceil(askedMs / 1000)} s.`;
	return { what: `${what}${code}${because(answer.body)}`, advice: sentences(asked, advice) };
}

/** Runpod's own explanation, as the tail of a sentence. */
export function because(error: unknown): string {
	const reason = readReason(error);
	return reason === '' ? '' : `: ${reason}`;
}

export function requestFailed(
	answer: Answer,
	{ endpointId, isCostly, hasFile, job }: About,
): Failure {
	const { what, advice } = explain(answer, endpointId);
	const isUncertain = isCostly && judge(answer).mayBeAccepted;
	const httpCode = answer.kind === 'answered' ? answer.status : undefined;
	// As clients saw it with 400 and, for large ones, 502.
	const blamesFile = hasFile && [400, 413, 422, 502].includes(httpCode ?? 0);
	return new Failure(`${what}${isUncertain ? '; the job may be running' : ''}`, {
		description: sentences(isUncertain ? CHECK_USAGE : advice, blamesFile && USE_LINK),
		isUncertain,
		job: { ...job, httpCode },
	});
}

export function jobRequestFailed(answer: Answer, about: About & { job: { id: string } }): Failure {
	const missing = whatIsMissing(answer);
	const { job } = about;
	if (missing === undefined || missing === 'endpoint') {
		return requestFailed(answer, { ...about, isCostly: about.isCostly && missing === undefined });
	}
	return new Failure(`Job ${job.id} was not found on Runpod. It may have expired`, {
		description: `Results are kept for 1 minute after a synchronous job and for 30 minutes after an asynchronous one; a ttl in the option '${LABELS.policy}' removes a job even while it runs, and a new job may not be found for a minute. Check the ID.`,
		job: { ...job, httpCode: 404 },
	});
}

/**
 * A job that is not final at the end of the wait. @param seen the job as Runpod told of it last
 * @param problem why the last status check did not return the job, if it did not
 */
export function stillRunning(
	id: string,
	seconds: number,
	seen: (Job & { reason?: string }) | undefined,
	problem?: string,
): StillRunning {
	const isKnown = seen !== undefined && isDocumented(seen);
	const state =
		seen === undefined
			? `Runpod did not report the status of job ${id} within ${seconds} s`
			: isKnown
				? `Job ${id} was still ${seen.status} after ${seconds} s`
				: `Runpod reports the state ${seen.status} for job ${id} after ${seconds} s`;
	const isQueued = seen?.status === 'IN_QUEUE';
	const told = seen?.reason ?? problem;
	return new StillRunning(`${state}${told === undefined ? '' : `: ${told}`}`, {
		description: sentences(
			isKnown && !isQueued && 'It keeps running on Runpod and is billed.',
			isQueued && 'It is waiting for a worker on Runpod and will be billed once it runs.',
			`Fetch it with Job > Get and this ID, or raise '${LABELS.timeout}' in the options.`,
			'Runpod keeps its result for one minute after it has ended, or for 30 minutes if it was submitted in Async.',
		),
		job: { id, status: seen?.status },
	});
}

export function sentences(...parts: Array<string | false | undefined>): string {
	return parts.filter((part) => part).join(' ');
}
