import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { LABELS } from '../labels';
import { dollars } from '../money';
import { Failure, Stopped } from '../runpod/failure';
import { sentences } from '../runpod/messages';
import { pause } from '../runpod/time';
import { aboveLimit, cancelOnStop } from './jobStates';
import { toNodeError } from './errors';
import { Execution, type ExecutionSettings, Item } from './execution';
import type { Operation, Plan } from './operation';
import { conclude, type Outcome } from './outcomes';
import { runPool } from './pool';
import { isSubmitted, jobOf } from './record';

/** How long planning may block the event loop, in ms: all executions of this process share it. */
const LONGEST_TURN_MS = 8;

const SLOW_DOWN = `Lower '${LABELS.concurrency}' in the options to send fewer at a time.`;
const MAY_RUN = 'A job whose ID is not known may be running for this item.';

/**
 * Runs an operation for every input item: all are checked before anything is spent, then they run in parallel.
 * @param readSettings throws InvalidParameter @returns the output items, in input order
 * @throws NodeApiError or NodeOperationError: the first failed item's without Continue On Fail, after the running
 * items have ended; one after a stop
 */
export async function execute<P extends Plan>(
	context: IExecuteFunctions,
	operation: Operation<P>,
	readSettings: (context: IExecuteFunctions) => ExecutionSettings,
): Promise<INodeExecutionData[]> {
	const itemCount = context.getInputData().length;
	if (itemCount === 0) return [];
	let settings: ExecutionSettings = { concurrency: 1, cancelOnStop: true };
	let problem: unknown;
	try {
		settings = readSettings(context);
	} catch (error) {
		// No item can run, but jobs of earlier tries must still be named.
		problem = error;
	}
	const execution = new Execution(context, settings);
	const endWatch = cancelOnStop(execution);
	try {
		const items = Array.from({ length: itemCount }, (_, index) => new Item(execution, index));
		const batch = new Batch(execution, operation, items);
		const running = problem === undefined ? batch.run() : batch.failAll(problem);
		const outcomes = await running.finally(endWatch);
		return await conclude(execution, items, outcomes);
	} finally {
		// Whatever was thrown, what is known of billed jobs must be kept for the next try.
		execution.close('thrown');
	}
}

class Batch<P extends Plan> {
	private readonly outcomes = new Map<number, Outcome>();

	constructor(
		private readonly execution: Execution,
		private readonly operation: Operation<P>,
		private readonly items: readonly Item[],
	) {}

	async run(): Promise<ReadonlyMap<number, Outcome>> {
		const { execution, outcomes } = this;
		const plans = await this.plan();
		if (!execution.continuesOnFail && outcomes.size === 0) await this.refuseAboveLimit(plans);
		if (execution.continuesOnFail || outcomes.size === 0) await this.performAll(plans);
		return outcomes;
	}

	async failAll(problem: unknown): Promise<ReadonlyMap<number, Outcome>> {
		const { continuesOnFail } = this.execution;
		for (const item of continuesOnFail ? this.items : this.items.slice(0, 1)) {
			this.outcomes.set(item.index, await this.failed(item, problem));
		}
		return this.outcomes;
	}

	private async plan(): Promise<Map<number, P>> {
		const plans = new Map<number, P>();
		let turnBegan = performance.now();
		for (const item of this.items) {
			if (this.execution.stop?.aborted) break;
			if (performance.now() - turnBegan > LONGEST_TURN_MS) {
				await pause(0);
				turnBegan = performance.now();
			}
			try {
				plans.set(item.index, await this.operation.plan(item));
			} catch (error) {
				this.outcomes.set(item.index, { ...(await this.failed(item, error)), isRefused: true });
			}
		}
		return plans;
	}

	/** Without Continue On Fail, a batch that cannot finish within its limit is not started. */
	private async refuseAboveLimit(plans: ReadonlyMap<number, P>): Promise<void> {
		const { kept, settings } = this.execution;
		const { maxCostPerExecution: limit } = settings;
		if (limit === undefined) return;
		let sum = kept.committed;
		for (const item of this.items) {
			const { request, estimatedCost, resubmitsUncertain } = plans.get(item.index) ?? {};
			const known = kept.known(item.index, request);
			// What an earlier try submitted is already in the sum.
			if (!estimatedCost || isSubmitted(known, resubmitsUncertain)) continue;
			if (dollars(sum + estimatedCost) > limit) {
				const error = aboveLimit(sum, estimatedCost, limit);
				this.outcomes.set(item.index, await this.failed(item, error));
				return;
			}
			sum = dollars(sum + estimatedCost);
		}
	}

	private async performAll(plans: Map<number, P>): Promise<void> {
		const { execution, outcomes } = this;
		const planned = [...plans];
		for (const [index, { request }] of planned) execution.kept.settle(index, request);
		await runPool(planned.length, execution.settings.concurrency, async (position) => {
			const [index, plan] = planned[position]!;
			const item = this.items[index]!;
			const outcome = await this.perform(item, plan);
			if (outcome !== undefined) outcomes.set(index, outcome);
			const goesOn =
				outcome?.kind === 'done' || (outcome?.kind === 'failed' && execution.continuesOnFail);
			// Before another item that waits for this one can go on.
			if (!goesOn) execution.isEnding = true;
			execution.records.leave(index);
			return goesOn;
		});
	}

	private async perform(item: Item, plan: P): Promise<Outcome | undefined> {
		if (this.execution.stop?.aborted) return undefined;
		try {
			return { kind: 'done', ...(await this.operation.perform(item, plan)) };
		} catch (error) {
			return error instanceof Stopped ? undefined : await this.failed(item, error);
		}
	}

	private async failed(item: Item, error: unknown): Promise<Outcome & { kind: 'failed' }> {
		const place = await this.execution.place(item.index);
		const known = jobOf(item.record);
		const shown = toNodeError(error, { ...place, job: known, forModel: this.forModel(item) });
		const { isUncertain, job }: Partial<Failure> = error instanceof Failure ? error : {};
		// The host of a video has limits of its own.
		const isLimited = job?.httpCode === 429 && job.videoUrl === undefined && this.items.length > 1;
		// An earlier try may have left it.
		const mayRun = item.record?.state === 'uncertain' && !isUncertain;
		const more = [isLimited && SLOW_DOWN, mayRun && MAY_RUN];
		shown.description = sentences(shown.description ?? '', ...more);
		return { kind: 'failed', error: shown };
	}

	/** A model must not order a video again that may be on its way. n8n also runs a tool as a plain node of that type. */
	private forModel({ record }: Item): string | undefined {
		if (!this.execution.node.type.endsWith('Tool') || !isSubmitted(record)) return undefined;
		const { id = 'a job', status, videoUrl } = jobOf(record);
		if (status === 'CANCELLED') return undefined;
		const why = videoUrl === undefined ? `${id} may be running` : `it is finished: ${videoUrl}`;
		return `. Do not call this tool again for this video: ${why}`;
	}
}
