import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import type { KnownJob } from '../runpod/failure';
import type { Execution } from './execution';
import type { JobRecord } from './record';

export class Item {
	/** As it is sent, once it is known: tells the user which row an output or an error is about. */
	prompt?: string;

	constructor(
		readonly execution: Execution,
		readonly index: number,
	) {}

	get context(): IExecuteFunctions {
		return this.execution.context;
	}

	get input(): INodeExecutionData {
		return this.context.getInputData()[this.index] ?? { json: {} };
	}

	get record(): JobRecord | undefined {
		return this.execution.records.get(this.index);
	}

	/** A field's value for this item, its expressions resolved; `fallback` where the workflow has no such field. */
	readonly read = (name: string, fallback: unknown): unknown =>
		this.context.getNodeParameter(name, this.index, fallback);

	returns(json: IDataObject, job: KnownJob = {}): Result {
		return { item: { json, pairedItem: { item: this.index } }, job };
	}
}

export interface Result {
	item: INodeExecutionData;
	/** The job, where there is one: for the summary of a batch that failed. */
	job: KnownJob;
}

/** What one item will do, once it is read and checked. */
export interface Plan {
	/** USD that a new job would cost, null where that is not known; absent where the operation costs nothing. */
	estimatedCost?: number | null;
	/** Identifies the request as the user stated it, where its job is remembered for a later try. */
	request?: string;
	/** Whether it is submitted again where an earlier try may have submitted it. */
	resubmitsUncertain?: boolean;
}

/** One operation of the node: how an item is checked, and what is done with it. */
export interface Operation<P extends Plan = Plan> {
	/** Reads one item's fields and checks them all; sends nothing that costs money. @throws InvalidParameter */
	plan(item: Item): P | Promise<P>;

	perform(item: Item, plan: P): Promise<Result>;
}
