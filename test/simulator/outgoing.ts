/** The simulator as a client: fetching media and calling webhooks, on sockets that do not linger. */

import * as http from 'node:http';
import * as https from 'node:https';

export interface OutgoingRequest {
	method: 'GET' | 'POST';
	body?: Buffer;
	contentType?: string;
	signal: AbortSignal;
	maxBytes: number;
	maxRedirects?: number;
}

export interface OutgoingAnswer {
	status: number;
	body: Buffer;
}

/** Throws where there is no answer, or more than `maxBytes` of one. */
export async function request(url: string, outgoing: OutgoingRequest): Promise<OutgoingAnswer> {
	const { location, ...answer } = await requestOnce(url, outgoing);
	const left = outgoing.maxRedirects ?? 0;
	if (location === undefined || answer.status < 300 || answer.status > 399 || left < 1)
		return answer;
	return await request(new URL(location, url).href, { ...outgoing, maxRedirects: left - 1 });
}

function requestOnce(
	url: string,
	{ method, body, contentType, signal, maxBytes }: OutgoingRequest,
): Promise<OutgoingAnswer & { location: string | undefined }> {
	return new Promise((resolve, reject) => {
		const headers: http.OutgoingHttpHeaders = body
			? { 'content-type': contentType ?? 'application/json', 'content-length': body.length }
			: {};
		const { request: start } = url.startsWith('https:') ? https : http;
		const outgoing = start(url, { method, headers, signal, agent: false }, (response) => {
			const chunks: Buffer[] = [];
			let bytes = 0;
			response.on('data', (chunk: Buffer) => {
				bytes += chunk.length;
				chunks.push(chunk);
				if (bytes > maxBytes) outgoing.destroy(new Error(`more than ${maxBytes} bytes`));
			});
			response.on('error', reject);
			response.on('end', () =>
				resolve({
					status: response.statusCode ?? 0,
					location: response.headers.location,
					body: Buffer.concat(chunks),
				}),
			);
		});
		outgoing.on('error', reject);
		outgoing.end(body);
	});
}
