import { isJsonObject, type JsonObject } from '../json';
import type { Answer } from './answer';
import type { Connection } from './connection';
import type { Exchange } from './exchange';
import { Failure } from './failure';
import { failedJobRequest } from './failures';
import { isDocumented, isFinal, isWhole, namesJob, readJob, type Job } from './job';
import { send, type Repeat, type RepeatableRequest } from './repeat';
import { pause, startDeadline, type Deadline } from './time';
import { mayBeNew } from './verdicts';
import { failedRequest } from './failedRequest';

export interface Submission {
	/** `runsync` waits for the job, `run` answers at once. */
	path: 'runsync' | 'run';
	body: Exchange['body'];
	/** Size of the body in bytes: a large one takes longer to send. */
	bytes: number;
	/** How long `runsync` may wait for the job, in ms. */
	syncWaitMs: number;
	/** The longest wait of the item. */
	deadline: Deadline;
	/** Whether an image or audio is in the body as a data URI. */
	hasFile: boolean;
	onRepeat?: (repeat: Repeat) => void;
}

export interface Cancel {
	/** Whether it is sent although the user stopped the execution. */
	isAfterStop?: boolean;
	/** The longest wait, repeats included, in ms. */
	limitMs?: number;
	/** When Runpod accepted the job (ms since 1970), if that is known: a new one may not be found yet. */
	acceptedAt?: number;
}

/** What `runsync` takes as `wait`, in ms (Runpod, "Operation reference"). */
const SYNC_WAIT_MS = { least: 1_000, most: 300_000 };
/** Additional time for the answer of the shortest `runsync`, in ms. */
const SYNC_WAIT_MARGIN_MS = 500;
/** What `status-sync` takes as `wait`, in ms (Runpod's SDKs). */
const STATUS_SYNC_MS = { least: 1_000, most: 90_000 };
/** Additional time for the network and Runpod's gateway besides the wait for the job, in ms. */
const GRACE_MS = 10_000;
/** The slowest upload that is waited for, in bytes per ms (100 kB/s). */
const SLOWEST_UPLOAD = 100;
/** How long Runpod may not know a job that it has just accepted (other clients wait up to 150 s). */
export const NEW_JOB_MS = 60_000;
/** Before a job that was not found is asked for again, in ms. */
const NEW_JOB_PAUSE_MS = 1_000;
/** How often a new job that is not found is cancelled: n8n waits for it after a stop. */
const MOST_CANCELS = 5;
/** For requests that Runpod answers from memory, in ms. */
const QUICK_MS = 15_000;
/** For all repeats of such a request together, in ms. */
const QUICK_REPEATED_MS = 60_000;

/** One endpoint of Runpod's queue-based API (Runpod, Serverless: "Operation reference"), as one execution uses it. */
export class Endpoint {
	/** Set once `status-sync` has turned out to be missing here: then jobs are polled. */
	lacksStatusSync = false;

	constructor(
		readonly connection: Connection,
		/** Such as `p-video`. */
		readonly id: string,
		/** Fires when the user stops the execution. */
		readonly stop: AbortSignal | undefined,
		private readonly onRepeat?: (repeat: Repeat, what: string) => void,
	) {}

	/**
	 * Submits a job. Only a request that Runpod certainly did not accept is sent again: see `verdicts.ts`.
	 *
	 * @returns the job, final or not, and the HTTP status that brought it
	 * @throws Failure where there is no job to follow; Stopped
	 */
	async submit(submission: Submission): Promise<{ job: Job; httpCode: number }> {
		const { path, body, bytes, deadline, hasFile, onRepeat } = submission;
		const waits = path === 'runsync';
		const waitMs = () => (waits ? syncWaitMs(submission) : 0);
		const answer = await this.send({
			method: 'POST',
			path: () => (waits ? `runsync?wait=${waitMs()}` : 'run'),
			body,
			timeoutMs: () => waitMs() + GRACE_MS + bytes / SLOWEST_UPLOAD,
			// Even the shortest wait must leave time for the job's ID to arrive.
			leastMs: waits ? SYNC_WAIT_MS.least + SYNC_WAIT_MARGIN_MS : SYNC_WAIT_MS.least,
			isCostly: true,
			isSettled: holdsJob,
			deadline,
			// `run` answers at once, and its answer has the ID by which the job can be cancelled, so a stop does not
			// drop the request.
			isFinishedAfterStop: !waits,
			...(onRepeat && { onRepeat }),
		});
		const found = jobIn(answer);
		if (found === undefined) {
			throw failedRequest(answer, { endpointId: this.id, isCostly: true, hasFile });
		}
		return found;
	}

