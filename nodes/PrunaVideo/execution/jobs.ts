import type { JsonObject } from '../json';
import { LABELS } from '../labels';
import { awaitJob } from '../runpod/awaitJob';
import type { Endpoint } from '../runpod/endpoint';
import { Failure, JobNotFound, Overdue } from '../runpod/failure';
import { failedJob } from '../runpod/failures';
import { isFinal, type FinalJob, type Job } from '../runpod/job';
import { startDeadline, type Deadline } from '../runpod/time';
import { uncertainAgain } from './entry';
import type { Item } from './item';

/** One job to be made, checked and priced. */
export interface JobRequest {
	endpointId: string;
	path: 'runsync' | 'run';
	/** Identifies the request as the user stated it; see `Entry`. */
	fingerprint: string;
	/** The seed that is in the body. */
	seed?: number;
	/** USD; null where it is not known beforehand. */
	estimatedCost: number | null;
	/** Size of the body in bytes. */
	bytes: number;
	/** Whether an image or audio is in the body as a data URI. */
	hasFile: boolean;
	/** How long `runsync` may wait, in ms. */
	syncWaitMs: number;
	/** Longest wait for the item, in seconds. */
	timeoutSeconds: number;
	pollIntervalMs: number;
	/** The job's policy, where it is set. */
	ttlSeconds?: number;
	cancelsOnTimeout: boolean;
	/** Whether a later try submits again what may have been accepted. */
	resubmitsUncertain: boolean;
	/** The body, its files read; called once per submission. A Buffer holds JSON. */
	readBody(): Promise<JsonObject | Buffer>;
}

/** A job that Runpod accepted. */
export interface Accepted<J extends Job = Job> {
	job: J;
	deadline: Deadline;
}

export interface Completed extends Accepted<FinalJob> {
	/** When the result was seen, in ms since 1970. */
	finishedAt: number;
	/** Whether this try has seen the job end. */
	isNew: boolean;
}

/**
 * Submits the job, unless an earlier try did, and waits until it is completed.
 *
 * @throws InvalidParameter above the budget; Failure, with the job's ID where one is known; Stopped
 */
export async function completeJob(item: Item, request: JobRequest): Promise<Completed> {
	const known = item.page.recall(request.fingerprint);
	if (known?.state === 'done') {
		const job: FinalJob = { id: known.job.id, status: 'COMPLETED', raw: known.response };
		const deadline = startDeadline(request.timeoutSeconds * 1000);
		return { job, finishedAt: known.finishedAt, deadline, isNew: false };
	}
	const { job, deadline, httpCode } = await follow(item, request);
	item.page.ended(job);
	if (job.status === 'COMPLETED') {
		item.page.rest();
		return { job, deadline, finishedAt: Date.now(), isNew: true };
	}
	throw withoutVideo(item, request, job, httpCode);
}

/**
 * Submits the job, unless an earlier try did, and does not wait for it.
 *
 * @throws as `completeJob`
 */
export async function submitJob(item: Item, request: JobRequest): Promise<Job> {
	const { page } = item;
	const known = page.recall(request.fingerprint);
	if (known?.state === 'done') {
		return { id: known.job.id, status: 'COMPLETED', raw: known.response };
	}
	if (known?.state === 'running') return await currentJob(item, known.job);
	const { job, httpCode } = await submit(item, request);
	if (isFinal(job)) page.ended(job);
	if (isFinal(job) && job.status !== 'COMPLETED') {
		throw withoutVideo(item, request, job, httpCode);
	}
	return job;
}

/** The error of a job that ended without being completed, with what Runpod nevertheless says of a video and its cost. */
function withoutVideo(
	{ execution }: Item,
	{ endpointId, hasFile }: JobRequest,
	job: FinalJob,
	httpCode: number | undefined,
): Failure {
	const { videoUrl, cost } = execution.readResult(job);
	return failedJob(job, { endpointId, hasFile, httpCode, videoUrl, cost });
}

/** The current state of a job that an earlier try submitted; `UNKNOWN` if Runpod does not return it. */
export async function currentJob(
	{ execution }: Item,
	{ id, endpointId }: { id: string; endpointId: string },
): Promise<Job> {
	const endpoint = await execution.endpoint(endpointId);
	return await endpoint.getJob(id).catch((error: unknown) => {
		if (error instanceof Failure) return { id, status: 'UNKNOWN', raw: { id } };
		throw error;
	});
}

function startDeadlineOf({ timeoutSeconds }: JobRequest): Deadline {
	return startDeadline(timeoutSeconds * 1000);
}

interface Followed extends Accepted<FinalJob> {
	/** HTTP status of the submission, if its answer already held the final job. */
	httpCode?: number;
}

