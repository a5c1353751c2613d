import { NodeOperationError, type IDataObject, type INodeExecutionData } from 'n8n-workflow';
import { isJsonObject } from '../json';
import { plainUrl } from '../runpod/reason';
import { errorItem, type NodeError } from './errors';
import type { Abandoned, Kept } from './memory';
import type { Run } from './run';

/** How far an item came. An item without an outcome never started. */
export type Outcome =
	| { kind: 'done'; item: INodeExecutionData }
	| { kind: 'failed'; error: NodeError }
	| { kind: 'stopped' };

/**
 * What the node gives n8n after its items have ended, and what stays for a retry.
 *
 * @param outcomes by item index, in the order in which they came
 * @throws the first failure without Continue On Fail; an error after a stop
 */
export async function conclude(
	run: Run,
	itemCount: number,
	outcomes: ReadonlyMap<number, Outcome>,
): Promise<INodeExecutionData[]> {
	const isStopped = run.stop?.aborted === true;
	const failures = [...outcomes.values()].filter((outcome) => outcome.kind === 'failed');
	const firstFailure = run.continuesOnFail ? undefined : failures[0];
	if (isStopped) {
		// n8n tries again even now, and what it then shows is the last try's error: it has to know of the jobs too.
		await run.close('thrown');
		const stopped = new NodeOperationError(run.node, 'The execution was stopped', {
			description: afterStop(run),
		});
		throw summed(run, stopped, itemCount, outcomes);
	}
	if (firstFailure !== undefined) {
		await run.close('thrown');
		throw summed(run, firstFailure.error, itemCount, outcomes);
	}

	const items = Array.from({ length: itemCount }, (_, index) => {
		const outcome = outcomes.get(index);
		return outcome?.kind === 'failed'
			? errorItem(outcome.error, index, run.node)
			: outcome?.kind === 'done'
				? outcome.item
				: { json: {}, pairedItem: { item: index } };
	});
	await run.close(saysError(items[0]) ? 'returnedError' : 'fine');
	const abandoned = run.memory.abandoned.map(abandonedJob);
	if (abandoned.length > 0) {
		run.tally.note(run.textWithoutKey(`${ABANDONED}: ${abandoned.join(', ')}`));
	}
	run.context.addExecutionHints(...run.tally.hints(failures.length));
	return items;
}

/**
 * Whether n8n takes the output for a failure because of its first item, and tries again (n8n-core, `checkFailure`).
 * Current versions let null and false pass; for earlier ones any `error` is one.
 */
function saysError(item: INodeExecutionData | undefined): boolean {
	return item?.json.error !== undefined;
}

function afterStop({ settings, openJobs }: Run): string {
	if (!settings.cancelOnStop) {
		return "'Cancel on Stop' is off, so jobs under way go on at Runpod and are paid for.";
	}
	const failed = openJobs.notCancelled;
	return failed.length === 0
		? 'Jobs under way whose id was known were cancelled at Runpod.'
		: `These jobs could not be cancelled at Runpod, perhaps because they had ended: ${failed.join(', ')}.`;
}

const ABANDONED =
	'Some items ask for something else in each try, perhaps by an expression such as $now. Not in the output are';

function abandonedJob({ itemIndex, ...kept }: Abandoned): string {
	return `item ${itemIndex}: ${keptJob(kept)}`;
}

/** A job of an earlier try in words, with the video if it is done. */
function keptJob({ jobId, result }: Kept): string {
	return jobId === undefined ? 'a job that may be running' : jobOf({ ...result, id: jobId });
}

/** The error that ends a run: it also tells what else became of its items and earlier tries, with ids and videos. */
function summed(
	run: Run,
	error: NodeError,
	itemCount: number,
	outcomes: ReadonlyMap<number, Outcome>,
): NodeError {
	const done: string[] = [];
	const failed: string[] = [];
	for (const [index, outcome] of [...outcomes].sort(([a], [b]) => a - b)) {
		if (outcome.kind === 'done') done.push(`item ${index}: ${jobOf(outcome.item.json)}`);
		else if (outcome.kind === 'failed' && outcome.error !== error) {
			failed.push(`item ${index}: ${outcome.error.message} ${jobOf(outcome.error.context)}`.trim());
		}
	}
	const earlier = [...run.memory.entries]
		.filter(([index]) => (outcomes.get(index)?.kind ?? 'stopped') === 'stopped')
		.filter(([, { jobId, uncertain }]) => jobId ?? uncertain)
		.map(([index, kept]) => `item ${index}: ${keptJob(kept)}`);
	const abandoned = run.memory.abandoned.map(abandonedJob);
	if (itemCount > 1) {
		error.message = `${error.message} (${done.length} of ${itemCount} items were finished)`;
	}
	const description = [
		error.description ?? '',
		...(done.length > 0 ? [`Finished: ${done.join(', ')}.`] : []),
		...(failed.length > 0 ? [`Also failed: ${failed.join(', ')}.`] : []),
		...(earlier.length > 0 ? [`Submitted before: ${earlier.join(', ')}.`] : []),
		...(abandoned.length > 0 ? [`${ABANDONED}: ${abandoned.join(', ')}.`] : []),
	].join(' ');
	error.description = run.textWithoutKey(description);
	return error;
}

/** The id and the video of an output item, simplified or not, or of an error. */
function jobOf(json: IDataObject): string {
	const output: unknown = json.output;
	const videoUrl = json.video_url ?? (isJsonObject(output) ? output.video_url : undefined);
	return [
		...(typeof json.id === 'string' ? [json.id] : []),
		...(typeof videoUrl === 'string' ? [plainUrl(videoUrl)] : []),
	].join(' ');
}
