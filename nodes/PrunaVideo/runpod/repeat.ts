import type { Answer } from './answer';
import { exchange, type Exchange, type RequestContext } from './exchange';
import { Stopped } from './failure';
import { pause, type Deadline } from './time';
import { mayRepeat } from './verdicts';

export interface RepeatableRequest extends Omit<Exchange, 'url' | 'timeoutMs'> {
	/** Called whenever the request is sent, because the URL can depend on the time that is left. */
	url: () => string;
	/** As in `Exchange`; limited to the time until the deadline, but not below `leastMs`. */
	timeoutMs: number | (() => number);
	/** How long it gets, in ms, however little time is left; default: a second. */
	leastMs?: number;
	/** Whether it creates a job: then it is only sent again if Runpod certainly did not accept it. */
	isCostly: boolean;
	/** Nothing is sent after it. */
	deadline: Deadline;
	/** Whether an answer is what was wanted, whatever its status says: then nothing is repeated. */
	isSettled: (answer: Answer) => boolean;
	/** Whether an exchange that is running at a stop is completed. Nothing is sent after a stop in any case. */
	isFinishedAfterStop?: boolean;
	/** Called for every repeat, before the pause that precedes it. */
	onRepeat?: (repeat: Repeat) => void;
}

export interface Repeat {
	/** Why. */
	answer: Answer;
	/** Milliseconds until the request is sent again. */
	delayMs: number;
}

/**
 * Sends a request and repeats it where that is safe, until the deadline. A refusal costs nothing, so repeats are not
 * counted.
 *
 * @throws Stopped when the user stopped the execution
 */
export async function send(context: RequestContext, request: RepeatableRequest): Promise<Answer> {
	const { deadline, isCostly, stop, isSettled, isFinishedAfterStop, onRepeat } = request;
	const { leastMs = SHORTEST_REQUEST_MS, timeoutMs } = request;
	const limitMs = () => (typeof timeoutMs === 'number' ? timeoutMs : timeoutMs());
	for (let failedTries = 1; ; failedTries++) {
		if (stop?.aborted) throw new Stopped();
		const answer = await exchange(context, {
			...request,
			url: request.url(),
			timeoutMs: Math.min(limitMs(), Math.max(leastMs, deadline.remaining())),
			...(isFinishedAfterStop && { stop: undefined }),
		});
		if (!mayRepeat(answer, isCostly) || isSettled(answer)) return answer;
		const delayMs = repeatDelayMs(answer, failedTries);
		if (delayMs >= deadline.remaining()) return answer;
		onRepeat?.({ answer, delayMs });
		await pause(delayMs, stop);
	}
}

/** A request that starts just before its deadline still gets this long. */
const SHORTEST_REQUEST_MS = 1_000;
const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 8_000;

/**
 * Milliseconds to wait before the repeat after `failedTries` failed tries: exponential backoff with jitter (half to
 * all of 0.25 s, 0.5 s, 1 s … 8 s), so that parallel items do not all repeat at the same moment, and at least what
 * the server asked for.
 */
export function repeatDelayMs(answer: Answer, failedTries: number): number {
	const backoff = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (failedTries - 1));
	const jittered = backoff * (0.5 + Math.random() / 2);
	const askedMs =
		answer.kind === 'answered' ? retryAfterMs(answer.headers['retry-after']) : undefined;
	return askedMs === undefined ? jittered : Math.max(askedMs, FIRST_DELAY_MS) + jittered / 4;
}

/** `Retry-After` in milliseconds: seconds or an HTTP date (RFC 9110, 10.2.3); undefined where it says nothing usable. */
function retryAfterMs(header: unknown): number | undefined {
	if (typeof header !== 'string' && typeof header !== 'number') return undefined;
	const text = String(header).trim();
	if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
	// JavaScript takes "later 5" and "-5" for dates as well; every HTTP date has a time of day.
	const date = /\d\d:\d\d:\d\d/.test(text) ? Date.parse(text) : NaN;
	return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}
