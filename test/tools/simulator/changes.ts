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
	waitFor(isMet: () => boolean, timeoutMs: number): Promise<void> {
		return new Promise((resolve, reject) => {
			const settle = (settled: () => void) => {
				clearTimeout(timer);
				unsubscribe();
				settled();
			};
			const look = () => {
				try {
					if (isMet()) settle(resolve);
				} catch (error) {
					settle(() => reject(error));
				}
			};
			const timer = setTimeout(
				() => settle(() => reject(new Error(`Not met within ${timeoutMs} ms: ${isMet}`))),
				timeoutMs,
			);
			const unsubscribe = this.subscribe(look);
			look();
		});
	}
}
