/** What happens to the job of an item, and its record with it: it is made, it ends, it is cancelled. */
import { InvalidParameter } from '../fields/field';
import { LABELS } from '../labels';
import { dollars, formatDollars } from '../money';
import { readVideoResult, type VideoResult } from '../pvideo/result';
import { Failure, Stopped } from '../runpod/failure';
import { isFinal, type FinalJob, type Job } from '../runpod/job';
import { CHECK_USAGE } from '../runpod/messages';
import { startDeadline, type Deadline } from '../runpod/time';
import type { Execution, Item } from './execution';
import { runPool } from './pool';
import { keptResponse, totalCost, type Problem, type Sent } from './record';

export interface Intent extends Sent {
	endpointId: string;
	estimatedCost: number | null;
	bytes?: number;
}

/** Bodies that are held at once, in bytes: three or four files of the largest size that Runpod takes. */
const MOST_OPEN_BYTES = 64 * 1024 * 1024;

/**
 * Has Runpod make a job. Whatever happens, the item's record says what became of the request, and the budget counts
 * it. @throws InvalidParameter above the budget; Failure; Stopped
 */
export async function makeJob<Body>(
	item: Item,
	{ endpointId, estimatedCost, bytes = 0, request, seed, prompt }: Intent,
	{ prepare, send }: { prepare: () => Promise<Body>; send: (body: Body) => Promise<Job> },
): Promise<Job> {
	const { execution, index, record: before } = item;
	const { records, kept } = execution;
	const { executionId } = kept;
	const cost = estimatedCost ?? 0;
	// An item that followed a job until now does not wait for itself.
	records.underWay.delete(index);
	while (!hasRoom(execution, cost, bytes)) {
		await records.change();
		// The item that was waited for may have failed the execution.
		if (execution.stop?.aborted || execution.isEnding) throw new Stopped();
	}
	// Nothing is awaited from that check until the record says it: no two items take the same room.
	if (execution.refusal !== undefined) throw execution.refusal;
	const earlierCost = before === undefined ? 0 : totalCost(before);
	const sent = { request, seed, prompt };
	records.set(index, { state: 'submitting', sent, executionId, cost, earlierCost });
	records.underWay.add(index);
	execution.openBytes += bytes;
	const began = performance.now();
	let isSent = false;
	const job = await prepare()
		.then(async (body) => {
			isSent = true;
			return await send(body);
		})
		.catch((error: unknown) => {
			const problem = isSent ? problemOf(error) : undefined;
			if (problem !== undefined) records.update(index, { state: 'uncertain', problem, cost });
			else
				records.set(index, before ?? { state: 'none', sent, executionId, cost: 0, earlierCost: 0 });
			if (error instanceof Failure) noteOutage(execution, error, began);
			throw error;
		})
		.finally(() => void (execution.openBytes -= bytes));
	records.update(index, { state: 'running', job: { id: job.id, endpointId }, cost });
	records.tellChange();
	execution.acceptedAt = performance.now();
	execution.isOut = false;
	execution.unanswered = 0;
	execution.log('info', `job ${job.id} accepted (item ${index}, endpoint ${endpointId})`);
	return job;
}

/** Why it is not known whether Runpod accepted a job; undefined where it certainly did not. */
function problemOf(error: unknown): Problem | undefined {
	if (error instanceof Failure) {
		const { isUncertain, message, description, job } = error;
		return isUncertain ? { message, description, httpCode: job.httpCode } : undefined;
	}
	if (!(error instanceof Stopped)) return UNFORESEEN_WHILE_OPEN;
	return error.wasSending ? STOPPED_WHILE_OPEN : undefined;
}

export const STOPPED_WHILE_OPEN: Problem = {
	message: 'The execution was stopped while the request was open; the job may be running',
	description: CHECK_USAGE,
};

const UNFORESEEN_WHILE_OPEN: Problem = {
	message: 'An unexpected error ended the request; the job may be running',
	description: CHECK_USAGE,
};

/** After so many items in a row that waited this long, in ms, without an answer, no other is submitted. */
const MOST_UNANSWERED = 3;
const LONG_MS = 5_000;

/** An outage costs one timeout, not one an item; a wrong key or an empty account one request. */
function noteOutage(execution: Execution, failure: Failure, began: number): void {
	const { isUncertain, job } = failure;
	const { httpCode } = job;
	if (httpCode === 401 || httpCode === 402) execution.refusal = failure;
	if (execution.acceptedAt >= began) return;
	const wasLong = performance.now() - began > LONG_MS;
	if (!isUncertain) {
		// These are waited out until the item's time is over.
		if (httpCode === undefined || httpCode === 429 || httpCode === 503) execution.isOut = true;
	} else if (wasLong && ++execution.unanswered >= MOST_UNANSWERED) {
		execution.refusal = new Failure(
			`Not submitted: Runpod did not respond to the last ${MOST_UNANSWERED} items`,
			{ description: 'Nothing was sent for this item. Run it again when Runpod answers.' },
		);
	}
}

