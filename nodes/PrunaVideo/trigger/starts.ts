import type { IExecuteFunctions, INode, IWorkflowMetadata } from 'n8n-workflow';
import type { FinalJob } from '../runpod/job';
import { pause, type Deadline } from '../runpod/time';
import { Recent } from './recent';

/** Runpod calls again within half a minute, and keeps a job's result for half an hour. */
const KEPT_MS = 60 * 60 * 1000;
/** For all triggers of this process together. */
const MOST_KEPT = 10_000;
/** In n8n's database, for each trigger. */
const MOST_RECORDED = 200;
/** After this time a start that has not ended counts as failed, in ms. */
const LONGEST_START_MS = 15 * 60 * 1000;
const JOINED_CHECK_MS = 200;

/** HTTP status of an answer after which Runpod calls again. */
export const POSTPONED = 503;

/** The state of a start: n8n has the event and its file, may still get them, or could not start the workflow. */
export type StartState = 'started' | 'running' | 'failed';

/** What is read of the answer to the call that started the workflow. */
export interface CallersAnswer {
	readonly writableEnded: boolean;
	readonly statusCode: number;
}

/** The node that was called; any of n8n's contexts will do. */
export interface Place {
	getNode(): INode;
	getWorkflow(): IWorkflowMetadata;
}

/** One start of a workflow, from the call that caused it until n8n has the event with its file. */
export class Start {
	private readonly began = performance.now();
	private settled?: 'started' | 'failed';

	/** @param answerBy when the caller should have its answer */
	constructor(
		readonly answerBy: Deadline,
		private answer: CallersAnswer | undefined,
	) {}

	get state(): StartState {
		const { writableEnded = false, statusCode = 0 } = this.answer ?? {};
		if (this.settled === undefined && writableEnded && statusCode !== POSTPONED) {
			// The execution may run in another process. Then its answer is all that is known of it here.
			this.settle(statusCode === 200 ? 'started' : 'failed');
		} else if (this.settled === undefined && performance.now() - this.began > LONGEST_START_MS) {
			this.settle('failed');
		}
		return this.settled ?? 'running';
	}

	confirm(): void {
		this.settle('started');
	}

	/** Waits until it is known how the start ends, but not beyond `deadline`. */
	async wait(deadline: Deadline): Promise<StartState> {
		while (this.state === 'running' && deadline.remaining() > 0) {
			await pause(Math.min(JOINED_CHECK_MS, deadline.remaining()));
		}
		return this.state;
	}

	private settle(state: 'started' | 'failed'): void {
		this.settled = state;
		// It keeps the whole call in memory.
		this.answer = undefined;
	}
}

/** Starts by job outcome, to handle calls that overlap or repeat in this process. */
const starts = new Recent<Start>(MOST_KEPT, KEPT_MS);

/** The start that a call for this outcome of the job belongs to, if there is one in this process. */
export function startOf(place: Place, job: FinalJob): Start | undefined {
	const start = starts.get(nameOf(place, job));
	return start?.state === 'failed' ? undefined : start;
}

/** From now on calls for this outcome of the job belong to `start`. */
export function beginStart(place: Place, job: FinalJob, start: Start): void {
	starts.set(nameOf(place, job), start);
}

/** n8n reads a record, changes it and writes it: two of them at a time would lose each other's entry. */
let lastRecording: Promise<unknown> = Promise.resolve();

/**
 * Whether an earlier execution of this trigger had this outcome of the job; also records it for later ones. The
 * record is in n8n's database: it survives a restart, holds for all of n8n's processes, and lasts as long as the
 * workflow.
 */
export async function isRepeated(context: IExecuteFunctions, job: FinalJob): Promise<boolean> {
	try {
		const options = { mode: 'entries', maxEntries: MOST_RECORDED } as const;
		const recording = lastRecording.then(
			async () => await context.helpers.checkProcessedAndRecord([outcomeOf(job)], 'node', options),
		);
		lastRecording = recording.catch(() => undefined);
		return (await recording).processed.length > 0;
	} catch (error) {
		// Of two processes that record at the same time, one may fail. Starting twice is better than losing the event.
		context.logger.debug(
			`Pruna Video Trigger: job ${job.id} could not be recorded: ${String(error)}`,
		);
		return false;
	}
}

function nameOf(place: Place, job: FinalJob): string {
	return `${place.getWorkflow().id}/${place.getNode().id} ${outcomeOf(job)}`;
}

/** Includes the job's times, because a retried job ends again under the same ID, with different times. */
function outcomeOf({ id, status, raw }: FinalJob): string {
	return `${id} ${status} ${Number(raw.delayTime ?? 0)} ${Number(raw.executionTime ?? 0)}`;
}
