import { readVideoResult, type VideoResult } from '../pvideo/result';
import { isFinal, type FinalJob } from '../runpod/job';
import { startDeadline, type Deadline } from '../runpod/time';
import type { Execution } from './execution';
import { runPool } from './pool';
import { keptResponse } from './record';

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
	const { cost = job.status === 'COMPLETED' ? record.cost : 0, videoUrl } = result;
	if (videoUrl !== undefined) {
		const response = keptResponse(job, result);
		const done = { state: 'done', job: ref, result, response, finishedAt: Date.now() } as const;
		records.update(itemIndex, { ...done, cost });
	} else if (job.status !== 'COMPLETED') {
		const state = job.status === 'CANCELLED' ? 'cancelled' : 'failed';
		records.update(itemIndex, { state, job: ref, status: job.status, cost });
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

/** Cancels every job that is known to run, a few at a time. */
export async function cancelAll(execution: Execution, deadline: Deadline): Promise<void> {
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
