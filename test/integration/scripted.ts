/** A server that answers as it is told: for what no simulator of Runpod does. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen } from '../tools/listen';

export type Scripted = Awaited<ReturnType<typeof startScripted>>;

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
export async function startScripted(script: Script) {
	/** As they came: `POST run`, `GET status/job-1`, `GET status-sync/job-1`. */
	const requests: string[] = [];
	const server = createServer((request, response) => {
		const { pathname } = new URL(request.url ?? '', 'http://127.0.0.1');
		const operation = pathname.replace('/v2/p-video/', '');
		requests.push(`${request.method} ${operation}`);
		// What was sent is read first: else its sender may see a reset instead of the answer.
		request.resume().once('end', () => script(operation, response, request));
	});
	const { url, close } = await listen(server);
	return { credentials: { apiKey: 'rpa_scripted', baseUrl: `${url}/v2` }, requests, close };
}
