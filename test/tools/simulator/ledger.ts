/** The books: every job that was accepted, what became of it, and what it cost. */

import type { JobInput } from './options';

export interface Policy {
	executionTimeout?: number;
	ttl?: number;
	lowPriority?: boolean;
}

export interface WebhookTry {
	/** When the call began. */
	at: number;
	/** HTTP status of the receiver, or why there was none. */
	result: number | string;
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
	/** Which key: its label, never the key. */
	readonly apiKey: string;
	readonly submittedAt: number;
	/** Runpod's state; EXPIRED (the ledger's own word) when its ttl ran out before it was done. */
	status: string;
	readonly history: Array<{ status: string; at: number }>;
	/** Billed, USD: 0 unless COMPLETED, or a fault sets it. */
	price: number;
	/** Length of the video that was made. */
	seconds: number | undefined;
	error: unknown;
	output: unknown;
	delayTime: number | undefined;
	executionTime: number | undefined;
	workerId: string | undefined;
	retries: number;
	/** Input fields that the model does not know. */
	unknownFields: readonly string[];
	/** Input fields that the model knows but ignores here (duration with audio …). */
	ignoredFields: readonly string[];
	/** Images and audio that were fetched from their addresses. */
	readonly fetched: Fetched[];
	readonly webhookTries: WebhookTry[];
	/** Whether Runpod has lost it on purpose of a test: `/status` says 404. */
	forgotten: boolean;
}

export class Ledger {
	readonly jobs: JobRecord[] = [];
	private readonly byId = new Map<string, JobRecord>();
	private readonly counts = new Map<string, number>();
	private sum = 0;

	/** USD billed so far, to a millionth. */
	get total(): number {
		return this.sum;
	}

	find(id: string): JobRecord | undefined {
		return this.byId.get(id);
	}

	/** How many jobs are in each state now. */
	countByStatus(): Record<string, number> {
		return Object.fromEntries([...this.counts].filter(([, count]) => count > 0));
	}

	count(status: string): number {
		return this.counts.get(status) ?? 0;
	}

	enter(job: JobRecord): void {
		this.jobs.push(job);
		this.byId.set(job.id, job);
		this.move(job, job.status, job.submittedAt);
	}

	move(job: JobRecord, status: string, at: number): void {
		if (job.history.length > 0) this.counts.set(job.status, this.count(job.status) - 1);
		job.status = status;
		job.history.push({ status, at });
		this.counts.set(status, this.count(status) + 1);
	}

	bill(job: JobRecord, price: number): void {
		job.price = roundUsd(job.price + price);
		this.sum = roundUsd(this.sum + price);
	}

	clear(): void {
		this.jobs.length = 0;
		this.byId.clear();
		this.counts.clear();
		this.sum = 0;
	}

	/** For `JSON.stringify`, so for the page of the ledger. */
	toJSON(): object {
		return { total: this.total, countByStatus: this.countByStatus(), jobs: this.jobs };
	}
}

/** USD to a millionth, so that 0.1 + 0.2 reads 0.3. */
export function roundUsd(amount: number): number {
	return Math.round(amount * 1e6) / 1e6;
}
