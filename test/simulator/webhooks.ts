/** Calls webhooks with finished jobs: until 200, at most `webhookTries` times, `webhookRetryMs` apart. */

import { setMaxListeners } from 'node:events';
import type { Changes } from './changes';
import type { Clock } from './clock';
import type { Faults } from './faults';
import type { JobRecord } from './ledger';
import type { SimulatorOptions } from './options';
import { request } from './outgoing';
import type { RequestRecord } from './requests';

const MOST_ANSWER_BYTES = 1024 * 1024;

/** Any number of calls may listen for its end: that is no leak. */
function manyCalls(): AbortController {
	const calls = new AbortController();
	setMaxListeners(0, calls.signal);
	return calls;
}

export class Webhooks {
	private calls = manyCalls();

	constructor(
		private readonly clock: Clock,
		private readonly options: SimulatorOptions,
		private readonly faults: Faults,
		private readonly changes: Changes,
	) {}

	/** `finished` is the answer that `/status` would give. */
	deliver(job: JobRecord, finished: Record<string, unknown>): void {
		void this.try(job, Buffer.from(JSON.stringify(finished)), this.calls.signal, 1);
	}

	/** Ends the calls under way. */
	clear(): void {
		this.calls.abort();
		this.calls = manyCalls();
	}

	private async try(
		job: JobRecord,
		body: Buffer,
		signal: AbortSignal,
		attempt: number,
	): Promise<void> {
		const at = this.clock.now();
		const result = await this.call(job, body, signal);
		if (signal.aborted) return;
		job.webhookTries.push({ at, result });
		if (result !== 200 && attempt < this.options.webhookTries) {
			const pause = this.options.webhookRetryMs * this.options.timeScale;
			this.clock.after(pause, () => void this.try(job, body, signal, attempt + 1));
		}
		this.changes.announce({ kind: 'webhook', job });
	}

	private async call(job: JobRecord, body: Buffer, signal: AbortSignal): Promise<number | string> {
		const { delay, answer } = this.faults.take('webhook', asRequest(job, this.clock.now()), () =>
			typeof job.input.prompt === 'string' ? job.input.prompt : undefined,
		);
		if (delay) await this.clock.sleep(delay.ms);
		if (signal.aborted) return 'reset';
		if (answer?.kind === 'reset') return 'not sent: fault';
		const spoilt = answer?.kind === 'body' ? answer : undefined;
		// One controller per call: a timer of AbortSignal.timeout would outlive the simulator.
		const giveUp = new AbortController();
		const abort = () => giveUp.abort();
		const timer = setTimeout(abort, this.options.webhookTimeoutMs);
		signal.addEventListener('abort', abort, { once: true });
		try {
			const { status } = await request(job.webhook ?? '', {
				method: 'POST',
				body: spoilt ? Buffer.from(spoilt.body) : body,
				contentType: spoilt?.contentType ?? 'application/json',
				signal: giveUp.signal,
				maxBytes: MOST_ANSWER_BYTES,
			});
			return status;
		} catch (error) {
			return error instanceof Error ? error.message : String(error);
		} finally {
			clearTimeout(timer);
			signal.removeEventListener('abort', abort);
		}
	}
}

/** What a fault's `match` sees of a call that the simulator is about to make. */
function asRequest(job: JobRecord, at: number): RequestRecord {
	return {
		method: 'POST',
		path: job.webhook ?? '',
		operation: 'unknown',
		endpoint: job.endpoint,
		jobId: job.id,
		headers: {},
		bytes: 0,
		body: undefined,
		at,
		answeredAt: undefined,
		status: undefined,
	};
}
