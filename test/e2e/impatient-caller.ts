/** A caller that gives up and calls again, behind a proxy that cuts connections: an MCP client, n8n Cloud's edge. */

import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { until } from '../tools/n8n/program';
import type { Endings } from '../tools/n8n/stage';

export interface Proxy {
	url: string;
	/** How often it has cut a connection. */
	readonly cuts: number;
}

/** Hands requests on to `target`, and cuts what is not answered after `cutAfterMs`; the request goes on behind it. */
export async function startProxy(
	target: string,
	cutAfterMs: number,
	endings: Endings,
): Promise<Proxy> {
	let cuts = 0;
	const server = createServer((request, response) => {
		const timer = setTimeout(() => {
			cuts++;
			request.socket.destroy();
		}, cutAfterMs);
		void forward(request, target).then(
			({ status, body }) => {
				clearTimeout(timer);
				response.writeHead(status, { 'content-type': 'application/json' }).end(body);
			},
			() => request.socket.destroy(),
		);
	}).listen(0, '127.0.0.1');
	await once(server, 'listening');
	endings.add(async () => {
		server.closeAllConnections();
		await new Promise((resolve) => server.close(resolve));
	});
	return {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		get cuts() {
			return cuts;
		},
	};
}

async function forward(request: IncomingMessage, target: string) {
	const { method, url = '/', headers } = request;
	const body = await text(request);
	const key = headers['idempotency-key'];
	const response = await fetch(target + url, {
		method,
		headers: { 'content-type': 'application/json', ...(key && { 'idempotency-key': String(key) }) },
		body: method === 'GET' ? undefined : body,
	});
	return { status: response.status, body: await response.text() };
}

/** Calls until somebody answers with something else than 409 ("still being submitted"); says how often it called. */
export async function callUntilAnswered(
	url: string,
	{ key, body }: { key: string; body: object },
): Promise<{ status: number; answer: unknown; calls: number }> {
	let calls = 0;
	const call = async () => {
		calls++;
		const response = await fetch(url, {
			method: 'POST',
			headers: { 'content-type': 'application/json', 'idempotency-key': key },
			body: JSON.stringify(body),
		}).catch(() => undefined);
		if (!response || response.status === 409) return undefined;
		return { status: response.status, answer: (await response.json()) as unknown, calls };
	};
	return await until(call, { everyMs: 250, problem: () => `No answer after ${calls} calls` });
}
