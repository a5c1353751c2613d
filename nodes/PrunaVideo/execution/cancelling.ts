import { startDeadline, type Deadline } from '../runpod/time';

/** Runpod takes this many `/cancel` requests at once (Runpod, "Operation reference"). */
const MOST_AT_ONCE = 20;

/** A queue that does a few pieces of work at a time, in order. */
export class CancelQueue {
	private deadline: Deadline | undefined;
	private readonly waiting: Array<() => Promise<void>> = [];
	private readonly workers = new Set<Promise<void>>();

	/** Resolves with the result of `work`, once it has had its turn. `work` must not throw. */
	async run<T>(work: () => Promise<T>): Promise<T> {
		return await new Promise<T>((resolve) => {
			this.waiting.push(async () => resolve(await work()));
			if (this.workers.size >= MOST_AT_ONCE) return;
			const worker = this.work().finally(() => this.workers.delete(worker));
			this.workers.add(worker);
		});
	}

	/** What is left of `ms` milliseconds, counted from the first call; starts again after the queue was empty. */
	remainingMs(ms: number): number {
		this.deadline ??= startDeadline(ms);
		return this.deadline.remaining();
	}

	/** Resolves once everything is done. */
	async idle(): Promise<void> {
		while (this.workers.size > 0) await Promise.all(this.workers);
	}

	private async work(): Promise<void> {
		for (let next = this.waiting.shift(); next !== undefined; next = this.waiting.shift()) {
			await next();
		}
		if (this.workers.size === 1) this.deadline = undefined;
	}
}
