/** Who may do what, where, how often and with how much, before an operation looks at the request. All throw a Refusal. */

import { Refusal } from './answer';
import type { Clock } from './clock';
import {
	DOCUMENTED,
	FORBIDDEN_KEY,
	MEBIBYTE,
	NO_CREDIT_KEY,
	type RateLimit,
	type SimulatorOptions,
} from './options';
import { METHODS, type RequestRecord } from './requests';

/** Operations that cost money, so that a key without credit cannot use them. */
const BILLED: readonly string[] = ['runsync', 'run', 'retry'];

export function checkAccess(
	{ headers, operation }: RequestRecord,
	options: SimulatorOptions,
): void {
	const [, key] = /^Bearer ([^\s]+)$/.exec(headers.authorization ?? '') ?? [];
	if (key === options.apiKey) return;
	if (key === FORBIDDEN_KEY) {
		throw new Refusal(403, 'The API key has no permission for this endpoint');
	}
	if (key !== NO_CREDIT_KEY) {
		throw new Refusal(401, 'Unauthorized: the API key is missing or not valid');
	}
	if (BILLED.includes(operation)) {
		throw new Refusal(options.noCreditAs, 'Insufficient credit balance');
	}
}

export function checkPlace(
	{ operation, endpoint, method }: RequestRecord,
	known: readonly string[],
) {
	if (operation === 'unknown' || operation === 'video' || operation === 'billing') {
		throw new Refusal(404, 'Not found');
	}
	if (!known.includes(endpoint ?? '')) {
		const error = `Endpoint '${endpoint}' does not exist`;
		throw new Refusal(404, error, { detail: 'endpoint not found' });
	}
	const allow = METHODS[operation];
	if (method === allow) return;
	throw new Refusal(405, `Method ${method} is not allowed`, { headers: { allow } });
}

export function checkSize({ operation, bytes }: RequestRecord, options: SimulatorOptions): void {
	if (operation !== 'run' && operation !== 'runsync') return;
	const limit = DOCUMENTED.body[operation];
	if (bytes <= limit) return;
	const detail = `bad request: body: exceeded max body size of ${limit / MEBIBYTE}MiB`;
	throw new Refusal(options.tooLargeStatus, `Payload is over ${limit} bytes`, { detail });
}

const WINDOW_MS = 10_000;

/** Requests per sliding window, and open requests, per endpoint and operation. */
export class RateLimits {
	/** Per gate: how many are open, and when those of the window were admitted, oldest first. */
	private readonly gates = new Map<string, { open: number; times: number[] }>();

	constructor(
		private readonly clock: Clock,
		private readonly options: SimulatorOptions,
	) {}

	/** A refused request counts towards no limit. What is returned is to be called once the request is over. */
	enter(endpoint: string | undefined, operation: string): () => void {
		const limits: Partial<Record<string, RateLimit>> = this.options.rateLimits;
		const limit = limits[operation === 'status-sync' ? 'status' : operation];
		if (!limit) return () => {};
		const { requests, concurrent } = limit;
		const path = `${endpoint}/${operation}`;
		const gate = this.gates.get(path) ?? { open: 0, times: [] };
		this.gates.set(path, gate);
		const now = this.clock.now();
		while ((gate.times[0] ?? Infinity) <= now - WINDOW_MS) gate.times.shift();
		const frees = gate.times[gate.times.length - requests];
		if (frees !== undefined) this.refuse(frees + WINDOW_MS - now);
		if (gate.open >= concurrent) this.refuse(1000);
		gate.times.push(now);
		gate.open++;
		return () => gate.open--;
	}

	/** In whole seconds: rounded up, so that the promise holds. */
	private refuse(waitMs: number): never {
		const headers = { 'retry-after': Math.ceil(waitMs / 1000) };
		throw new Refusal(429, 'Too many requests', { headers });
	}
}
