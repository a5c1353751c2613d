import type { IExecuteFunctions } from 'n8n-workflow';

/** Between two messages, in ms: a batch of short drafts should not flood the console. */
const SHORTEST_PAUSE_MS = 1_000;

/**
 * Tells how far a batch is while it runs. n8n shows a spinner and nothing else until a node returns; the one channel
 * that it offers before is the browser's console, in manual executions. Production runs get debug log lines.
 */
export class Progress {
	private ended = 0;
	private lastTold = performance.now();

	constructor(
		private readonly context: IExecuteFunctions,
		private readonly total: number,
	) {}

	/** Counts an item that has ended, and says so from time to time. */
	countEnded(): void {
		this.ended++;
		const now = performance.now();
		const isLast = this.ended === this.total;
		if (this.total === 1 || (!isLast && now - this.lastTold < SHORTEST_PAUSE_MS)) return;
		this.lastTold = now;
		const message = `Pruna Video: ${this.ended} of ${this.total} items have ended`;
		this.context.sendMessageToUI(message);
		this.context.logger.debug(message);
	}
}
