import { InvalidParameter } from '../invalidParameter';
import type { JsonObject } from '../json';
import { dollars, formatDollars } from '../money';
import { awaitJob } from '../runpod/awaitJob';
import { Stopped } from '../runpod/failure';
import { failedJob } from '../runpod/failures';
import { isFinal, type FinalJob, type Job } from '../runpod/job';
import { submitJob, type Endpoint } from '../runpod/operations';
import { startDeadline, type Deadline } from '../runpod/timing';
import type { Budget, Reservation } from './budget';
import type { Kept } from './memory';
import type { Run } from './run';
import { repeated, uncertaintyOf } from './uncertainty';

/** One job to be made, checked and priced. */
export interface JobRequest {
	endpointId: string;
	operation: 'runsync' | 'run';
	/** Stands for the request as the user stated it; see `Kept`. */
	fingerprint: string;
	/** The seed to send; where the node picked it, an earlier try's is used instead. */
	seed?: number;
	/** USD; null where it is not known beforehand. */
	estimatedCost: number | null;
	/** Size of the body in bytes. */
	bytes: number;
	/** How long `runsync` may wait, in ms. */
	waitMs: number;
	/** Longest wait for the item, in seconds. */
	timeout: number;
	pollIntervalMs: number;
	/** The body, its files read; called once per submission. A Buffer holds JSON. */
	readBody(seed: number | undefined): Promise<JsonObject | Buffer>;
}

/** A job that Runpod accepted. */
export interface Accepted<J extends Job = Job> {
	job: J;
	/** The HTTP status that brought it; absent for a job of an earlier try. */
	httpCode?: number;
	/** The seed that was sent with it. */
	seed?: number;
	deadline: Deadline;
}

export interface Completed extends Accepted<FinalJob> {
	/** When the result was seen, in ms since 1970. */
	finishedAt: number;
}

/** An accepted job on its way, with what it holds of the budget. */
interface Underway extends Accepted {
	endpoint: Endpoint;
	reservation: Reservation;
}

/**
 * Submits the job, unless an earlier try did, and waits until it is completed.
 *
 * @param costOf USD that a final job says it cost
 * @throws InvalidParameter above the budget; Failure, with the job's id where one is known; Stopped
 */
export async function completeJob(
	run: Run,
	itemIndex: number,
	request: JobRequest,
	costOf: (job: FinalJob) => number | undefined,
): Promise<Completed> {
	const kept = run.memory.recall(itemIndex, request.fingerprint);
	if (kept?.result !== undefined && kept.jobId !== undefined) {
		const job: FinalJob = { id: kept.jobId, status: 'COMPLETED', raw: kept.result };
		const deadline = startDeadline(request.timeout * 1000);
		return { job, seed: kept.seed, finishedAt: kept.finishedAt ?? Date.now(), deadline };
	}

	const underway = await acceptedJob(run, itemIndex, request, kept);
	const { seed, deadline, endpoint, reservation } = underway;
	let cost: number | undefined;
	try {
		const job = isFinal(underway.job)
			? underway.job
			: await awaitJob(endpoint, underway.job, {
					deadline,
					seconds: request.timeout,
					pollIntervalMs: request.pollIntervalMs,
					isNew: underway.httpCode !== undefined,
					stop: run.stop,
				});
		run.openJobs.remove(job.id);
		cost = costOf(job);
		const { fingerprint } = request;
		if (job.status !== 'COMPLETED') {
			cost ??= 0;
			run.memory.keep(itemIndex, { request: fingerprint, seed });
			throw failedJob(job, job === underway.job ? underway.httpCode : undefined);
		}
		const finishedAt = Date.now();
		run.memory.keep(itemIndex, {
			request: fingerprint,
			seed,
			cost: cost ?? reservation.amount,
			jobId: job.id,
			endpointId: request.endpointId,
			result: job.raw,
			finishedAt,
		});
		return { job, seed, deadline, finishedAt };
	} finally {
		run.budget.settle(reservation, cost);
	}
}

