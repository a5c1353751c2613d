import { NodeOperationError, type INodeExecutionData } from 'n8n-workflow';
import { LABELS } from '../labels';
import type { KnownJob } from '../runpod/failure';
import { sentences } from '../runpod/messages';
import { plainUrl } from '../runpod/reason';
import { errorItem, jobOfError, type NodeError } from './errors';
import type { Execution, Item } from './execution';
import { STOPPED_WHILE_OPEN } from './jobStates';
import { jobOf, type JobRecord } from './record';

/** How far an item came. An item without an outcome never started, or was stopped. */
export type Outcome =
	| { kind: 'done'; item: INodeExecutionData; job: KnownJob }
	/** `isRefused`: it was found wrong before anything was sent. */
	| { kind: 'failed'; error: NodeError; isRefused?: true };

type Outcomes = ReadonlyMap<number, Outcome>;

/** Items that an error lists, beside those that may cost more: all of five thousand would be 600 kB. */
const MOST_LISTED = 50;
const MOST_REFUSED = 10;

/**
 * What the node returns to n8n after its items have ended.
 * @param outcomes by item index, in the order in which they came
 * @throws the first failure without Continue On Fail; an error after a stop
 */
export async function conclude(
	execution: Execution,
	items: readonly Item[],
	outcomes: Outcomes,
): Promise<INodeExecutionData[]> {
	const { stop, continuesOnFail, node, tally, kept } = execution;
	const failures = [...outcomes.values()].filter((outcome) => outcome.kind === 'failed');
	const [first] = failures;
	if (stop?.aborted || (first !== undefined && !continuesOnFail)) {
		const error = stop?.aborted
			? new NodeOperationError(node, 'The execution was stopped')
			: first!.error;
		const told = stop?.aborted ? afterStop(execution) : '';
		const list = listed(execution, items, outcomes, error);
		const description = sentences(error.description ?? '', told, list);
		error.description = await execution.shown(description);
		const done = [...outcomes.values()].filter(({ kind }) => kind === 'done').length;
		if (first?.isRefused && !stop?.aborted) error.message = refusals(outcomes, failures.length);
		else if (items.length > 1) {
			error.message = `${error.message} (${done} of ${items.length} items finished)`;
		}
		// n8n retries even after a stop, and then shows the error of the last try, which must know of the jobs too.
		execution.close('thrown');
		// In place of what is thrown, n8n's Agent below version 3 hands its model an empty text (LangChain's `AgentExecutor`).
		const isRead = kept.isTool && !node.retryOnFail && !stop?.aborted;
		if (isRead) return [errorItem(error, 0, node, items[0]?.prompt)];
		throw error;
	}
	const output = items.map(({ index, prompt, record }): INodeExecutionData => {
		const outcome = outcomes.get(index);
		if (outcome?.kind === 'done') return outcome.item;
		if (outcome === undefined) return { json: {}, pairedItem: { item: index } };
		return errorItem(outcome.error, index, node, record?.sent.prompt ?? prompt);
	});
	execution.context.addExecutionHints(...tally.hints(failures.length));
	execution.close(output[0]?.json.error !== undefined ? 'returnedError' : 'fine');
	return output;
}

/** One line for each item that was refused, so that a table can be corrected in one go. */
function refusals(outcomes: Outcomes, count: number): string {
	const lines = [...outcomes].flatMap(([index, outcome]) =>
		outcome.kind === 'failed' ? [`item ${index}: ${outcome.error.message}`] : [],
	);
	if (count === 1) return lines[0]!.replace(/^item \d+: /, '');
	const more = count > MOST_REFUSED ? [`and ${count - MOST_REFUSED} more`] : [];
	return [`${count} items were not submitted`, ...lines.slice(0, MOST_REFUSED), ...more].join('\n');
}

function afterStop({ settings, records }: Execution): string {
	const known = records.entries().map(([, record]) => record);
	const open = known.filter(isOpenRequest).length;
	const isRunning = known.some(({ state }) => state === 'running');
	const mayRun = isRunning || known.some(({ state }) => state === 'uncertain');
	return sentences(
		isRunning &&
			(settings.cancelOnStop
				? 'Not every job could be cancelled on Runpod.'
				: `'${LABELS.cancelOnStop}' is off, so running jobs keep running on Runpod and are billed.`),
		open > 0 &&
			`${open === 1 ? '1 synchronous request was still open. Its job ID is not known, so its job' : `${open} synchronous requests were still open. Their job IDs are not known, so their jobs`} may be running and be billed. With '${LABELS.executionMode}' set to Async, every job can be cancelled.`,
		!mayRun && !known.some(({ state }) => state === 'cancelled') && 'No job was running on Runpod.',
	);
}

/** Whether it is only because of the stop that the job is not known. */
function isOpenRequest(record: JobRecord): boolean {
	return record.state === 'uncertain' && record.problem.message === STOPPED_WHILE_OPEN.message;
}

/** What became of the other items, and of this one in earlier tries. */
function listed(
	{ stop }: Execution,
	items: readonly Item[],
	outcomes: Outcomes,
	error: NodeError,
): string {
	// Those that may cost more come first, as the list may be cut.
	const mayRun = ({ record }: Item) => ['running', 'uncertain'].includes(record?.state ?? '');
	const running = items.filter(mayRun);
	const sorted = [...running, ...items.filter((item) => !mayRun(item))];
	const most = Math.max(MOST_LISTED, running.length);
	const lines = sorted.flatMap(({ index, record }) => {
		const outcome = outcomes.get(index);
		const isThisError = outcome?.kind === 'failed' && outcome.error === error;
		if (isThisError || (outcome?.kind === 'failed' && outcome.isRefused && record === undefined)) {
			return [];
		}
		const said = outcome?.kind === 'failed' ? outcome.error.message : '';
		const told = outcome?.kind === 'failed' ? jobOfError(outcome.error) : jobOf(record);
		const job = outcome?.kind === 'done' ? outcome.job : told;
		const isEnding = outcome?.kind !== 'done' || !!stop?.aborted;
		const words = [said, jobInWords(job), isEnding ? stateInWords(record) : ''].filter(Boolean);
		return words.length === 0 ? [] : [`item ${index}: ${words.join(' ')}`];
	});
	if (lines.length === 0) return '';
	const more = lines.length > most ? `, and ${lines.length - most} more` : '';
	return `Other items: ${lines.slice(0, most).join(', ')}${more}.`;
}

function stateInWords(record: JobRecord | undefined): string {
	switch (record?.state) {
		case 'running':
			return '(may still be running)';
		case 'cancelled':
			return '(cancelled)';
		case 'failed':
			return `(${record.status})`;
		case 'uncertain':
			return '(a job whose ID is not known may be running)';
		default:
			return '';
	}
}

function jobInWords({ id, videoUrl }: KnownJob): string {
	return [id, videoUrl && plainUrl(videoUrl)].filter(Boolean).join(' ');
}
