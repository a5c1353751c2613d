/**
 * The simulator's time. All waiting goes through one list and one real timer: a test can move time with
 * `advance` instead of sleeping, and closing leaves no timer behind.
 */

export interface Timer {
	cancel(): void;
}

interface Entry {
	due: number;
	action: () => void;
}

/** As it is when the simulator is loaded: a test may hurry the node's clock, which is the same. */
const now = performance.now.bind(performance);

export class Clock {
	/** What falls due last stands first; of the same moment, what was planned last. */
	private readonly entries: Entry[] = [];
	private offset = 0;
	private timer: NodeJS.Timeout | undefined;
	private timerDue = Infinity;

	/** ms since 1970, plus what `advance` added. Setting the machine's clock does not move it. */
	now(): number {
		return Math.round(performance.timeOrigin + now()) + this.offset;
	}

	after(ms: number, action: () => void): Timer {
		const entry = { due: this.now() + ms, action };
		const before = this.entries.findLastIndex(({ due }) => due > entry.due);
		this.entries.splice(before + 1, 0, entry);
		this.arm();
		return {
			cancel: () => {
				const at = this.entries.lastIndexOf(entry);
				if (at >= 0) this.entries.splice(at, 1);
			},
		};
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
		this.entries.length = 0;
		this.arm();
	}

	private runUntil(target: number): void {
		for (let next = this.entries.at(-1); next && next.due <= target; next = this.entries.at(-1)) {
			this.offset += Math.max(0, next.due - this.now());
			this.entries.pop();
			next.action();
		}
	}

	private arm(): void {
		const due = (this.entries.at(-1)?.due ?? Infinity) - this.offset;
		if (due === this.timerDue) return;
		clearTimeout(this.timer);
		this.timerDue = due;
		if (due === Infinity) return;
		const run = () => {
			this.timerDue = Infinity;
			this.runUntil(this.now());
			this.arm();
		};
		this.timer = setTimeout(run, Math.min(due + this.offset - this.now(), 2 ** 31 - 1));
	}
}
