import type { IDataObject, IExecuteFunctions, INode } from 'n8n-workflow';
import { connect, type Connection } from '../runpod/connection';
import { Budget, type Spending } from './budget';
import { isUnderway, Memory, type TryEnd } from './memory';
import { OpenJobs } from './openJobs';
import { jsonWithoutKey, withoutKey } from './redaction';
import { Tally } from './tally';

/** What belongs to the whole run; read from the first item. */
export interface RunSettings {
	/** Items under way at once. */
	concurrency: number;
	/** USD. */
	maxCostPerExecution?: number;
	cancelOnStop: boolean;
}

/** One `execute()` of the node: what its items share. */
export class Run {
	readonly node: INode;
	readonly stop: AbortSignal | undefined;
	readonly continuesOnFail: boolean;
	readonly memory: Memory;
	readonly budget: Budget;
	readonly openJobs: OpenJobs;
	readonly tally = new Tally();
	private connecting?: Promise<Connection>;
	private apiKey?: string;

	constructor(
		readonly context: IExecuteFunctions,
		readonly settings: RunSettings,
	) {
		this.node = context.getNode();
		this.stop = context.getExecutionCancelSignal();
		this.continuesOnFail = context.continueOnFail();
		this.memory = Memory.open(context);
		this.budget = new Budget(settings.maxCostPerExecution, spendingOf(context));
		this.openJobs = new OpenJobs(settings.cancelOnStop ? this.stop : undefined);
	}

	/** The credential, read once for the run. */
	async connection(): Promise<Connection> {
		this.connecting ??= connect(this.context);
		const connection = await this.connecting;
		this.apiKey = connection.apiKey;
		return connection;
	}

	/** Lets errors about fields be without the key, too; where there is no credential, there is none to show. */
	async learnKey(): Promise<void> {
		await this.connection().catch(() => undefined);
	}

	/** Where an error belongs, for `toNodeError`. */
	place(itemIndex?: number) {
		return { node: this.node, itemIndex, apiKey: this.apiKey };
	}

	/** A text without the API key, should an answer of Runpod's in it hold it. */
	textWithoutKey(text: string): string {
		return withoutKey(text, this.apiKey);
	}

	/** An item's json without the API key, should Runpod's answer hold it. */
	withoutKey(json: IDataObject): IDataObject {
		return jsonWithoutKey(json, this.apiKey);
	}

	/** Jobs of earlier tries are this one's to follow, and to cancel on a stop. */
	async adoptOpenJobs(): Promise<void> {
		for (const kept of this.memory.entries.values()) {
			const { jobId, endpointId } = kept;
			if (!isUnderway(kept) || jobId === undefined || endpointId === undefined) continue;
			this.openJobs.add({ connection: await this.connection(), endpointId }, jobId);
		}
	}

	/** Ends the run: cancels are answered, and only what a further try can use is kept. */
	async close(end: TryEnd): Promise<void> {
		await this.openJobs.close();
		this.memory.markCancelled(this.openJobs.cancelled);
		this.memory.close(end, (stored) => jsonWithoutKey(stored, this.apiKey));
		if (this.budget.limit !== undefined) {
			this.context.getContext('node')[SPENT] = this.budget.committed;
		}
	}
}

/**
 * Under this key a run with 'Max Cost per Execution' leaves what was spent, for its next try and for the next turn of a
 * loop.
 */
const SPENT = 'prunaVideoSpent';

/** By the node's context in the execution: an agent can call its tool several times at once. */
const spendings = new WeakMap<object, Spending>();

function spendingOf(functions: IExecuteFunctions): Spending {
	const context = functions.getContext('node');
	const spent: unknown = context[SPENT];
	const spending = spendings.get(context) ?? {
		spent: typeof spent === 'number' ? spent : 0,
		reserved: 0,
	};
	spendings.set(context, spending);
	return spending;
}
