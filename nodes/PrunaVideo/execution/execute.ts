import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { Failure, Stopped } from '../runpod/failure';
import { Turn } from '../runpod/time';
import { Budget } from './budget';
import { toNodeError } from './errors';
import { Execution, type ExecutionSettings } from './execution';
import { Item } from './item';
import type { Operation, Plan } from './operation';
import { conclude, type Outcome } from './outcomes';
import { aboveBudget } from './page';
import { runPool } from './pool';
import { Progress } from './progress';
import type { ReadResult } from './readResult';

/** What the operations of a node have in common. */
export interface Surroundings {
	/** @throws InvalidParameter */
	readSettings(context: IExecuteFunctions): ExecutionSettings;
	readResult: ReadResult;
}

/**
 * Runs an operation for every input item: all are checked before anything is spent, then they run in parallel.
 *
 * @returns the output items, in input order
 * @throws NodeApiError or NodeOperationError: the first failed item's without Continue On Fail, after the running items
 *   have ended; one after a stop
 */
export async function execute<P extends Plan>(
	context: IExecuteFunctions,
	operation: Operation<P>,
	{ readSettings, readResult }: Surroundings,
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
	const execution = new Execution(context, settings, readResult);
	try {
		const batch = new Batch(execution, operation, itemCount);
		const outcomes = problem === undefined ? await batch.run() : await batch.failAll(problem);
		return await conclude(execution, itemCount, outcomes);
	} finally {
		// Whatever was thrown, what is known of billed jobs must be kept for the next try.
		await execution.close('thrown');
	}
}

/** The items of one execution. */
class Batch<P extends Plan> {
	private readonly outcomes = new Map<number, Outcome>();
	private readonly items: readonly Item[];

	constructor(
		private readonly execution: Execution,
		private readonly operation: Operation<P>,
		itemCount: number,
	) {
		this.items = Array.from({ length: itemCount }, (_, index) => new Item(execution, index));
	}

	async run(): Promise<ReadonlyMap<number, Outcome>> {
		const { execution, outcomes } = this;
		await this.adoptJobs();
		const plans = await this.plan();
		await Promise.all(
			[...plans].map(async ([index, { fingerprint }]) => {
				if (fingerprint !== undefined) await execution.book.supersede(index, fingerprint);
			}),
		);
		await execution.book.supersedeFrom(this.items.length);
		if (!execution.continuesOnFail && outcomes.size === 0) this.refuseAboveBudget(plans);
		if (execution.continuesOnFail || outcomes.size === 0) await this.performAll(plans);
		return outcomes;
	}

	/** Every item fails for the same reason, before any was planned. */
	async failAll(problem: unknown): Promise<ReadonlyMap<number, Outcome>> {
		await this.adoptJobs();
		await this.execution.learnKey();
		const { continuesOnFail } = this.execution;
		for (const item of continuesOnFail ? this.items : this.items.slice(0, 1)) {
			this.outcomes.set(item.index, this.failed(item, problem));
		}
		return this.outcomes;
	}

	/** Takes over the jobs of earlier tries, to follow them and to cancel them on a stop. */
	private async adoptJobs(): Promise<void> {
		const { execution } = this;
		// If the credential cannot be read, each item reports it.
		await execution.book.adopt(async (id) => await execution.endpoint(id)).catch(() => undefined);
	}

	/** Checks every item; those that cannot run get their outcome at once. */
	private async plan(): Promise<Map<number, Planned<P>>> {
		const plans = new Map<number, Planned<P>>();
		const turn = new Turn();
		for (const item of this.items) {
			if (this.execution.stop?.aborted) break;
			if (turn.isOver) await turn.pass();
			try {
				const plan = await this.operation.plan(item);
				const { fingerprint, estimatedCost, resubmitsUncertain, heldBytes = 0 } = plan;
				const isSmall = heldBytes <= LARGEST_HELD_BYTES;
				plans.set(item.index, {
					fingerprint,
					estimatedCost,
					resubmitsUncertain,
					...(isSmall && { plan }),
				});
			} catch (error) {
				await this.execution.learnKey();
				this.outcomes.set(item.index, this.failed(item, error));
			}
		}
		return plans;
	}

