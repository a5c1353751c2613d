import { isJsonObject, type JsonObject } from '../json';
import type { Connection } from './connection';
import { failedRequest, unknownJob } from './failures';
import { isDocumented, readJob, type Job } from './job';
import { send, type RepeatableRequest, type SettledAnswer } from './request';
import { startDeadline, type Deadline } from './timing';
import type { Answer, Exchange } from './transport';

/** One endpoint of Runpod's queue-based API (Runpod, Serverless: "Operation reference"). */
export interface Endpoint {
	connection: Connection;
	/** Such as `p-video`; checked by `isEndpointId` before it comes here. */
	endpointId: string;
}

export interface Submission {
	/** `runsync` waits for the job, `run` answers at once. */
	operation: 'runsync' | 'run';
	body: Exchange['body'];
	/** Size of the body in bytes: a large one takes its time to send. */
	bytes: number;
	/** How long `runsync` may wait for the job, in ms (1000–300000). */
	waitMs: number;
	deadline: Deadline;
	stop?: AbortSignal;
}

/** What the network and Runpod's front door may take besides the wait for the job, in ms. */
const GRACE_MS = 10_000;
/** The slowest upload that is waited for, in bytes per ms (100 kB/s). */
const SLOWEST_UPLOAD = 100;
/** For requests that Runpod answers from memory, in ms. */
const QUICK_ANSWER_MS = 30_000;

/**
 * Submits a job, exactly once as far as Runpod can tell: see `retryPolicy`.
 *
 * @returns the job, final or not, and the HTTP status that brought it
 * @throws Failure where there is no job to follow; Stopped
 */
export async function submitJob(
	endpoint: Endpoint,
	submission: Submission,
): Promise<{ job: Job; httpCode: number }> {
	const { operation, body, bytes, waitMs, deadline, stop } = submission;
	const waits = operation === 'runsync';
	const answer = await call(endpoint, {
		method: 'POST',
		path: waits ? `runsync?wait=${Math.round(waitMs)}` : 'run',
		body,
		timeoutMs: (waits ? waitMs : 0) + GRACE_MS + bytes / SLOWEST_UPLOAD,
		policy: 'costly',
		isSettled: holdsJob,
		deadline,
		stop,
		// `run` answers at once, and with the id the job can be cancelled: better than to drop the request on a stop.
		isFinishedAfterStop: !waits,
	});
	const job = jobIn(answer);
	if (job === undefined) {
		throw failedRequest(answer, { endpointId: endpoint.endpointId, mayHaveStarted: true });
	}
	return job;
}

/** Asks for a job once, without judging the answer; for polling. */
export async function askForJob(
	endpoint: Endpoint,
	jobId: string,
	{ timeoutMs, stop }: { timeoutMs: number; stop?: AbortSignal },
): Promise<SettledAnswer> {
	return await call(endpoint, {
		method: 'GET',
		path: jobPath('status', jobId),
		timeoutMs: Math.min(timeoutMs, QUICK_ANSWER_MS),
		policy: 'safe',
		tries: 1,
		deadline: startDeadline(timeoutMs),
		stop,
	});
}

/**
 * A job's state and result.
 *
 * @throws Failure where Runpod does not know it or cannot be asked; Stopped
 */
export async function getJob(endpoint: Endpoint, jobId: string, stop?: AbortSignal): Promise<Job> {
	return await jobRequest(endpoint, jobId, {
		method: 'GET',
		operation: 'status',
		policy: 'safe',
		stop,
	});
}

/**
 * Cancels a queued or running job; cancelling twice does no harm, so faults are repeated, and a job that is cancelled
 * already is no failure: the answer to an earlier request may have been lost.
 *
 * @throws Failure where Runpod does not know it, refuses or cannot be asked
 */
