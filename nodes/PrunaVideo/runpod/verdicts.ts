import { LABELS } from '../labels';
import type { Answer } from './answer';
import { describeBody, readReason } from './reason';

/** What an answer that holds no job means. */
export interface Verdict {
	/** Whether Runpod may have accepted a job, if the request creates one: then it is not sent again. */
	mayBeAccepted: boolean;
	/** Whether the same request may succeed later, without a change. */
	isPassing: boolean;
	/** What happened, without Runpod's own reason. */
	says: string;
	/** What the user can do about it. */
	advice: string;
}

type Row = Verdict & { matches: (answer: Answer) => boolean };

const SAFE_TO_REPEAT = 'It is safe to run again.';

/** For a request that is too large. */
export const MAKE_SMALLER = `Use a URL instead of a file, set the option '${LABELS.sendFilesAs}' to Link, or make the file smaller.`;

const NO = { mayBeAccepted: false };
const MAYBE = { mayBeAccepted: true };
const PASSING = { isPassing: true };
const LASTING = { isPassing: false };

function status(...codes: number[]): Row['matches'] {
	return (answer) => answer.kind === 'answered' && codes.includes(answer.status);
}

function between(least: number, most: number): Row['matches'] {
	return (answer) => answer.kind === 'answered' && answer.status >= least && answer.status <= most;
}

function ended(kind: Answer['kind']): Row['matches'] {
	return (answer) => answer.kind === kind;
}

function isAboutSize(answer: Answer): boolean {
	if (answer.kind !== 'answered' || answer.status < 400 || answer.status > 499) return false;
	return answer.status === 413 || /max body size|too large/i.test(readReason(answer.body));
}

/**
 * Whether Runpod's reason is about the account, so that a new key would not help. Runpod does not document which
 * status that has.
 */
function isAboutAccount(answer: Answer): boolean {
	if (answer.kind !== 'answered' || ![400, 401, 403].includes(answer.status)) return false;
	return /\b(account|balance|billing)\b|insufficient (funds|credits?)|(no|not enough|out of) credits?\b/i.test(
		readReason(answer.body),
	);
}

/**
 * The one table of what may be sent again and what it means; the first row that matches applies. `{endpoint}` and
 * `{reason}` stand for the endpoint's ID and how a connection ended. Statuses: Runpod, "Operation reference"; 408,
 * 52x and the body's size as clients saw them.
 */
const TABLE: readonly Row[] = [
	{
		matches: ended('unreached'),
		...NO,
		...PASSING,
		says: 'Runpod could not be reached ({reason})',
		advice: `Nothing was sent. Check the network and the credential's '${LABELS.baseUrl}', then run again.`,
	},
	{
		matches: ended('refused'),
		...NO,
		...LASTING,
		says: 'No connection to Runpod was made ({reason})',
		advice: `Nothing was sent. Check the credential's '${LABELS.baseUrl}' and n8n's settings.`,
	},
	{
		matches: ended('timedOut'),
		...MAYBE,
		...PASSING,
		says: 'Runpod did not answer ({reason})',
		advice: SAFE_TO_REPEAT,
	},
	{
		matches: ended('interrupted'),
		...MAYBE,
		...PASSING,
		says: 'The connection to Runpod was lost ({reason})',
		advice: SAFE_TO_REPEAT,
	},
	{
		matches: ended('tooLarge'),
		...MAYBE,
		...LASTING,
		says: "Runpod's answer is too large ({reason})",
		advice: 'Check the job in the Runpod console.',
	},
	{
		matches: isAboutSize,
		...NO,
		...LASTING,
		says: 'The request is too large for Runpod',
		advice: MAKE_SMALLER,
	},
	{
		matches: isAboutAccount,
		...NO,
		...LASTING,
		says: 'Runpod did not accept the request for this account',
		advice: 'Check the account and its credit in the Runpod console under Billing, then run again.',
	},
	{
		matches: status(401),
		...NO,
		...LASTING,
		says: 'Runpod did not accept this API key',
		advice:
			'Open the credential and paste the key again, or create a new one in the Runpod console under Settings > API Keys.',
	},
	{
		matches: status(402),
		...NO,
		...LASTING,
		says: 'There is no credit left on this Runpod account',
		advice: 'Add credit in the Runpod console under Billing, then run again.',
	},
	{
		matches: status(403),
		...NO,
		...LASTING,
		says: "This API key has no access to the endpoint '{endpoint}'",
		advice:
			'Give the key access to it in the Runpod console under Settings > API Keys, or use another key.',
	},
	{
		matches: status(404),
		...NO,
		...LASTING,
		says: "The endpoint '{endpoint}' was not found",
		advice: `Check the option '${LABELS.endpointId}' and the credential's '${LABELS.baseUrl}'.`,
	},
	{
		matches: status(429),
		...NO,
		...PASSING,
		says: 'Runpod is limiting requests',
		advice: `Lower '${LABELS.concurrency}' in the options, or run again later.`,
	},
	{
		matches: status(408, 425),
		...MAYBE,
		...PASSING,
		says: 'Runpod did not finish the request',
		advice: SAFE_TO_REPEAT,
	},
	{
		matches: between(300, 399),
		...NO,
		...LASTING,
		says: 'The Runpod URL redirected to another address',
		advice: `The API key is not sent to another address. Correct the credential's '${LABELS.baseUrl}', then run again.`,
	},
	{
		matches: between(400, 499),
		...NO,
		...LASTING,
		says: 'Runpod rejected the request',
		advice: 'Fix the problem named above, then run again.',
	},
	{
		matches: status(503),
		...NO,
		...PASSING,
		says: 'Runpod is not available',
		advice: 'Runpod did not accept the request. Run again later.',
	},
	{
		matches: status(500, 502, 504, 520, 521, 522, 523, 524),
		...MAYBE,
		...PASSING,
		says: 'Runpod returned an error',
		advice: 'Run again later.',
	},
	{
		matches: between(500, 999),
		...MAYBE,
		...LASTING,
		says: 'Runpod returned an error',
		advice: 'Run again later.',
	},
	{
		matches: () => true,
		...MAYBE,
		...PASSING,
		says: 'Runpod answered with {body} instead of a job',
		advice: `Check the credential's '${LABELS.baseUrl}': something else seems to answer there.`,
	},
];

export function judge(answer: Answer): Verdict {
	// The last row matches everything.
	return TABLE.find(({ matches }) => matches(answer))!;
}

/** Whether the request may be sent again: one that creates a job only if Runpod certainly did not accept it. */
export function mayRepeat(answer: Answer, isCostly: boolean): boolean {
	const { mayBeAccepted, isPassing } = judge(answer);
	return isPassing && !(isCostly && mayBeAccepted);
}

export type Missing = 'endpoint' | 'job' | 'unclear';

/**
 * What was not found, according to a 404 about a job: Runpod says "endpoint not found" or "job not found", in JSON or
 * as text.
 */
export function whatIsMissing(answer: Answer): Missing | undefined {
	if (answer.kind !== 'answered' || answer.status !== 404) return undefined;
	const reason = describeBody(answer.body);
	if (/\bendpoint\b/i.test(reason)) return 'endpoint';
	return /\b(job|request)\b/i.test(reason) ? 'job' : 'unclear';
}

/** Whether the job may exist although it was not found: Runpod finds a new one only after a while. */
export function mayBeNew(answer: Answer): boolean {
	const missing = whatIsMissing(answer);
	return missing === 'job' || missing === 'unclear';
}
