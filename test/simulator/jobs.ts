/** The life of jobs: queued, worked on, final, forgotten; and what that bills. */

import type { Changes } from './changes';
import type { Clock } from './clock';
import { Job, view, type Submission } from './job';
import { endOf, executionTime, shorten, type End } from './job-end';
import type { JobFault } from './faults';
import { DOCUMENTED, type SimulatorOptions } from './options';
import type { Ledger } from './ledger';
import { assess, type Verdict } from './model';
import { Workers } from './workers';
import type { Webhooks } from './webhooks';

export interface JobsNeeds {
	clock: Clock;
	options: SimulatorOptions;
	ledger: Ledger;
	changes: Changes;
	webhooks: Webhooks;
	videoUrl: (jobId: string) => string;
}

const RETRYABLE = ['FAILED', 'TIMED_OUT'];

export class Jobs {
	private readonly byId = new Map<string, Job>();
	private readonly workers: Workers<Job>;
	private finishes: Array<() => void> | undefined;
	private fetching = new AbortController();

	constructor(private readonly needs: JobsNeeds) {
		this.workers = new Workers(
			needs.clock,
			() => needs.options.workers,
			(job, workerId) => this.begin(job, workerId),
		);
	}

	submit(submission: Submission, ending?: JobFault): Job {
		const { clock, ledger, options } = this.needs;
		const job = new Job(submission, clock.now(), options.delayTimeMs);
		job.ending = ending;
		this.byId.set(job.record.id, job);
		ledger.enter(job.record);
		const ttl = submission.policy?.ttl ?? DOCUMENTED.ttl.default;
		job.ttlTimer = clock.after(ttl * options.timeScale, () => this.expire(job));
		this.enqueue(job);
		return job;
	}

	/** The job, unless it is unknown, of another endpoint, expired or forgotten. */
	find(endpoint: string | undefined, id: string | undefined): Job | undefined {
		const job = id === undefined ? undefined : this.byId.get(id);
		const isKnown = job?.record.endpoint === endpoint && job?.isKnown(this.needs.clock.now());
		return isKnown ? job : undefined;
	}

	/** Whatever became of it. */
	recall(id: string): Job | undefined {
		return this.byId.get(id);
	}

	/** False for a job that is final. */
	cancel(job: Job): boolean {
		if (job.isFinal) return false;
		this.finish(job, { status: 'CANCELLED' });
		return true;
	}

	/** Back to the queue; false unless the job FAILED or TIMED_OUT. */
	retry(job: Job, ending?: JobFault): boolean {
		const { clock, options } = this.needs;
		if (!RETRYABLE.includes(job.record.status)) return false;
		const { record } = job;
		record.retries++;
		record.error = record.output = undefined;
		record.delayTime = record.executionTime = record.workerId = undefined;
		job.ending = ending;
		job.expiresAt = Infinity;
		job.queuedAt = clock.now();
		job.readyAt = job.queuedAt + options.delayTimeMs;
		this.needs.ledger.move(record, 'IN_QUEUE', job.queuedAt);
		this.enqueue(job);
		return true;
	}

	/**
	 * Resolves when the job is final or `ms` have passed, with what `look` sees at that moment: the clock
	 * may move on before anybody hears of it. `giveUp` is called with what ends it early.
	 */
	untilFinal<T>(
		job: Job,
		ms: number,
		giveUp: (leave: () => void) => void,
		look: () => T,
	): Promise<T> {
		if (job.isFinal) return Promise.resolve(look());
		return new Promise((resolve) => {
			const done = () => {
				timer.cancel();
				job.whenFinal.delete(done);
				resolve(look());
			};
			const timer = this.needs.clock.after(ms, done);
			job.whenFinal.add(done);
			giveUp(done);
		});
	}

	/** What workers are not to do until `release`: take jobs, finish them, or both. */
	hold(what: 'start' | 'finish' | 'both'): void {
		if (what !== 'finish') this.workers.hold();
		if (what !== 'start') this.finishes ??= [];
	}

	release(): void {
		const finishes = this.finishes ?? [];
		this.finishes = undefined;
		for (const finish of finishes) finish();
		this.workers.release();
	}

