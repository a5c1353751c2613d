import type { IAllExecuteFunctions, IHttpRequestOptions } from 'n8n-workflow';
import { isJsonObject, type JsonObject } from '../json';
import { classifyError, readBeginning, readBody, type Answer } from './answer';
import { isStream, type Connection, withoutKey } from './connection';
import { Stopped } from './failure';
import { pause, withTimeLimit, type Deadline } from './time';
import { mayRepeat } from './verdicts';

export interface ApiRequest {
	method: 'GET' | 'POST';
	/** Called whenever the request is sent, because it can depend on the time that is left. */
	url: () => string;
	/** What is to be sent as JSON; a Buffer holds it already. */
	body?: JsonObject | Buffer;
	/** Until the full answer must have arrived; limited to the deadline, but not below `leastMs`. */
	timeoutMs: () => number;
	leastMs?: number;
	deadline: Deadline;
	/** Whether it creates a job: then it is only sent again if Runpod certainly did not accept it. */
	isCostly: boolean;
	/** Whether an answer is what was wanted, whatever its status says: then nothing is repeated. */
	isSettled: (answer: Answer) => boolean;
	stop?: AbortSignal;
	/** Whether an exchange that is running at a stop is completed. Nothing is sent after a stop in any case. */
	isFinishedAfterStop?: boolean;
	/** Called for every repeat, before the pause of `delayMs` that precedes it. */
	onRepeat?: (answer: Answer, delayMs: number) => void;
}

/** A request that starts just before its deadline still gets this long. */
const SHORTEST_REQUEST_MS = 1_000;
const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 8_000;
/** Well above the largest answer that makes sense: one that repeats the 20 MB of its request. */
const LARGEST_ANSWER_BYTES = 32 * 1024 * 1024;

/**
 * Sends a request and repeats it where that is safe, until the deadline. A refusal costs nothing, so repeats are not
 * counted. @throws Stopped when the user stopped the execution
 */
export async function send(connection: Connection, request: ApiRequest): Promise<Answer> {
	const { deadline, stop, leastMs = SHORTEST_REQUEST_MS } = request;
	for (let failedTries = 1; ; failedTries++) {
		if (stop?.aborted) throw new Stopped();
		const timeoutMs = Math.min(request.timeoutMs(), Math.max(leastMs, deadline.remaining()));
		const answer = await exchange(connection, request, timeoutMs);
		if (request.isSettled(answer) || !mayRepeat(answer, request.isCostly)) return answer;
		const delayMs = repeatDelayMs(answer, failedTries);
		if (delayMs >= deadline.remaining()) return answer;
		request.onRepeat?.(answer, delayMs);
		await pause(delayMs, stop);
	}
}

/**
 * Milliseconds to wait before the repeat after `failedTries` failed tries: exponential backoff with jitter (half to
 * all of 0.25 s, 0.5 s, 1 s … 8 s), so that parallel items do not all repeat at the same moment, and at least what
 * the server asked for.
 */
export function repeatDelayMs(answer: Answer, failedTries: number): number {
	const backoff = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (failedTries - 1));
	const jittered = backoff * (0.5 + Math.random() / 2);
	const askedMs =
		answer.kind === 'answered' ? retryAfterMs(answer.headers['retry-after']) : undefined;
	return askedMs === undefined ? jittered : Math.max(askedMs, FIRST_DELAY_MS) + jittered / 4;
}

