import { dollars } from '../money';

/** What one item holds of the budget until its real cost is known. */
export interface Reservation {
	/** USD. */
	amount: number;
}

/** USD that a node has come to in an execution: spent, and set aside for jobs under way. */
export interface Spending {
	spent: number;
	reserved: number;
}

/**
 * The sum that one execution may spend, in USD, with items in parallel: an estimate is reserved before a job is
 * submitted and replaced by the real cost afterwards. What cannot be estimated counts once it is known.
 */
export class Budget {
	constructor(
		readonly limit: number | undefined,
		/** Shared by all runs of the node in this execution, those at the same time too. */
		private readonly spending: Spending,
	) {}

	/** USD spent and reserved. */
	get committed(): number {
		return dollars(this.spending.spent + this.spending.reserved);
	}

	/** Whether another `amount` stays within the limit; of an unknown one (null), whether anything is left for it. */
	allows(amount: number | null): boolean {
		if (this.limit === undefined) return true;
		return amount === null
			? this.committed < this.limit
			: dollars(this.committed + amount) <= this.limit;
	}

	/** Sets `amount` aside; undefined where that would go above the limit. */
	reserve(amount: number | null): Reservation | undefined {
		if (!this.allows(amount)) return undefined;
		this.spending.reserved = dollars(this.spending.reserved + (amount ?? 0));
		return { amount: amount ?? 0 };
	}

	/** Takes what counts as spent for a job of an earlier try as its reservation, until its real cost is known. */
	reopen(amount: number): Reservation {
		this.spending.spent = dollars(this.spending.spent - amount);
		this.spending.reserved = dollars(this.spending.reserved + amount);
		return { amount };
	}

	/** Replaces a reservation by what it came to; undefined where that is unknown, so the estimate stays. */
	settle(reservation: Reservation, actual: number | undefined): void {
		this.spending.reserved = dollars(this.spending.reserved - reservation.amount);
		this.spending.spent = dollars(this.spending.spent + (actual ?? reservation.amount));
	}
}
