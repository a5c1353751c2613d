/** Reads the body and query of runsync and run; what the real API would refuse is refused (thrown). */

import { badRequest } from './answer';
import { isHttpUrl, isRecord } from './json';
import type { Policy } from './ledger';
import { DOCUMENTED, type JobInput, type SimulatorOptions } from './options';

export interface Payload {
	input: JobInput;
	webhook: string | undefined;
	policy: Policy | undefined;
}

export function parsePayload(
	contentType: string | undefined,
	body: unknown,
	options: SimulatorOptions,
): Payload {
	if (!/^application\/json\s*(;|$)/i.test(contentType ?? '')) {
		throw badRequest("The request's Content-Type must be application/json");
	}
	if (!isRecord(body)) throw badRequest('The request body must be a JSON object');
	const { input, webhook, policy } = body;
	if (!isRecord(input)) throw badRequest('property input is required');
	if (webhook !== undefined && (typeof webhook !== 'string' || !isHttpUrl(webhook))) {
		throw badRequest("'webhook' must be an http(s) URL");
	}
	return { input, webhook, policy: parsePolicy(policy, options) };
}

function parsePolicy(policy: unknown, options: SimulatorOptions): Policy | undefined {
	if (policy === undefined) return undefined;
	if (!isRecord(policy)) throw badRequest("'policy' must be an object");
	const { lowPriority } = policy;
	const parsed: Policy = {};
	const { executionTimeout, ttl } = DOCUMENTED;
	const bounds = {
		executionTimeout: { ...executionTimeout, least: options.leastExecutionTimeoutMs },
		ttl,
	};
	for (const name of ['executionTimeout', 'ttl'] as const) {
		const ms = policy[name];
		if (ms !== undefined) parsed[name] = within(bounds[name], ms, `policy.${name}`);
	}
	if (lowPriority === undefined) return parsed;
	if (typeof lowPriority !== 'boolean') throw badRequest("'policy.lowPriority' must be a boolean");
	return { ...parsed, lowPriority };
}

/** `wait` of a request's query, in ms; undefined where it is not asked for. */
export function parseWait(path: string, bounds: Bounds): number | undefined {
	const wait = new URLSearchParams(path.split('?')[1]).get('wait');
	if (wait === null) return undefined;
	return within(bounds, /^\d+$/.test(wait) ? Number(wait) : NaN, 'wait');
}

type Bounds = Record<'least' | 'most', number>;

function within({ least, most }: Bounds, ms: unknown, name: string): number {
	if (typeof ms === 'number' && Number.isInteger(ms) && ms >= least && ms <= most) return ms;
	throw badRequest(`'${name}' must be ${least} to ${most} ms`);
}
