/** The life of jobs: queued, worked on, final, forgotten; and what that bills. */

import type { Changes } from './changes';
import type { Clock } from './clock';
import { documentOf, errorOf, outputOf } from './document';
import type { JobFault } from './faults';
import type { Simulator } from './index';
import { Job, type Submission } from './job';
import type { JobRecord } from './ledger';
import { assess, type Verdict } from './model';
import { DOCUMENTED, MEBIBYTE, type JobInput } from './options';
import type { Webhooks } from './webhooks';

interface Needs extends Pick<Simulator, 'ledger' | 'options' | 'videoUrl'> {
	clock: Clock;
	changes: Changes;
	webhooks: Webhooks;
}

/** How a job ends; without a price nothing is billed. */
type End = Partial<Pick<JobRecord, 'error' | 'output' | 'price' | 'seconds'>> & { status: string };

const RETRYABLE = ['FAILED', 'TIMED_OUT'];

export class Jobs {
	private readonly byId = new Map<string, Job>();
	/** What waits for a worker, in the order of coming; one that ended meanwhile is passed over. */
	private readonly queue: Job[] = [];
	private busy = 0;
	private started = 0;
	private isHeld = false;
	/** What waits for `release`, while workers are not to finish. */
	private finishes: Array<() => void> | undefined;
	/** Aborted once all jobs are forgotten; the clock has to forget what they planned. */
	readonly fetching = new AbortController();

	constructor(private readonly needs: Needs) {}

	submit(submission: Submission, ending?: JobFault): Job {
		const { clock, ledger, options } = this.needs;
		const job = new Job(submission, ending, options);
		this.byId.set(job.record.id, job);
		ledger.enter(job.record);
		const ttl = submission.policy?.ttl ?? DOCUMENTED.ttl.default;
		clock.after(ttl * options.timeScale, () => this.expire(job));
		this.enqueue(job);
		return job;
	}

	/** The job, unless it is unknown, of another endpoint, expired or forgotten. */
	find(endpoint: string | undefined, id = ''): Job | undefined {
		const job = this.byId.get(id);
		const isKnown = job?.record.endpoint === endpoint && job?.isKnown(this.needs.clock.now());
		return isKnown ? job : undefined;
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
		this.enqueue(job);
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
		// Where looking throws, it rejects.
		const seen = () => new Promise<T>((resolve) => resolve(look()));
		if (ms <= 0) return seen();
		return new Promise((resolve) => {
			const done = () => {
				if (!when.delete(done)) return;
				timer.cancel();
				resolve(seen());
			};
			const timer = this.needs.clock.after(ms, done);
			when.add(done);
			giveUp(done);
		});
	}

	/** What workers are not to do until `release`: take jobs, finish them, or both. */
	hold(what: 'start' | 'finish' | 'both'): void {
		if (what !== 'finish') this.isHeld = true;
		if (what !== 'start') this.finishes ??= [];
	}

	release(): void {
		const finishes = this.finishes ?? [];
		this.finishes = undefined;
		for (const finish of finishes) finish();
		this.isHeld = false;
		this.dispatch();
	}

	health(): object {
		const { ledger, options } = this.needs;
		const idle = Math.max(0, options.workers - this.busy);
		return {
			jobs: {
				completed: ledger.count('COMPLETED'),
				failed: ledger.count('FAILED') + ledger.count('TIMED_OUT'),
				inProgress: ledger.count('IN_PROGRESS'),
				inQueue: ledger.count('IN_QUEUE'),
				retried: ledger.jobs.reduce((sum, { retries }) => sum + retries, 0),
			},
			workers: {
				idle,
				initializing: 0,
				ready: idle,
				running: this.busy,
				throttled: 0,
				unhealthy: 0,
			},
		};
	}

	private enqueue(job: Job): void {
		job.queue(this.needs.clock.now());
		this.move(job, 'IN_QUEUE');
		this.queue.push(job);
		this.dispatch();
	}

	private dispatch(): void {
		while (!this.isHeld && this.busy < this.needs.options.workers) {
			const job = this.queue.shift();
			if (!job) return;
			if (job.isQueued) this.begin(job);
		}
	}

