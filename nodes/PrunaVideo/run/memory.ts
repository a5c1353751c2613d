import { createHash } from 'node:crypto';
import type { IExecuteFunctions } from 'n8n-workflow';
import { isJsonObject, type JsonObject } from '../json';

/** What is known of one item from an earlier try of the same node run. JSON only: n8n saves it with the execution. */
export interface Kept {
	/** Stands for the request as the user stated it: another request is another video. */
	request: string;
	/** The seed that was sent, also where the node had picked it. */
	seed?: number;
	/** USD that the job is counted with, until its real cost is known. */
	cost?: number;
	/** A job that Runpod accepted, and the endpoint that did. */
	jobId?: string;
	endpointId?: string;
	/** That job's final response, once it is completed. */
	result?: JsonObject;
	/** When the result was seen, in ms since 1970. */
	finishedAt?: number;
	/** A submission of which nobody knows whether Runpod took it: the message to repeat instead of the request. */
	uncertain?: { message: string; description: string; httpCode?: number };
	/** Whether a stop has cancelled the job. */
	isCancelled?: true;
}

/** Whether there is a job that may still run. */
export function isUnderway({ jobId, result, isCancelled }: Kept): boolean {
	return jobId !== undefined && result === undefined && !isCancelled;
}

/** What an item asked for in an earlier try and does not ask for any more. */
export interface Abandoned extends Kept {
	itemIndex: number;
}

/** How a try ended, as n8n's retry loop sees it: after `fine` the node does not run again. */
export type TryEnd = 'fine' | 'thrown' | 'returnedError';

/**
 * Where n8n's loop of tries stands (n8n-core, `processRunExecutionData`): it repeats a run that returned an error at
 * once, and counts it only when the repetition has returned too.
 */
interface Attempt {
	index: number;
	isRepetition: boolean;
}

/** n8n's bounds for 'Max. Tries' of Retry On Fail, and what it takes where none is set (n8n-core, `getRetryParams`). */
const TRIES = { fewest: 2, most: 5, usual: 3 };

const KEY = 'prunaVideo';

/**
 * What a node run remembers for Retry On Fail. n8n runs `execute()` again for all items, in the same process; the
 * node's context in the execution survives that. Kept under the run index, because a loop's next turn shares the context.
 * Without Retry On Fail nothing stays, since no try can follow.
 */
export class Memory {
	private constructor(
		private readonly context: Record<string, unknown>,
		private readonly runKey: string,
		private readonly items: Map<number, Kept>,
		private readonly abandonedItems: Abandoned[],
		private readonly attempt: Attempt,
		private readonly mostTries: number,
		private readonly isRepeatedForErrors: boolean,
	) {}

	static open(functions: IExecuteFunctions): Memory {
		const node = functions.getNode();
		const context: Record<string, unknown> = functions.getContext('node');
		const mostTries = node.retryOnFail
			? Math.min(TRIES.most, Math.max(TRIES.fewest, node.maxTries || TRIES.usual))
			: 1;
		const isTool = isToolOfAgent(functions);
		const runKey = runKeyOf(functions, isTool);
		const { items, abandoned, attempt } = takeStored(context, runKey);
		return new Memory(context, runKey, items, abandoned, attempt, mostTries, !isTool);
	}

	/** What is known about this item, whatever it asked for. */
	at(itemIndex: number): Kept | undefined {
		return this.items.get(itemIndex);
	}

	/** What is known about this item and just this request. */
	recall(itemIndex: number, request: string): Kept | undefined {
		const kept = this.items.get(itemIndex);
		return kept?.request === request ? kept : undefined;
	}

	keep(itemIndex: number, kept: Kept): void {
		this.items.set(itemIndex, kept);
	}

	/** Puts aside what is known of an item that asks for something else by now. */
	abandon(itemIndex: number): void {
		const kept = this.items.get(itemIndex);
		if (kept === undefined) return;
		this.items.delete(itemIndex);
		this.abandonedItems.push({ ...kept, itemIndex });
	}

	/** What items asked for in earlier tries only. */
	get abandoned(): readonly Abandoned[] {
		return this.abandonedItems;
	}

	/** What is known, by item index. */
	get entries(): ReadonlyMap<number, Kept> {
		return this.items;
	}

