/** The log of every HTTP request that reached the simulator (its own pages excepted). */

import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** Each with the method that it takes. Source: Runpod's operation reference; the last is in its SDKs. */
export const METHODS = {
	runsync: 'POST',
	run: 'POST',
	status: 'GET',
	cancel: 'POST',
	retry: 'POST',
	health: 'GET',
	'status-sync': 'GET',
} as const;
export type ApiOperation = keyof typeof METHODS;

/** What a request asks for. */
export type Operation = ApiOperation | 'video' | 'billing';

export interface RequestRecord {
	readonly method: string;
	/** With the query string. */
	readonly path: string;
	readonly operation: Operation | 'unknown';
	readonly endpoint: string | undefined;
	/** The job: named in the path, or made by this request. */
	jobId: string | undefined;
	readonly headers: IncomingHttpHeaders;
	/** Length of the body as received. */
	bytes: number;
	/** The parsed JSON body, or its text; undefined when empty or above a megabyte. */
	body: unknown;
	/** ms since 1970. */
	readonly at: number;
	answeredAt: number | undefined;
	/** HTTP status answered; `reset` and `hang` are faults, `left`: the client went first. */
	status: number | 'reset' | 'hang' | 'left' | undefined;
}

type Route = Pick<RequestRecord, 'operation' | 'endpoint' | 'jobId'>;

/** Of a request that has just begun. */
export function requestRecord(
	{ method = 'GET', url: path = '/', headers }: IncomingMessage,
	at: number,
): RequestRecord {
	const open = { body: undefined, answeredAt: undefined, status: undefined };
	return { method, path, ...parseRoute(path), headers, bytes: 0, at, ...open };
}

const WITH_JOB: readonly string[] = ['status', 'status-sync', 'cancel', 'retry'];

function isApiOperation(name: string | undefined): name is ApiOperation {
	return name !== undefined && Object.hasOwn(METHODS, name);
}

/** Reads `/v2/<endpoint>/<operation>[/<job>]`, `/v2/billing/endpoints` and `/video/<job>/output.mp4`. */
function parseRoute(url: string): Route {
	const [, root, first, second, third, ...rest] = (url.split('?')[0] ?? '').split('/');
	const none: Route = { operation: 'unknown', endpoint: undefined, jobId: undefined };
	if (rest.length > 0 || !first) return none;
	if (root === 'video') {
		const isVideo = second === 'output.mp4' && third === undefined;
		return isVideo ? { ...none, operation: 'video', jobId: first } : none;
	}
	if (`${root}/${first}/${second}` === 'v2/billing/endpoints' && third === undefined) {
		return { ...none, operation: 'billing' };
	}
	if (root !== 'v2' || !isApiOperation(second)) return none;
	if (WITH_JOB.includes(second) ? !third : third !== undefined) return none;
	return { operation: second, endpoint: first, jobId: third };
}
