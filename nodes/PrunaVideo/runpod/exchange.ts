import type {
	IAllExecuteFunctions,
	ICredentialDataDecryptedObject,
	IExecuteFunctions,
	IHttpRequestMethods,
	INode,
	Logger,
} from 'n8n-workflow';
import { isJsonObject, type JsonObject } from '../json';
import { LARGEST_ANSWER_BYTES, readBody, type Answer } from './answer';
import { classifyError } from './connectionError';
import { Stopped } from './failure';
import { withTimeLimit } from './time';

/** The part of n8n's context that is needed to call Runpod; nodes and webhooks both have it. */
export interface RequestContext {
	helpers: Pick<
		IExecuteFunctions['helpers'],
		'httpRequest' | 'httpRequestWithAuthentication' | 'prepareBinaryData' | 'getBinaryMetadata'
	>;
	getCredentials(type: string): Promise<ICredentialDataDecryptedObject>;
	getNode(): INode;
	logger: Logger;
}

export interface Exchange {
	method: IHttpRequestMethods;
	url: string;
	/** What is to be sent as JSON; a Buffer holds it already. */
	body?: JsonObject | Buffer;
	/** Milliseconds until the full answer must have arrived. */
	timeoutMs: number;
	stop?: AbortSignal;
}

/**
 * Sends one authenticated request to Runpod, once. Redirects are not followed, so the key stays with the host of the
 * credential's base URL.
 *
 * @throws Stopped when the user stopped the execution; any other end is an `Answer`
 */
export async function exchange(context: RequestContext, request: Exchange): Promise<Answer> {
	const { stop, timeoutMs } = request;
	if (stop?.aborted) throw new Stopped();
	return await withTimeLimit(timeoutMs, stop, async (limit) =>
		sendOnce(context, request, limit).catch((error: unknown): Answer => {
			if (stop?.aborted) throw new Stopped(true);
			return (limit.aborted ? undefined : classifyError(error)) ?? timedOut(timeoutMs);
		}),
	);
}

async function sendOnce(
	context: RequestContext,
	{ method, url, body, timeoutMs }: Exchange,
	limit: AbortSignal,
): Promise<Answer> {
	const response: unknown = await context.helpers.httpRequestWithAuthentication.call(
		withoutCancelSignal(context),
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
	return await readResponse(response, limit);
}

/**
 * n8n replaces the abort signal of a request by the execution's own when the object it is called on has
 * `getExecutionCancelSignal`. Ours also ends at the time limit, and a job's `/cancel` has to be sent after a stop.
 */
function withoutCancelSignal(context: RequestContext): IAllExecuteFunctions {
	const caller: RequestContext = {
		helpers: context.helpers,
		getCredentials: async (type) => await context.getCredentials(type),
		getNode: () => context.getNode(),
		logger: context.logger,
	};
	// The helper reads these four members only; the type requires the members of every kind of context.
	return caller as unknown as IAllExecuteFunctions;
}

function timedOut(timeoutMs: number): Answer {
	return { kind: 'timedOut', reason: `no answer within ${Math.round(timeoutMs / 1000)} s` };
}

async function readResponse(response: unknown, limit: AbortSignal): Promise<Answer> {
	if (!isJsonObject(response) || typeof response.statusCode !== 'number') {
		return { kind: 'interrupted', reason: 'the answer could not be read' };
	}
	const text = await readText(response.body, limit);
	if (text === undefined) {
		const megabytes = LARGEST_ANSWER_BYTES / 1024 / 1024;
		return { kind: 'tooLarge', reason: `more than ${megabytes} MB` };
	}
	return {
		kind: 'answered',
		status: response.statusCode,
		headers: isJsonObject(response.headers) ? { ...response.headers } : {},
		body: readBody(text),
	};
}

interface Stream extends AsyncIterable<unknown> {
	destroy(): unknown;
}

function isStream(body: unknown): body is Stream {
	return (
		typeof body === 'object' && body !== null && 'destroy' in body && Symbol.asyncIterator in body
	);
}

/** The whole body as text; undefined where it is too large. Rejects where it breaks off, or `limit` fires. */
async function readText(body: unknown, limit: AbortSignal): Promise<string | undefined> {
	if (typeof body === 'string') return body;
	if (!isStream(body)) return body === undefined ? '' : JSON.stringify(body);
	const end = () => body.destroy();
	limit.addEventListener('abort', end, { once: true });
	try {
		const chunks: Buffer[] = [];
		let bytes = 0;
		for await (const chunk of body) {
			const part = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
			bytes += part.length;
			// Leaving the loop destroys the stream, and the connection with it.
			if (bytes > LARGEST_ANSWER_BYTES) return undefined;
			chunks.push(part);
		}
		limit.throwIfAborted();
		return Buffer.concat(chunks).toString();
	} finally {
		limit.removeEventListener('abort', end);
	}
}
