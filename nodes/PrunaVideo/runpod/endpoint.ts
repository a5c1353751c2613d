import { isJsonObject, type JsonObject } from '../json';
import type { Answer } from './answer';
import type { Connection } from './connection';
import { Failure } from './failure';
import { send, type ApiRequest } from './http';
import { hasResult, isFinal, jobIn, type Job } from './job';
import { jobRequestFailed, requestFailed } from './messages';
import { pause, startDeadline, type Deadline } from './time';
import { isNotFound } from './verdicts';

export interface Submission {
	mode: 'runsync' | 'run';
	body: ApiRequest['body'];
	/** Size of the body in bytes: a large one takes longer to send. */
	bytes: number;
	deadline: Deadline;
	hasFile: boolean;
	/** Whether it is sent again where Runpod certainly did not accept it. */
	repeats: boolean;
}

/** How long `runsync` waits for the job, in ms: Runpod's default. It takes at least a second ("Operation reference"). */
const SYNC_WAIT_MS = { least: 1_000, most: 90_000 };
/** Additional time for the answer of the shortest `runsync`, in ms. */
const SYNC_WAIT_MARGIN_MS = 500;
/** What `status-sync` takes as `wait`, in ms (Runpod's SDKs); most proxies end a request that is idle for 60 s. */
const LONG_LOOK_MS = { least: 1_000, most: 50_000 };
/** Additional time for the network and Runpod's gateway besides the wait for the job, in ms. */
const GRACE_MS = 10_000;
/** The slowest upload that is waited for, in bytes per ms (100 kB/s). */
const SLOWEST_UPLOAD = 100;
/** For requests that Runpod answers from memory, in ms. */
const QUICK_MS = 15_000;
/** For all repeats of such a request together, in ms. */
const QUICK_REPEATED_MS = 60_000;
/** How long Runpod may not know a job that it has just accepted (other clients wait up to 150 s). */
const NEW_JOB_MS = 60_000;
/** Before a new job that was not found is asked for again, in ms. */
const NEW_JOB_PAUSE_MS = 1_000;
/** The longest search for a job that is to be cancelled, in ms: n8n waits for it after a stop. */
const CANCEL_SEARCH_MS = 5_000;

/** When Runpod accepted each job of the last minute, by `performance.now()`: shared by all nodes of this process. */
const accepted = new Map<string, number>();

/** Whether Runpod accepted the job so recently that it may not find it yet. */
export function isNewJob(jobId: string): boolean {
	return performance.now() - (accepted.get(jobId) ?? -Infinity) < NEW_JOB_MS;
}

function rememberNewJob(jobId: string): void {
	accepted.delete(jobId);
	accepted.set(jobId, performance.now());
	for (const oldest of accepted.keys()) {
		if (isNewJob(oldest)) break;
		accepted.delete(oldest);
	}
}

/** One endpoint of Runpod's queue-based API (Runpod, Serverless: "Operation reference"), as one execution uses it. */
export class Endpoint {
	/** Whether `status-sync` works here, which answers the moment a job ends; else jobs are polled. */
	hasLongLook = true;

	constructor(
		readonly connection: Connection,
		readonly id: string,
		readonly stop: AbortSignal | undefined,
		private readonly onRepeat: (what: string, answer: Answer, delayMs: number) => void = () => {},
	) {}

