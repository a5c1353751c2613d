/**
 * Recent values by name: no older than `maxAgeMs` and no more than `maxEntries`, so that callers cannot fill the
 * memory. Adding and finding take constant time.
 */
export class Recent<T> {
	/** Oldest first: a Map keeps the order in which it was filled. */
	private readonly entries = new Map<string, { at: number; value: T }>();

	constructor(
		private readonly maxEntries: number,
		private readonly maxAgeMs: number,
	) {}

	get(name: string): T | undefined {
		const entry = this.entries.get(name);
		return entry !== undefined && !this.isOld(entry.at) ? entry.value : undefined;
	}

	set(name: string, value: T): void {
		this.entries.delete(name);
		this.entries.set(name, { at: performance.now(), value });
		for (const [oldest, { at }] of this.entries) {
			if (this.entries.size <= this.maxEntries && !this.isOld(at)) break;
			this.entries.delete(oldest);
		}
	}

	get size(): number {
		return this.entries.size;
	}

	private isOld(at: number): boolean {
		return performance.now() - at > this.maxAgeMs;
	}
}