/**
 * Submits the job, unless an earlier try did, and does not wait for it.
 *
 * @throws as `completeJob`
 */
export async function handInJob(
	run: Run,
	itemIndex: number,
	request: JobRequest,
): Promise<Accepted> {
	const kept = run.memory.recall(itemIndex, request.fingerprint);
	const underway = await acceptedJob(run, itemIndex, request, kept);
	const { job, seed, httpCode, deadline, reservation } = underway;
	if (isFinal(job) && job.status !== 'COMPLETED') {
		run.budget.settle(reservation, 0);
		run.memory.keep(itemIndex, { request: request.fingerprint, seed });
		throw failedJob(job, httpCode);
	}
	run.budget.settle(reservation, undefined);
	return { job, seed, httpCode, deadline };
}

/** The job of an earlier try, which is among the open jobs already (`Run.adoptOpenJobs`), or a new one. */
async function acceptedJob(
	run: Run,
	itemIndex: number,
	request: JobRequest,
	kept: Kept | undefined,
): Promise<Underway> {
	if (kept?.uncertain !== undefined) throw repeated(kept.uncertain);
	const deadline = startDeadline(request.timeout * 1000);
	const endpoint = { connection: await run.connection(), endpointId: request.endpointId };
	if (kept?.jobId === undefined)
		return await newJob(run, itemIndex, request, kept, endpoint, deadline);
	return {
		job: { id: kept.jobId, status: 'IN_QUEUE', raw: { id: kept.jobId, status: 'IN_QUEUE' } },
		seed: kept.seed,
		deadline,
		endpoint,
		reservation: run.budget.reopen(kept.cost ?? 0),
	};
}

async function newJob(
	run: Run,
	itemIndex: number,
	request: JobRequest,
	kept: Kept | undefined,
	endpoint: Endpoint,
	deadline: Deadline,
): Promise<Underway> {
	const { fingerprint, operation, bytes, waitMs, estimatedCost } = request;
	const seed = kept?.seed ?? request.seed;
	const reservation = run.budget.reserve(estimatedCost);
	if (reservation === undefined) throw aboveBudget(run.budget, estimatedCost);
	const cost = reservation.amount;
	run.memory.keep(itemIndex, { request: fingerprint, seed });
	const notAccepted = (error: unknown): never => {
		const uncertain = uncertaintyOf(error);
		if (uncertain) run.memory.keep(itemIndex, { request: fingerprint, seed, cost, uncertain });
		run.budget.settle(reservation, uncertain || error instanceof Stopped ? undefined : 0);
		throw error;
	};
	const { job, httpCode } = await request
		.readBody(seed)
		.then(async (body) =>
			submitJob(endpoint, { operation, body, bytes, waitMs, deadline, stop: run.stop }),
		)
		.catch(notAccepted);
	run.memory.keep(itemIndex, {
		request: fingerprint,
		seed,
		cost,
		jobId: job.id,
		endpointId: request.endpointId,
	});
	if (!isFinal(job)) run.openJobs.add(endpoint, job.id);
	return { job, httpCode, seed, deadline, endpoint, reservation };
}

/** Why an item of `amount` USD (null: not known beforehand) is not submitted although it is right in itself. */
export function aboveBudget(
	{ committed, limit = 0 }: Budget,
	amount: number | null,
): InvalidParameter {
	const what =
		amount === null
			? `'Max Cost per Execution' (${formatDollars(limit)}) is used up`
			: `with this item (${formatDollars(amount)}) the execution would cost ${formatDollars(dollars(committed + amount))}, above 'Max Cost per Execution' (${formatDollars(limit)})`;
	return new InvalidParameter(
		`Not submitted: ${what}`,
		'Raise the limit in the options of the first item, send fewer items, or use Draft Mode.',
	);
}
