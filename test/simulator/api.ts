/** Runpod's operations on a queue-based endpoint: what each does and answers. */

import { json, refusal, type Answer } from './answer';
import type { ForgetFault, JobFault } from './faults';
import { Job, view } from './job';
import type { Jobs } from './jobs';
import type { Ledger } from './ledger';
import { DOCUMENTED, type SimulatorOptions } from './options';
import type { Route } from './requests';
import { parsePayload, parseWait } from './submission';

/** A call that passed the key, the rate limit and the size. */
export interface Call {
	route: Route;
	/** The parsed JSON body; undefined where it is none. */
	body: unknown;
	contentType: string | undefined;
	bytes: number;
	apiKey: string;
	faults: { job?: JobFault; forget?: ForgetFault };
	/** Registers what to do when the client leaves. */
	onOver: (callback: () => void) => void;
}

/** Refused, or done: then `answer` says so, unless a fault keeps it from being said. */
export type Outcome =
	| { isAccepted: false; answer: Answer }
	| { isAccepted: true; jobId: string | undefined; answer: () => Answer | Promise<Answer> };

const METHODS: Record<string, string> = { status: 'GET', health: 'GET' };

export class Api {
	constructor(
		private readonly options: SimulatorOptions,
		private readonly jobs: Jobs,
		private readonly ledger: Ledger,
	) {}

	/** Undefined where the operation may be called by this method. */
	methodRefusal(operation: string, method: string): Answer | undefined {
		const allowed = METHODS[operation] ?? 'POST';
		if (method === allowed) return undefined;
		return refusal(405, `Method ${method} is not allowed`, { allow: allowed });
	}

	perform(call: Call): Outcome {
		switch (call.route.operation) {
			case 'runsync':
				return this.runsync(call);
			case 'run':
				return this.run(call);
			case 'status':
				return this.withJob(call, (job) => this.status(job, call));
			case 'cancel':
				return this.withJob(call, (job) => this.cancel(job));
			case 'retry':
				return this.withJob(call, (job) => this.retry(job, call));
			case 'health':
				return done(undefined, () => json(200, this.health(call.route.endpoint)));
			default:
				return refused(404, 'Not found');
		}
	}

	private runsync(call: Call): Outcome {
		const wait = parseWait(call.route.query);
		if (typeof wait === 'string') return refused(400, wait);
		const { runsync, runsyncLongest } = this.options.retentionMs;
		const retentionMs = Math.min(runsyncLongest, Math.max(runsync, wait ?? 0));
		const job = this.submit(call, 'runsync', retentionMs);
		if (typeof job === 'string') return refused(400, job);
		const waitMs = (wait ?? DOCUMENTED.wait.default) * this.options.timeScale;
		const look = () =>
			job.record.status === 'EXPIRED'
				? unknownJob()
				: this.shown(job, this.options.failedRunsyncStatus);
		return done(job, () => this.jobs.untilFinal(job, waitMs, call.onOver, look));
	}

	private run(call: Call): Outcome {
		const job = this.submit(call, 'run', this.options.retentionMs.run);
		if (typeof job === 'string') return refused(400, job);
		return done(job, () => json(200, { id: job.record.id, status: 'IN_QUEUE' }));
	}

	private submit(call: Call, operation: 'runsync' | 'run', retentionMs: number): Job | string {
		const payload = parsePayload(call.contentType, call.body);
		if (typeof payload === 'string') return payload;
		const { bytes, apiKey, faults, route } = call;
		const endpoint = route.endpoint ?? '';
		const job = this.jobs.submit(
			{ ...payload, operation, endpoint, apiKey, bytes, retentionMs },
			faults.job,
		);
		if (faults.forget) job.record.forgotten = true;
		return job;
	}

	private withJob({ route }: Call, act: (job: Job) => Outcome): Outcome {
		const job = this.jobs.find(route.endpoint, route.jobId);
		return job ? act(job) : { isAccepted: false, answer: unknownJob() };
	}

	private status(job: Job, { faults }: Call): Outcome {
		if (!faults.forget) return done(job, () => this.shown(job, 200));
		job.record.forgotten = true;
		return { isAccepted: false, answer: unknownJob() };
	}

	private cancel(job: Job): Outcome {
		const { id, status } = job.record;
		if (!this.jobs.cancel(job)) {
			return refused(400, `Job ${id} is ${status} and can no longer be cancelled`);
		}
		return done(job, () => json(200, { id, status: 'CANCELLED' }));
	}

	private retry(job: Job, { faults }: Call): Outcome {
		const { id, status } = job.record;
		if (!this.jobs.retry(job, faults.job)) {
			return refused(400, `Job ${id} is ${status}; only FAILED and TIMED_OUT can be retried`);
		}
		if (faults.forget) job.record.forgotten = true;
		return done(job, () => json(200, { id, status: 'IN_QUEUE' }));
	}

	private shown(job: Job, failedStatus: number): Answer {
		const usual = job.record.status === 'FAILED' ? failedStatus : 200;
		const asked = job.isFinal ? job.ending?.httpStatus : undefined;
		return json(asked ?? usual, view(job, this.options));
	}

	private health(endpoint: string | undefined): object {
		const own = this.ledger.jobs.filter((job) => job.endpoint === endpoint);
		const count = (...statuses: string[]) =>
			own.filter(({ status }) => statuses.includes(status)).length;
		return {
			jobs: {
				completed: count('COMPLETED'),
				failed: count('FAILED', 'TIMED_OUT'),
				inProgress: count('IN_PROGRESS'),
				inQueue: count('IN_QUEUE'),
				retried: own.reduce((sum, { retries }) => sum + retries, 0),
			},
			workers: {
				idle: this.jobs.workerCounts.idle,
				initializing: 0,
				ready: this.jobs.workerCounts.idle,
				running: this.jobs.workerCounts.running,
				throttled: 0,
				unhealthy: 0,
			},
		};
	}
}

function done(job: Job | undefined, answer: () => Answer | Promise<Answer>): Outcome {
	return { isAccepted: true, jobId: job?.record.id, answer };
}

function refused(status: number, error: string): Outcome {
	return { isAccepted: false, answer: refusal(status, error) };
}

function unknownJob(): Answer {
	return refusal(404, 'Job not found: unknown id, or its result has expired');
}