/** `Retry-After` in milliseconds: seconds or an HTTP date (RFC 9110, 10.2.3); undefined where it says nothing usable. */
export function retryAfterMs(header: unknown): number | undefined {
	if (typeof header !== 'string' && typeof header !== 'number') return undefined;
	const text = String(header).trim();
	if (/^\d{1,9}(\.\d{1,9})?$/.test(text)) return Number(text) * 1000;
	// JavaScript takes "later 5" and "-5" for dates as well; every HTTP date has a time of day.
	const date = /\d\d:\d\d:\d\d/.test(text) ? Date.parse(text) : NaN;
	return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

/** One exchange. Redirects are not followed, so the key stays with the host of the credential's base URL. */
async function exchange(
	{ context, apiKey }: Connection,
	{ method, url, body, isFinishedAfterStop, ...request }: ApiRequest,
	timeoutMs: number,
): Promise<Answer> {
	const stop = isFinishedAfterStop ? undefined : request.stop;
	const began = performance.now();
	return await withTimeLimit(timeoutMs, stop, async (limit) => {
		const options: IHttpRequestOptions = {
			method,
			url: url(),
			...(Buffer.isBuffer(body) && { headers: { 'Content-Type': 'application/json' } }),
			...(body !== undefined && { body }),
			json: true,
			// As a stream, so that the server cannot decide how long the answer takes or how large it is.
			encoding: 'stream',
			timeout: Math.ceil(timeoutMs),
			abortSignal: limit,
			returnFullResponse: true,
			ignoreHttpStatusErrors: true,
			disableFollowRedirect: true,
		};
		const { httpRequestWithAuthentication } = context.helpers;
		return await httpRequestWithAuthentication
			// The helper reads the members of `connect()` only; the type requires those of every kind of context.
			.call(context as unknown as IAllExecuteFunctions, 'prunaVideoRunpodApi', options)
			.then(async (response: unknown) => await readResponse(response, apiKey, limit, began))
			.catch((error: unknown): Answer => {
				if (stop?.aborted) throw new Stopped(true);
				const reason = `no answer within ${Math.round(timeoutMs / 1000)} s`;
				return (limit.aborted ? undefined : classifyError(error)) ?? { kind: 'timedOut', reason };
			});
	});
}

/** Throws what broke the answer off, unless what has come of it names a job. */
async function readResponse(
	response: unknown,
	apiKey: string,
	limit: AbortSignal,
	began: number,
): Promise<Answer> {
	if (!isJsonObject(response) || typeof response.statusCode !== 'number') {
		return { kind: 'interrupted', reason: 'the answer could not be read' };
	}
	const { bytes, error, isCut } = await readBytes(response.body, limit);
	const text = withoutKey(bytes.toString(), apiKey);
	let read = readBody(text);
	if (!isJsonObject(read?.body)) {
		const beginning = readBeginning(text);
		if (beginning.id !== undefined) read = { body: beginning };
		else if (error !== undefined) throw error;
		else if (isCut) return { kind: 'tooLarge', reason: 'more than 32 MB' };
	}
	if (read === undefined) return { kind: 'tooLarge', reason: 'too many parts' };
	return {
		kind: 'answered',
		status: response.statusCode,
		headers: isJsonObject(response.headers) ? { ...response.headers } : {},
		body: read.body,
		tookMs: performance.now() - began,
	};
}

/** What came of the body, its beginning where it is too large; `error` where it broke off or `limit` fired. */
async function readBytes(
	body: unknown,
	limit: AbortSignal,
): Promise<{ bytes: Buffer; error?: unknown; isCut?: true }> {
	if (!isStream(body)) {
		return { bytes: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body ?? '')) };
	}
	const end = () => body.destroy();
	limit.addEventListener('abort', end, { once: true });
	const chunks: Buffer[] = [];
	let size = 0;
	try {
		for await (const chunk of body) {
			const part = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
			size += part.length;
			chunks.push(part);
			// Leaving the loop destroys the stream, and the connection with it.
			if (size > LARGEST_ANSWER_BYTES) return { bytes: Buffer.concat(chunks, 64_000), isCut: true };
		}
		limit.throwIfAborted();
		return { bytes: Buffer.concat(chunks) };
	} catch (error) {
		return { bytes: Buffer.concat(chunks), error };
	} finally {
		limit.removeEventListener('abort', end);
	}
}
