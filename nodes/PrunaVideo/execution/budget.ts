import { Stopped } from '../runpod/failure';
import { dollars } from '../money';

/** What a node has spent in an execution, in USD: what was billed, and the estimates of unfinished jobs. */
export interface Spending {
	total: number;
	/** Jobs whose cost is not known yet. */
	unknown: number;
	/** Resolves once no item of unknown cost is running. */
	turn?: Promise<void>;
}

/**
 * The sum that one execution may spend, in USD, with items in parallel: an estimate is set aside before a job is
 * submitted and replaced by the real cost afterwards.
 */
export class Budget {
	constructor(
		readonly limit: number | undefined,
		/** Shared by all executions of the node in this workflow execution, parallel ones too. */
		private readonly spending: Spending,
	) {}

	/** USD billed and set aside. */
	get committed(): number {
		return this.spending.total;
	}

	/** Jobs whose cost is not known yet. */
	get unknown(): number {
		return this.spending.unknown;
	}

	/**
	 * Whether another `amount` stays within the limit. For an unknown amount (null): whether anything is left and no
	 * other job of unknown cost is open.
	 */
	allows(amount: number | null): boolean {
		if (this.limit === undefined) return true;
		return amount === null
			? this.committed < this.limit && this.unknown === 0
			: dollars(this.committed + amount) <= this.limit;
	}

	/** Counts `amount`; a negative amount is returned to the budget. */
	add(amount: number): void {
		this.spending.total = dollars(this.spending.total + amount);
	}

	/** Counts jobs whose cost is not known yet; a negative number means that it is known now. */
	addUnknown(jobs: number): void {
		this.spending.unknown += jobs;
	}

	/**
	 * With a limit, items whose cost is not known in advance run one at a time, so that each sees the cost of the one
	 * before.
	 *
	 * @returns a function that ends the turn
	 * @throws Stopped
	 */
	async takeTurn(stop: AbortSignal | undefined): Promise<() => void> {
		const before = this.spending.turn;
		let end = () => {};
		const mine = new Promise<void>((resolve) => (end = resolve));
		this.spending.turn = Promise.all([before, mine]).then(() => undefined);
		await firstOf(before, stop);
		if (stop?.aborted) {
			end();
			throw new Stopped();
		}
		return end;
	}
}

/** Resolves when the turn comes or the stop fires, and leaves no listener behind. */
async function firstOf(
	turn: Promise<void> | undefined,
	stop: AbortSignal | undefined,
): Promise<void> {
	await new Promise<void>((resolve) => {
		const done = () => {
			stop?.removeEventListener('abort', done);
			resolve();
		};
		stop?.addEventListener('abort', done);
		if (turn === undefined || stop?.aborted) done();
		else void turn.then(done);
	});
}
