/** Tells whoever listens that something happened, so that nobody has to poll. */

import type { JobRecord } from './ledger';
import type { RequestRecord } from './requests';

export type Change =
	| { kind: 'job'; job: JobRecord }
	| { kind: 'request'; request: RequestRecord }
	| { kind: 'webhook'; job: JobRecord };

export type Listener = (change: Change) => void;

export class Changes {
	private readonly listeners = new Set<Listener>();

	/** Returns what ends the subscription. */
	subscribe(listener: Listener): () => void {
		this.listeners.add(listener);
		return () => this.listeners.delete(listener);
	}

	announce(change: Change): void {
		for (const listener of this.listeners) listener(change);
	}

	/** Resolves once `isMet` holds, looked at after every change; rejects after `timeoutMs` real ms. */
	async waitFor(isMet: () => boolean, timeoutMs: number): Promise<void> {
		let end = () => {};
		await new Promise<void>((resolve, reject) => {
			const giveUp = () => reject(new Error(`Not met within ${timeoutMs} ms: ${isMet}`));
			const timer = setTimeout(giveUp, timeoutMs);
			const look = () => {
				try {
					if (isMet()) resolve();
				} catch (error) {
					reject(error);
				}
			};
			const unsubscribe = this.subscribe(look);
			end = () => [clearTimeout(timer), unsubscribe()];
			look();
		}).finally(() => end());
	}
}
