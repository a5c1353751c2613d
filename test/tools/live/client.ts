/** Requests to Runpod, each sent once: repeating is for whoever knows that it costs nothing. */

import { isRecord, parseJson } from '../simulator/json';
import type { RecordedExchange } from '../simulator/records';

/** As it happened, with ids and addresses in it; `ms` until the end of the answer. */
export type Exchange = RecordedExchange & { ms: number };
export type Question = Pick<RecordedExchange, 'key' | 'requestBody' | 'requestBytes'>;
/** `path` follows the base URL. Throws NoAnswer. */
export type Send = (method: string, path: string, question?: Question) => Promise<Exchange>;

/** Whether the request was accepted is unknown. */
export class NoAnswer extends Error {}

/** The long look stays open for 90 s. */
const LONGEST_MS = 120_000;

export function clientOf(baseUrl: string, apiKey: string): Send {
	return async (method, path, question = {}) => {
		const { key, requestBody, requestBytes = 0 } = question;
		const authorization = `Bearer ${key === 'wrong' ? 'rpa_a_key_that_is_wrong' : apiKey}`;
		const began = performance.now();
		try {
			const response = await fetch(baseUrl + path, {
				method,
				headers: { 'content-type': 'application/json', ...(key !== 'none' && { authorization }) },
				body: requestBody ? JSON.stringify(requestBody).padEnd(requestBytes) : null,
				// Followed, a POST would be sent a second time, and the key to somebody else.
				redirect: 'manual',
				signal: AbortSignal.timeout(LONGEST_MS),
			});
			const { status, headers } = response;
			const contentType = headers.get('content-type')?.split(';')[0] ?? '';
			const text = await response.text();
			const body = parseJson(Buffer.from(text)) ?? text;
			const ms = Math.round(performance.now() - began);
			return { method, path, ...question, status, contentType, body, ms };
		} catch (error) {
			throw new NoAnswer(reasonOf(error));
		}
	};
}

/** A video's bytes; its address needs no key. Throws. */
export async function download(address: string): Promise<Buffer> {
	const response = await fetch(address, { signal: AbortSignal.timeout(LONGEST_MS) });
	if (!response.ok) throw new Error(`HTTP ${response.status}`);
	return Buffer.from(await response.arrayBuffer());
}

/** `fetch` puts the reason into the cause. */
export function reasonOf(error: unknown): string {
	if (!isRecord(error)) return String(error);
	return error.cause ? reasonOf(error.cause) : String(error.code ?? error.message);
}
