import { InvalidParameter } from '../invalidParameter';
import { LABELS } from '../labels';
import { dollars, formatDollars } from '../money';
import type { Endpoint } from '../runpod/endpoint';
import { Failure, Stopped, type KnownJob } from '../runpod/failure';
import { isFinal, type FinalJob, type Job } from '../runpod/job';
import type { Budget } from './budget';
import type { CancelQueue } from './cancelling';
import {
	costOf,
	hasUnknownCost,
	jobOf,
	keptResponse,
	problemOf,
	repeatable,
	STOPPED_WHILE_OPEN,
	UNFORESEEN_WHILE_OPEN,
	type Entry,
} from './entry';
import type { ReadResult } from './readResult';

/** The request that an item is about to make. */
export interface Intent {
	/** Identifies the request as the user stated it; see `Entry`. */
	fingerprint: string;
	seed?: number;
	/** USD; null where it is not known beforehand. */
	estimatedCost: number | null;
}

/** What a page asks of its execution. */
export interface PageNeeds {
	budget: Budget;
	/** Fires when the user stops the execution. */
	stop: AbortSignal | undefined;
	cancelsOnStop: boolean;
	readResult: ReadResult;
	/** Whether nothing new may be submitted. */
	isEnding: () => boolean;
	/** Writes a line to n8n's log, without the API key. */
	log: (level: 'info' | 'warn', line: string) => void;
	/** Pending cancels. */
	queue: CancelQueue;
}

const UNKNOWN = { isCostUnknown: true } as const;

/** How long the node tries to cancel a job, in ms. */
const CANCEL_MS = 15_000;
/** For all of them together after a stop, in ms: n8n waits meanwhile. Runpod takes a hundred in ten seconds. */
const CANCEL_ALL_MS = 60_000;

/** What is known of one item's job. Every change goes through `become`, which keeps the budget in step. */
export class Page {
	/** The endpoint of a running job. */
	endpoint: Endpoint | undefined;
	private current: Entry | undefined;
	private endTurn: (() => void) | undefined;
	private cancelling: Promise<FinalJob | undefined> | undefined;
	/** USD set aside for a submission that is not answered yet. */
	private reserved = 0;

	constructor(
		readonly itemIndex: number,
		private readonly needs: PageNeeds,
		/** From an earlier try: the budget counts it already. */
		kept?: Entry,
	) {
		this.current = kept;
	}

	get entry(): Entry | undefined {
		return this.current;
	}

	/** The entry, if it is about this request. */
	recall(fingerprint: string): Entry | undefined {
		return this.current?.fingerprint === fingerprint ? this.current : undefined;
	}

	/** The job as far as this page knows it, for errors. */
	get job(): KnownJob {
		const { current } = this;
		const id = jobOf(current)?.id;
		if (current === undefined || id === undefined) return {};
		if (current.state === 'done') return { id, ...this.resultOf(current.response) };
		return { id, ...(current.state === 'failed' && { status: current.status }) };
	}

	/**
	 * Sets the estimate aside before a submission.
	 *
	 * @throws InvalidParameter above the budget; Stopped
	 */
	async reserve({ fingerprint, seed, estimatedCost }: Intent): Promise<void> {
		const { budget, stop } = this.needs;
		if (budget.limit !== undefined && estimatedCost === null) {
			this.endTurn = await budget.takeTurn(stop);
			// The item before it may have failed meanwhile.
			if (this.needs.isEnding()) throw new Stopped();
		}
		if (!budget.allows(estimatedCost)) throw aboveBudget(budget, estimatedCost);
		this.reserved = estimatedCost ?? 0;
		budget.add(this.reserved);
		// An earlier submission that is uncertain is remembered until Runpod accepts a new one.
		if (this.current?.state !== 'uncertain') this.become({ fingerprint, seed, state: 'refused' });
	}

	/** Runpod accepted a job. */
	accepted(job: Job, endpoint: Endpoint, { fingerprint, seed, estimatedCost }: Intent): void {
		const { log, budget, stop, cancelsOnStop } = this.needs;
		// A submission that was uncertain before may be billed as well.
		const before = this.current?.state === 'uncertain' ? this.current.cost : 0;
		this.become({
			fingerprint,
			seed,
			state: 'running',
			cost: this.takeReserved(),
			...(estimatedCost === null && UNKNOWN),
			job: { id: job.id, endpointId: endpoint.id },
			acceptedAt: Date.now(),
		});
		budget.add(before);
		this.endpoint = endpoint;
		log('info', `job ${job.id} accepted (item ${this.itemIndex}, endpoint ${endpoint.id})`);
		if (stop?.aborted && cancelsOnStop && !isFinal(job)) void this.cancel();
	}

	/**
	 * The submission returned no job. The error says whether Runpod may have accepted one anyway.
	 *
	 * @param mayBeSent whether the request may have been sent, in case the error is an unexpected one
	 */
	notAccepted(error: unknown, mayBeSent: boolean, { estimatedCost }: Intent): void {
		const { current } = this;
		const before = current?.state === 'uncertain' ? current.cost : 0;
		const cost = dollars(this.takeReserved() + before);
		if (current === undefined) return;
		const { fingerprint, seed } = current;
		const isUnknown = estimatedCost === null || hasUnknownCost(current);
		const uncertain = {
			fingerprint,
			seed,
			state: 'uncertain',
			cost,
			...(isUnknown && UNKNOWN),
		} as const;
		if (error instanceof Failure && error.isUncertain) {
			this.become({ ...uncertain, problem: problemOf(error) });
		} else if (error instanceof Stopped && error.wasSending) {
			this.become({ ...uncertain, problem: STOPPED_WHILE_OPEN });
		} else if (mayBeSent && !(error instanceof Failure) && !(error instanceof Stopped)) {
			this.become({ ...uncertain, problem: UNFORESEEN_WHILE_OPEN });
		}
	}

