import { NodeOperationError, type INodeExecutionData } from 'n8n-workflow';
import { LABELS } from '../labels';
import type { KnownJob } from '../runpod/failure';
import { plainUrl } from '../runpod/reason';
import { STOPPED_WHILE_OPEN, type Entry } from './entry';
import { errorItem, jobOfError, type NodeError } from './errors';
import type { Execution } from './execution';
import type { Superseded } from './kept';

/** How far an item came. An item without an outcome never started. */
export type Outcome =
	| { kind: 'done'; items: INodeExecutionData[]; job: KnownJob }
	/** `isMaybeRunning`: an earlier try may have submitted it; the error's description says so. */
	| { kind: 'failed'; error: NodeError; isMaybeRunning: boolean }
	| { kind: 'stopped' };

type Outcomes = ReadonlyMap<number, Outcome>;

/**
 * What the node returns to n8n after its items have ended; also keeps what a retry can use.
 *
 * @param outcomes by item index, in the order in which they came
 * @throws the first failure without Continue On Fail; an error after a stop
 */
export async function conclude(
	execution: Execution,
	itemCount: number,
	outcomes: Outcomes,
): Promise<INodeExecutionData[]> {
	const { stop, continuesOnFail, node, tally, book } = execution;
	const failures = [...outcomes.values()].filter((outcome) => outcome.kind === 'failed');
	const firstFailure = continuesOnFail ? undefined : failures[0];
	if (stop?.aborted) {
		// n8n retries even after a stop, and then shows the error of the last try, which must know of the jobs too.
		await execution.close('thrown');
		const stopped = new NodeOperationError(node, 'The execution was stopped', {
			description: afterStop(execution, outcomes),
		});
		throw summed(execution, stopped, itemCount, outcomes);
	}
	if (firstFailure !== undefined) {
		await execution.close('thrown');
		throw summed(execution, firstFailure.error, itemCount, outcomes);
	}

	const items = Array.from({ length: itemCount }, (_, index): INodeExecutionData[] => {
		const outcome = outcomes.get(index);
		if (outcome?.kind === 'failed') return [errorItem(outcome.error, index, node)];
		if (outcome?.kind === 'done') return outcome.items;
		return [{ json: {}, pairedItem: { item: index } }];
	}).flat();
	if (book.superseded.length > 0) {
		tally.note(execution.textWithoutKey(supersededJobs(execution)));
	}
	execution.context.addExecutionHints(...tally.hints(failures.length));
	// Last, since nothing is kept after it.
	await execution.close(saysError(items[0]) ? 'returnedError' : 'fine');
	return items;
}

/**
 * Whether n8n treats the output as a failure because of its first item, and retries (n8n-core, `checkFailure`).
 * Current versions ignore null and false; for earlier ones, any `error` counts.
 */
function saysError(item: INodeExecutionData | undefined): boolean {
	return item?.json.error !== undefined;
}

/** Says what became of the jobs that were running at a stop, and what is not known. */
function afterStop({ settings, book }: Execution, outcomes: Outcomes): string {
	const isStopped = (index: number) => (outcomes.get(index)?.kind ?? 'stopped') === 'stopped';
	// A job that was only submitted is cancelled as well. A job that had been cancelled before the stop failed its
	// item.
	const entries = [...book.entries].flatMap(([index, entry]) =>
		isStopped(index) || isEndedByStop(entry, outcomes.get(index)) ? [entry] : [],
	);
	const ids = (state: Entry['state']) =>
		entries.flatMap((entry) => (entry.state === state && 'job' in entry ? [entry.job.id] : []));
	const cancelled = ids('cancelled');
	const running = ids('running');
	const open = entries.filter(isOpenRequest).length;
	const parts = [
		cancelled.length > 0 ? `Cancelled on Runpod: ${cancelled.join(', ')}.` : '',
		running.length === 0
			? ''
			: settings.cancelOnStop
				? `These jobs could not be cancelled on Runpod: ${running.join(', ')}.`
				: `'${LABELS.cancelOnStop}' is off, so these jobs keep running on Runpod and are billed: ${running.join(', ')}.`,
		open > 0
			? `${open === 1 ? '1 synchronous request was still open. Its job ID is not known, so its job' : `${open} synchronous requests were still open. Their job IDs are not known, so their jobs`} may be running and be billed. With '${LABELS.executionMode}' set to Async, every job can be cancelled.`
			: '',
	].filter((part) => part !== '');
	if (parts.length > 0) return parts.join(' ');
	const known = [...book.entries.values(), ...book.superseded.map(({ entry }) => entry)];
	// They are named by what follows.
	const mayRun = known.some(({ state }) => state === 'uncertain' || state === 'running');
	const isOneCancelled = book.superseded.some(({ entry }) => entry.state === 'cancelled');
	return mayRun || isOneCancelled ? '' : 'No job was running on Runpod.';
}