	/**
	 * Submits a job. Only a request that Runpod certainly did not accept is sent again: see `verdicts.ts`.
	 * @returns the job, final or not @throws Failure where there is no job to follow; Stopped
	 */
	async submit({ mode, body, bytes, deadline, hasFile, repeats }: Submission): Promise<Job> {
		const waits = mode === 'runsync';
		const waitMs = () => (waits ? syncWaitMs(deadline, bytes) : 0);
		const path = () => (waits ? `runsync?wait=${waitMs()}` : 'run');
		const answer = await this.send('POST', path, {
			body,
			timeoutMs: () => waitMs() + GRACE_MS + bytes / SLOWEST_UPLOAD,
			// Even the shortest wait must leave time for the job's ID to arrive.
			leastMs: SYNC_WAIT_MS.least + (waits ? SYNC_WAIT_MARGIN_MS : 0),
			isCostly: true,
			isSettled: (given) => !repeats || jobIn(given) !== undefined,
			deadline,
			// `run` answers at once, and its answer has the ID by which the job can be cancelled, so a stop does not
			// drop the request.
			isFinishedAfterStop: !waits,
		});
		const job = jobIn(answer);
		if (job === undefined) {
			throw requestFailed(answer, { endpointId: this.id, isCostly: true, hasFile });
		}
		rememberNewJob(job.id);
		return job;
	}

	/** Asks for a job once, without judging the answer; `limitMs`: the longest wait for it. */
	async look(jobId: string, limitMs: number): Promise<Answer> {
		const timeoutMs = Math.min(limitMs, QUICK_MS);
		const once = { timeoutMs, leastMs: timeoutMs, limitMs: 0 };
		return await this.send('GET', jobPath('status', jobId), once);
	}

	/** The same, but Runpod answers when the job has ended, or shortly before `limitMs` are over. */
	async lookLong(jobId: string, limitMs: number): Promise<Answer> {
		const { least, most } = LONG_LOOK_MS;
		const wait = Math.round(Math.min(most, Math.max(least, limitMs - SYNC_WAIT_MARGIN_MS)));
		const path = `${jobPath('status-sync', jobId)}?wait=${wait}`;
		const timeoutMs = Math.min(limitMs, wait + GRACE_MS);
		return await this.send('GET', path, { timeoutMs, leastMs: timeoutMs, limitMs: 0 });
	}

	/**
	 * A job's state and result; `limitMs`: the longest wait, repeats included.
	 * @throws Failure where Runpod does not know it or cannot be asked; Stopped
	 */
	async getJob(jobId: string, limitMs = QUICK_REPEATED_MS): Promise<Job> {
		const most = Math.min(limitMs, QUICK_REPEATED_MS);
		const deadline = startDeadline(most);
		const ask = () => this.send('GET', jobPath('status', jobId), { jobId, deadline });
		return this.jobOf(await searched(jobId, ask, most, this.stop), jobId);
	}

	/**
	 * Requeues a `FAILED` or `TIMED_OUT` job under the same ID; it is billed like a new one.
	 * @throws Failure where Runpod does not know it, refuses or cannot be asked; Stopped
	 */
	async retry(jobId: string): Promise<Job> {
		const how = { jobId, isCostly: true, isFinishedAfterStop: true };
		return this.jobOf(await this.send('POST', jobPath('retry', jobId), how), jobId, true);
	}

	/**
	 * Cancels a queued or running job; cancelling twice does no harm, so failed requests are repeated. A job that has
	 * already ended is returned in its final state. `limitMs`: the longest wait, repeats included.
	 * @throws Failure where Runpod does not know it, refuses or cannot be asked; Stopped
	 */
	async cancel(jobId: string, limitMs = QUICK_REPEATED_MS, isAfterStop = false): Promise<Job> {
		const deadline = startDeadline(limitMs);
		const stop = isAfterStop ? undefined : this.stop;
		// Leaves time to send it again if it is never answered.
		const how = { jobId, deadline, timeoutMs: Math.min(QUICK_MS, limitMs / 3), stop };
		const ask = () => this.send('POST', jobPath('cancel', jobId), how);
		const answer = await searched(jobId, ask, Math.min(CANCEL_SEARCH_MS, limitMs), stop);
		const job = jobIn(answer, jobId);
		if (job !== undefined && isFinal(job) && hasResult(job)) return job;
		if (job === undefined && !(answer.kind === 'answered' && answer.status === 400)) {
			return this.jobOf(answer, jobId);
		}
		// Refused because the job has ended, accepted but not carried out yet, or without the job's result.
		const current = jobIn(await this.send('GET', jobPath('status', jobId), how), jobId);
		return current ?? this.jobOf(answer, jobId);
	}

