import type {
	IAllExecuteFunctions,
	ICredentialDataDecryptedObject,
	IExecuteFunctions,
	IHttpRequestMethods,
	INode,
	Logger,
} from 'n8n-workflow';
import { isJsonObject, type JsonObject } from '../json';
import { withTimeLimit } from './timing';

/** What is needed of n8n's execution context to speak to Runpod: a node's and a webhook's both have it. */
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
	/** Milliseconds until the answer has to be there in full. */
	timeoutMs: number;
	stop?: AbortSignal;
}

/** How one HTTP exchange ended; what may follow from it depends on whether the request can have reached Runpod. */
export type Answer =
	| { kind: 'answered'; status: number; headers: Record<string, unknown>; body: unknown }
	/** No connection was made: nothing can have been accepted. */
	| { kind: 'unreached'; reason: string }
	/** The connection broke after the request may have been sent. */
	| { kind: 'interrupted'; reason: string }
	/** No full answer in time; the request may be at work. */
	| { kind: 'timedOut'; reason: string }
	/** The user stopped the execution. */
	| { kind: 'stopped' };

/** Failures that come before any byte of the request is sent (errno(3) names as Node.js gives them). */
const NEVER_CONNECTED = new Set([
	'ECONNREFUSED',
	'ENOTFOUND',
	'EAI_AGAIN',
	'EHOSTUNREACH',
	'ENETUNREACH',
	'ENETDOWN',
	'EADDRNOTAVAIL',
	'CERT_HAS_EXPIRED',
	'DEPTH_ZERO_SELF_SIGNED_CERT',
	'SELF_SIGNED_CERT_IN_CHAIN',
	'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
	'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/**
 * Sends one authenticated request to Runpod, once. Never throws: every outcome is an `Answer`.
 *
 * Redirects are not followed, so the key stays with the host of the credential's base URL.
 */
export async function exchange(context: RequestContext, request: Exchange): Promise<Answer> {
	const { stop } = request;
	if (stop?.aborted) return { kind: 'stopped' };
	return await withTimeLimit(request.timeoutMs, stop, async (limit): Promise<Answer> => {
		try {
			const response: unknown = await context.helpers.httpRequestWithAuthentication.call(
				withoutCancelSignal(context),
				'runpodApi',
				{
					method: request.method,
					url: request.url,
					...(Buffer.isBuffer(request.body) && { headers: { 'Content-Type': 'application/json' } }),
					...(request.body !== undefined && { body: request.body }),
					json: true,
					timeout: Math.ceil(request.timeoutMs),
					abortSignal: limit,
					returnFullResponse: true,
					ignoreHttpStatusErrors: true,
					disableFollowRedirect: true,
				},
			);
			return readResponse(response);
		} catch (error) {
			if (stop?.aborted) return { kind: 'stopped' };
			if (limit.aborted) return timedOut(request.timeoutMs);
			return classifyError(error, request.timeoutMs);
		}
	});
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
	// The helper reads these four members only; the type asks for every kind of context's members at once.
	return caller as unknown as IAllExecuteFunctions;
}

function readResponse(response: unknown): Answer {
	if (!isJsonObject(response) || typeof response.statusCode !== 'number') {
		return { kind: 'interrupted', reason: 'the answer could not be read' };
	}
	return {
		kind: 'answered',
		status: response.statusCode,
		headers: isJsonObject(response.headers) ? { ...response.headers } : {},
		body: response.body,
	};
}

function timedOut(timeoutMs: number): Answer {
	return { kind: 'timedOut', reason: `no answer within ${Math.round(timeoutMs / 1000)} s` };
}

function classifyError(error: unknown, timeoutMs: number): Answer {
	const { code, syscall } = systemError(error);
	if (code === undefined) return { kind: 'interrupted', reason: 'the connection broke' };
	// A connection that stood can end with the same codes while it is read or written.
	const hadConnected = syscall === 'read' || syscall === 'write';
	if (
		(NEVER_CONNECTED.has(code) && !hadConnected) ||
		(code === 'ETIMEDOUT' && syscall === 'connect')
	) {
		return { kind: 'unreached', reason: code };
	}
	if (code === 'ECONNABORTED' || code === 'ETIMEDOUT') return timedOut(timeoutMs);
	return { kind: 'interrupted', reason: code };
}

interface SystemError {
	code?: string;
	syscall?: string;
}

/** The code and system call of the error that lies at the bottom of what n8n wrapped. */
function systemError(error: unknown): SystemError {
	let found: SystemError = {};
	let current = error;
	for (let depth = 0; depth < 6 && isJsonObject(current); depth++) {
		if (typeof current.code === 'string' && current.code !== '') {
			found = { code: current.code };
			if (typeof current.syscall === 'string') found.syscall = current.syscall;
		}
		current = current.cause;
	}
	return found.code === undefined ? lostSystemError(error) : found;
}

/**
 * Some versions of n8n (1.123 and 2.0 among them) drop the error that they wrap. They keep its code as `httpCode`,
 * and its message, such as "connect ECONNREFUSED 127.0.0.1:443", in `messages`.
 */
function lostSystemError(error: unknown): SystemError {
	if (!isJsonObject(error)) return {};
	const code: unknown = error.httpCode;
	if (typeof code !== 'string' || !/^[A-Z][A-Z_]+$/.test(code)) return {};
	const messages: unknown[] = Array.isArray(error.messages) ? error.messages : [];
	const message = messages.find((text) => typeof text === 'string' && text.includes(` ${code}`));
	const syscall = /^[a-z]+(?= )/.exec(String(message ?? ''))?.[0];
	return { code, ...(syscall !== undefined && { syscall }) };
}
