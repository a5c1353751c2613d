import { createHash } from 'node:crypto';
import type { IExecuteFunctions } from 'n8n-workflow';
import { isJsonObject } from '../json';
import { dollars } from '../money';
import { Records, totalCost, type JobRecord } from './record';

export type TryEnd = 'fine' | 'thrown' | 'returnedError';

/**
 * Under these names the node's context in the execution holds, by run, what an earlier try knew of its jobs, and what
 * the node has spent in the execution (USD).
 */
const KEPT = 'prunaVideo';
const SPENT = 'prunaVideoSpent';

/** What this version of the node stores; that of another version is ignored. */
interface Stored {
	v: 1;
	items: Record<string, JobRecord>;
}

/** What runs now, by the node's context: an agent can call its tool several times at once. */
const running = new WeakMap<object, Set<Records>>();

/**
 * What is kept for the next try. For Retry On Fail n8n runs `execute()` again for all items, in the same process; the
 * node's context in the execution survives that. It is also handed on to a retry from the list of executions, with
 * the run index and the items of the failed run (n8n 1.100 to 2.41, `ExecutionService.retry`). Kept under the run
 * index, because a loop's next turn shares the context.
 */
export class Kept {
	readonly records: Records;
	readonly executionId: string;
	private readonly context: Record<string, unknown>;
	readonly isTool: boolean;
	private readonly key: string;

	constructor(private readonly functions: IExecuteFunctions) {
		this.context = functions.getContext('node');
		this.executionId = functions.getExecutionId();
		this.isTool = isToolOfAgent(functions);
		this.key = keyOf(functions, this.isTool);
		const all = this.stored();
		// The same call of an agent, made twice at once, has left two: each try takes up one.
		const key = Object.keys(all).find((name) => name.replace(/'+$/, '') === this.key) ?? this.key;
		const { [key]: stored, ...others } = all;
		this.context[KEPT] = others;
		const records = Object.entries(stored?.items ?? {}).map(([index, record]) => [
			Number(index),
			record.executionId === this.executionId ? record : askedAnew(record),
		]) satisfies Array<[number, JobRecord]>;
		this.records = new Records(new Map(records));
		const together = running.get(this.context) ?? new Set();
		running.set(this.context, together.add(this.records));
	}

	/** USD that the node has spent in this workflow execution, with what is set aside. */
	get committed(): number {
		const others = Object.values(this.stored()).flatMap(({ items }) => Object.values(items));
		const kept = others.reduce((sum, record) => sum + totalCost(record), 0);
		const open = [...(running.get(this.context) ?? [])].reduce((sum, { cost }) => sum + cost, 0);
		return dollars(this.spent + kept + open);
	}

	/**
	 * The record that an item goes on with: of an earlier try of this execution, whatever is requested now; of one that
	 * is retried from the list of executions, if the user has not changed the request.
	 */
	known(itemIndex: number, request: string | undefined): JobRecord | undefined {
		const record = this.records.get(itemIndex);
		const isOwn = record?.executionId === this.executionId;
		return isOwn || record?.sent.request === request ? record : undefined;
	}

	/** Once the items start: takes over what is known; another job is left alone, and what it cost counts. */
	settle(itemIndex: number, request = ''): void {
		const { records, executionId } = this;
		const left = records.get(itemIndex);
		if (left === undefined) return;
		if (this.known(itemIndex, request) === left) records.set(itemIndex, { ...left, executionId });
		else {
			const none = { state: 'none', sent: { request }, executionId, cost: 0 } as const;
			records.set(itemIndex, { ...none, earlierCost: totalCost(left), left });
		}
	}

	/** Keeps what is known if another try can follow this one, otherwise only what was spent. */
	leave(end: TryEnd): void {
		running.get(this.context)?.delete(this.records);
		const { retryOnFail } = this.functions.getNode();
		// n8n treats an error in the first item as a failure (n8n-core, `checkFailure`), but not a tool's.
		const isRetried =
			end === 'thrown' || (end === 'returnedError' && !!retryOnFail && !this.isTool);
		const stored = this.stored();
		if (isRetried) {
			const known = this.records
				.entries()
				.map(([index, record]) => [index, record.left ?? record] as const)
				.filter(([, record]) => record.state !== 'none' || record.earlierCost > 0);
			let key = this.key;
			while (stored[key] !== undefined) key += "'";
			const items = Object.fromEntries(known);
			if (known.length > 0) stored[key] = { v: 1, items };
		} else if (this.records.cost > 0) {
			this.context[SPENT] = dollars(this.spent + this.records.cost);
		}
		if (Object.keys(stored).length > 0) this.context[KEPT] = stored;
		else delete this.context[KEPT];
	}

	private get spent(): number {
		const { [SPENT]: spent } = this.context;
		return typeof spent === 'number' ? spent : 0;
	}

	private stored(): Record<string, Stored> {
		const { [KEPT]: stored } = this.context;
		const entries: Array<[string, unknown]> = Object.entries(isJsonObject(stored) ? stored : {});
		return Object.fromEntries(entries.filter(isOurs));
	}
}

function isOurs(entry: [string, unknown]): entry is [string, Stored] {
	return isJsonObject(entry[1]) && entry[1].v === 1 && isJsonObject(entry[1].items);
}

/** For Retry On Fail a cancelled job is final. A user who retries the execution wants the video after all. */
function askedAnew(record: JobRecord): JobRecord {
	return record.state === 'cancelled' ? { ...record, state: 'failed' } : record;
}

/** Whether an agent calls the node as a tool; older versions of n8n run a tool only in this way. */
function isToolOfAgent(functions: IExecuteFunctions): boolean {
	return 'isToolExecution' in functions
		? functions.isToolExecution()
		: (functions as IExecuteFunctions).getNode().type.endsWith('Tool');
}

/** The same for all tries of one run. A tool gets a new run index for every try; its arguments identify the call. */
function keyOf(functions: IExecuteFunctions, isTool: boolean): string {
	if (!isTool) return String(functions.evaluateExpression('{{ $runIndex }}', 0));
	const inputs = JSON.stringify(functions.getInputData().map(({ json }) => json));
	return `tool ${createHash('sha256').update(inputs).digest('hex').slice(0, 32)}`;
}