	/** Remembers which jobs a stop has cancelled: they need no second `/cancel`. */
	markCancelled(jobIds: ReadonlySet<string>): void {
		for (const [index, kept] of this.items) {
			if (kept.jobId !== undefined && jobIds.has(kept.jobId)) {
				this.items.set(index, { ...kept, isCancelled: true });
			}
		}
	}

	/**
	 * Ends this try: what is known is saved where another one follows, else nothing stays.
	 *
	 * @param clean takes out what must not be saved
	 */
	close(end: TryEnd, clean: (stored: JsonObject) => JsonObject): void {
		const attempt = this.nextAttempt(end);
		if (attempt === undefined) return;
		const items = Object.fromEntries(this.items);
		const stored = clean({ attempt, items, abandoned: this.abandonedItems } as never);
		const { [this.runKey]: waiting, ...others } = storedRuns(this.context);
		this.context[KEY] = { ...others, [this.runKey]: [...listOf(waiting), stored] };
	}

	private nextAttempt(end: TryEnd): Attempt | undefined {
		const { index, isRepetition } = this.attempt;
		if (end === 'fine' || (end === 'returnedError' && !this.isRepeatedForErrors)) return undefined;
		if (end === 'thrown') {
			return index + 1 < this.mostTries ? { index: index + 1, isRepetition: false } : undefined;
		}
		const counted = isRepetition ? index + 1 : index;
		return counted < this.mostTries - 1 ? { index: counted, isRepetition: true } : undefined;
	}
}

/**
 * Whether an agent calls the node itself: n8n then tries again what has thrown, but not what has returned an error
 * (n8n-core, `makeHandleToolInvocation`). Versions of n8n that cannot say so know no other way to run a tool.
 */
function isToolOfAgent(functions: IExecuteFunctions): boolean {
	return 'isToolExecution' in functions
		? functions.isToolExecution()
		: (functions as IExecuteFunctions).getNode().type.endsWith('Tool');
}

/** The same for all tries of one run. A tool gets a new run index for every try, so there the arguments stand for the call. */
function runKeyOf(functions: IExecuteFunctions, isTool: boolean): string {
	if (isTool) {
		const inputs = JSON.stringify(functions.getInputData().map(({ json }) => json));
		return `tool ${createHash('sha256').update(inputs).digest('hex').slice(0, 32)}`;
	}
	return String(functions.evaluateExpression('{{ $runIndex }}', 0));
}

function storedRuns(context: Record<string, unknown>): Record<string, unknown> {
	const runs = context[KEY];
	return isJsonObject(runs) ? runs : {};
}

function listOf(value: unknown): unknown[] {
	return Array.isArray(value) ? value : [];
}

/**
 * Takes out what an earlier try left. An agent can make the same call several times at once; each of their next tries
 * takes what one of them left.
 */
function takeStored(
	context: Record<string, unknown>,
	runKey: string,
): { items: Map<number, Kept>; abandoned: Abandoned[]; attempt: Attempt } {
	const { [runKey]: waiting, ...others } = storedRuns(context);
	const [run, ...rest] = listOf(waiting);
	const runs = rest.length > 0 ? { ...others, [runKey]: rest } : others;
	if (Object.keys(runs).length > 0) context[KEY] = runs;
	else delete context[KEY];
	const { items, abandoned, attempt }: Record<string, unknown> = isJsonObject(run) ? run : {};
	return {
		items: new Map(
			Object.entries(isJsonObject(items) ? items : {}).flatMap(([index, kept]) =>
				isKept(kept) ? [[Number(index), kept]] : [],
			),
		),
		abandoned: Array.isArray(abandoned) ? abandoned.filter(isAbandoned) : [],
		attempt: isAttempt(attempt) ? attempt : { index: 0, isRepetition: false },
	};
}

function isKept(value: unknown): value is Kept {
	return isJsonObject(value) && typeof value.request === 'string';
}

function isAbandoned(value: unknown): value is Abandoned {
	return isKept(value) && 'itemIndex' in value;
}

function isAttempt(value: unknown): value is Attempt {
	return isJsonObject(value) && typeof value.index === 'number' && 'isRepetition' in value;
}
