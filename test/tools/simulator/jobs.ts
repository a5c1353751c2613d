/** The life of jobs: queued, worked on, final, forgotten; and what that bills. */

import type { Changes } from './changes';
import type { Clock } from './clock';
import { documentOf, errorOf, outputOf } from './document';
import { Job, type Submission } from './job';
import type { JobFault } from './faults';
import { DOCUMENTED, type JobInput, type SimulatorOptions } from './options';
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

/** How a job ends. */
interface End {
	status: string;
	error?: unknown;
	output?: unknown;
	/** USD; absent where nothing is billed. */
	price?: number | undefined;
	/** Length of the video that was made. */
	seconds?: number;
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
		const job = new Job(submission, ending, clock.now(), options);
		this.byId.set(job.record.id, job);
		ledger.enter(job.record);
		const ttl = submission.policy?.ttl ?? DOCUMENTED.ttl.default;
		job.ttlTimer = clock.after(ttl * options.timeScale, () => this.expire(job));
		this.enqueue(job);
		return job;
	}

	/** The job, unless it is unknown, of another endpoint, expired or forgotten. */
	find(endpoint: string | undefined, id: string | undefined): Job | undefined {
		const job = this.recall(id ?? '');
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
		if (!RETRYABLE.includes(job.record.status)) return false;
		job.record.retries++;
		job.ending = ending;
		this.putBack(job);
		return true;
	}

	/**
	 * Resolves with the next call of `when`, or when `ms` have passed, with what `look` sees at that moment:
	 * the clock may move on before anybody hears of it. `giveUp` is called with what ends it early.
	 */
	until<T>(
		when: Set<() => void>,
		ms: number,
		giveUp: (leave: () => void) => void,
		look: () => T,
	): Promise<T> {
		if (ms <= 0) return Promise.resolve(look());
		return new Promise((resolve) => {
			const done = () => {
				if (!when.delete(done)) return;
				timer.cancel();
				resolve(look());
			};
			const timer = this.needs.clock.after(ms, done);
			when.add(done);
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
			job.stopWork();
			job.ttlTimer?.cancel();
			job.whenFinal.clear();
			job.whenShown.clear();
		}
		this.byId.clear();
		this.workers.clear();
		this.finishes = undefined;
		this.fetching.abort();
		this.fetching = new AbortController();
	}

	private putBack(job: Job): void {
		const now = this.needs.clock.now();
		job.queue(now, this.needs.options);
		this.needs.ledger.move(job.record, 'IN_QUEUE', now);
		this.enqueue(job);
	}

	private enqueue(job: Job): void {
		this.announce(job);
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
		const error = `Job exceeded its execution timeout of ${limit} ms`;
		const timeOut = () => this.finish(job, { status: 'TIMED_OUT', error });
		job.timers.push(clock.after(limit * options.timeScale, timeOut));
		this.announce(job);

		// What is held, or fetched meanwhile, may find it timed out and running anew.
		const work = (job.work = {});
		const isSame = () => job.work === work;
		const verdict = assess(record, options, this.fetching.signal);
		if (!(verdict instanceof Promise)) this.plan(job, verdict, isSame);
		else void verdict.then((fetched) => isSame() && this.plan(job, fetched, isSame));
	}

	private plan(job: Job, verdict: Verdict, isSame: () => boolean): void {
		const { clock, options } = this.needs;
		const { executionTimeMs: rule } = options;
		const planned = typeof rule === 'function' ? rule(job.record.input) : rule;
		const ms = job.ending?.executionTimeMs ?? (verdict.ok ? planned : 0);
		const finish = () => {
			if (!isSame()) return;
			if (job.requeues < (job.ending?.requeues ?? 0)) this.requeue(job);
			else this.finish(job, this.endOf(job, verdict));
		};
		job.timers.push(clock.after(ms, () => (this.finishes ? this.finishes.push(finish) : finish())));
	}

	/** By what the model makes of its input, unless a fault decides. */
	private endOf({ record, ending }: Job, verdict: Verdict): End {
		const { options, videoUrl } = this.needs;
		const made: End = verdict.ok
			? { status: 'COMPLETED', output: outputOf(videoUrl(record.id), verdict.price, options) }
			: { status: 'FAILED', error: errorOf(verdict.error, options) };
		if (verdict.ok) Object.assign(made, { price: verdict.price, seconds: verdict.seconds });
		if (!ending) return made;
		const status = ending.status ?? (ending.error === undefined ? 'COMPLETED' : 'FAILED');
		const base: End = status === 'COMPLETED' && verdict.ok ? made : { status };
		return {
			...base,
			status,
			error: ending.error,
			output: 'output' in ending ? ending.output : base.output,
			price: ending.price ?? base.price,
		};
	}

	private requeue(job: Job): void {
		const free = this.stopWork(job);
		job.requeues++;
		this.putBack(job);
		free();
	}

	private finish(job: Job, end: End): void {
		const { clock, ledger, options, webhooks } = this.needs;
		const { record, submission } = job;
		const now = clock.now();
		const free = this.stopWork(job);
		record.error = end.error;
		record.output = end.output;
		record.seconds = end.seconds;
		job.shownFinalAt = now + options.booksLagMs;
		job.expiresAt = now + submission.retentionMs * options.timeScale;
		ledger.move(record, end.status, now);
		if (end.price) ledger.bill(record, end.price);
		const document = documentOf(job, options);
		if (record.webhook !== undefined) webhooks.deliver(record, JSON.stringify(document));
		const isLong = submission.bytes > options.maxRecordedBodyBytes;
		if (isLong && !RETRYABLE.includes(end.status)) shorten(record.input);
		this.announceFinal(job, free);
	}

	/** Its time to live is over: Runpod drops it, whatever its state. */
	private expire(job: Job): void {
		const { clock, ledger, options } = this.needs;
		if (job.isQueued && options.expiredInQueue === 'TIMED_OUT') {
			return this.finish(job, { status: 'TIMED_OUT', error: 'Job expired in the queue' });
		}
		const now = clock.now();
		job.expiresAt = now;
		if (job.isFinal) return;
		const free = this.stopWork(job);
		ledger.move(job.record, 'EXPIRED', now);
		this.announceFinal(job, free);
	}

	/** Returns what frees its worker: after the state has changed, for that takes the next job at once. */
	private stopWork(job: Job): () => void {
		const { record } = job;
		const { workerId } = record;
		job.stopWork();
		if (!job.isRunning || workerId === undefined) return () => {};
		record.executionTime = Math.round(this.needs.clock.now() - job.startedAt);
		return () => this.workers.free(workerId);
	}

	private announceFinal(job: Job, free: () => void): void {
		this.announce(job);
		const { clock, options } = this.needs;
		const tell = (...listeners: Array<() => void>) => listeners.forEach((listen) => listen());
		tell(...job.whenFinal, free);
		if (options.booksLagMs > 0) clock.after(options.booksLagMs, () => tell(...job.whenShown));
		else tell(...job.whenShown);
	}

	private announce(job: Job): void {
		this.needs.changes.announce({ kind: 'job', job: job.record });
	}
}

/** Long texts (data URIs) to their beginning and length, so that ten thousand jobs fit in memory. */
function shorten(input: JobInput): void {
	for (const [field, value] of Object.entries(input)) {
		if (typeof value !== 'string' || value.length < 1000) continue;
		input[field] = `${value.slice(0, 64)}… (${value.length} characters)`;
	}
}
