import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import type { Run } from './run';

/** What one item will do, once it is read and checked. */
export interface Plan {
	/** USD that the item will cost; null where it is not known beforehand, absent where it costs nothing. */
	estimatedCost?: number | null;
	/** Stands for the request as the user stated it, where a retry may find it again; see `Kept`. */
	fingerprint?: string;
}

/** One operation of the node: how an item is checked, and what is done with it. */
export interface Operation<P extends Plan = Plan> {
	/**
	 * Reads one item's fields and checks them all; sends nothing that can cost.
	 *
	 * @throws InvalidParameter
	 */
	plan(context: IExecuteFunctions, itemIndex: number): P | Promise<P>;

	/**
	 * Does what was planned.
	 *
	 * @throws Failure, Stopped, InvalidParameter
	 */
	perform(run: Run, plan: P, itemIndex: number): Promise<INodeExecutionData>;
}
