/**
 * The simulator's time. All waiting goes through one heap and one real timer: thousands of jobs cost
 * little, a test can move time with `advance` instead of sleeping, and closing leaves no timer behind.
 */

export interface Timer {
	cancel(): void;
}

interface Entry {
	due: number;
	order: number;
	index: number;
	action: () => void;
}

const LONGEST_REAL_TIMER_MS = 2 ** 31 - 1;

/** ms since 1970 as it was when the program began, and on from there: setting the machine's clock does not move it. */
function steadyNow(): number {
	return performance.timeOrigin + performance.now();
}

export class Clock {
	private readonly heap: Entry[] = [];
	private offset = 0;
	private order = 0;
	private real: { timer: NodeJS.Timeout; due: number } | undefined;

	/** ms since 1970, plus what `advance` added. */
	now(): number {
		return Math.round(steadyNow()) + this.offset;
	}

	after(ms: number, action: () => void): Timer {
		const entry: Entry = {
			due: this.now() + Math.max(0, ms),
			order: this.order++,
			index: this.heap.length,
			action,
		};
		this.heap.push(entry);
		this.rise(entry);
		this.arm();
		return { cancel: () => this.remove(entry) };
	}

	sleep(ms: number): Promise<void> {
		return new Promise((resolve) => this.after(ms, resolve));
	}

	/** Moves time on by `ms`, running what falls due on the way, each at its own moment. */
	advance(ms: number): void {
		const target = this.now() + ms;
		this.runUntil(target);
		this.offset += Math.max(0, target - this.now());
		this.arm();
	}

	/** Forgets everything that was planned. */
	clear(): void {
		for (const entry of this.heap) entry.index = -1;
		this.heap.length = 0;
		if (this.real) clearTimeout(this.real.timer);
		this.real = undefined;
	}

	private runUntil(target: number): void {
		for (let next = this.heap[0]; next && next.due <= target; next = this.heap[0]) {
			this.offset += Math.max(0, next.due - this.now());
			this.remove(next);
			next.action();
		}
	}

	private arm(): void {
		const next = this.heap[0];
		if (!next || (this.real && this.real.due <= next.due - this.offset)) return;
		if (this.real) clearTimeout(this.real.timer);
		const due = next.due - this.offset;
		const timer = setTimeout(
			() => {
				this.real = undefined;
				this.runUntil(this.now());
				this.arm();
			},
			Math.min(Math.max(0, due - steadyNow()), LONGEST_REAL_TIMER_MS),
		);
		this.real = { timer, due };
	}

	private remove(entry: Entry): void {
		const { index } = entry;
		if (index < 0) return;
		entry.index = -1;
		const last = this.heap.pop();
		if (!last || last === entry) return;
		this.place(last, index);
		this.rise(last);
		this.sink(last);
	}

	private place(entry: Entry, index: number): void {
		this.heap[index] = entry;
		entry.index = index;
	}

	private rise(entry: Entry): void {
		while (entry.index > 0) {
			const parent = this.heap[(entry.index - 1) >> 1];
			if (!parent || !isEarlier(entry, parent)) return;
			this.swap(entry, parent);
		}
	}

	private sink(entry: Entry): void {
		for (;;) {
			const left = this.heap[2 * entry.index + 1];
			const right = this.heap[2 * entry.index + 2];
			const child = left && right && isEarlier(right, left) ? right : left;
			if (!child || !isEarlier(child, entry)) return;
			this.swap(entry, child);
		}
	}

	private swap(a: Entry, b: Entry): void {
		const index = a.index;
		this.place(a, b.index);
		this.place(b, index);
	}
}

function isEarlier(a: Entry, b: Entry): boolean {
	return a.due < b.due || (a.due === b.due && a.order < b.order);
}
