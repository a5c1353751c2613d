import { isJsonObject } from '../json';
import { unreachableFromOutside } from './address';
import type { Answer } from './answer';
import type { RequestContext } from './exchange';
import { plainText } from './reason';

export interface FileSource {
	url: string;
	/** Whether the URL may come from an untrusted caller: then nothing is fetched from private networks. */
	isUntrusted: boolean;
	/** Ends the request and the stream. */
	limit: AbortSignal;
}

/** n8n's name for a stream of Node.js's, whose module a community node cannot import. */
export type Stream = Exclude<
	Parameters<RequestContext['helpers']['prepareBinaryData']>[0],
	Buffer | Uint8Array
>;

export interface OpenFile {
	status: number;
	headers: Record<string, unknown>;
	body: Stream;
	/** Ends the request, whether its body was read or not. */
	close(): void;
}

/** Why a file is unavailable, and what kind of answer that was. */
export class Unavailable extends Error {
	override readonly name = 'Unavailable';

	constructor(
		readonly problem: string,
		readonly answer: Answer,
	) {
		super(problem);
	}
}

/** A problem of the connection, which may not occur the next time. */
export function broken(problem: string): Unavailable {
	return new Unavailable(problem, { kind: 'interrupted', reason: problem });
}

const MOST_REDIRECTS = 5;
const REDIRECTS = [301, 302, 303, 307, 308];

/**
 * Asks for a file, without the API key, and follows redirects by hand, so that each address is checked.
 *
 * A public name that leads to a private network is not noticed: a community node cannot ask DNS.
 *
 * @throws Unavailable
 */
export async function openFile(context: RequestContext, source: FileSource): Promise<OpenFile> {
	let { url } = source;
	for (let redirects = 0; ; redirects++) {
		const file = await get(context, { ...source, url });
		if (!REDIRECTS.includes(file.status)) return file;
		const refuse = (problem: string) => refusal(problem, file);
		file.close();
		if (redirects === MOST_REDIRECTS) {
			throw refuse(`it was redirected more than ${MOST_REDIRECTS} times`);
		}
		const location = String(file.headers.location ?? '');
		if (location === '' || !URL.canParse(location, url)) {
			throw refuse(`the server answered HTTP ${file.status} without a usable redirect URL`);
		}
		const next = new URL(location, url);
		if (!/^https?:$/.test(next.protocol)) {
			throw refuse(`it was redirected to a '${next.protocol.slice(0, 40)}' address`);
		}
		url = next.href;
	}
}

async function get(context: RequestContext, source: FileSource): Promise<OpenFile> {
	const { url, isUntrusted, limit } = source;
	const network = isUntrusted ? unreachableFromOutside(url) : undefined;
	if (network !== undefined) {
		throw blocked(`its URL, which anyone could have sent, points to ${network}`);
	}
	const end = new AbortController();
	const abort = () => end.abort();
	limit.addEventListener('abort', abort);
	if (limit.aborted) abort();
	const close = (body?: Stream) => {
		limit.removeEventListener('abort', abort);
		body?.on('error', () => {});
		// In n8n 2, `body` is a stream around the answer's own: as long as nothing was read, destroying it does not end
		// the connection.
		abort();
		body?.destroy();
	};
	let response: unknown;
	try {
		response = await context.helpers.httpRequest({
			method: 'GET',
			url,
			// If it were compressed, its length would differ from the announced one.
			headers: { 'Accept-Encoding': 'identity' },
			encoding: 'stream',
			returnFullResponse: true,
			ignoreHttpStatusErrors: true,
			disableFollowRedirect: true,
			abortSignal: end.signal,
		});
	} catch (error) {
		close();
		const reason = blockedByN8n(error);
		throw reason === undefined ? broken('the connection was lost') : blocked(reason);
	}
	const file = readResponse(response);
	if (file === undefined) {
		close();
		throw broken('the answer could not be read');
	}
	return { ...file, close: () => close(file.body) };
}

function readResponse(response: unknown): Omit<OpenFile, 'close'> | undefined {
	if (!isJsonObject(response)) return undefined;
	const { statusCode: status, headers }: Record<string, unknown> = response;
	const body: unknown = response.body;
	if (typeof status !== 'number' || !isStream(body)) return undefined;
	return { status, headers: isJsonObject(headers) ? { ...headers } : {}, body };
}

function isStream(body: unknown): body is Stream {
	return typeof body === 'object' && body !== null && 'pipe' in body && 'destroy' in body;
}

/** An answer that cannot be used. Its status decides whether another attempt is worthwhile. */
export function refusal(problem: string, { status, headers }: OpenFile): Unavailable {
	return new Unavailable(problem, { kind: 'answered', status, headers, body: undefined });
}

/** Nothing was sent, and another attempt would be blocked too. */
function blocked(problem: string): Unavailable {
	return new Unavailable(problem, { kind: 'refused', reason: problem });
}

/** What n8n's own SSRF protection (`N8N_SSRF_PROTECTION_ENABLED`, n8n 2) says where it does not let a request through. */
function blockedByN8n(error: unknown): string | undefined {
	let current = error;
	for (let depth = 0; depth < 6 && isJsonObject(current); depth++) {
		if (String(current.name).startsWith('SsrfBlocked')) {
			const [what] = plainText(String(current.description ?? current.message)).split('. ');
			return `n8n's SSRF protection blocks its URL: ${what}`;
		}
		current = current.cause;
	}
	return undefined;
}