/** Waits for the final job; submits it first unless an earlier try did. */
async function follow(item: Item, request: JobRequest): Promise<Followed> {
	const known = item.page.recall(request.fingerprint);
	if (known?.state === 'running') {
		const endpoint = await item.execution.endpoint(known.job.endpointId);
		const deadline = startDeadlineOf(request);
		const { id } = known.job;
		const job = await wait(item, request, endpoint, id, deadline, known.acceptedAt).catch(
			async (error: unknown) => {
				if (error instanceof JobNotFound && request.resubmitsUncertain) return await replace(item);
				throw error;
			},
		);
		if (job) return { job, deadline };
	}
	const { job, httpCode, endpoint, deadline } = await submit(item, request);
	if (known?.state === 'running') item.execution.tally.note(RESUBMITTED);
	if (isFinal(job)) return { job, httpCode, deadline };
	return { job: await wait(item, request, endpoint, job.id, deadline), deadline };
}

/**
 * Gives up a job that Runpod no longer knows, so that another can be submitted.
 *
 * @returns the job, if it turns out to be completed
 */
async function replace({ page, execution, index }: Item): Promise<FinalJob | undefined> {
	const ended = await page.cancel();
	if (ended?.status === 'COMPLETED') return ended;
	execution.book.replace(index);
	return undefined;
}

async function wait(
	item: Item,
	request: JobRequest,
	endpoint: Endpoint,
	jobId: string,
	deadline: Deadline,
	acceptedAt?: number,
): Promise<FinalJob> {
	const { timeoutSeconds, pollIntervalMs, ttlSeconds } = request;
	return await awaitJob(endpoint, jobId, {
		...(acceptedAt !== undefined && { acceptedAt }),
		deadline,
		seconds: timeoutSeconds,
		pollIntervalMs,
		isKnown: true,
		...(ttlSeconds !== undefined && { ttlSeconds }),
	}).catch(async (error: unknown) => {
		if (error instanceof Overdue && request.cancelsOnTimeout) return await giveUp(item, error);
		throw error;
	});
}

/**
 * Cancels a job that is not finished at its timeout.
 *
 * @returns the job, if it had ended before it could be cancelled
 * @throws Failure that says what became of it
 */
async function giveUp({ page }: Item, { message, description, job }: Overdue): Promise<FinalJob> {
	const ended = await page.cancel();
	if (ended !== undefined && ended.status !== 'CANCELLED') return ended;
	const isCancelled = ended !== undefined;
	page.forgiveCancel();
	throw new Failure(message, {
		description: isCancelled
			? `The job was cancelled ('${LABELS.cancelOnTimeout}'). Raise the timeout in the options, or run the item again.`
			: `The job could not be cancelled. ${description}`,
		job: { ...job, ...(isCancelled && { status: 'CANCELLED' }) },
	});
}

interface Submitted extends Accepted {
	httpCode: number;
	endpoint: Endpoint;
}

const RESUBMITTED = `Some items were submitted again ('${LABELS.resubmitUncertain}'): their first jobs may have run and been billed too. Check them in the Runpod console.`;

/** Submits a new job, unless an earlier try may have submitted it. */
async function submit(item: Item, request: JobRequest): Promise<Submitted> {
	const { page, execution } = item;
	const { path, bytes, syncWaitMs, hasFile, fingerprint, seed, estimatedCost } = request;
	const known = page.recall(fingerprint);
	if (known?.state === 'uncertain' && !request.resubmitsUncertain)
		throw uncertainAgain(known.problem);
	if (known?.state === 'cancelled') {
		throw failedJob(
			{ id: known.job.id, status: 'CANCELLED', raw: {} },
			{ endpointId: known.job.endpointId },
		);
	}
	const endpoint = await execution.endpoint(request.endpointId);
	const intent = { fingerprint, seed, estimatedCost };
	await page.reserve(intent);
	const deadline = startDeadlineOf(request);
	let waitedMs = 0;
	let mayBeSent = false;
	const { job, httpCode } = await request
		.readBody()
		.then(async (content) => {
			mayBeSent = true;
			return await endpoint.submit({
				path,
				body: content,
				bytes,
				syncWaitMs,
				deadline,
				hasFile,
				onRepeat: ({ delayMs }) => (waitedMs += delayMs),
			});
		})
		.catch((error: unknown) => {
			page.notAccepted(error, mayBeSent, intent);
			throw error;
		})
		.finally(() => execution.tally.noteWait(waitedMs));
	page.accepted(job, endpoint, intent);
	if (known?.state === 'uncertain') execution.tally.note(RESUBMITTED);
	return { job, httpCode, endpoint, deadline };
}