export async function cancelJob(
	endpoint: Endpoint,
	jobId: string,
	stop?: AbortSignal,
): Promise<Job> {
	const answer = await call(endpoint, {
		method: 'POST',
		path: jobPath('cancel', jobId),
		...quickly(),
		policy: 'safe',
		stop,
	});
	const job = jobIn(answer)?.job;
	if (job !== undefined) return job;
	if (answer.kind === 'answered' && answer.status === 400) {
		const current = await askForJob(endpoint, jobId, { timeoutMs: QUICK_ANSWER_MS, stop });
		const known = jobIn(current)?.job;
		if (known?.id === jobId && known.status === 'CANCELLED') return known;
	}
	throw failedJobRequest(endpoint, jobId, answer);
}

/**
 * Puts a `FAILED` or `TIMED_OUT` job back into the queue under the same id; it is paid for like a new one.
 *
 * @throws Failure where Runpod does not know it, refuses or cannot be asked
 */
export async function retryJob(
	endpoint: Endpoint,
	jobId: string,
	stop?: AbortSignal,
): Promise<Job> {
	return await jobRequest(endpoint, jobId, {
		method: 'POST',
		operation: 'retry',
		policy: 'costly',
		isSettled: holdsJob,
		stop,
		// As with `run`: once it is answered, the job can be cancelled.
		isFinishedAfterStop: true,
	});
}

/**
 * Counts of jobs and workers.
 *
 * @throws Failure; Stopped
 */
export async function getHealth(endpoint: Endpoint, stop?: AbortSignal): Promise<JsonObject> {
	const answer = await call(endpoint, {
		method: 'GET',
		path: 'health',
		...quickly(),
		policy: 'safe',
		stop,
	});
	if (answer.kind === 'answered' && answer.status < 300 && isJsonObject(answer.body))
		return answer.body;
	throw failedRequest(answer, { endpointId: endpoint.endpointId, mayHaveStarted: false });
}

/** Time limits of a request that may be repeated once. */
function quickly(): Pick<RepeatableRequest, 'timeoutMs' | 'deadline'> {
	return { timeoutMs: QUICK_ANSWER_MS, deadline: startDeadline(2 * QUICK_ANSWER_MS) };
}

async function jobRequest(
	endpoint: Endpoint,
	jobId: string,
	request: Pick<
		RepeatableRequest,
		'method' | 'policy' | 'isSettled' | 'stop' | 'isFinishedAfterStop'
	> & {
		operation: 'status' | 'retry';
	},
): Promise<Job> {
	const { operation, ...rest } = request;
	const answer = await call(endpoint, {
		...rest,
		path: jobPath(operation, jobId),
		...quickly(),
	});
	const job = jobIn(answer)?.job;
	if (job === undefined) {
		throw failedJobRequest(endpoint, jobId, answer, { mayHaveStarted: operation === 'retry' });
	}
	return job;
}

/** Why a request about a known job brought no job. */
export function failedJobRequest(
	endpoint: Endpoint,
	jobId: string,
	answer: SettledAnswer,
	{ mayHaveStarted } = { mayHaveStarted: false },
) {
	if (answer.kind === 'answered' && answer.status === 404) return unknownJob(jobId);
	return failedRequest(answer, { endpointId: endpoint.endpointId, mayHaveStarted }).with({ jobId });
}

/**
 * The job in an answer. Runpod sends it with 200, and with 400 when it failed; with any other status a job in a
 * documented state is believed too, since its id must not be lost.
 */
export function jobIn(answer: Answer): { job: Job; httpCode: number } | undefined {
	if (answer.kind !== 'answered') return undefined;
	const { status: httpCode, body } = answer;
	const job = readJob(body);
	if (job === undefined) return undefined;
	return httpCode < 300 || httpCode === 400 || isDocumented(job) ? { job, httpCode } : undefined;
}

function holdsJob(answer: Answer): boolean {
	return jobIn(answer) !== undefined;
}

function jobPath(operation: 'status' | 'cancel' | 'retry', jobId: string): string {
	return `${operation}/${encodeURIComponent(jobId)}`;
}

async function call(
	{ connection, endpointId }: Endpoint,
	{ path, ...request }: Omit<RepeatableRequest, 'url'> & { path: string },
): Promise<SettledAnswer> {
	return await send(connection.context, {
		...request,
		url: `${connection.baseUrl}/${encodeURIComponent(endpointId)}/${path}`,
	});
}
