/** One job as the simulator works on it; what the outside may see of it is its ledger record. */

import { randomUUID } from 'node:crypto';
import type { Timer } from './clock';
import type { JobFault } from './faults';
import type { JobRecord } from './ledger';
import { ignoredFields } from './model';
import type { SimulatorOptions } from './options';
import type { Payload } from './submission';

/** A request for a job that passed every check. */
export interface Submission extends Payload {
	operation: 'runsync' | 'run';
	endpoint: string;
	/** Length of the request's body. */
	bytes: number;
	/** Documented ms that the result will be kept. */
	retentionMs: number;
}

export class Job {
	readonly record: JobRecord;
	/** Called once the job is final, or gone; and once `/status` shows that. */
	readonly whenFinal = new Set<() => void>();
	readonly whenShown = new Set<() => void>();
	queuedAt = 0;
	startedAt = 0;
	/** When `/status` stops knowing it, and when it begins to show that it has ended. */
	expiresAt = Infinity;
	shownFinalAt = Infinity;
	/** Looks at it since it was COMPLETED. */
	looks = 0;
	/** Status requests that do not know it yet. */
	unknownLooks = 0;
	/** A new one each time that it is worked on. */
	work: object | undefined;
	timers: Timer[] = [];

	constructor(
		readonly submission: Submission,
		public ending: JobFault | undefined,
		{ idSuffix }: SimulatorOptions,
	) {
		const { bytes: _bytes, retentionMs: _retentionMs, ...sent } = submission;
		const prefix = sent.operation === 'runsync' ? 'sync-' : '';
		this.record = {
			id: `${prefix}${randomUUID()}${idSuffix}`,
			...sent,
			status: 'IN_QUEUE',
			history: [],
			price: 0,
			retries: 0,
			ignoredFields: ignoredFields(sent.input),
			fetched: [],
			webhookTries: [],
			forgotten: false,
		};
	}

	get isQueued(): boolean {
		return this.record.status === 'IN_QUEUE';
	}

	get isFinal(): boolean {
		return !['IN_QUEUE', 'IN_PROGRESS'].includes(this.record.status);
	}

	/** It begins to wait for a worker. */
	queue(now: number): void {
		const { record } = this;
		record.error = record.output = undefined;
		record.delayTime = record.executionTime = record.workerId = undefined;
		this.expiresAt = this.shownFinalAt = Infinity;
		this.looks = 0;
		this.queuedAt = now;
	}

	isKnown(now: number): boolean {
		return !this.record.forgotten && this.record.status !== 'EXPIRED' && now < this.expiresAt;
	}

	stopWork(): void {
		this.work = undefined;
		for (const timer of this.timers) timer.cancel();
		this.timers = [];
	}
}
