/** Runpod's operations on a queue-based endpoint: what each does and answers. Refusals are thrown. */

import { badRequest, json, page, Refusal, type Answer } from './answer';
import { documentOf } from './document';
import type { TakenFaults } from './faults';
import type { Job } from './job';
import type { Jobs } from './jobs';
import { DOCUMENTED, type SimulatorOptions } from './options';
import type { RequestRecord } from './requests';
import { parsePayload, parseWait } from './submission';

/** A request that passed the gate. */
export interface Call {
	record: RequestRecord;
	/** The parsed JSON body; undefined where it is none. */
	body: unknown;
	faults: TakenFaults;
	/** Registers what to do when the client leaves. */
	onOver: (callback: () => void) => void;
}

/** What was asked for is done; `answer` says so, unless a fault keeps it from being said. */
export interface Outcome {
	jobId?: string | undefined;
	answer: () => Answer | Promise<Answer>;
}

export class Api {
	constructor(
		private readonly options: SimulatorOptions,
		private readonly jobs: Jobs,
		private readonly now: () => number,
	) {}

	perform(call: Call): Outcome {
		const { operation, endpoint, jobId, path } = call.record;
		if (operation === 'runsync') return this.runsync(call);
		if (operation === 'run') return this.run(call);
		if (operation === 'health') {
			if (!this.options.showsHealth) throw new Refusal(401, 'unauthorized');
			return { answer: () => json(200, this.jobs.health()) };
		}
		const { statusSync, timeScale } = this.options;
		const { statusWait } = DOCUMENTED;
		const isLong = operation === 'status-sync';
		if (isLong && typeof statusSync === 'number') throw new Refusal(statusSync, 'Not found');
		const waitMs = isLong ? (parseWait(path, statusWait) ?? statusWait.default) * timeScale : 0;
		const job = this.jobs.find(endpoint, jobId);
		if (!job) throw unknownJob();
		if (operation === 'cancel') return this.cancel(job);
		if (operation === 'retry') return this.retry(job, call);
		return this.status(job, call, waitMs);
	}

	private runsync(call: Call): Outcome {
		const wait = parseWait(call.record.path, DOCUMENTED.wait);
		const { edge, timeScale, failedRunsyncStatus } = this.options;
		const job = this.submit(call, 'runsync', Math.max(DOCUMENTED.retention.runsync, wait ?? 0));
		const waitMs = wait ?? DOCUMENTED.wait.default;
		const look = () => {
			if (job.record.status === 'EXPIRED') throw unknownJob();
			if (!job.isFinal && edge.afterMs < waitMs) return page(edge.status);
			if (job.isQueued) job.unknownLooks = this.options.unknownAtFirst;
			return this.shown(job, failedRunsyncStatus);
		};
		const openMs = Math.min(waitMs, edge.afterMs) * timeScale;
		return done(job, () => this.jobs.until(job.whenFinal, openMs, call.onOver, look));
	}

	private run(call: Call): Outcome {
		const job = this.submit(call, 'run', DOCUMENTED.retention.run);
		job.unknownLooks = this.options.unknownAtFirst;
		return done(job, () => json(200, { id: job.record.id, status: 'IN_QUEUE' }));
	}

	private submit(call: Call, operation: 'runsync' | 'run', retentionMs: number): Job {
		const { body, faults, record } = call;
		const payload = parsePayload(record.headers['content-type'], body, this.options);
		const { bytes, endpoint = '' } = record;
		const job = this.jobs.submit(
			{ ...payload, operation, endpoint, bytes, retentionMs },
			faults.job,
		);
		if (faults.forget) job.record.forgotten = true;
		return job;
	}

	private status(job: Job, { faults, onOver }: Call, waitMs: number): Outcome {
		if (faults.forget) job.record.forgotten = true;
		if (faults.forget || job.unknownLooks-- > 0) throw unknownJob();
		const isOpen = () => this.now() < job.shownFinalAt;
		const look = () => {
			if (job.isKnown(this.now())) return this.shown(job, 200, isOpen());
			throw unknownJob();
		};
		return done(job, () => this.jobs.until(job.whenShown, isOpen() ? waitMs : 0, onOver, look));
	}

	private cancel(job: Job): Outcome {
		const { id, status } = job.record;
		if (this.jobs.cancel(job)) return done(job, () => json(200, { id, status: 'CANCELLED' }));
		throw badRequest(`Job ${id} is ${status} and can no longer be cancelled`);
	}

	private retry(job: Job, { faults }: Call): Outcome {
		const { id, status } = job.record;
		if (!this.jobs.retry(job, faults.job)) {
			throw badRequest(`Job ${id} is ${status}; only FAILED and TIMED_OUT can be retried`);
		}
		if (faults.forget) job.record.forgotten = true;
		return done(job, () => json(200, { id, status: 'IN_QUEUE' }));
	}

	private shown(job: Job, failedStatus: number, isOpen = !job.isFinal): Answer {
		const document = documentOf(job, this.options, isOpen);
		if (isOpen) return json(200, document);
		const { looks, instead } = this.options.lateOutput;
		if (job.record.status === 'COMPLETED' && job.looks++ < looks) document.output = instead;
		return json(job.record.status === 'FAILED' ? failedStatus : 200, document);
	}
}

function done({ record }: Job, answer: Outcome['answer']): Outcome {
	return { jobId: record.id, answer };
}

function unknownJob(): Refusal {
	const error = 'Job not found: unknown id, or its result has expired';
	return new Refusal(404, error, { detail: 'job not found' });
}
