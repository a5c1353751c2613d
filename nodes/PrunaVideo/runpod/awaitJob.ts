import type { Answer } from './answer';
import { isNewJob, type Endpoint } from './endpoint';
import { repeatDelayMs } from './http';
import { isFinal, jobIn, reasonOf, type FinalJob, type Job } from './job';
import { explain, jobRequestFailed, stillRunning } from './messages';
import { pause, type Deadline } from './time';
import { mayRepeat, whatIsMissing } from './verdicts';

export interface Wait {
	deadline: Deadline;
	seconds: number;
	/** Whether the job is known to exist: then no unexpected answer ends the wait early. */
	isKnown: boolean;
}

/** After so many answers in a row that say so, the job or the endpoint counts as gone. */
const MOST_MISSING = 3;
/** Between two looks where an endpoint lacks the long one, and after an answer without the job, in ms. */
const PAUSE_MS = 2_000;
/** The result of a synchronous job is kept for a minute only, whatever pause a server asks for; in ms. */
const LONGEST_PAUSE_MS = 20_000;
/** An open job that comes sooner than this, in ms, was not waited for. */
const AT_ONCE_MS = 500;
/** The last look starts so long before the deadline, in ms, or a tenth of the wait, so that its answer is in time. */
const LAST_LOOK_MS = 1_000;
/** With less time left, in ms, the long look, which waits at least a second, is not worthwhile. */
const SHORTEST_LONG_LOOK_MS = 2_000;

/**
 * Waits until a job is final: by the long look, which tells the end the moment it comes, until it once does not do
 * its work; then by interval. @throws Failure naming the job where it is not final in time, or is gone; Stopped
 */
export async function awaitJob(endpoint: Endpoint, jobId: string, wait: Wait): Promise<FinalJob> {
	const { deadline, seconds } = wait;
	const lastLookMs = Math.min(LAST_LOOK_MS, seconds * 100);
	const watch = new Watch(endpoint, jobId, wait);
	for (let isLast = false; ; ) {
		const leftMs = Math.max(lastLookMs, deadline.remaining());
		// Where one look does not know the job, the other may.
		const { isMissed } = watch;
		const mayWait = !isMissed && !isLast && leftMs >= SHORTEST_LONG_LOOK_MS;
		const isLong: boolean = endpoint.hasLongLook && mayWait;
		const began = performance.now();
		const answer = await (isLong ? endpoint.lookLong(jobId, leftMs) : endpoint.look(jobId, leftMs));
		const job = jobIn(answer, jobId);
		if (job !== undefined && isFinal(job)) return job;
		const isAtOnce = job !== undefined && performance.now() - began < AT_ONCE_MS;
		const isUseless: boolean = isLong && (isAtOnce || (!job && isFaultOfLongLook(answer)));
		if (isUseless) endpoint.hasLongLook = false;
		const pauseMs: number = job
			? watch.sees(job, isMissed || (isLong && !isUseless))
			: isUseless
				? 0
				: watch.misses(answer, isLast);
		const left = deadline.remaining();
		if (isLast || left === 0) throw watch.isOver();
		const untilLastMs = Math.max(0, left - lastLookMs);
		isLast = pauseMs >= untilLastMs;
		await pause(Math.min(pauseMs, untilLastMs), endpoint.stop);
	}
}

class Watch {
	private seen: Job | undefined;
	private problem: string | undefined;
	/** Answers in a row that say that the job is missing, and those without it. */
	private missing = 0;
	private failed = 0;

	constructor(
		private readonly endpoint: Endpoint,
		private readonly jobId: string,
		private readonly wait: Wait,
	) {}

	get isMissed(): boolean {
		return this.missing % 2 === 1;
	}

	sees(job: Job, hasWaited: boolean): number {
		this.seen = job;
		this.problem = undefined;
		this.missing = this.failed = 0;
		return hasWaited ? 0 : jittered(PAUSE_MS);
	}

	/**
	 * Takes note of an answer without the job; returns the pause before the next look.
	 * @throws Failure where the job or the endpoint is gone, or if it is not known whether the job ever existed
	 */
	misses(answer: Answer, isLast: boolean): number {
		const missing = whatIsMissing(answer);
		this.failed++;
		// The last look has little time: its timeout says less than the problem before it.
		if (!isLast || answer.kind !== 'timedOut' || this.seen === undefined) {
			const { what } = explain(answer, this.endpoint.id);
			this.problem = missing === undefined ? what : 'job not found';
		}
		if (missing === undefined) {
			this.missing = 0;
			if (this.isHopeless(answer)) throw this.gone(answer);
			const delayMs = Math.min(LONGEST_PAUSE_MS, repeatDelayMs(answer, this.failed));
			return Math.max(jittered(PAUSE_MS), delayMs);
		}
		this.missing++;
		const isNew = missing !== 'endpoint' && isNewJob(this.jobId);
		if (!isNew && (isLast || this.missing >= MOST_MISSING)) throw this.gone(answer);
		return Math.min(PAUSE_MS, 1_000 * this.missing);
	}

	isOver() {
		const told = this.seen && { ...this.seen, reason: reasonOf(this.seen) };
		return stillRunning(this.jobId, this.wait.seconds, told, this.problem);
	}

	private isHopeless(answer: Answer): boolean {
		if (answer.kind === 'tooLarge') return this.failed >= MOST_MISSING;
		return !this.wait.isKnown && this.seen === undefined && !mayRepeat(answer, false);
	}

	private gone(answer: Answer) {
		const job = { id: this.jobId, status: this.seen?.status };
		return jobRequestFailed(answer, { endpointId: this.endpoint.id, isCostly: false, job });
	}
}

/** Jobs that were submitted together should not be asked for at the same moment. */
function jittered(ms: number): number {
	return ms * (0.8 + 0.2 * Math.random());
}

/**
 * Whether a plain look may work better: an endpoint without the long one can answer anything, or nothing. If Runpod
 * is busy or out of reach, or does not know the job, that is true for both.
 */
function isFaultOfLongLook(answer: Answer): boolean {
	if (answer.kind === 'answered') {
		return ![429, 503].includes(answer.status) && whatIsMissing(answer) !== 'job';
	}
	return answer.kind === 'timedOut' || answer.kind === 'interrupted';
}
