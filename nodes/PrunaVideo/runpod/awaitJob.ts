import type { Answer } from './answer';
import { jobIn, NEW_JOB_MS, type Endpoint } from './endpoint';
import { failedJobRequest, reasonOf, stillRunning } from './failures';
import { isDocumented, isFinal, type FinalJob, type Job } from './job';
import { repeatDelayMs } from './repeat';
import { pause, type Deadline } from './time';
import { failedRequest } from './failedRequest';
import { whatIsMissing, type Missing } from './verdicts';

export interface Wait {
	deadline: Deadline;
	/** The deadline's length in seconds, for messages. */
	seconds: number;
	/** The longest pause between two status checks where jobs are polled. */
	pollIntervalMs: number;
	/** Whether the job is known to exist: then no unexpected answer ends the wait early. */
	isKnown: boolean;
	/** When Runpod accepted the job, in ms since 1970, where that was before this wait. */
	acceptedAt?: number;
	/** The job's 'Time to Live', where it is known. */
	ttlSeconds?: number;
}

/**
 * After so many answers in a row the node gives up on a known job or an endpoint that is not found, or on answers
 * that are too large.
 */
const MOST_MISSING = 3;
/**
 * The longest that one status check is held open: short of the 60 s after which proxies tend to end an idle request.
 * Runpod itself allows 90 s.
 */
const STATUS_SYNC_MS = 50_000;
/** An answer that takes less time than this, in ms, has not waited: the endpoint does not support `status-sync`. */
const AT_ONCE_MS = 500;
/** A server may ask for more, but the result of a synchronous job is kept for a minute only; in ms. */
const LONGEST_PAUSE_MS = 20_000;
/**
 * By how much a pause may be shorter than the interval: jobs that were submitted together should not be checked at
 * the same moment.
 */
const VARIATION = 0.2;
/** The last status check starts so long before the deadline, in ms, or a tenth of the wait, so that its answer is in time. */
const LAST_CHECK_MS = 1_000;
/** What is left of the time when `status-sync` ends, so that its answer still arrives. */
const MARGIN_MS = 500;
/** With less time left, in ms, a plain status check is used: `status-sync` waits at least a second. */
const SHORTEST_STATUS_SYNC_MS = 2_000;

/**
 * Waits until a job is final: by `status-sync`, which answers the moment the job ends, and by polling
 * where the endpoint lacks it.
 *
 * @throws Failure naming the job where it is not final in time, or is gone; Stopped
 */
export async function awaitJob(endpoint: Endpoint, jobId: string, wait: Wait): Promise<FinalJob> {
	return await new Watch(endpoint, jobId, wait).untilFinal();
}

class Watch {
	private readonly acceptedAt: number;
	private lastSeen: Job | undefined;
	private lastProblem: string | undefined;
	private problems = 0;
	private missing = 0;
	/** How often in a row `status-sync` did not return a job that a plain status check returned. */
	private statusSyncMisses = 0;
	/** An answer of `status-sync` without a job. A plain status check shows whether `status-sync` is to blame. */
	private doubted: Answer | undefined;

	constructor(
		private readonly endpoint: Endpoint,
		private readonly jobId: string,
		private readonly wait: Wait,
	) {
		this.acceptedAt = wait.acceptedAt ?? Date.now();
	}

	async untilFinal(): Promise<FinalJob> {
		const { endpoint, jobId, wait } = this;
		const { deadline, seconds } = wait;
		const lastCheckMs = Math.min(LAST_CHECK_MS, seconds * 100);
		for (let isLast = false; ; ) {
			const leftMs = Math.max(lastCheckMs, deadline.remaining());
			const isLong = !isLast && this.isStatusSyncWorthwhile(leftMs);
			const checkBegan = performance.now();
			const answer = isLong
				? await endpoint.awaitStatus(jobId, Math.min(STATUS_SYNC_MS, leftMs - MARGIN_MS), leftMs)
				: await endpoint.checkStatus(jobId, leftMs);
			const job = jobIn(answer, jobId)?.job;
			let delayMs: number;
			if (job?.id === jobId) {
				if (isFinal(job)) return job;
				delayMs = this.seen(job, isLong, performance.now() - checkBegan);
			} else {
				delayMs = this.notSeen(answer, isLong, isLast);
			}
			const left = deadline.remaining();
			if (isLast || left === 0) throw this.tooLate(seconds);
			const untilLast = Math.max(0, left - lastCheckMs);
			isLast = delayMs >= untilLast;
			await pause(Math.min(delayMs, untilLast), endpoint.stop);
		}
	}

	private isStatusSyncWorthwhile(leftMs: number): boolean {
		const isDoubtful = this.endpoint.lacksStatusSync || this.doubted !== undefined;
		return leftMs >= SHORTEST_STATUS_SYNC_MS && !isDoubtful && this.missing === 0;
	}

