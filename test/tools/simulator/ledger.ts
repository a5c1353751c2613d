/** The books: every job that was accepted, what became of it, and what it cost. */

import type { JobInput } from './options';

export interface Policy {
	executionTimeout?: number;
	ttl?: number;
	lowPriority?: boolean;
}

export interface Fetched {
	field: 'image' | 'audio';
	url: string;
	bytes: number;
	/** In hex. */
	sha256: string;
}

/** One accepted job. Times are ms since 1970, durations ms, money USD. */
export interface JobRecord {
	readonly id: string;
	readonly operation: 'runsync' | 'run';
	readonly endpoint: string;
	/** As sent; long texts shortened once the job is done, where the body was above the cap. */
	input: JobInput;
	readonly webhook: string | undefined;
	readonly policy: Policy | undefined;
	/** Runpod's state; EXPIRED (the ledger's own word) when its ttl ran out before it was done. */
	status: string;
	readonly history: Array<{ status: string; at: number }>;
	/** Billed, USD: 0 unless COMPLETED, or a fault sets it. */
	price: number;
	/** Length of the video that was made. */
	seconds?: number | undefined;
	error?: unknown;
	output?: unknown;
	delayTime?: number | undefined;
	executionTime?: number | undefined;
	workerId?: string | undefined;
	retries: number;
	/** Input fields that the model knows but ignores here (duration with audio …). */
	ignoredFields: readonly string[];
	/** Images and audio that were fetched from their addresses. */
	readonly fetched: Fetched[];
	/** When each call began, and the HTTP status of the receiver, or why there was none. */
	readonly webhookTries: Array<{ at: number; result: number | string }>;
	/** Whether Runpod has lost it on purpose of a test: `/status` says 404. */
	forgotten: boolean;
}

export class Ledger {
	readonly jobs: JobRecord[] = [];
	private readonly byId = new Map<string, JobRecord>();
	/** USD billed so far, to a millionth. */
	total = 0;

	find(id: string): JobRecord | undefined {
		return this.byId.get(id);
	}

	/** How many jobs are in each state now. */
	countByStatus(): Record<string, number> {
		const counts: Record<string, number> = {};
		for (const { status } of this.jobs) counts[status] = (counts[status] ?? 0) + 1;
		return counts;
	}

	count(status: string): number {
		return this.jobs.filter((job) => job.status === status).length;
	}

	enter(job: JobRecord): void {
		this.jobs.push(job);
		this.byId.set(job.id, job);
	}

	move(job: JobRecord, status: string, at: number): void {
		job.status = status;
		job.history.push({ status, at });
	}

	bill(job: JobRecord, price: number): void {
		job.price = roundUsd(job.price + price);
		this.total = roundUsd(this.total + price);
	}

	clear(): void {
		this.jobs.length = 0;
		this.byId.clear();
		this.total = 0;
	}
}

/** USD to a millionth, so that 0.1 + 0.2 reads 0.3. */
export function roundUsd(amount: number): number {
	return Math.round(amount * 1e6) / 1e6;
}
