/** Runpod's operations on a queue-based endpoint: what each does and answers. */

import { json, page, refusal, type Answer } from './answer';
import { documentOf } from './document';
import type { ForgetFault, JobFault } from './faults';
import type { Job } from './job';
import type { Jobs } from './jobs';
import type { Ledger } from './ledger';
import { isRefusedAtOnce } from './model';
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

export class Api {
	constructor(
		private readonly options: SimulatorOptions,
		private readonly jobs: Jobs,
		private readonly ledger: Ledger,
		private readonly now: () => number,
	) {}

	perform(call: Call): Outcome {
		const { operation, endpoint } = call.route;
		switch (operation) {
			case 'runsync':
				return this.runsync(call);
			case 'run':
				return this.run(call);
			case 'status':
				return this.withJob(call, (job) => this.status(job, call, 0));
			case 'status-sync':
				return this.statusSync(call);
			case 'cancel':
				return this.withJob(call, (job) => this.cancel(job));
			case 'retry':
				return this.withJob(call, (job) => this.retry(job, call));
			case 'health':
				if (!this.options.showsHealth) return this.refused(401, 'unauthorized');
				return done(undefined, () => json(200, this.health(endpoint)));
			default:
				return this.refused(404, 'Not found');
		}
	}

	private runsync(call: Call): Outcome {
		const wait = parseWait(call.route.query, DOCUMENTED.wait);
		if (typeof wait === 'string') return this.refused(400, wait);
		const { retentionMs, edge, timeScale } = this.options;
		const { runsync, runsyncLongest } = retentionMs;
		const job = this.submit(
			call,
			'runsync',
			Math.min(runsyncLongest, Math.max(runsync, wait ?? 0)),
		);
		if (typeof job === 'string') return this.refused(400, job);
		const waitMs = wait ?? DOCUMENTED.wait.default;
		const look = () => {
			if (job.record.status === 'EXPIRED') return this.unknownJob();
			if (!job.isFinal && edge.afterMs < waitMs) return page(edge.status);
			if (job.isQueued) this.beUnknownAtFirst(job);
			return this.shown(job, this.options.failedRunsyncStatus);
		};
		const openMs = job.isFinal ? 0 : Math.min(waitMs, edge.afterMs) * timeScale;
		return done(job, () => this.jobs.until(job.whenFinal, openMs, call.onOver, look));
	}

	private run(call: Call): Outcome {
		const job = this.submit(call, 'run', this.options.retentionMs.run);
		if (typeof job === 'string') return this.refused(400, job);
		this.beUnknownAtFirst(job);
		return done(job, () => json(200, { id: job.record.id, status: 'IN_QUEUE' }));
	}

	private submit(call: Call, operation: 'runsync' | 'run', retentionMs: number): Job | string {
		const payload = parsePayload(call.contentType, call.body, this.options);
		if (typeof payload === 'string') return payload;
		if (isRefusedAtOnce(payload.input, this.options)) return 'property input is required';
		const { bytes, apiKey, faults, route } = call;
		const endpoint = route.endpoint ?? '';
		const job = this.jobs.submit(
			{ ...payload, operation, endpoint, apiKey, bytes, retentionMs },
			faults.job,
		);
		if (faults.forget) job.record.forgotten = true;
		return job;
	}

	private beUnknownAtFirst(job: Job): void {
		const { looks, ms } = this.options.unknownAtFirst;
		job.unknownLooks = looks;
		job.unknownUntil = this.now() + ms;
	}

	private withJob({ route }: Call, act: (job: Job) => Outcome): Outcome {
		const job = this.jobs.find(route.endpoint, route.jobId);
		return job ? act(job) : { isAccepted: false, answer: this.unknownJob() };
	}

	private status(job: Job, { faults, onOver }: Call, waitMs: number): Outcome {
		if (faults.forget) job.record.forgotten = true;
		if (faults.forget || job.isTooFresh(this.now())) {
			return { isAccepted: false, answer: this.unknownJob() };
		}
		const isLagging = () => this.now() < job.shownFinalAt;
		const look = () =>
			job.isKnown(this.now()) ? this.shown(job, 200, isLagging()) : this.unknownJob();
		const openMs = isLagging() ? waitMs : 0;
		return done(job, () => this.jobs.until(job.whenShown, openMs, onOver, look));
	}

	private statusSync(call: Call): Outcome {
		const { statusSync, timeScale } = this.options;
		if (typeof statusSync === 'number') return this.refused(statusSync, 'Not found');
		const wait = parseWait(call.route.query, DOCUMENTED.statusWait);
		if (typeof wait === 'string') return this.refused(400, wait);
		const waitMs = (wait ?? DOCUMENTED.statusWait.default) * timeScale;
		return this.withJob(call, (job) => this.status(job, call, statusSync === 'waits' ? waitMs : 0));
	}

	private cancel(job: Job): Outcome {
		const { id, status } = job.record;
		if (this.jobs.cancel(job)) return done(job, () => json(200, { id, status: 'CANCELLED' }));
		return this.refused(400, `Job ${id} is ${status} and can no longer be cancelled`);
	}

	private retry(job: Job, { faults }: Call): Outcome {
		const { id, status } = job.record;
		if (!this.jobs.retry(job, faults.job)) {
			return this.refused(400, `Job ${id} is ${status}; only FAILED and TIMED_OUT can be retried`);
		}
		if (faults.forget) job.record.forgotten = true;
		return done(job, () => json(200, { id, status: 'IN_QUEUE' }));
	}

	private shown(job: Job, failedStatus: number, isOpen = !job.isFinal): Answer {
		const document = documentOf(job, this.options, isOpen);
		if (isOpen) return json(200, document);
		const { status } = job.record;
		const { looks, instead } = this.options.lateOutput;
		if (status === 'COMPLETED' && job.looks++ < looks) document.output = instead;
		return json(job.ending?.httpStatus ?? (status === 'FAILED' ? failedStatus : 200), document);
	}

	private health(endpoint: string | undefined): object {
		const own = this.ledger.jobs.filter((job) => job.endpoint === endpoint);
		const count = (...statuses: string[]) =>
			own.filter(({ status }) => statuses.includes(status)).length;
		const { idle, running } = this.jobs.workerCounts;
		return {
			jobs: {
				completed: count('COMPLETED'),
				failed: count('FAILED', 'TIMED_OUT'),
				inProgress: count('IN_PROGRESS'),
				inQueue: count('IN_QUEUE'),
				retried: own.reduce((sum, { retries }) => sum + retries, 0),
			},
			workers: { idle, initializing: 0, ready: idle, running, throttled: 0, unhealthy: 0 },
		};
	}

	private refused(status: number, error: string): Outcome {
		const detail = status === 400 ? `bad request: ${error}` : error;
		return { isAccepted: false, answer: refusal(this.options, status, error, { detail }) };
	}

	private unknownJob(): Answer {
		const error = 'Job not found: unknown id, or its result has expired';
		return refusal(this.options, 404, error, { detail: 'job not found' });
	}
}

function done(job: Job | undefined, answer: () => Answer | Promise<Answer>): Outcome {
	return { isAccepted: true, jobId: job?.record.id, answer };
}
