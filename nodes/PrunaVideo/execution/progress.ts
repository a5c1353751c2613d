import type { IExecuteFunctions } from 'n8n-workflow';

/** Between two messages, in ms: a batch of short drafts should not flood the console. */
const SHORTEST_PAUSE_MS = 1_000;

/**
 * Reports the progress of a batch while it runs. n8n (2.41) shows a spinner and nothing else until a node returns:
 * hints are sent with the node's data (n8n-core, `addExecutionHints`; `nodeExecuteAfter`), a node has no status of
 * its own, and `sendChunk` only reaches callers that wait for a streamed response (`isStreaming`). What is left is
 * the browser's console in manual executions (n8n-core, `sendMessageToUI`). Production executions get debug log
 * lines.
 */
export class Progress {
	private ended = 0;
	private lastTold = performance.now();

	constructor(
		private readonly context: IExecuteFunctions,
		private readonly total: number,
	) {}

	/** Counts an item that has ended, and reports it from time to time. */
	countEnded(): void {
		this.ended++;
		const now = performance.now();
		const isLast = this.ended === this.total;
		if (this.total === 1 || (!isLast && now - this.lastTold < SHORTEST_PAUSE_MS)) return;
		this.lastTold = now;
		const message = `Pruna Video: ${this.ended} of ${this.total} items processed`;
		this.context.sendMessageToUI(message);
		this.context.logger.debug(message);
	}
}
