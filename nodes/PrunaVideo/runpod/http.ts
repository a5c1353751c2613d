import type { IAllExecuteFunctions, IHttpRequestMethods } from 'n8n-workflow';
import { isJsonObject, type JsonObject } from '../json';
import { classifyError, readBeginning, readBody, type Answer } from './answer';
import type { Connection } from './connection';
import { Stopped } from './failure';
import { withoutKey } from './secret';
import { pause, withTimeLimit, type Deadline } from './time';
import { mayRepeat } from './verdicts';

export interface Exchange {
	method: IHttpRequestMethods;
	url: string;
	/** What is to be sent as JSON; a Buffer holds it already. */
	body?: JsonObject | Buffer;
	/** Milliseconds until the full answer must have arrived. */
	timeoutMs: number;
	stop?: AbortSignal;
}

export interface RepeatableRequest extends Omit<Exchange, 'url' | 'timeoutMs'> {
	/** Called whenever the request is sent, because the URL can depend on the time that is left. */
	url: () => string;
	/** As in `Exchange`; limited to the time until the deadline, but not below `leastMs`. */
	timeoutMs: () => number;
	/** How long it gets, in ms, however little time is left. */
	leastMs?: number;
	/** Whether it creates a job: then it is only sent again if Runpod certainly did not accept it. */
	isCostly: boolean;
	/** Nothing is sent after it. */
	deadline: Deadline;
	/** Whether an answer is what was wanted, whatever its status says: then nothing is repeated. */
	isSettled: (answer: Answer) => boolean;
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
 * counted.
 *
 * @throws Stopped when the user stopped the execution
 */
export async function send(connection: Connection, request: RepeatableRequest): Promise<Answer> {
	const { deadline, stop, leastMs = SHORTEST_REQUEST_MS } = request;
	for (let failedTries = 1; ; failedTries++) {
		if (stop?.aborted) throw new Stopped();
		const answer = await exchange(connection, {
			method: request.method,
			url: request.url(),
			body: request.body,
			timeoutMs: Math.min(request.timeoutMs(), Math.max(leastMs, deadline.remaining())),
			stop: request.isFinishedAfterStop ? undefined : stop,
		});
		if (!mayRepeat(answer, request.isCostly) || request.isSettled(answer)) return answer;
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

/**
 * Sends one authenticated request to Runpod, once. Redirects are not followed, so the key stays with the host of the
 * credential's base URL.
 *
 * @throws Stopped when the user stopped the execution; any other end is an `Answer`
 */
async function exchange(connection: Connection, request: Exchange): Promise<Answer> {
	const { stop, timeoutMs } = request;
	return await withTimeLimit(timeoutMs, stop, async (limit) =>
		sendOnce(connection, request, limit).catch((error: unknown): Answer => {
			if (stop?.aborted) throw new Stopped(true);
			const reason = `no answer within ${Math.round(timeoutMs / 1000)} s`;
			return (limit.aborted ? undefined : classifyError(error)) ?? { kind: 'timedOut', reason };
		}),
	);
}

async function sendOnce(
	{ context, apiKey }: Connection,
	{ method, url, body, timeoutMs }: Exchange,
	limit: AbortSignal,
): Promise<Answer> {
	const began = performance.now();
	const response: unknown = await context.helpers.httpRequestWithAuthentication.call(
		// The helper reads the members of `connect()` only; the type requires those of every kind of context.
		context as unknown as IAllExecuteFunctions,
		'prunaVideoRunpodApi',
		{
			method,
			url,
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
		},
	);
	if (!isJsonObject(response) || typeof response.statusCode !== 'number') {
		return { kind: 'interrupted', reason: 'the answer could not be read' };
	}
	const { text, error } = await readText(response.body, limit);
	if (text === undefined) return { kind: 'tooLarge', reason: 'more than 32 MB' };
	const clean = withoutKey(text, apiKey);
	const read = error === undefined ? readBody(clean) : readBroken(clean);
	// What has come of a broken answer counts where it names a job.
	if (error !== undefined && read === undefined) throw error;
	if (read === undefined) return { kind: 'tooLarge', reason: 'too many parts' };
	return {
		kind: 'answered',
		status: response.statusCode,
		headers: isJsonObject(response.headers) ? { ...response.headers } : {},
		body: read.body,
		tookMs: performance.now() - began,
	};
}

function readBroken(text: string): { body: unknown } | undefined {
	const whole = readBody(text);
	if (isJsonObject(whole?.body)) return whole;
	const beginning = readBeginning(text);
	return beginning.id === undefined ? undefined : { body: beginning };
}

interface Stream extends AsyncIterable<unknown> {
	destroy(): unknown;
}

function isStream(body: unknown): body is Stream {
	return (
		typeof body === 'object' && body !== null && 'destroy' in body && Symbol.asyncIterator in body
	);
}

/** The body as text, without it where it is too large; `error` where it broke off or `limit` fired. */
async function readText(
	body: unknown,
	limit: AbortSignal,
): Promise<{ text?: string; error?: unknown }> {
	if (!isStream(body))
		return { text: typeof body === 'string' ? body : JSON.stringify(body ?? '') };
	const end = () => body.destroy();
	limit.addEventListener('abort', end, { once: true });
	const chunks: Buffer[] = [];
	try {
		let bytes = 0;
		for await (const chunk of body) {
			const part = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
			bytes += part.length;
			// Leaving the loop destroys the stream, and the connection with it.
			if (bytes > LARGEST_ANSWER_BYTES) return {};
			chunks.push(part);
		}
		limit.throwIfAborted();
		return { text: Buffer.concat(chunks).toString() };
	} catch (error) {
		return { text: Buffer.concat(chunks).toString(), error: error ?? new Error('interrupted') };
	} finally {
		limit.removeEventListener('abort', end);
	}
}
