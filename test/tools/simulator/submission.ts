/** Reads the body of runsync and run; what the real API would refuse is refused. */

import { isHttpUrl, isRecord } from './json';
import type { Policy } from './ledger';
import { DOCUMENTED, type JobInput, type SimulatorOptions } from './options';

export interface Payload {
	input: JobInput;
	webhook: string | undefined;
	policy: Policy | undefined;
}

/** A payload, or why it is none. */
export function parsePayload(
	contentType: string | undefined,
	body: unknown,
	options: SimulatorOptions,
): Payload | string {
	if (!/^application\/json\s*(;|$)/i.test(contentType ?? '')) {
		return "The request's Content-Type must be application/json";
	}
	if (!isRecord(body)) return 'The request body must be a JSON object';
	const { input, webhook, policy } = body;
	if (!isRecord(input)) return 'property input is required';
	if (webhook !== undefined && (typeof webhook !== 'string' || !isHttpUrl(webhook))) {
		return "'webhook' must be an http(s) URL";
	}
	const parsed = parsePolicy(policy, options);
	return typeof parsed === 'string' ? parsed : { input, webhook, policy: parsed };
}

function parsePolicy(policy: unknown, options: SimulatorOptions): Policy | undefined | string {
	if (policy === undefined) return undefined;
	if (!isRecord(policy)) return "'policy' must be an object";
	const { lowPriority } = policy;
	const parsed: Policy = {};
	const leasts = {
		executionTimeout: options.leastExecutionTimeoutMs,
		ttl: DOCUMENTED.ttl.least,
	};
	for (const name of ['executionTimeout', 'ttl'] as const) {
		const [ms, least, most] = [policy[name], leasts[name], DOCUMENTED[name].most];
		if (ms === undefined) continue;
		if (!isWithin(ms, least, most)) return `'policy.${name}' must be ${least} to ${most} ms`;
		parsed[name] = ms;
	}
	if (lowPriority === undefined) return parsed;
	if (typeof lowPriority !== 'boolean') return "'policy.lowPriority' must be a boolean";
	return { ...parsed, lowPriority };
}

/** `wait` in ms: undefined when not asked for, a string when refused. */
export function parseWait(
	query: URLSearchParams,
	{ least, most }: { least: number; most: number },
): number | undefined | string {
	const wait = query.get('wait');
	if (wait === null) return undefined;
	const ms = /^\d+$/.test(wait) ? Number(wait) : NaN;
	return isWithin(ms, least, most) ? ms : `'wait' must be ${least} to ${most} ms`;
}

function isWithin(value: unknown, least: number, most: number): value is number {
	return Number.isInteger(value) && typeof value === 'number' && value >= least && value <= most;
}
