/** What may be spent, and what was. */

/** Going on would be wrong; the message is for the user. */
export class Stop extends Error {}

/** USD, in all. */
export const MOST_USD = 0.15;

export const usd = (amount: number) => `$${amount.toFixed(4).replace(/0{1,2}$/, '')}`;

export interface Purchase {
	estimate: number;
	/** What Runpod says that it cost; undefined where it does not say. */
	cost?: number | undefined;
}

export class Purse {
	private readonly purchases = new Set<Purchase>();

	/** Throws Stop where the sum could pass the limit at the highest rate that Runpod has billed so far. */
	open(estimate: number): Purchase {
		const factors = [...this.purchases].map((one) => (one.cost ?? 0) / (one.estimate || 1));
		const next = estimate * Math.max(1, ...factors);
		if (this.atMost + next > MOST_USD + 1e-9) {
			throw new Stop(`The next job might cost ${usd(next)}, and ${usd(MOST_USD)} is the limit.`);
		}
		const purchase = { estimate };
		this.purchases.add(purchase);
		return purchase;
	}

	/** It was refused, so that nothing is billed. */
	close(purchase: Purchase): void {
		this.purchases.delete(purchase);
	}

	/** USD, each job at its estimate at least. */
	get atMost(): number {
		return this.sum(({ cost = 0, estimate }) => Math.max(cost, estimate));
	}

	/** USD, by Runpod's own figures. */
	get reported(): number {
		return this.sum(({ cost = 0 }) => cost);
	}

	private sum(of: (purchase: Purchase) => number): number {
		return [...this.purchases].reduce((sum, purchase) => sum + of(purchase), 0);
	}
}
