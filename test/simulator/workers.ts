/** The queue and the workers that take jobs from it: first come, first served, low priority last. */

import type { Clock, Timer } from './clock';

export interface Queued {
	/** When a worker may take it, by the clock. */
	readonly readyAt: number;
	/** A job that was cancelled while queued stays in its lane and is passed over. */
	readonly isQueued: boolean;
}

export class Workers<Job extends Queued> {
	private readonly lanes = { normal: new Lane<Job>(), low: new Lane<Job>() };
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
		this.lanes.normal.clear();
		this.lanes.low.clear();
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
			const job = lane?.first();
			if (!lane || !job) return;
			const waitMs = job.readyAt - this.clock.now();
			if (waitMs > 0) {
				this.wake = this.clock.after(waitMs, () => this.dispatch());
				return;
			}
			lane.shift();
			this.busy++;
			this.start(job, this.idle.pop() ?? workerId(this.hired++));
		}
	}

	/** The normal lane, unless only the low one has a job that may start by now. */
	private nextLane(): Lane<Job> | undefined {
		const { normal, low } = this.lanes;
		const first = normal.first();
		const second = low.first();
		if (!second) return normal;
		return first && (first.readyAt <= this.clock.now() || first.readyAt <= second.readyAt)
			? normal
			: low;
	}
}

/** A queue whose ends both cost the same however long it is. */
class Lane<Job extends Queued> {
	private jobs: Job[] = [];
	private head = 0;

	push(job: Job): void {
		this.jobs.push(job);
	}

	first(): Job | undefined {
		while (this.head < this.jobs.length && !this.jobs[this.head]?.isQueued) this.head++;
		return this.jobs[this.head];
	}

	shift(): void {
		this.head++;
		if (this.head < 1024 || this.head * 2 < this.jobs.length) return;
		this.jobs = this.jobs.slice(this.head);
		this.head = 0;
	}

	clear(): void {
		this.jobs = [];
		this.head = 0;
	}
}

/** Looks like Runpod's pod ids: letters and digits. */
function workerId(index: number): string {
	return `simworker${index.toString(36).padStart(5, '0')}`;
}