	/** Asks for a job once, without judging the answer. `limitMs`: the longest wait. */
	async checkStatus(jobId: string, limitMs: number): Promise<Answer> {
		return await this.once('status', jobId, Math.min(limitMs, QUICK_MS));
	}

	/**
	 * Asks for a job and has Runpod answer when it has ended, or after `waitMs`. An endpoint without `status-sync`
	 * answers without a job, or at once. `limitMs`: the longest wait for the answer.
	 */
	async awaitStatus(jobId: string, waitMs: number, limitMs: number): Promise<Answer> {
		const wait = Math.round(Math.min(STATUS_SYNC_MS.most, Math.max(STATUS_SYNC_MS.least, waitMs)));
		const timeoutMs = Math.min(limitMs, wait + GRACE_MS);
		return await this.once('status-sync', jobId, timeoutMs, `?wait=${wait}`);
	}

	/**
	 * A job's state and result.
	 *
	 * @param limitMs the longest wait, repeats included
	 * @throws Failure where Runpod does not know it or cannot be asked; Stopped
	 */
	async getJob(jobId: string, limitMs = QUICK_REPEATED_MS): Promise<Job> {
		return await this.askAbout('GET', 'status', jobId, Math.min(limitMs, QUICK_REPEATED_MS));
	}

	/**
	 * Cancels a queued or running job; cancelling twice does no harm, so failed requests are repeated. A job that has
	 * already ended is returned in its final state.
	 *
	 * @throws Failure where Runpod does not know it, refuses or cannot be asked; Stopped
	 */
	async cancel(
		jobId: string,
		{ isAfterStop = false, limitMs = QUICK_REPEATED_MS, acceptedAt = -Infinity }: Cancel = {},
	): Promise<Job> {
		const request = {
			// Leaves time to send it again if it is never answered.
			timeoutMs: Math.min(QUICK_MS, limitMs / 3),
			deadline: startDeadline(limitMs),
			isCostly: false,
			isSettled: (answer: Answer) => jobIn(answer, jobId) !== undefined,
			...(isAfterStop && { stop: undefined }),
		};
		const cancelling = { ...request, method: 'POST', path: jobPath('cancel', jobId) } as const;
		let answer = await this.send(cancelling);
		for (let tries = 1; tries < MOST_CANCELS && isUnknownYet(answer, acceptedAt); tries++) {
			if (request.deadline.remaining() <= NEW_JOB_PAUSE_MS) break;
			await pause(NEW_JOB_PAUSE_MS, isAfterStop ? undefined : this.stop);
			answer = await this.send(cancelling);
		}
		const job = jobIn(answer, jobId)?.job;
		if (job !== undefined && isFinal(job) && isWhole(job)) return job;
		if (job !== undefined || (answer.kind === 'answered' && answer.status === 400)) {
			// Refused because the job has ended, accepted but not carried out yet, or without the job's result: the job's
			// status tells.
			const current = await this.send({
				...request,
				method: 'GET',
				path: jobPath('status', jobId),
			});
			const found = jobIn(current, jobId)?.job;
			const known = found?.id === jobId ? found : undefined;
			if (known !== undefined && isFinal(known)) return known;
			// Of a completed job only the result is of use, and the job's status may have it later.
			if (job !== undefined && isFinal(job))
				return job.status === 'COMPLETED' ? (known ?? job) : job;
			if (job !== undefined && known !== undefined) return known;
		}
		throw failedJobRequest(answer, { endpointId: this.id, jobId });
	}

	/**
	 * Requeues a `FAILED` or `TIMED_OUT` job under the same ID; it is billed like a new one.
	 *
	 * @throws Failure where Runpod does not know it, refuses or cannot be asked; Stopped
	 */
	async retry(jobId: string): Promise<Job> {
		return await this.askAbout('POST', 'retry', jobId);
	}

	/**
	 * Counts of jobs and workers.
	 *
	 * @throws Failure; Stopped
	 */
	async getHealth(): Promise<JsonObject> {
		const answer = await this.send({
			method: 'GET',
			path: 'health',
			...quickly(),
			isCostly: false,
			isSettled: (given) => healthIn(given) !== undefined,
		});
		const health = healthIn(answer);
		if (health !== undefined) return health;
		if (answer.kind === 'answered' && answer.status === 401) {
			throw new Failure(
				`Runpod does not return the health of the endpoint '${this.id}' for this API key`,
				{
					description:
						'Public endpoints such as p-video may not return it for any key, because their workers belong to Runpod. To check the key, test the credential instead.',
					job: { httpCode: 401 },
				},
			);
		}
		throw failedRequest(answer, { endpointId: this.id, isCostly: false });
	}