	get workerCounts(): { idle: number; running: number } {
		const running = this.workers.busy;
		return { idle: Math.max(0, this.needs.options.workers - running), running };
	}

	clear(): void {
		for (const job of this.byId.values()) {
			job.cancelTimers();
			job.ttlTimer?.cancel();
			job.whenFinal.clear();
		}
		this.byId.clear();
		this.workers.clear();
		this.finishes = undefined;
		this.fetching.abort();
		this.fetching = new AbortController();
	}

	private enqueue(job: Job): void {
		this.tell(job);
		this.workers.enqueue(job, job.record.policy?.lowPriority === true);
	}

	private begin(job: Job, workerId: string): void {
		const { clock, options, ledger } = this.needs;
		const { record } = job;
		const now = clock.now();
		job.startedAt = now;
		record.delayTime = Math.round(now - job.queuedAt);
		record.workerId = workerId;
		ledger.move(record, 'IN_PROGRESS', now);

		const limit = record.policy?.executionTimeout ?? DOCUMENTED.executionTimeout.default;
		const timeOut = () =>
			this.finish(job, {
				status: 'TIMED_OUT',
				error: `Job exceeded its execution timeout of ${limit} ms`,
			});
		job.timers.push(clock.after(limit * options.timeScale, timeOut));
		this.tell(job);
		this.work(job);
	}

	private work(job: Job): void {
		const attempt = job.record.retries;
		const verdict = assess(job.record.input, this.needs.options, this.fetching.signal);
		if (!(verdict instanceof Promise)) return this.plan(job, verdict);
		void verdict.then((fetched) => {
			const isSame =
				job.isRunning && job.record.retries === attempt && this.byId.has(job.record.id);
			if (isSame) this.plan(job, fetched);
		});
	}

	private plan(job: Job, verdict: Verdict): void {
		const { clock, options, videoUrl } = this.needs;
		const planned = verdict.ok ? executionTime(options, job.record.input) : 0;
		const ms = job.ending?.executionTimeMs ?? planned;
		const end = endOf(verdict, job.ending, videoUrl(job.record.id), options.nestErrors);
		const attempt = job.record.retries;
		// A finish that is held may find the job timed out, retried, and running anew.
		const finish = () => {
			if (job.isRunning && job.record.retries === attempt) this.finish(job, end);
		};
		job.timers.push(clock.after(ms, () => (this.finishes ? this.finishes.push(finish) : finish())));
	}

	private finish(job: Job, end: End): void {
		const { clock, ledger, options, webhooks } = this.needs;
		const { record } = job;
		const now = clock.now();
		this.stopWork(job, now);
		record.error = end.error;
		record.output = end.output;
		record.seconds = end.seconds;
		job.expiresAt = now + job.retentionMs * options.timeScale;
		ledger.move(record, end.status, now);
		if (end.price) ledger.bill(record, end.price);
		if (!RETRYABLE.includes(end.status) && job.bytes > options.maxRecordedBodyBytes) {
			shorten(record.input);
		}
		this.tellFinal(job);
		if (record.webhook !== undefined) webhooks.deliver(record, view(job, options));
	}

	/** Its time to live is over: Runpod drops it, whatever its state. */
	private expire(job: Job): void {
		const { clock, ledger } = this.needs;
		const now = clock.now();
		job.expiresAt = now;
		if (job.isFinal) return;
		this.stopWork(job, now);
		ledger.move(job.record, 'EXPIRED', now);
		this.tellFinal(job);
	}

	private stopWork(job: Job, now: number): void {
		const { record } = job;
		job.cancelTimers();
		if (!job.isRunning || record.workerId === undefined) return;
		record.executionTime = Math.round(now - job.startedAt);
		// After the state has changed, for a free worker takes the next job at once.
		const { workerId } = record;
		job.whenFinal.add(() => this.workers.free(workerId));
	}

	private tellFinal(job: Job): void {
		this.tell(job);
		const listeners = [...job.whenFinal];
		job.whenFinal.clear();
		for (const listener of listeners) listener();
	}

	private tell(job: Job): void {
		this.needs.changes.announce({ kind: 'job', job: job.record });
	}
}