	/** Without Continue On Fail, a batch that cannot finish within its budget is not started. */
	private refuseAboveBudget(plans: ReadonlyMap<number, Planned<P>>): void {
		const { budget, book } = this.execution;
		const trial = new Budget(budget.limit, { total: budget.committed, unknown: budget.unknown });
		for (const item of this.items) {
			const { estimatedCost, resubmitsUncertain = false } = plans.get(item.index) ?? {};
			const state = book.page(item.index).entry?.state ?? 'refused';
			// What an earlier try submitted is already in the total.
			const isSubmittedNow =
				['refused', 'failed'].includes(state) || (state === 'uncertain' && resubmitsUncertain);
			if (!isSubmittedNow || estimatedCost === undefined) continue;
			if (!trial.allows(estimatedCost)) {
				this.outcomes.set(item.index, this.failed(item, aboveBudget(trial, estimatedCost)));
				return;
			}
			trial.add(estimatedCost ?? 0);
		}
	}

	private async performAll(plans: Map<number, Planned<P>>): Promise<void> {
		const { continuesOnFail, settings, context } = this.execution;
		const indices = [...plans.keys()];
		const progress = new Progress(context, indices.length);
		await runPool(indices.length, settings.concurrency, async (position) => {
			const item = this.items[indices[position]!]!;
			const { plan } = plans.get(item.index)!;
			plans.delete(item.index);
			try {
				const outcome = await this.perform(item, plan);
				this.outcomes.set(item.index, outcome);
				progress.countEnded();
				const goesOn = outcome.kind === 'done' || (outcome.kind === 'failed' && continuesOnFail);
				if (!goesOn) this.execution.isEnding = true;
				return goesOn;
			} finally {
				// Only now may an item that waits for its turn continue: it must know whether this one failed.
				item.page.rest();
			}
		});
	}

	private async perform(item: Item, plan: P | undefined): Promise<Outcome> {
		const { stop } = this.execution;
		if (stop?.aborted) return { kind: 'stopped' };
		try {
			const result = await this.operation.perform(item, plan ?? (await this.planAgain(item)));
			const items = result.items.map((given) => ({
				...given,
				json: this.execution.withoutKey(given.json),
			}));
			return { kind: 'done', items, job: result.job ?? {} };
		} catch (error) {
			if (error instanceof Stopped) return { kind: 'stopped' };
			return this.failed(item, error);
		}
	}

	/** Plans an item again. An expression such as `$now` can now lead to a different request. */
	private async planAgain(item: Item): Promise<P> {
		const plan = await this.operation.plan(item);
		const { fingerprint } = plan;
		if (fingerprint !== undefined) await this.execution.book.supersede(item.index, fingerprint);
		return plan;
	}

	private failed(item: Item, error: unknown): Outcome & { kind: 'failed' } {
		const { page } = item;
		const shown = toNodeError(error, {
			...this.execution.place(item.index),
			job: page.job,
			log: this.execution.log,
		});
		const isTold = error instanceof Failure && error.isUncertain;
		const isMaybeRunning = page.entry?.state === 'uncertain' && !isTold;
		if (isMaybeRunning) {
			shown.description = `${shown.description ?? ''} ${MAYBE_FROM_EARLIER}`.trim();
		}
		return { kind: 'failed', error: shown, isMaybeRunning };
	}
}

const MAYBE_FROM_EARLIER = 'An earlier try submitted this item; that job may still be running.';

/** A plan that is larger than this is dropped, and made again when its item's turn comes. */
const LARGEST_HELD_BYTES = 64 * 1024;

/** What is held of a plan until its item's turn comes. */
interface Planned<P extends Plan> extends Omit<Plan, 'heldBytes'> {
	plan?: P;
}
