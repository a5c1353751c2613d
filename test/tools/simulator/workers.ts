/** The queue and the workers that take jobs from it: first come, first served, low priority last. */

import type { Clock, Timer } from './clock';

export interface Queued {
	/** When a worker may take it, by the clock. */
	readonly readyAt: number;
	/** A job that was cancelled while queued stays in its lane and is passed over. */
	readonly isQueued: boolean;
}

export class Workers<Job extends Queued> {
	private lanes: { normal: Job[]; low: Job[] } = { normal: [], low: [] };
	private idle: string[] = [];
	private hired = 0;
	private wake: Timer | undefined;
	private isHeld = false;
	/** Jobs being worked on. */
	busy = 0;

	constructor(
		private readonly clock: Clock,
		private readonly count: () => number,
		private readonly start: (job: Job, workerId: string) => void,
	) {}

	enqueue(job: Job, lowPriority: boolean): void {
		this.lanes[lowPriority ? 'low' : 'normal'].push(job);
		this.dispatch();
	}

	/** A worker is done with its job. */
	free(workerId: string): void {
		this.busy--;
		this.idle.push(workerId);
		this.dispatch();
	}

	hold(): void {
		this.isHeld = true;
	}

	release(): void {
		this.isHeld = false;
		this.dispatch();
	}

	clear(): void {
		this.lanes = { normal: [], low: [] };
		this.wake?.cancel();
		this.wake = undefined;
		this.busy = 0;
		this.isHeld = false;
	}

	private dispatch(): void {
		this.wake?.cancel();
		this.wake = undefined;
		while (!this.isHeld && this.busy < this.count()) {
			const lane = this.nextLane();
			const job = lane[0];
			if (!job) return;
			const waitMs = job.readyAt - this.clock.now();
			if (waitMs > 0) {
				this.wake = this.clock.after(waitMs, () => this.dispatch());
				return;
			}
			lane.shift();
			this.busy++;
			// Runpod's worker ids are letters and digits.
			const fresh = () => `simworker${(this.hired++).toString(36).padStart(5, '0')}`;
			this.start(job, this.idle.pop() ?? fresh());
		}
	}

	/** The normal lane, unless only the low one has a job that may start by now. */
	private nextLane(): Job[] {
		const { normal, low } = this.lanes;
		for (const lane of [normal, low]) while (lane[0]?.isQueued === false) lane.shift();
		const [first, second] = [normal[0], low[0]];
		if (!second) return normal;
		const isFirst = first && (first.readyAt <= this.clock.now() || first.readyAt <= second.readyAt);
		return isFirst ? normal : low;
	}
}
