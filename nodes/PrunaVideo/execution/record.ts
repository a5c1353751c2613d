import type { JsonObject } from '../json';
import { dollars } from '../money';
import type { VideoResult } from '../pvideo/result';
import { Failure, type KnownJob } from '../runpod/failure';
import type { FinalJob } from '../runpod/job';

/** A job that Runpod accepted, and the endpoint that did. */
export interface JobRef {
	id: string;
	endpointId: string;
}

export interface Problem {
	message: string;
	description: string;
	httpCode?: number;
}

/**
 * `none`: Runpod accepted no job. `uncertain`: it may have. `running`: not known to be final, or completed without a
 * video so far. `done`: with a video. `failed`: without one, so a new job may be submitted. `cancelled`: by somebody
 * else than the node, so no later try submits a new one.
 */
export type JobState =
	| { state: 'none' | 'submitting' }
	| { state: 'uncertain'; problem: Problem }
	| { state: 'running'; job: JobRef }
	/** `response`: Runpod's answer, or what the node reads of a long one; `finishedAt` in ms since 1970. */
	| { state: 'done'; job: JobRef; result: VideoResult; response: JsonObject; finishedAt: number }
	| { state: 'failed' | 'cancelled'; job: JobRef; status: string };

export interface Sent {
	/** Identifies the request as the user stated it. */
	request: string;
	seed?: number;
	prompt?: string;
}

/**
 * What is known of an item's job. JSON only, since n8n saves it. `cost` (USD) is what the budget counts for it now:
 * the estimate from the moment it is set aside, Runpod's figure once there is one, 0 where nothing was accepted.
 */
export type JobRecord = JobState & {
	sent: Sent;
	/** n8n's ID of the execution that has the job: a retry from the list of executions is another one. */
	executionId: string;
	cost: number;
	/** USD of jobs that the item had before this one. */
	earlierCost: number;
	/** The job of another request, which a retry of that request finds until a new job is made. */
	left?: JobRecord;
};

/** The records of one execution by item. Nobody adds or subtracts costs: the sum is computed. */
export class Records {
	/** Items whose job is being made or followed now. */
	readonly underWay = new Set<number>();
	private onChange: Array<() => void> = [];

	constructor(private readonly byItem: Map<number, JobRecord> = new Map()) {}

	get(itemIndex: number): JobRecord | undefined {
		return this.byItem.get(itemIndex);
	}

	set(itemIndex: number, record: JobRecord): void {
		this.byItem.set(itemIndex, record);
	}

	update(itemIndex: number, change: JobState & { cost: number }): void {
		const record = this.byItem.get(itemIndex);
		if (record === undefined) return;
		const { sent, executionId, earlierCost } = record;
		this.set(itemIndex, { ...change, sent, executionId, earlierCost });
	}

	entries(): Array<[itemIndex: number, record: JobRecord]> {
		return [...this.byItem].sort(([a], [b]) => a - b);
	}

	get cost(): number {
		let sum = 0;
		for (const record of this.byItem.values()) sum += totalCost(record);
		return dollars(sum);
	}

	/** The item is done with its job, for this try. */
	leave(itemIndex: number): void {
		this.underWay.delete(itemIndex);
		this.tellChange();
	}

	/** Resolves when an item is done with its job, or needs its body no more. */
	async change(): Promise<void> {
		await new Promise<void>((resolve) => this.onChange.push(resolve));
	}

	tellChange(): void {
		const waiting = this.onChange;
		this.onChange = [];
		for (const tell of waiting) tell();
	}
}

/** What the budget counts for an item, in USD. */
export function totalCost({ cost, earlierCost }: JobRecord): number {
	return cost + earlierCost;
}

/** Whether the job is made: what runs, is done or may be running is not submitted again. */
export function isSubmitted(record: JobRecord | undefined, resubmitsUncertain = false): boolean {
	if (record === undefined || ['none', 'submitting', 'failed'].includes(record.state)) return false;
	return record.state !== 'uncertain' || !resubmitsUncertain;
}

export function jobOf(record: JobRecord | undefined): KnownJob {
	if (record === undefined || !('job' in record)) return {};
	const { id } = record.job;
	if (record.state === 'done') return { id, status: 'COMPLETED', ...record.result };
	return { id, ...('status' in record && { status: record.status }) };
}

/** A response is kept whole up to this many characters of JSON. */
const LONGEST_KEPT = 4_000;

/** A response as it is kept for the next try: whole or, if it is long, only what the node reads. */
export function keptResponse({ id, status, raw }: FinalJob, result: VideoResult): JsonObject {
	if (JSON.stringify(raw).length <= LONGEST_KEPT) return raw;
	const { delayTime, executionTime } = raw;
	const isTime = (time: unknown) => typeof time === 'number';
	return {
		id,
		status,
		...(isTime(delayTime) && { delayTime }),
		...(isTime(executionTime) && { executionTime }),
		output: { video_url: result.videoUrl ?? null, cost: result.cost ?? null },
	};
}

/** The failure of an earlier try, to be thrown instead of sending a request that might be billed twice. */
export function stillUncertain(
	{ message, description, httpCode }: Problem,
	job: KnownJob = {},
): Failure {
	return new Failure(message, { description, isUncertain: true, job: { ...job, httpCode } });
}
