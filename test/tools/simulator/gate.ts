/** Who may do what, and where: keys, endpoints, methods and sizes, before an operation looks at the request. */

import { page, refusal, type Answer } from './answer';
import { FORBIDDEN_KEY, NO_CREDIT_KEY, type SimulatorOptions } from './options';
import { METHODS, type RequestRecord } from './requests';

/** The key's label, which is what the ledger shows of it. */
export type Access = { label: string } | { refused: Answer };

/** Operations that cost money, so that a key without credit cannot use them. */
const BILLED: readonly string[] = ['runsync', 'run', 'retry'];

export function checkAccess(record: RequestRecord, options: SimulatorOptions): Access {
	const { noCreditAs } = options;
	const refused = (status: number, error: string) => ({ refused: refusal(options, status, error) });
	const [, key] = /^Bearer ([^\s]+)$/.exec(record.headers.authorization ?? '') ?? [];
	if (key === options.apiKey) return { label: 'default' };
	if (key === FORBIDDEN_KEY) {
		return refused(403, 'The API key has no permission for this endpoint');
	}
	if (key !== NO_CREDIT_KEY) {
		return refused(401, 'Unauthorized: the API key is missing or not valid');
	}
	const isFree = noCreditAs === 'FAILED' || !BILLED.includes(record.operation);
	return isFree ? { label: 'no credit' } : refused(noCreditAs, 'Insufficient credit balance');
}

export function checkPlace(record: RequestRecord, options: SimulatorOptions): Answer | undefined {
	const { operation, endpoint, method } = record;
	if (operation === 'unknown' || operation === 'video') return refusal(options, 404, 'Not found');
	if (!options.endpoints.includes(endpoint ?? '')) {
		const error = `Endpoint '${endpoint}' does not exist`;
		return refusal(options, 404, error, { detail: 'endpoint not found' });
	}
	const allow = METHODS[operation];
	if (method === allow) return undefined;
	return refusal(options, 405, `Method ${method} is not allowed`, { headers: { allow } });
}

export function checkSize(record: RequestRecord, options: SimulatorOptions): Answer | undefined {
	const { operation, bytes } = record;
	if (operation !== 'run' && operation !== 'runsync') return undefined;
	const limit = options.payloadLimits[operation];
	if (bytes <= limit) return undefined;
	const { tooLargeStatus } = options;
	if (tooLargeStatus === 502) return page(502);
	const size = `${limit / 1024 / 1024}MiB`;
	const detail = `bad request: body: exceeded max body size of ${size}`;
	return refusal(options, tooLargeStatus, `Payload is over ${limit} bytes`, { detail });
}

export function tooManyRequests(waitMs: number, options: SimulatorOptions): Answer {
	const { retryAfter } = options;
	const headers: Record<string, string | number> = {};
	// Both in whole seconds: rounded up, so that the promise holds.
	if (retryAfter === 'seconds') headers['retry-after'] = Math.ceil(waitMs / 1000);
	if (retryAfter === 'date') {
		const at = Math.ceil((Date.now() + waitMs) / 1000) * 1000;
		headers['retry-after'] = new Date(at).toUTCString();
	}
	return refusal(options, 429, 'Too many requests', { headers });
}
