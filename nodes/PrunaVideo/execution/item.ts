import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import type { KnownJob } from '../runpod/failure';
import type { Execution } from './execution';
import type { Page } from './page';

/** What became of an item. */
export interface Result {
	/** One or several; n8n pairs them with the input item. */
	items: INodeExecutionData[];
	/** The job, where there is one: for the summary of a batch that failed. */
	job?: KnownJob;
}

/** One input item on its way through an execution. */
export class Item {
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

	/** What is known of the item's job. */
	get page(): Page {
		return this.execution.book.page(this.index);
	}

	/** A field's value for this item, its expressions resolved; `fallback` where the form does not show it. */
	readonly read = (name: string, fallback: unknown): unknown =>
		this.context.getNodeParameter(name, this.index, fallback);

	/** The output of this item, paired with it. */
	returns(json: IDataObject, job?: KnownJob): Result {
		return { items: [{ json, pairedItem: { item: this.index } }], job };
	}
}
