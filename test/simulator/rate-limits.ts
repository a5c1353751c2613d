/** Runpod's rate limits: requests per sliding window, and requests under way, per endpoint and operation. */

import type { Clock } from './clock';
import {
	RATE_LIMITED_OPERATIONS,
	type RateLimitedOperation,
	type SimulatorOptions,
} from './options';

export type Admission = { admitted: true; leave: () => void } | { admitted: false; waitMs: number };

/** The least wait proposed to a client that has too many requests under way. */
const CONCURRENCY_WAIT_MS = 1000;

interface Gate {
	open: number;
	/** What the ring was made for. */
	limit: number;
	/** Ring of the times of the last admitted requests; as long as the limit. */
	times: number[];
	next: number;
}

function isLimited(operation: string): operation is RateLimitedOperation {
	return RATE_LIMITED_OPERATIONS.some((limited) => limited === operation);
}

export class RateLimits {
	private readonly gates = new Map<string, Gate>();

	constructor(
		private readonly clock: Clock,
		private readonly options: SimulatorOptions,
	) {}

	/** A refused request counts towards no limit. `leave` is to be called once per admitted request. */
	enter(endpoint: string, operation: string): Admission {
		if (!isLimited(operation)) return { admitted: true, leave: () => {} };
		const { requests, concurrent } = this.options.rateLimits[operation];
		const gate = this.gate(`${endpoint}/${operation}`);
		if (gate.open >= concurrent) return { admitted: false, waitMs: CONCURRENCY_WAIT_MS };

		const now = this.clock.now();
		if (Number.isFinite(requests)) {
			const { rateWindowMs } = this.options;
			const waitMs = Math.min(rateWindowMs, oldest(gate, requests) + rateWindowMs - now);
			if (waitMs > 0) return { admitted: false, waitMs };
			note(gate, now, requests);
		}
		gate.open++;
		return { admitted: true, leave: () => gate.open-- };
	}

	clear(): void {
		this.gates.clear();
	}

	private gate(name: string): Gate {
		const known = this.gates.get(name);
		if (known) return known;
		const gate: Gate = { open: 0, limit: 0, times: [], next: 0 };
		this.gates.set(name, gate);
		return gate;
	}
}

/** The time of the `limit`-th last admitted request; long ago when there were fewer. */
function oldest(gate: Gate, limit: number): number {
	if (limit <= 0) return Infinity;
	if (gate.limit !== limit) resize(gate, limit);
	return gate.times.length < limit ? -Infinity : (gate.times[gate.next] ?? -Infinity);
}

function note(gate: Gate, now: number, limit: number): void {
	gate.times[gate.next] = now;
	gate.next = (gate.next + 1) % limit;
}

/** The limit was changed while running: keep the newest times, oldest first. */
function resize(gate: Gate, limit: number): void {
	const ordered = [...gate.times.slice(gate.next), ...gate.times.slice(0, gate.next)];
	gate.times = ordered.slice(-limit);
	gate.next = gate.times.length % limit;
	gate.limit = limit;
}
