import { Stopped } from './failure';
import { MOST_TRIES, mayRepeat, retryDelay, type RetryPolicy } from './retryPolicy';
import { pause, type Deadline } from './timing';
import { exchange, type Answer, type Exchange, type RequestContext } from './transport';

export interface RepeatableRequest extends Exchange {
	policy: RetryPolicy;
	/** No try starts after it. */
	deadline: Deadline;
	/** How often to send at most; without it as often as the policy's limit. */
	tries?: number;
	/** Whether an answer is what was wanted, whatever its status says: then nothing is repeated. */
	isSettled?: (answer: Answer) => boolean;
	/** Whether an exchange under way at a stop is brought to its end; nothing is sent after a stop in any case. */
	isFinishedAfterStop?: boolean;
}

/** How a request ended after all its tries; a stop is thrown instead. */
export type SettledAnswer = Exclude<Answer, { kind: 'stopped' }>;

/**
 * Sends a request and repeats it where the policy allows, within the deadline.
 *
 * @throws Stopped when the user stopped the execution
 */
export async function send(
	context: RequestContext,
	request: RepeatableRequest,
): Promise<SettledAnswer> {
	const { deadline, policy, stop, tries = MOST_TRIES, isSettled, isFinishedAfterStop } = request;
	for (let failedTries = 1; ; failedTries++) {
		if (stop?.aborted) throw new Stopped();
		const answer = await exchange(
			context,
			isFinishedAfterStop ? { ...request, stop: undefined } : request,
		);
		if (answer.kind === 'stopped') throw new Stopped();
		if (failedTries >= tries || !mayRepeat(answer, policy) || isSettled?.(answer)) return answer;
		const delay = retryDelay(answer, failedTries);
		if (delay >= deadline.remaining()) return answer;
		await pause(delay, stop);
	}
}