	/** Takes note of an open job; returns the pause before the next status check. */
	private seen(job: Job, isLong: boolean, tookMs: number): number {
		const { endpoint, doubted, wait } = this;
		this.lastSeen = job;
		this.lastProblem = this.doubted = undefined;
		this.problems = this.missing = 0;
		if (!isLong) {
			const isLacking = doubted !== undefined && lacksOperation(doubted);
			if (isLacking || (doubted !== undefined && ++this.statusSyncMisses > 1)) {
				endpoint.lacksStatusSync = true;
			}
			return this.isStatusSyncWorthwhile(wait.deadline.remaining()) ? 0 : this.pollPauseMs();
		}
		this.statusSyncMisses = 0;
		if (tookMs >= AT_ONCE_MS) return 0;
		endpoint.lacksStatusSync = true;
		return this.pollPauseMs();
	}

	/**
	 * Takes note of an answer without the job; returns the pause before the next status check.
	 *
	 * @throws Failure where the job or the endpoint is gone, or if it is not known whether the job ever existed
	 */
	private notSeen(answer: Answer, isLong: boolean, isLast: boolean): number {
		const missing = whatIsMissing(answer);
		if (isLong && isFaultOfStatusSync(answer)) {
			this.doubted = answer;
			return 0;
		}
		this.doubted = undefined;
		if (missing !== undefined) return this.notFound(answer, missing, isLast);
		const { endpoint, wait } = this;
		this.missing = 0;
		this.problems++;
		// The last status check has little time: its timeout says less than the problem before it.
		if (!isLast || answer.kind !== 'timedOut' || this.lastSeen === undefined) {
			this.lastProblem = failedRequest(answer, {
				endpointId: endpoint.id,
				isCostly: false,
			}).message;
		}
		const isHopeless =
			answer.kind === 'tooLarge'
				? this.problems >= MOST_MISSING
				: !wait.isKnown && this.lastSeen === undefined && !isPassing(answer);
		if (isHopeless) throw this.gone(answer);
		const delayMs = Math.min(LONGEST_PAUSE_MS, repeatDelayMs(answer, this.problems));
		return Math.max(this.pollPauseMs(), delayMs);
	}

	/** Like `notSeen`, for an answer that says that the job was not found. */
	private notFound(answer: Answer, missing: Missing, isLast: boolean): number {
		this.missing++;
		const isNew = this.lastSeen === undefined && Date.now() - this.acceptedAt < NEW_JOB_MS;
		const isGone = missing === 'endpoint' || !isNew;
		if (isGone && this.missing >= MOST_MISSING) throw this.gone(answer);
		this.lastProblem = 'job not found';
		if (isLast && !(this.wait.isKnown && isNew)) throw this.gone(answer);
		return Math.min(this.pollPauseMs(), 1_000 * this.missing);
	}

	private gone(answer: Answer) {
		const { endpoint, jobId, lastSeen, wait } = this;
		return failedJobRequest(answer, {
			endpointId: endpoint.id,
			jobId,
			...(lastSeen !== undefined && { status: lastSeen.status }),
			...(wait.ttlSeconds !== undefined && { ttlSeconds: wait.ttlSeconds }),
		});
	}

	private tooLate(seconds: number) {
		const { jobId: id, lastSeen } = this;
		const reason = lastSeen && reasonOf(lastSeen);
		return stillRunning(
			{
				id,
				...(lastSeen && { status: lastSeen.status }),
				...(reason !== undefined && { reason }),
				isDocumented: lastSeen !== undefined && isDocumented(lastSeen),
			},
			seconds,
			this.lastProblem,
		);
	}

	private pollPauseMs(): number {
		return this.wait.pollIntervalMs * (1 - VARIATION * Math.random());
	}
}

/**
 * Whether a plain status check may work better: an endpoint without `status-sync` can answer anything, or nothing. If
 * Runpod is busy or out of reach, that is true for both.
 */
function isFaultOfStatusSync(answer: Answer): boolean {
	if (answer.kind === 'answered') return ![429, 503].includes(answer.status);
	return answer.kind === 'timedOut' || answer.kind === 'interrupted';
}

/** Whether an answer means that the endpoint has no `status-sync`, once a plain status check knows the job. */
function lacksOperation(answer: Answer): boolean {
	if (answer.kind !== 'answered') return false;
	const missing = whatIsMissing(answer);
	return missing === undefined ? [405, 501].includes(answer.status) : missing !== 'job';
}

/** Whether to check again although the job is not known to exist: Runpod's own refusals are final. */
function isPassing(answer: Answer): boolean {
	return (
		answer.kind !== 'answered' ||
		answer.status < 300 ||
		answer.status >= 500 ||
		[408, 425, 429].includes(answer.status)
	);
}
