import { isJsonObject } from '../json';
import { unreachableFromOutside } from './address';
import { classifyError, type Answer } from './answer';
import type { RequestContext } from './connection';
import { judge } from './verdicts';

/** n8n's name for a stream of Node.js's, whose module a community node cannot import. */
export type Stream = Exclude<
	Parameters<RequestContext['helpers']['prepareBinaryData']>[0],
	Buffer | Uint8Array
>;

/** Why a video is unavailable, and the answer that decides whether another try is worthwhile. */
export class Unavailable extends Error {
	constructor(
		readonly problem: string,
		readonly answer: Answer = { kind: 'interrupted', reason: problem },
	) {
		super(problem);
	}
}

export interface OpenFile {
	answer: Answer & { kind: 'answered' };
	body: Stream;
	/** Ends the request, whether its body was read or not. */
	close(): void;
}

const MOST_REDIRECTS = 5;

/**
 * Asks for a file and follows redirects by hand, so that each address is checked. A public name that leads to a
 * private network is not noticed: a community node cannot ask DNS. @throws Unavailable
 */
export async function openFile(
	context: RequestContext,
	url: string,
	isUntrusted: boolean,
	limit: AbortSignal,
): Promise<OpenFile> {
	for (let address = url, redirects = 0; ; redirects++) {
		const network = isUntrusted ? unreachableFromOutside(address) : undefined;
		if (network !== undefined) {
			throw refused(`its URL, which anyone could have sent, points to ${network}`);
		}
		const file = await get(context, address, limit);
		const { status, headers } = file.answer;
		if (![301, 302, 303, 307, 308].includes(status)) return file;
		file.close();
		const location = String(headers.location ?? '');
		if (redirects === MOST_REDIRECTS || !URL.canParse(location, address)) {
			throw wrong(
				redirects === MOST_REDIRECTS
					? `it was redirected more than ${MOST_REDIRECTS} times`
					: `its host answered HTTP ${status} without a usable redirect URL`,
				file.answer,
			);
		}
		const next = new URL(location, address);
		if (!/^https?:$/.test(next.protocol)) {
			throw wrong(`it was redirected to a '${next.protocol.slice(0, 40)}' address`, file.answer);
		}
		address = next.href;
	}
}

async function get(context: RequestContext, url: string, limit: AbortSignal): Promise<OpenFile> {
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
	try {
		const began = performance.now();
		const response: unknown = await context.helpers.httpRequest({
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
		const { statusCode: status, headers }: Record<string, unknown> = isJsonObject(response)
			? response
			: {};
		const body: unknown = isJsonObject(response) ? response.body : undefined;
		if (typeof status !== 'number' || !isStream(body)) {
			throw new Unavailable('the answer could not be read');
		}
		const tookMs = performance.now() - began;
		const known = isJsonObject(headers) ? { ...headers } : {};
		const answer = { kind: 'answered', status, headers: known, body: undefined, tookMs } as const;
		return { answer, body, close: () => close(body) };
	} catch (error) {
		close();
		if (error instanceof Unavailable) throw error;
		const answer = classifyError(error) ?? { kind: 'timedOut', reason: 'no answer' };
		throw new Unavailable(wordsFor(answer), answer);
	}
}

function isStream(body: unknown): body is Stream {
	return typeof body === 'object' && body !== null && 'pipe' in body && 'destroy' in body;
}

function wordsFor(answer: Answer): string {
	const { cause } = judge(answer);
	const reason = 'reason' in answer ? answer.reason : '';
	if (cause === 'blocked') return reason;
	if (cause === 'certificate') return `n8n does not trust the certificate of its host (${reason})`;
	return cause === 'unreached'
		? `its host could not be reached (${reason})`
		: 'the connection was lost';
}

/** Nothing was sent, and another try would be refused too. */
function refused(problem: string): Unavailable {
	return new Unavailable(problem, { kind: 'refused', reason: problem });
}

/** An answer that would be the same again. */
export function wrong(problem: string, { status, headers }: OpenFile['answer']): Unavailable {
	const same = { kind: 'answered', status, headers, body: undefined, tookMs: 0 } as const;
	return new Unavailable(problem, { ...same, status: status < 300 ? status : 400 });
}
