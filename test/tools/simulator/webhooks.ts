/** Calls webhooks with finished jobs: until 200, at most `webhookTries` times, `webhookRetryMs` apart. */

import { Agent, request } from 'undici';
import type { Changes } from './changes';
import type { Clock } from './clock';
import type { JobRecord } from './ledger';
import type { SimulatorOptions } from './options';

/** Seen; nothing signs the calls. */
const USER_AGENT = 'Go-http-client/2.0';
/** One connection per call; a receiver that does not answer in time counts as failed. */
const newAgent = () => new Agent({ pipelining: 0, headersTimeout: 10_000 });

export class Webhooks {
	private agent = newAgent();

	constructor(
		private readonly clock: Clock,
		private readonly options: SimulatorOptions,
		private readonly changes: Changes,
	) {}

	/** `document` is what `/status` would answer. */
	deliver(job: JobRecord, document: string): void {
		void this.try(job, document, this.agent);
	}

	/** Ends the calls that are open or planned. */
	clear(): void {
		void this.agent.destroy();
		this.agent = newAgent();
	}

	private async try(job: JobRecord, body: string, agent: Agent, n = 1): Promise<void> {
		if (agent !== this.agent) return;
		const at = this.clock.now();
		const result = await this.call(job, body, agent);
		if (agent !== this.agent) return;
		job.webhookTries.push({ at, result });
		const { webhookTries, webhookRetryMs, timeScale } = this.options;
		if (result !== 200 && n < webhookTries) {
			const pause = typeof webhookRetryMs === 'number' ? webhookRetryMs : webhookRetryMs[n - 1];
			const next = () => void this.try(job, body, agent, n + 1);
			this.clock.after((pause ?? 0) * timeScale, next);
		}
		this.changes.announce({ kind: 'webhook', job });
	}

	private async call(job: JobRecord, body: string, dispatcher: Agent): Promise<number | string> {
		const headers = { 'content-type': 'application/json', 'user-agent': USER_AGENT };
		return await request(job.webhook ?? '', { method: 'POST', headers, body, dispatcher }).then(
			async (response) => {
				await response.body.dump();
				return response.statusCode;
			},
			(error: Error) => error.message,
		);
	}
}
