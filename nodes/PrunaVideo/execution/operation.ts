import type { INodeProperties } from 'n8n-workflow';
import type { Item, Result } from './execution';

/** What one item will do, once it is read and checked. */
export interface Plan {
	/** USD that a new job would cost, null where that is not known; absent where the operation costs nothing. */
	estimatedCost?: number | null;
	/** Identifies the request as the user stated it, where its job is remembered for a later try. */
	request?: string;
	/** Whether it is submitted again where an earlier try may have submitted it. */
	resubmitsUncertain?: boolean;
}

/** One operation of the node: how the form shows it, how an item is checked, and what is done with it. */
export interface Operation<P extends Plan = Plan> {
	resource: 'video' | 'job' | 'endpoint';
	value: string;
	name: string;
	description: string;
	action: string;
	/** In the order of the form; they are only shown for this operation. */
	fields: INodeProperties[];

	/** Reads one item's fields and checks them all; sends nothing that costs money. @throws InvalidParameter */
	plan(item: Item): P | Promise<P>;

	perform(item: Item, plan: P): Promise<Result>;
}