	/** The job is final. */
	ended(job: FinalJob): void {
		const { current } = this;
		// A cancel may have reported the same already.
		if (current?.state !== 'running') return;
		const { fingerprint, seed } = current;
		const result = this.needs.readResult(job);
		const ref = { ...current.job, id: job.id };
		const cost = result.cost ?? (job.status === 'COMPLETED' ? current.cost : 0);
		if (job.status === 'COMPLETED') {
			this.become({
				fingerprint,
				seed,
				state: 'done',
				cost,
				job: ref,
				...(result.cost === undefined && hasUnknownCost(current) && UNKNOWN),
				response: keptResponse(job, result),
				finishedAt: Date.now(),
			});
			return;
		}
		if (job.status === 'CANCELLED')
			this.become({ fingerprint, seed, state: 'cancelled', job: ref });
		else this.become({ fingerprint, seed, state: 'failed', job: ref, status: job.status });
		// A job without a video still counts if Runpod reports a cost; a new job may follow.
		this.needs.budget.add(cost);
	}

	/** Allows a new job although this one was cancelled, because the node itself cancelled it. */
	forgiveCancel(): void {
		if (this.current?.state === 'cancelled') this.become(repeatable(this.current));
	}

	/**
	 * Cancels the running job, also after a stop; the entry says what became of it. Does not throw.
	 *
	 * @returns the job, where it has ended
	 */
	async cancel(): Promise<FinalJob | undefined> {
		const { endpoint, current } = this;
		if (endpoint === undefined || current?.state !== 'running') return undefined;
		const { id } = current.job;
		this.cancelling ??= this.needs.queue
			.run(async () => await this.sendCancel(endpoint, id))
			.finally(() => (this.cancelling = undefined));
		return await this.cancelling;
	}

	private async sendCancel(endpoint: Endpoint, id: string): Promise<FinalJob | undefined> {
		// It may have ended while others were cancelled.
		const { current } = this;
		if (current?.state !== 'running') return undefined;
		const { acceptedAt } = current;
		try {
			const { stop, queue } = this.needs;
			// n8n waits after a stop; otherwise only the item does.
			const limitMs = stop?.aborted
				? Math.min(CANCEL_MS, queue.remainingMs(CANCEL_ALL_MS))
				: CANCEL_MS;
			if (limitMs === 0) throw new Failure('there was no time left', { description: '' });
			const job = await endpoint.cancel(id, { isAfterStop: true, limitMs, acceptedAt });
			if (!isFinal(job)) return undefined;
			this.ended(job);
			return job;
		} catch (error) {
			const why = error instanceof Error ? error.message : String(error);
			this.needs.log('warn', `job ${id} could not be cancelled: ${why}`);
			return undefined;
		}
	}

	private become(entry: Entry): void {
		const { budget } = this.needs;
		budget.add(costOf(entry) - costOf(this.current));
		budget.addUnknown(Number(hasUnknownCost(entry)) - Number(hasUnknownCost(this.current)));
		this.current = entry;
		if (entry.state !== 'running') this.endpoint = undefined;
	}

	/** Releases the amount that was set aside, so that the next entry can count it. */
	private takeReserved(): number {
		const { reserved } = this;
		this.needs.budget.add(-reserved);
		this.reserved = 0;
		return reserved;
	}

	/** The item is done with its turn (`Budget.takeTurn`), however it ended. */
	rest(): void {
		this.endTurn?.();
		this.endTurn = undefined;
	}

	private resultOf(response: FinalJob['raw']): KnownJob {
		const { videoUrl, cost } = this.needs.readResult({
			id: '',
			status: 'COMPLETED',
			raw: response,
		});
		return { status: 'COMPLETED', videoUrl, cost };
	}
}

/** Why an item of `amount` USD (null: not known in advance) is not submitted although it is valid in itself. */
export function aboveBudget(
	{ committed, limit = 0, unknown }: Budget,
	amount: number | null,
): InvalidParameter {
	const isEarlierUnknown = amount === null && committed < limit && unknown > 0;
	const what = isEarlierUnknown
		? `the cost of an earlier video is not known yet, so '${LABELS.maxCostPerExecution}' (${formatDollars(limit)}) could be exceeded`
		: amount === null
			? `'${LABELS.maxCostPerExecution}' (${formatDollars(limit)}) is used up`
			: `with this item (${formatDollars(amount)}) the execution would cost ${formatDollars(dollars(committed + amount))}, above '${LABELS.maxCostPerExecution}' (${formatDollars(limit)})`;
	return new InvalidParameter(
		`Not submitted: ${what}`,
		isEarlierUnknown
			? 'Check in the Runpod console what the earlier video cost, then run the remaining items again.'
			: `Raise the limit in the options of the first item, send fewer items, or use ${LABELS.draft}.`,
	);
}
