import { isJsonObject } from '../json';
import type { Answer } from './answer';
import { describeBody } from './reason';

/** Why there is no job in an answer; `messages.ts` has a sentence for each. */
export type Cause =
	| 'unreached'
	| 'blocked'
	| 'certificate'
	| 'timedOut'
	| 'interrupted'
	| 'tooLarge'
	| 'proxy'
	| 'between'
	| 'size'
	| 'key'
	| 'credit'
	| 'access'
	| 'missing'
	| 'limit'
	| 'redirect'
	| 'rejected'
	| 'unavailable'
	| 'unfinished'
	| 'error'
	| 'noJob';

export interface Verdict {
	cause: Cause;
	/** Whether Runpod may have accepted a job, if the request creates one: then it is not sent again. */
	mayBeAccepted: boolean;
	/** Whether the same request may succeed later, without a change. */
	isPassing: boolean;
}

type Answered = Answer & { kind: 'answered' };
type Row = [cause: Cause, accepted: 'no' | 'maybe', lasts: 'passes' | 'stays', when: Matches];
type Matches = (answer: Answer) => boolean;

const ended =
	(kind: Answer['kind']): Matches =>
	(answer) =>
		answer.kind === kind;

const answered =
	(from: number, to = from, and: (answer: Answered) => boolean = () => true): Matches =>
	(answer) =>
		answer.kind === 'answered' && answer.status >= from && answer.status <= to && and(answer);

/**
 * The one table of what may be sent again and what an answer means; the first row that matches applies. Statuses:
 * Runpod, "Operation reference"; 408, 52x and the pages of what stands in between as clients saw them.
 */
const TABLE: readonly Row[] = [
	['unreached', 'no', 'passes', ended('unreached')],
	['certificate', 'no', 'stays', (answer) => answer.kind === 'refused' && !!answer.isCertificate],
	['blocked', 'no', 'stays', ended('refused')],
	['timedOut', 'maybe', 'passes', ended('timedOut')],
	['interrupted', 'maybe', 'passes', ended('interrupted')],
	['tooLarge', 'maybe', 'stays', ended('tooLarge')],
	['noJob', 'maybe', 'passes', answered(0, 299)],
	// After a POST: it is done, look there.
	['redirect', 'maybe', 'stays', answered(303)],
	['redirect', 'no', 'stays', answered(300, 399)],
	['proxy', 'no', 'stays', answered(407)],
	['between', 'no', 'stays', answered(401, 403, isOfAnother)],
	['between', 'no', 'stays', answered(451)],
	['key', 'no', 'stays', answered(401)],
	['credit', 'no', 'stays', answered(402)],
	['access', 'no', 'stays', answered(403)],
	['missing', 'no', 'stays', answered(404)],
	['unfinished', 'maybe', 'passes', answered(408)],
	['size', 'no', 'stays', answered(413)],
	['unfinished', 'maybe', 'passes', answered(425)],
	['limit', 'no', 'passes', answered(429)],
	['rejected', 'no', 'stays', answered(400, 499)],
	['unavailable', 'no', 'passes', answered(503, 503, isRefusal)],
	['error', 'maybe', 'passes', answered(500)],
	['error', 'maybe', 'passes', answered(502, 504)],
	['error', 'maybe', 'passes', answered(520, 524)],
	['error', 'maybe', 'stays', answered(500, 999)],
];

export function judge(answer: Answer): Verdict {
	const [cause, accepted, lasts] = TABLE.find(([, , , matches]) => matches(answer)) ?? UNKNOWN;
	return { cause, mayBeAccepted: accepted === 'maybe', isPassing: lasts === 'passes' };
}

const UNKNOWN: Row = ['noJob', 'maybe', 'passes', () => true];

/** Whether the request may be sent again: one that creates a job only if Runpod certainly did not accept it. */
export function mayRepeat(answer: Answer, isCostly: boolean): boolean {
	const { mayBeAccepted, isPassing } = judge(answer);
	return isPassing && !(isCostly && mayBeAccepted);
}

/**
 * Whether a refusal comes from something in front of Runpod, whose own are JSON or a word: a block page, or
 * Cloudflare's `error code: 1010`.
 */
function isOfAnother({ body }: Answered): boolean {
	return typeof body === 'string' && /^\s*(<|error code: ?\d)/i.test(body.slice(0, 200));
}

/** A 503 that comes later may be an edge's, which has lost a request that Runpod was working on. */
const AT_ONCE_MS = 5_000;

/**
 * Whether a 503 certainly means that nothing was accepted: Runpod's own JSON at once, or an edge that found no server
 * to pass the request on to (Envoy's words). An edge that lost the request on its way may say so in JSON, too.
 */
function isRefusal({ body, tookMs }: Answered): boolean {
	const reason = isJsonObject(body) ? JSON.stringify(body).slice(0, 2_000) : describeBody(body);
	if (/no healthy upstream|connection (refused|failure)\b/i.test(reason)) return true;
	return isJsonObject(body) && tookMs < AT_ONCE_MS && !/terminat|reset|time-?d? ?out/i.test(reason);
}

export type Missing = 'endpoint' | 'job' | 'unclear';

/** Whether Runpod does not find the job: a new one may come. */
export function isNotFound(answer: Answer): boolean {
	return ['job', 'unclear'].includes(whatIsMissing(answer) ?? '');
}

/**
 * What was not found, according to a 404 about a job: Runpod says "endpoint not found" or "job not found", in JSON or
 * as text.
 */
export function whatIsMissing(answer: Answer): Missing | undefined {
	if (answer.kind !== 'answered' || answer.status !== 404) return undefined;
	if (isOfAnother(answer)) return 'unclear';
	// A server without such an address may repeat it in its answer.
	const reason = describeBody(answer.body).replace(/\/\S*/g, ' ');
	if (/\b(job|request)\b/i.test(reason)) return 'job';
	return /\bendpoint\b/i.test(reason) ? 'endpoint' : 'unclear';
}
