import type { Item, Result } from './item';

/** What one item will do, once it is read and checked. */
export interface Plan {
	/** USD that the item will cost; null where it is not known beforehand, absent where it costs nothing. */
	estimatedCost?: number | null;
	/** Identifies the request as the user stated it, if a retry may find it again; see `Entry`. */
	fingerprint?: string;
	/** Whether it is submitted again where an earlier try may have submitted it. */
	resubmitsUncertain?: boolean;
	/** Bytes that the plan holds. A large plan is dropped, and made again when its item's turn comes. */
	heldBytes?: number;
}

/** One operation of the node: how an item is checked, and what is done with it. */
export interface Operation<P extends Plan = Plan> {
	/**
	 * Reads one item's fields and checks them all; sends nothing that costs money.
	 *
	 * @throws InvalidParameter
	 */
	plan(item: Item): P | Promise<P>;

	/**
	 * Does what was planned.
	 *
	 * @throws Failure, Stopped, InvalidParameter
	 */
	perform(item: Item, plan: P): Promise<Result>;
}
