/** Runpod's rate limits: requests per sliding window, and open requests, per endpoint and operation. */

import type { Clock } from './clock';
import { RATE_LIMITED_OPERATIONS, type SimulatorOptions } from './options';

export type Admission = { admitted: true; leave: () => void } | { admitted: false; waitMs: number };

/** The wait proposed to a client that has too many requests open. */
const CONCURRENCY_WAIT_MS = 1000;

interface Gate {
	open: number;
	/** When the requests of the window were admitted, oldest first. */
	times: number[];
}

export class RateLimits {
	private readonly gates = new Map<string, Gate>();

	constructor(
		private readonly clock: Clock,
		private readonly options: SimulatorOptions,
	) {}

	/** A refused request counts towards no limit. `leave` is to be called once per admitted request. */
	enter(endpoint: string, operation: string): Admission {
		const limited = operation === 'status-sync' ? 'status' : operation;
		const name = RATE_LIMITED_OPERATIONS.find((known) => known === limited);
		if (!name) return { admitted: true, leave: () => {} };
		const { rateLimits, rateWindowMs } = this.options;
		const { requests, concurrent } = rateLimits[name];
		const gate = this.gate(`${endpoint}/${operation}`);
		if (gate.open >= concurrent) return { admitted: false, waitMs: CONCURRENCY_WAIT_MS };
		const now = this.clock.now();
		while ((gate.times[0] ?? Infinity) <= now - rateWindowMs) gate.times.shift();
		if (gate.times.length >= requests) {
			const frees = gate.times[gate.times.length - requests] ?? now;
			return { admitted: false, waitMs: frees + rateWindowMs - now };
		}
		if (Number.isFinite(requests)) gate.times.push(now);
		gate.open++;
		return { admitted: true, leave: () => gate.open-- };
	}

	clear(): void {
		this.gates.clear();
	}

	private gate(name: string): Gate {
		const gate = this.gates.get(name) ?? { open: 0, times: [] };
		this.gates.set(name, gate);
		return gate;
	}
}
