import type { Answer } from './transport';

/**
 * Which outcomes of a request may be followed by the same request again.
 * - `costly`: it makes a job, so only what Runpod certainly did not accept is repeated;
 * - `safe`: it only reads or cancels, so every passing fault is repeated.
 */
export type RetryPolicy = 'costly' | 'safe';

interface Rule {
	statuses: readonly number[];
	kinds: ReadonlyArray<Answer['kind']>;
}

const RULES: Readonly<Record<RetryPolicy, Rule>> = {
	costly: { statuses: [429, 503], kinds: ['unreached'] },
	safe: {
		statuses: [408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524],
		kinds: ['unreached', 'interrupted', 'timedOut'],
	},
};

export function mayRepeat(answer: Answer, policy: RetryPolicy): boolean {
	const rule = RULES[policy];
	return answer.kind === 'answered'
		? rule.statuses.includes(answer.status)
		: rule.kinds.includes(answer.kind);
}

/** How often a request is sent at most where nothing else ends it. */
export const MOST_TRIES = 8;

const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 8_000;

/**
 * Milliseconds to wait before the try after `failedTries` failed ones: what the server asked for, else exponential
 * backoff with jitter (half to all of 0.25 s, 0.5 s, 1 s … 8 s), so that parallel items do not come back together.
 */
export function retryDelay(answer: Answer, failedTries: number): number {
	const asked = answer.kind === 'answered' ? retryAfter(answer.headers['retry-after']) : undefined;
	const backoff = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (failedTries - 1));
	const jittered = backoff * (0.5 + Math.random() / 2);
	return asked === undefined ? jittered : asked + jittered / 10;
}

/** `Retry-After` in milliseconds: seconds or an HTTP date (RFC 9110, 10.2.3); undefined where it says nothing usable. */
function retryAfter(header: unknown): number | undefined {
	if (typeof header !== 'string' && typeof header !== 'number') return undefined;
	const text = String(header).trim();
	if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
	// JavaScript takes "later 5" and "-5" for dates as well; every HTTP date has a time of day.
	const date = /\d\d:\d\d:\d\d/.test(text) ? Date.parse(text) : NaN;
	return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}