	private begin(job: Job): void {
		const { clock, options } = this.needs;
		const { record } = job;
		const now = clock.now();
		this.busy++;
		job.startedAt = now;
		record.delayTime = Math.round(now - job.queuedAt);
		// Runpod's worker ids are letters and digits.
		record.workerId = `simworker${(this.started++).toString(36).padStart(5, '0')}`;
		const limit = record.policy?.executionTimeout ?? DOCUMENTED.executionTimeout.default;
		const error = `Job exceeded its execution timeout of ${limit} ms`;
		const timeOut = () => this.finish(job, { status: 'TIMED_OUT', error });
		job.timers.push(clock.after(limit * options.timeScale, timeOut));
		this.move(job, 'IN_PROGRESS');

		// What is held, or fetched meanwhile, may find it timed out and running anew.
		const work = (job.work = {});
		const isSame = () => job.work === work && !this.fetching.signal.aborted;
		const verdict = assess(record, options, this.fetching.signal);
		if (!(verdict instanceof Promise)) this.plan(job, verdict, isSame);
		else void verdict.then((fetched) => isSame() && this.plan(job, fetched, isSame));
	}

	private plan(job: Job, verdict: Verdict, isSame: () => boolean): void {
		const { clock, options } = this.needs;
		const { executionTimeMs: rule } = options;
		const planned = typeof rule === 'function' ? rule(job.record.input) : rule;
		const ms = job.ending?.executionTimeMs ?? (verdict.ok ? planned : 0);
		const finish = () => isSame() && this.finish(job, this.endOf(job, verdict));
		job.timers.push(clock.after(ms, () => (this.finishes ? this.finishes.push(finish) : finish())));
	}

	/** By what the model makes of its input, unless a fault decides. */
	private endOf({ record, ending }: Job, verdict: Verdict): End {
		const { options, videoUrl } = this.needs;
		const made: End = verdict.ok
			? {
					...verdict,
					status: 'COMPLETED',
					output: outputOf(videoUrl(record.id), verdict.price, options),
				}
			: { status: 'FAILED', error: errorOf(verdict.error, options) };
		if (!ending) return made;
		const status = ending.status ?? (ending.error === undefined ? 'COMPLETED' : 'FAILED');
		const base: End = status === 'COMPLETED' && verdict.ok ? made : { status };
		const { error, output, price = base.price ?? 0 } = { ...base, ...ending };
		return { ...base, status, error, output, price };
	}

	private finish(job: Job, { status, price, error, output, seconds }: End): void {
		const { clock, ledger, options, webhooks } = this.needs;
		const { record } = job;
		const { bytes, retentionMs, webhook } = job.submission;
		const now = clock.now();
		const isRunning = record.status === 'IN_PROGRESS';
		job.stopWork();
		if (isRunning) record.executionTime = Math.round(now - job.startedAt);
		Object.assign(record, { error, output, seconds });
		job.shownFinalAt = now + options.booksLagMs;
		job.expiresAt = now + retentionMs * options.timeScale;
		if (price) ledger.bill(record, price);
		this.move(job, status);
		if (webhook !== undefined && status !== 'EXPIRED') {
			webhooks.deliver(record, JSON.stringify(documentOf(job, options)));
		}
		if (bytes > MEBIBYTE && !RETRYABLE.includes(status)) shorten(record.input);
		const tell = (listeners: Set<() => void>) => listeners.forEach((listen) => listen());
		tell(job.whenFinal);
		if (options.booksLagMs > 0) clock.after(options.booksLagMs, () => tell(job.whenShown));
		else tell(job.whenShown);
		// Last, for it takes the next job at once.
		if (isRunning) this.busy--;
		this.dispatch();
	}

	/** Its time to live is over: Runpod drops it, whatever its state. */
	private expire(job: Job): void {
		if (job.isFinal) job.expiresAt = this.needs.clock.now();
		else this.finish(job, { status: 'EXPIRED' });
	}

	private move({ record }: Job, status: string): void {
		this.needs.ledger.move(record, status, this.needs.clock.now());
		this.needs.changes.announce({ kind: 'job', job: record });
	}
}

/** Long texts (data URIs) to their beginning and length, so that ten thousand jobs fit in memory. */
function shorten(input: JobInput): void {
	for (const [field, value] of Object.entries(input)) {
		if (typeof value !== 'string' || value.length < 1000) continue;
		input[field] = `${value.slice(0, 64)}… (${value.length} characters)`;
	}
}
