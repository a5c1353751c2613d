/** A server that answers as it is told: for what no simulator of Runpod does. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Scripted {
	/** For the credential. */
	readonly credentials: { apiKey: string; baseUrl: string };
	/** Requests as they came: `POST run`, `GET status/job-1`, `GET status-sync/job-1`. */
	readonly requests: string[];
	close(): Promise<void>;
}

/** Answers a request; what it is about is `operation` of an endpoint, such as `run` or `status-sync/job-1`. */
export type Script = (
	operation: string,
	response: ServerResponse,
	request: IncomingMessage,
) => void;

/** Sends JSON, or text as it is. */
export function reply(response: ServerResponse, status: number, body: unknown = ''): void {
	response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
}

/** Listens on 127.0.0.1 only. */
export async function startScripted(script: Script): Promise<Scripted> {
	const requests: string[] = [];
	const server = createServer((request, response) => {
		const { pathname } = new URL(request.url ?? '', 'http://127.0.0.1');
		const operation = pathname.replace('/v2/p-video/', '');
		requests.push(`${request.method} ${operation}`);
		// What was sent is read first: else its sender may see a reset instead of the answer.
		request.resume().once('end', () => script(operation, response, request));
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const { port } = server.address() as AddressInfo;
	return {
		credentials: { apiKey: 'rpa_scripted', baseUrl: `http://127.0.0.1:${port}/v2` },
		requests,
		async close() {
			const closed = new Promise((resolve) => server.close(resolve));
			server.closeAllConnections();
			await closed;
		},
	};
}
