import { cancelJob, type Endpoint } from '../runpod/operations';
import { withoutKey } from './redaction';

/** Runpod takes this many `/cancel` requests at once. */
const MOST_CANCELS_AT_ONCE = 20;

/** The jobs that this execution submitted and that are not final yet, as far as it knows. */
export class OpenJobs {
	private readonly jobs = new Map<string, Endpoint>();
	private readonly queue: Array<[jobId: string, endpoint: Endpoint]> = [];
	private readonly cancelling: Array<Promise<void>> = [];
	private workers = 0;
	private readonly uncancelled: string[] = [];
	private readonly cancelledIds = new Set<string>();

	/**
	 * @param stop fires when the user stops the execution; every open job is then cancelled
	 */
	constructor(private readonly stop: AbortSignal | undefined) {
		stop?.addEventListener('abort', this.cancelAll);
	}

	/** Takes a job in; after a stop it is cancelled at once. */
	add(endpoint: Endpoint, jobId: string): void {
		this.jobs.set(jobId, endpoint);
		if (this.stop?.aborted) this.cancelAll();
	}

	remove(jobId: string): void {
		this.jobs.delete(jobId);
	}

	/** Ids of jobs that Runpod would not cancel. */
	get notCancelled(): readonly string[] {
		return this.uncancelled;
	}

	/** Ids of jobs that were cancelled. */
	get cancelled(): ReadonlySet<string> {
		return this.cancelledIds;
	}

	/** Cancels one job that nobody waits for any more, and waits for the answer, also after a stop. */
	async cancel(jobId: string): Promise<void> {
		const endpoint = this.jobs.get(jobId);
		if (endpoint === undefined) return;
		this.jobs.delete(jobId);
		this.queue.push([jobId, endpoint]);
		this.startCancelling();
		await Promise.all(this.cancelling);
	}

	/** Waits until every `/cancel` that was sent is answered, and stops listening. */
	async close(): Promise<void> {
		await Promise.all(this.cancelling);
		this.stop?.removeEventListener('abort', this.cancelAll);
	}

	private readonly cancelAll = () => {
		this.queue.push(...this.jobs);
		this.jobs.clear();
		this.startCancelling();
	};

	private startCancelling(): void {
		while (this.workers < MOST_CANCELS_AT_ONCE && this.queue.length > 0) {
			this.cancelling.push(this.cancelQueued());
		}
	}

	private async cancelQueued(): Promise<void> {
		this.workers++;
		for (let next = this.queue.shift(); next !== undefined; next = this.queue.shift()) {
			const [jobId, endpoint] = next;
			const { context, apiKey } = endpoint.connection;
			await cancelJob(endpoint, jobId).then(
				() => this.cancelledIds.add(jobId),
				(error: Error) => {
					this.uncancelled.push(jobId);
					const warning = `Pruna Video: the job ${jobId} could not be cancelled: ${error.message}`;
					context.logger.warn(withoutKey(warning, apiKey));
				},
			);
		}
		this.workers--;
	}
}
