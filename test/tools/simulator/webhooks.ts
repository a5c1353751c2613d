/** Calls webhooks with finished jobs: until 200, at most `webhookTries` times, `webhookRetryMs` apart. */

import { setMaxListeners } from 'node:events';
import type { Changes } from './changes';
import type { Clock } from './clock';
import type { Faults } from './faults';
import { promptOf } from './json';
import type { JobRecord } from './ledger';
import type { SimulatorOptions } from './options';
import { requestRecord } from './requests';

/** Seen; nothing signs the calls. */
const USER_AGENT = 'Go-http-client/2.0';

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

	/** `document` is what `/status` would answer. */
	deliver(job: JobRecord, document: string): void {
		void this.try(job, document, this.calls.signal, 1);
	}

	/** Ends the calls that are open or planned. */
	clear(): void {
		this.calls.abort();
		this.calls = manyCalls();
	}

	private async try(job: JobRecord, body: string, signal: AbortSignal, n: number): Promise<void> {
		const at = this.clock.now();
		const result = await this.call(job, body, signal);
		if (signal.aborted) return;
		job.webhookTries.push({ at, result });
		const { webhookTries, webhookRetryMs, timeScale } = this.options;
		if (result !== 200 && n < webhookTries) {
			const pause = typeof webhookRetryMs === 'number' ? webhookRetryMs : webhookRetryMs[n - 1];
			const next = () => void this.try(job, body, signal, n + 1);
			this.clock.after((pause ?? 0) * timeScale, next);
		}
		this.changes.announce({ kind: 'webhook', job });
	}

	private async call(job: JobRecord, body: string, signal: AbortSignal): Promise<number | string> {
		const { id: jobId, endpoint, webhook = '' } = job;
		const about = { operation: 'unknown', endpoint, jobId } as const;
		const request = requestRecord('POST', webhook, about, this.clock.now());
		const { delay, answer } = this.faults.take('webhook', request, () => promptOf(job.input));
		if (delay) await this.clock.sleep(delay.ms);
		if (signal.aborted) return 'reset';
		if (answer?.kind === 'reset') return 'not sent: fault';
		const corrupt = answer?.kind === 'body' ? answer : undefined;
		// One controller per call: a timer of AbortSignal.timeout would outlive the simulator.
		const giveUp = new AbortController();
		const abort = () => giveUp.abort();
		const timer = setTimeout(abort, this.options.webhookTimeoutMs);
		signal.addEventListener('abort', abort, { once: true });
		try {
			const response = await fetch(webhook, {
				method: 'POST',
				headers: {
					'content-type': corrupt?.contentType ?? 'application/json',
					'user-agent': USER_AGENT,
					connection: 'close',
				},
				body: corrupt?.body ?? body,
				redirect: 'manual',
				signal: giveUp.signal,
			});
			await response.body?.cancel();
			return response.status;
		} catch (error) {
			return error instanceof Error ? error.message : String(error);
		} finally {
			clearTimeout(timer);
			signal.removeEventListener('abort', abort);
		}
	}
}