	/** Counts of jobs and workers. @throws Failure; Stopped */
	async getHealth(): Promise<JsonObject> {
		const isSettled = (given: Answer) => given.kind === 'answered' && given.status < 300;
		const answer = await this.send('GET', 'health', { isSettled });
		const { status = 0, body } = answer.kind === 'answered' ? answer : {};
		if (status > 0 && status < 300 && isJsonObject(body)) return body;
		if (status !== 401) throw requestFailed(answer, { endpointId: this.id, isCostly: false });
		const what = `Runpod does not return the health of the endpoint '${this.id}' for this API key`;
		throw new Failure(what, {
			description:
				'Public endpoints such as p-video may not return it for any key, because their workers belong to Runpod. To check the key, test the credential instead.',
			job: { httpCode: 401 },
		});
	}

	private jobOf(answer: Answer, jobId: string, isCostly = false): Job {
		const job = jobIn(answer, jobId);
		if (job !== undefined) return job;
		throw jobRequestFailed(answer, { endpointId: this.id, isCostly, job: { id: jobId } });
	}

	/** By default a request that Runpod answers from memory, repeated for a minute. */
	private async send(
		method: 'GET' | 'POST',
		path: string | (() => string),
		{
			jobId,
			timeoutMs = QUICK_MS,
			limitMs = QUICK_REPEATED_MS,
			...how
		}: Partial<Omit<ApiRequest, 'timeoutMs'>> & {
			/** The job that is asked for: an answer that holds it is not asked for again. */
			jobId?: string;
			timeoutMs?: number | (() => number);
			limitMs?: number;
		} = {},
	): Promise<Answer> {
		const pathNow = () => (typeof path === 'string' ? path : path());
		return await send(this.connection, {
			method,
			url: () => `${this.connection.baseUrl}/${encodeURIComponent(this.id)}/${pathNow()}`,
			timeoutMs: () => (typeof timeoutMs === 'number' ? timeoutMs : timeoutMs()),
			deadline: startDeadline(limitMs),
			isCostly: false,
			isSettled: (answer) => jobId !== undefined && jobIn(answer, jobId) !== undefined,
			stop: this.stop,
			...how,
			onRepeat: (answer, delayMs) =>
				this.onRepeat(`${method} ${pathNow().replace(/\?.*/, '')}`, answer, delayMs),
		});
	}
}

/**
 * `wait` ends before the item's time does, so that the answer, and with it the job's ID, still arrives. It begins
 * when Runpod has the whole request.
 */
function syncWaitMs(deadline: Deadline, bytes: number): number {
	const left = deadline.remaining();
	const uploadMs = Math.min(bytes / SLOWEST_UPLOAD, left / 2);
	const wait = Math.min(SYNC_WAIT_MS.most, left - uploadMs - Math.min(2_000, left / 5));
	return Math.max(SYNC_WAIT_MS.least, Math.round(wait));
}

/** Runpod's answer about a job; a new one that it does not find yet is asked for again, with pauses up to `limitMs`. */
async function searched(
	jobId: string,
	ask: () => Promise<Answer>,
	limitMs: number,
	stop: AbortSignal | undefined,
): Promise<Answer> {
	for (let left = limitMs; ; left -= NEW_JOB_PAUSE_MS) {
		const answer = await ask();
		const mayCome = isNotFound(answer) && isNewJob(jobId);
		if (!mayCome || left <= NEW_JOB_PAUSE_MS) return answer;
		await pause(NEW_JOB_PAUSE_MS, stop);
	}
}

function jobPath(operation: 'status' | 'status-sync' | 'cancel' | 'retry', jobId: string): string {
	return `${operation}/${encodeURIComponent(jobId)}`;
}