	private async askAbout(
		method: 'GET' | 'POST',
		operation: 'status' | 'retry',
		jobId: string,
		limitMs = QUICK_REPEATED_MS,
	): Promise<Job> {
		const isCostly = operation === 'retry';
		const answer = await this.send({
			method,
			path: jobPath(operation, jobId),
			...quickly(limitMs),
			isCostly,
			isSettled: (answer) => jobIn(answer, jobId) !== undefined,
			...(isCostly && { isFinishedAfterStop: true }),
		});
		const job = jobIn(answer, jobId)?.job;
		if (job === undefined) throw failedJobRequest(answer, { endpointId: this.id, jobId, isCostly });
		return job;
	}

	private async once(
		operation: 'status' | 'status-sync',
		jobId: string,
		timeoutMs: number,
		query = '',
	): Promise<Answer> {
		return await this.send({
			method: 'GET',
			path: `${jobPath(operation, jobId)}${query}`,
			timeoutMs,
			deadline: startDeadline(timeoutMs),
			isCostly: false,
			isSettled: () => true,
		});
	}

	private async send({
		path,
		...request
	}: Omit<RepeatableRequest, 'url'> & { path: string | (() => string) }): Promise<Answer> {
		const { context, baseUrl } = this.connection;
		const pathNow = () => (typeof path === 'string' ? path : path());
		return await send(context, {
			stop: this.stop,
			...request,
			url: () => `${baseUrl}/${encodeURIComponent(this.id)}/${pathNow()}`,
			onRepeat: (repeat) => {
				request.onRepeat?.(repeat);
				this.onRepeat?.(repeat, `${request.method} ${pathNow().replace(/\?.*/, '')}`);
			},
		});
	}
}

/**
 * `wait` ends before the item's time does, so that the answer, and with it the job's ID, still arrives. It begins when
 * Runpod has the whole request.
 */
function syncWaitMs({ syncWaitMs: wished, deadline, bytes }: Submission): number {
	const left = deadline.remaining();
	const uploadMs = Math.min(bytes / SLOWEST_UPLOAD, left / 2);
	const wait = Math.min(wished, SYNC_WAIT_MS.most, left - uploadMs - Math.min(2_000, left / 5));
	return Math.max(SYNC_WAIT_MS.least, Math.round(wait));
}

/** Time limits of a request that may be repeated for a while. */
function quickly(limitMs = QUICK_REPEATED_MS): Pick<RepeatableRequest, 'timeoutMs' | 'deadline'> {
	return { timeoutMs: Math.min(QUICK_MS, limitMs), deadline: startDeadline(limitMs) };
}

/**
 * The job in an answer. Runpod sends it with 200, and with 400 when it failed; with any other status a job in a
 * documented state is believed too, since its ID must not be lost.
 *
 * @param askedId the job that was asked for: an answer without an ID is about this one
 */
export function jobIn(
	answer: Answer,
	askedId?: string,
): { job: Job; httpCode: number } | undefined {
	if (answer.kind !== 'answered') return undefined;
	const { status: httpCode, body } = answer;
	const job = readJob(body, askedId);
	if (job === undefined) return undefined;
	// A refusal can contain the ID of the request, which is not a job's; a failed job has a documented state. A proxy in
	// front of Runpod can say "failed" of its own request.
	const isJobs = httpCode < 300 || (isDocumented(job) && (httpCode < 500 || namesJob(body)));
	return isJobs ? { job, httpCode } : undefined;
}

/** Whether a job that was accepted at `acceptedAt` was not found only because it is new. */
function isUnknownYet(answer: Answer, acceptedAt: number): boolean {
	return mayBeNew(answer) && Date.now() - acceptedAt < NEW_JOB_MS;
}

function healthIn(answer: Answer): JsonObject | undefined {
	if (answer.kind !== 'answered' || answer.status > 299) return undefined;
	return isJsonObject(answer.body) ? answer.body : undefined;
}

function holdsJob(answer: Answer): boolean {
	return jobIn(answer) !== undefined;
}

function jobPath(operation: 'status' | 'status-sync' | 'cancel' | 'retry', jobId: string): string {
	return `${operation}/${encodeURIComponent(jobId)}`;
}