/** Whether an item that already had an outcome has a job that was still running at the stop. */
function isEndedByStop(entry: Entry | undefined, outcome: Outcome | undefined): boolean {
	const told = outcome?.kind === 'failed' ? jobOfError(outcome.error).status : undefined;
	return entry?.state === 'running' || (entry?.state === 'cancelled' && told !== 'CANCELLED');
}

/** Whether it is only because of the stop that the job is not known. */
function isOpenRequest(entry: Entry): boolean {
	return entry.state === 'uncertain' && entry.problem.message === STOPPED_WHILE_OPEN.message;
}

function supersededJobs({ book, readResult }: Execution): string {
	const jobs = book.superseded.map(
		({ itemIndex, entry }: Superseded) => `item ${itemIndex}: ${entryInWords(entry, readResult)}`,
	);
	return `These jobs are not in the output, because the item's request changed between tries (for example through $now), or Runpod no longer knew the job and another was made: ${jobs.join(', ')}.`;
}

/** A job of an earlier try in words, with the video if it is done. */
function entryInWords(entry: Entry, readResult: Execution['readResult']): string {
	switch (entry.state) {
		case 'done': {
			const { id } = entry.job;
			const { videoUrl } = readResult({ id, status: 'COMPLETED', raw: entry.response });
			return jobInWords({ id, videoUrl });
		}
		case 'running':
			return `${entry.job.id} (may still be running)`;
		case 'cancelled':
			return `${entry.job.id} (cancelled)`;
		case 'failed':
			return `${entry.job.id} (${entry.status})`;
		case 'uncertain':
			return 'a job that may still be running';
		case 'refused':
			return 'no job';
	}
}

/** The ID and the video of a job. */
function jobInWords({ id, videoUrl }: KnownJob): string {
	return [...(id ? [id] : []), ...(videoUrl === undefined ? [] : [plainUrl(videoUrl)])].join(' ');
}

/** Completes the error that ends an execution with what became of the other items and of earlier tries. */
function summed(
	execution: Execution,
	error: NodeError,
	itemCount: number,
	outcomes: Outcomes,
): NodeError {
	const { book, readResult, stop } = execution;
	const done: string[] = [];
	const failed: string[] = [];
	const earlier: string[] = [];
	const { entries } = book;
	for (const [index, outcome] of [...outcomes].sort(([a], [b]) => a - b)) {
		if (outcome.kind === 'done') {
			// Already listed among the jobs that were running.
			if (stop?.aborted && isEndedByStop(entries.get(index), outcome)) continue;
			done.push(`item ${index}: ${jobInWords(outcome.job)}`);
		} else if (outcome.kind === 'failed' && outcome.error !== error) {
			const { error: own, isMaybeRunning } = outcome;
			const earlierJob = isMaybeRunning ? '(an earlier job may still be running)' : '';
			const said = [own.message, jobInWords(jobOfError(own)), earlierJob];
			failed.push(`item ${index}: ${said.filter(Boolean).join(' ')}`);
		}
	}
	for (const [index, entry] of entries) {
		if ((outcomes.get(index)?.kind ?? 'stopped') !== 'stopped' || entry.state === 'refused')
			continue;
		// What was running at the stop is already listed.
		if (stop?.aborted && (['running', 'cancelled'].includes(entry.state) || isOpenRequest(entry))) {
			continue;
		}
		earlier.push(`item ${index}: ${entryInWords(entry, readResult)}`);
	}
	if (itemCount > 1) {
		error.message = `${error.message} (${done.length} of ${itemCount} items finished)`;
	}
	const heading = stop?.aborted ? 'Before the stop' : 'From an earlier try';
	const description = [
		error.description ?? '',
		...(done.length > 0 ? [`Finished: ${done.join(', ')}.`] : []),
		...(failed.length > 0 ? [`Also failed: ${failed.join(', ')}.`] : []),
		...(earlier.length > 0 ? [`${heading}: ${earlier.join(', ')}.`] : []),
		...(book.superseded.length > 0 ? [supersededJobs(execution)] : []),
	].join(' ');
	error.description = execution.textWithoutKey(description);
	return error;
}