/**
 * Whether an item can be submitted now: beside the bodies that are held and, with a limit, the costs of other items.
 * @throws InvalidParameter where nothing is under way that could leave more of the limit
 */
function hasRoom(
	{ openBytes, records, kept, settings }: Execution,
	cost: number,
	bytes: number,
): boolean {
	// A body that is larger than the bound is sent alone.
	if (openBytes > 0 && openBytes + bytes > MOST_OPEN_BYTES) return false;
	const { maxCostPerExecution: limit } = settings;
	if (limit === undefined || dollars(kept.committed + cost) <= limit) return true;
	if (records.underWay.size === 0) throw aboveLimit(kept.committed, cost, limit);
	return false;
}

/** Why an item of `cost` USD is not submitted although it is valid in itself. */
export function aboveLimit(committed: number, cost: number, limit: number): InvalidParameter {
	const sum = formatDollars(dollars(committed + cost));
	return new InvalidParameter(
		`Not submitted: with this item (${formatDollars(cost)}) the execution would cost ${sum}, above '${LABELS.maxCostPerExecution}' (${formatDollars(limit)})`,
		`Raise the limit in the options of the first item, send fewer items, or use ${LABELS.draft}.`,
	);
}

/** How long the node tries to cancel a job, in ms. */
const CANCEL_MS = 15_000;
/** For all of them together after a stop, in ms: n8n waits meanwhile. Runpod takes a hundred in ten seconds. */
const CANCEL_ALL_MS = 60_000;
/** Runpod takes this many `/cancel` requests at once (Runpod, "Operation reference"). */
const CANCELS_AT_ONCE = 20;

/** Records how an item's job has ended. One without a video is not done: its result may still come. */
export function ended(
	{ records }: Execution,
	itemIndex: number,
	job: FinalJob,
	result: VideoResult,
): void {
	const record = records.get(itemIndex);
	// A cancel may have reported the same already.
	if (record?.state !== 'running') return;
	const ref = { ...record.job, id: job.id };
	const { status } = job;
	const { cost = status === 'COMPLETED' ? record.cost : 0, videoUrl } = result;
	if (videoUrl !== undefined) {
		const response = keptResponse(job, result);
		const done = { state: 'done', job: ref, result, response, finishedAt: Date.now() } as const;
		records.update(itemIndex, { ...done, cost });
	} else if (status === 'COMPLETED') {
		records.update(itemIndex, { state: 'running', job: ref, cost });
	} else {
		const state = status === 'CANCELLED' ? 'cancelled' : 'failed';
		records.update(itemIndex, { state, job: ref, status, cost });
	}
}

/**
 * Cancels an item's running job, also after a stop; its record says what became of it. Does not throw.
 * @returns the job, where it has ended
 */
export async function cancelJob(
	execution: Execution,
	itemIndex: number,
	deadline: Deadline = startDeadline(CANCEL_MS),
): Promise<FinalJob | undefined> {
	const record = execution.records.get(itemIndex);
	if (record?.state !== 'running') return undefined;
	const { id, endpointId } = record.job;
	try {
		const endpoint = await execution.endpoint(endpointId);
		const job = await endpoint.cancel(id, Math.min(CANCEL_MS, deadline.remaining()), true);
		if (!isFinal(job)) return undefined;
		ended(execution, itemIndex, job, readVideoResult(job.raw.output));
		return job;
	} catch (error) {
		const why = error instanceof Error ? error.message : String(error);
		execution.log('warn', `job ${id} could not be cancelled: ${why}`);
		return undefined;
	}
}

async function cancelAll(execution: Execution, deadline: Deadline): Promise<void> {
	const running = execution.records.entries().filter(([, { state }]) => state === 'running');
	await runPool(running.length, CANCELS_AT_ONCE, async (position) => {
		await cancelJob(execution, running[position]![0], deadline);
		return deadline.remaining() > 0;
	});
}

/**
 * Cancels what runs as soon as the user stops the execution.
 * @returns a function that ends the watch, after it has cancelled what Runpod accepted meanwhile
 */
export function cancelOnStop(execution: Execution): () => Promise<void> {
	const { stop, settings } = execution;
	if (stop === undefined || !settings.cancelOnStop) return async () => {};
	let cancelling: Promise<Deadline> | undefined;
	const begin = () => {
		const deadline = startDeadline(CANCEL_ALL_MS);
		cancelling ??= cancelAll(execution, deadline).then(() => deadline);
	};
	stop.addEventListener('abort', begin);
	if (stop.aborted) begin();
	return async () => {
		stop.removeEventListener('abort', begin);
		if (cancelling !== undefined) await cancelAll(execution, await cancelling);
	};
}
