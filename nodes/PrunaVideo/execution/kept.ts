import { createHash } from 'node:crypto';
import type { IExecuteFunctions } from 'n8n-workflow';
import { isJsonObject, type JsonObject } from '../json';
import { dollars } from '../money';
import type { Spending } from './budget';
import { costOf, hasUnknownCost, isEntry, repeatable, type Entry } from './entry';

/** How a try ended, as n8n's retry loop sees it: after `fine` the node does not run again. */
export type TryEnd = 'fine' | 'thrown' | 'returnedError';

/** A request that an item made in an earlier try and no longer makes. */
export interface Superseded {
	itemIndex: number;
	entry: Entry;
}

/**
 * The state of n8n's retry loop (n8n-core, `processRunExecutionData`): it repeats a run that returned an error at
 * once, and counts it only when the rerun has returned too.
 */
interface Try {
	index: number;
	isRerun: boolean;
	/** n8n's ID of the execution: a retry from the list of executions is a new one, whose tries start anew. */
	executionId: string;
}

/** n8n's bounds for 'Max. Tries' of Retry On Fail, and its default (n8n-core, `getRetryParams`). */
const TRIES = { fewest: 2, most: 5, usual: 3 };

const KEPT = 'prunaVideo';

/**
 * What is kept for the next try. For Retry On Fail n8n runs `execute()` again for all items, in the same process; the
 * node's context in the execution survives that. It is also handed on to a retry from the list of executions, with
 * the run index and the items of the failed run (n8n 1.100 to 2.41, `ExecutionService.retry`). Kept under the run
 * index, because a loop's next turn shares the context.
 */
export class Kept {
	private constructor(
		private readonly context: Record<string, unknown>,
		private readonly key: string,
		private readonly current: Try,
		private readonly mostTries: number,
		private readonly isRerunForErrors: boolean,
		/** By item index. */
		readonly entries: ReadonlyMap<number, Entry>,
		readonly superseded: readonly Superseded[],
	) {}

	/** Takes out what an earlier try left. */
	static take(functions: IExecuteFunctions): Kept {
		const node = functions.getNode();
		const context: Record<string, unknown> = functions.getContext('node');
		const mostTries = node.retryOnFail
			? Math.min(TRIES.most, Math.max(TRIES.fewest, node.maxTries || TRIES.usual))
			: 1;
		const isTool = isToolOfAgent(functions);
		const key = keyOf(functions, isTool);
		const executionId = functions.getExecutionId();
		const { current, items, superseded } = takeStored(context, key);
		const isSameExecution = isTry(current) && current.executionId === executionId;
		return new Kept(
			context,
			key,
			isSameExecution ? current : { index: 0, isRerun: false, executionId },
			mostTries,
			!isTool,
			new Map(
				Object.entries(isJsonObject(items) ? items : {}).flatMap(([index, entry]) =>
					isEntry(entry) ? [[Number(index), isSameExecution ? entry : askedAnew(entry)]] : [],
				),
			),
			listOf(superseded).filter(isSuperseded),
		);
	}

	/** What the budget counts for everything taken out. */
	get spending(): Spending {
		const entries = [...this.entries.values(), ...this.superseded.map(({ entry }) => entry)];
		return {
			total: dollars(entries.reduce((sum, entry) => sum + costOf(entry), 0)),
			unknown: entries.filter(hasUnknownCost).length,
		};
	}

	/** Keeps what is known if another try can follow this one, otherwise nothing. JSON only: n8n saves it. */
	leave(
		end: TryEnd,
		entries: ReadonlyMap<number, Entry>,
		superseded: readonly Superseded[],
		clean: (stored: JsonObject) => JsonObject,
	): void {
		const next = this.nextTry(end);
		if (next === undefined) return;
		const items = Object.fromEntries(entries);
		// Entries are JSON; `isEntry` checks them when they are read again.
		const stored = clean({ current: next, items, superseded } as never);
		const { [this.key]: waiting, ...others } = storedTries(this.context);
		this.context[KEPT] = { ...others, [this.key]: [...listOf(waiting), stored] };
	}

	private nextTry(end: TryEnd): Try | undefined {
		const { index, isRerun, executionId } = this.current;
		if (end === 'fine' || (end === 'returnedError' && !this.isRerunForErrors)) return undefined;
		// After the last try the user can still retry the execution.
		if (end === 'thrown') return { index: index + 1, isRerun: false, executionId };
		const counted = isRerun ? index + 1 : index;
		const isLast = counted >= this.mostTries - 1;
		return isLast ? undefined : { index: counted, isRerun: true, executionId };
	}
}

/**
 * For Retry On Fail, a cancelled job is final. A user who retries the execution manually wants the video after all.
 */
function askedAnew(entry: Entry): Entry {
	return entry.state === 'cancelled' ? repeatable(entry) : entry;
}

/**
 * Whether an agent calls the node as a tool. n8n then retries a call that threw, but not one that returned an error
 * (n8n-core, `makeHandleToolInvocation`). In versions of n8n without `isToolExecution`, a tool node is always run
 * this way.
 */
function isToolOfAgent(functions: IExecuteFunctions): boolean {
	return 'isToolExecution' in functions
		? functions.isToolExecution()
		: (functions as IExecuteFunctions).getNode().type.endsWith('Tool');
}

/**
 * The same for all tries of one execution. A tool gets a new run index for every try, so for a tool the arguments
 * identify the call.
 */
function keyOf(functions: IExecuteFunctions, isTool: boolean): string {
	if (isTool) {
		const inputs = JSON.stringify(functions.getInputData().map(({ json }) => json));
		return `tool ${createHash('sha256').update(inputs).digest('hex').slice(0, 32)}`;
	}
	return String(functions.evaluateExpression('{{ $runIndex }}', 0));
}

/** An agent can make the same call several times at once; each of their next tries takes what one of them kept. */
function takeStored(context: Record<string, unknown>, key: string): Record<string, unknown> {
	const { [key]: waiting, ...others } = storedTries(context);
	const [stored, ...rest] = listOf(waiting);
	const left = rest.length > 0 ? { ...others, [key]: rest } : others;
	if (Object.keys(left).length > 0) context[KEPT] = left;
	else delete context[KEPT];
	return isJsonObject(stored) ? stored : {};
}

function storedTries(context: Record<string, unknown>): Record<string, unknown> {
	const stored = context[KEPT];
	return isJsonObject(stored) ? stored : {};
}

function listOf(value: unknown): unknown[] {
	return Array.isArray(value) ? value : [];
}

function isSuperseded(value: unknown): value is Superseded {
	return isJsonObject(value) && typeof value.itemIndex === 'number' && isEntry(value.entry);
}

function isTry(value: unknown): value is Try {
	return (
		isJsonObject(value) && typeof value.index === 'number' && typeof value.isRerun === 'boolean'
	);
}
