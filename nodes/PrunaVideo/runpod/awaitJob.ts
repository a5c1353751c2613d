import { Stopped } from './failure';
import { stillRunning } from './failures';
import { isFinal, type FinalJob, type Job } from './job';
import { askForJob, failedJobRequest, jobIn, type Endpoint } from './operations';
import { mayRepeat, retryDelay } from './retryPolicy';
import { pause, type Deadline } from './timing';

export interface Wait {
	deadline: Deadline;
	/** The deadline's length in seconds, for messages. */
	seconds: number;
	/** The longest pause between two looks. */
	pollIntervalMs: number;
	/** Whether the job was submitted just now, so that a look at once would say nothing. */
	isNew?: boolean;
	stop?: AbortSignal;
}

/** How many answers in a row may make no sense before the wait is given up. */
const MOST_UNREADABLE = 5;
/** A server may ask for more, but the result of a synchronous job is kept for a minute only; in ms. */
const LONGEST_PAUSE_MS = 20_000;
/**
 * By how much a pause may be shorter than the interval, by chance: jobs that were submitted together shall not ask
 * together for good, and half an interval is then the most that an end goes unseen on average.
 */
const VARIATION = 0.2;
/** A poll that starts just before the deadline still gets this long, in ms. */
const SHORTEST_POLL_MS = 1_000;

/**
 * Polls `/status` until the job is final. The job is paid for, so passing faults end the wait only at the deadline.
 *
 * @throws Failure naming the job where it is not final in time or Runpod will not tell; Stopped
 */
export async function awaitJob(
	endpoint: Endpoint,
	known: Pick<Job, 'id' | 'status'>,
	{ deadline, seconds, pollIntervalMs, isNew, stop }: Wait,
): Promise<FinalJob> {
	if (isNew) await firstPause();
	let { status } = known;
	let faults = 0;
	let unreadable = 0;
	for (;;) {
		const answer = await askForJob(endpoint, known.id, {
			timeoutMs: Math.max(SHORTEST_POLL_MS, deadline.remaining()),
			stop,
		});
		const job = jobIn(answer)?.job;
		let delay = pollIntervalMs * (1 - VARIATION * Math.random());
		if (job?.id === known.id) {
			if (isFinal(job)) return job;
			status = job.status;
			faults = unreadable = 0;
		} else if (mayRepeat(answer, 'safe')) {
			delay = Math.max(delay, Math.min(LONGEST_PAUSE_MS, retryDelay(answer, ++faults)));
		} else if (!isPassing(answer) || ++unreadable >= MOST_UNREADABLE) {
			throw failedJobRequest(endpoint, known.id, answer).with({ status });
		}
		const remaining = deadline.remaining();
		if (remaining === 0) throw stillRunning({ id: known.id, status }, seconds);
		await pause(Math.min(delay, remaining), stop);
		if (stop?.aborted) throw new Stopped();
	}

	/** By chance anywhere within an interval: items that started together shall not all ask together from then on. */
	async function firstPause(): Promise<void> {
		await pause(Math.min(pollIntervalMs * Math.random(), deadline.remaining()), stop);
		if (stop?.aborted) throw new Stopped();
	}

	/** A success that holds no job: a proxy's page, a broken body. */
	function isPassing(answer: Awaited<ReturnType<typeof askForJob>>): boolean {
		return answer.kind === 'answered' && answer.status < 300;
	}
}
