/** Reads the body of runsync and run; what the real API would refuse is refused. */

import { isHttpUrl, isRecord } from './json';
import type { Policy } from './ledger';
import { DOCUMENTED, type JobInput } from './options';

export type Bound = { least: number; most: number };

export interface Payload {
	input: JobInput;
	webhook: string | undefined;
	policy: Policy | undefined;
}

/** A payload, or why it is none. */
export function parsePayload(contentType: string | undefined, body: unknown): Payload | string {
	if (!/^application\/json\s*(;|$)/i.test(contentType ?? '')) {
		return "The request's Content-Type must be application/json";
	}
	if (!isRecord(body)) return 'The request body must be a JSON object';
	const { input, webhook, policy } = body;
	if (!isRecord(input)) return "The request body must have an object 'input'";
	if (webhook !== undefined && (typeof webhook !== 'string' || !isHttpUrl(webhook))) {
		return "'webhook' must be an http(s) URL";
	}
	const parsed = parsePolicy(policy);
	return typeof parsed === 'string' ? parsed : { input, webhook, policy: parsed };
}

function parsePolicy(policy: unknown): Policy | undefined | string {
	if (policy === undefined) return undefined;
	if (!isRecord(policy)) return "'policy' must be an object";
	const { executionTimeout, ttl, lowPriority } = policy;
	const parsed: Policy = {};
	if (executionTimeout !== undefined) {
		const { least, most } = DOCUMENTED.executionTimeout;
		if (!isWithin(executionTimeout, { least, most })) {
			return `'policy.executionTimeout' must be ${least} to ${most} ms`;
		}
		parsed.executionTimeout = executionTimeout;
	}
	if (ttl !== undefined) {
		const { least, most } = DOCUMENTED.ttl;
		if (!isWithin(ttl, { least, most })) return `'policy.ttl' must be ${least} to ${most} ms`;
		parsed.ttl = ttl;
	}
	if (lowPriority !== undefined) {
		if (typeof lowPriority !== 'boolean') return "'policy.lowPriority' must be a boolean";
		parsed.lowPriority = lowPriority;
	}
	return parsed;
}

/** The `wait` of a runsync in ms: undefined when not asked for, a string when refused. */
export function parseWait(query: URLSearchParams): number | undefined | string {
	const wait = query.get('wait');
	if (wait === null) return undefined;
	const { least, most } = DOCUMENTED.wait;
	const ms = /^\d+$/.test(wait) ? Number(wait) : NaN;
	return isWithin(ms, { least, most }) ? ms : `'wait' must be ${least} to ${most} ms`;
}

function isWithin(value: unknown, { least, most }: Bound): value is number {
	return Number.isInteger(value) && typeof value === 'number' && value >= least && value <= most;
}
