import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { Stopped } from '../runpod/failure';
import { Turn } from '../runpod/timing';
import { Budget } from './budget';
import { conclude, type Outcome } from './conclusion';
import { nameJob, toNodeError, type NodeError } from './errors';
import { aboveBudget } from './jobRun';
import { isUnderway } from './memory';
import type { Operation, Plan } from './operation';
import { runPool } from './pool';
import { Progress } from './progress';
import { Run, type RunSettings } from './run';

/**
 * Runs an operation for every input item: all are checked before anything is spent, then they run in parallel.
 *
 * @returns one output item per input item, in input order
 * @throws NodeApiError or NodeOperationError: the first failed item's without Continue On Fail, after the items under
 *   way have ended; one after a stop
 */
export async function runItems<P extends Plan>(
	context: IExecuteFunctions,
	operation: Operation<P>,
	readSettings: (context: IExecuteFunctions) => RunSettings,
): Promise<INodeExecutionData[]> {
	const itemCount = context.getInputData().length;
	if (itemCount === 0) return [];
	const outcomes = new Map<number, Outcome>();
	let settings: RunSettings;
	let problem: unknown;
	try {
		settings = readSettings(context);
	} catch (error) {
		// No item can run; jobs of earlier tries are named all the same.
		problem = error;
		settings = { concurrency: 1, cancelOnStop: true };
	}
	const run = new Run(context, settings);
	// Where the credential cannot be read, each item says so.
	await run.adoptOpenJobs().catch(() => undefined);
	if (problem !== undefined) {
		await run.learnKey();
		for (let index = 0; index < (run.continuesOnFail ? itemCount : 1); index++) {
			outcomes.set(index, { kind: 'failed', error: itemError(run, problem, index) });
		}
		return await conclude(run, itemCount, outcomes);
	}

	const plans = await planItems(run, operation, itemCount, outcomes);
	if (!run.continuesOnFail && outcomes.size === 0) refuseAboveBudget(run, plans, outcomes);

	if (run.continuesOnFail || outcomes.size === 0) {
		const indices = [...plans.keys()];
		const progress = new Progress(context, indices.length);
		await runPool(indices.length, run.settings.concurrency, async (position) => {
			const index = indices[position]!;
			const outcome = await performItem(run, operation, plans.get(index)!, index);
			plans.delete(index);
			outcomes.set(index, outcome);
			progress.countEnded();
			return outcome.kind === 'done' || (outcome.kind === 'failed' && run.continuesOnFail);
		});
	}
	return await conclude(run, itemCount, outcomes);
}

/** Checks every item; those that cannot run get their outcome at once. */
async function planItems<P extends Plan>(
	run: Run,
	operation: Operation<P>,
	itemCount: number,
	outcomes: Map<number, Outcome>,
): Promise<Map<number, P>> {
	const plans = new Map<number, P>();
	const turn = new Turn();
	for (let index = 0; index < itemCount; index++) {
		if (turn.isOver) await turn.pass();
		try {
			const plan = operation.plan(run.context, index);
			plans.set(index, plan instanceof Promise ? await plan : plan);
		} catch (error) {
			await run.learnKey();
			outcomes.set(index, { kind: 'failed', error: itemError(run, error, index) });
		}
	}
	return plans;
}

/** Without Continue On Fail a batch that cannot end within its budget is not begun. */
function refuseAboveBudget(
	run: Run,
	plans: ReadonlyMap<number, Plan>,
	outcomes: Map<number, Outcome>,
): void {
	const budget = new Budget(run.budget.limit, { spent: run.budget.committed, reserved: 0 });
	for (const [index, { estimatedCost, fingerprint }] of plans) {
		const kept = fingerprint === undefined ? undefined : run.memory.recall(index, fingerprint);
		// What an earlier try submitted is in the sum already.
		if (kept?.jobId !== undefined || kept?.uncertain !== undefined) continue;
		if (estimatedCost === undefined || budget.reserve(estimatedCost) !== undefined) continue;
		const error = itemError(run, aboveBudget(budget, estimatedCost), index);
		outcomes.set(index, { kind: 'failed', error });
		return;
	}
}

async function performItem<P extends Plan>(
	run: Run,
	operation: Operation<P>,
	plan: P,
	index: number,
): Promise<Outcome> {
	if (run.stop?.aborted) return { kind: 'stopped' };
	try {
		await giveUpSuperseded(run, plan, index);
		const item = await operation.perform(run, plan, index);
		return { kind: 'done', item: { ...item, json: run.withoutKey(item.json) } };
	} catch (error) {
		if (error instanceof Stopped) return { kind: 'stopped' };
		return { kind: 'failed', error: itemError(run, error, index) };
	}
}

function itemError(run: Run, error: unknown, index: number): NodeError {
	const shown = toNodeError(error, run.place(index));
	const jobId = run.memory.at(index)?.jobId;
	return jobId === undefined ? shown : nameJob(shown, jobId);
}

/**
 * An expression such as `$now` makes another request of the same item in every try. The job of the earlier try is then
 * not this item's any more: it is cancelled if it can be, and named in any case (see `conclude`).
 */
async function giveUpSuperseded(run: Run, { fingerprint }: Plan, index: number): Promise<void> {
	const kept = run.memory.at(index);
	if (kept === undefined || fingerprint === undefined || kept.request === fingerprint) return;
	run.memory.abandon(index);
	if (kept.jobId !== undefined && isUnderway(kept)) await run.openJobs.cancel(kept.jobId);
}
