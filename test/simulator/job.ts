/** One job as the simulator works on it; what the outside may see of it is its ledger record. */

import { randomUUID } from 'node:crypto';
import type { Timer } from './clock';
import type { JobFault } from './faults';
import type { JobRecord, Policy } from './ledger';
import { ignoredFields, unknownFields } from './model';
import type { JobInput, SimulatorOptions } from './options';
import type { Queued } from './workers';

/** A request for a job that passed every check. */
export interface Submission {
	operation: 'runsync' | 'run';
	endpoint: string;
	apiKey: string;
	input: JobInput;
	webhook: string | undefined;
	policy: Policy | undefined;
	/** Length of the request's body. */
	bytes: number;
	/** Documented ms that the result will be kept. */
	retentionMs: number;
}

export class Job implements Queued {
	readonly record: JobRecord;
	readonly bytes: number;
	readonly retentionMs: number;
	/** Called once the job is final, or gone. */
	readonly whenFinal = new Set<() => void>();
	ending: JobFault | undefined;
	readyAt: number;
	queuedAt: number;
	startedAt = 0;
	/** When `/status` stops knowing it. */
	expiresAt = Infinity;
	timers: Timer[] = [];
	ttlTimer: Timer | undefined;

	constructor(submission: Submission, now: number, delayTimeMs: number) {
		const { operation, input } = submission;
		this.bytes = submission.bytes;
		this.retentionMs = submission.retentionMs;
		this.queuedAt = now;
		this.readyAt = now + delayTimeMs;
		this.record = {
			id: `${operation === 'runsync' ? 'sync-' : ''}${randomUUID()}-u1`,
			operation,
			endpoint: submission.endpoint,
			input,
			webhook: submission.webhook,
			policy: submission.policy,
			apiKey: submission.apiKey,
			submittedAt: now,
			status: 'IN_QUEUE',
			history: [],
			price: 0,
			seconds: undefined,
			error: undefined,
			output: undefined,
			delayTime: undefined,
			executionTime: undefined,
			workerId: undefined,
			retries: 0,
			unknownFields: unknownFields(input),
			ignoredFields: ignoredFields(input),
			webhookTries: [],
			forgotten: false,
		};
	}

	get isQueued(): boolean {
		return this.record.status === 'IN_QUEUE';
	}

	get isRunning(): boolean {
		return this.record.status === 'IN_PROGRESS';
	}

	get isFinal(): boolean {
		return !this.isQueued && !this.isRunning;
	}

	isKnown(now: number): boolean {
		return !this.record.forgotten && this.record.status !== 'EXPIRED' && now < this.expiresAt;
	}

	cancelTimers(): void {
		for (const timer of this.timers) timer.cancel();
		this.timers = [];
	}
}

/** The job as Runpod shows it, in runsync, status and webhook. */
export function view(job: Job, options: SimulatorOptions): Record<string, unknown> {
	const { record } = job;
	const { id, status, delayTime, executionTime, workerId, error, output } = record;
	if (job.isQueued) return { id, status };
	if (job.isRunning) return { id, status: options.runningState, delayTime, workerId };
	const shown: Record<string, unknown> = {
		delayTime,
		error,
		executionTime,
		id,
		output,
		status,
		workerId,
	};
	for (const field of job.ending?.omit ?? []) delete shown[field];
	return shown;
}
