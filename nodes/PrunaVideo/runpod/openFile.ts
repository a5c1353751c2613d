import { isJsonObject } from '../json';
import { unreachableFromOutside } from './address';
import { classifyError, type Answer } from './answer';
import { isStream, type RequestContext, type Stream } from './connection';
import { judge } from './verdicts';

/** Why a video is unavailable, and the answer that decides whether another try is worthwhile. */
export class Unavailable extends Error {
	constructor(
		problem: string,
		readonly answer: Answer = { kind: 'interrupted', reason: problem },
	) {
		super(problem);
	}
}

export interface OpenFile {
	answer: Answer & { kind: 'answered' };
	body: Stream;
}

const MOST_REDIRECTS = 5;

/**
 * Asks for a file and follows redirects by hand, so that each address is checked. A public name that leads to a
 * private network is not noticed: a community node cannot ask DNS. All connections stay open until `end` fires.
 * @throws Unavailable
 */
export async function openFile(
	context: RequestContext,
	url: string,
	isUntrusted: boolean,
	end: AbortSignal,
): Promise<OpenFile> {
	for (let address = url, redirects = 0; ; redirects++) {
		const network = isUntrusted ? unreachableFromOutside(address) : undefined;
		if (network !== undefined) {
			const problem = `its URL, which anyone could have sent, points to ${network}`;
			throw new Unavailable(problem, { kind: 'refused', reason: problem });
		}
		const file = await get(context, address, end);
		const { answer } = file;
		const { status, headers } = answer;
		if (![301, 302, 303, 307, 308].includes(status)) return file;
		if (redirects === MOST_REDIRECTS) {
			throw new Unavailable(`it was redirected more than ${MOST_REDIRECTS} times`, answer);
		}
		const { location } = headers;
		if (typeof location !== 'string' || !URL.canParse(location, address)) {
			const problem = `its host answered HTTP ${status} without a usable redirect URL`;
			throw new Unavailable(problem, answer);
		}
		const next = new URL(location, address);
		if (!/^https?:$/.test(next.protocol)) {
			const scheme = next.protocol.slice(0, 40);
			throw new Unavailable(`it was redirected to a '${scheme}' address`, answer);
		}
		address = next.href;
	}
}

async function get(context: RequestContext, url: string, end: AbortSignal): Promise<OpenFile> {
	const response: unknown = await context.helpers
		.httpRequest({
			method: 'GET',
			url,
			// If it were compressed, its length would differ from the announced one.
			headers: { 'Accept-Encoding': 'identity' },
			encoding: 'stream',
			returnFullResponse: true,
			ignoreHttpStatusErrors: true,
			disableFollowRedirect: true,
			abortSignal: end,
		})
		.catch((error: unknown) => {
			const answer = classifyError(error) ?? { kind: 'timedOut', reason: 'no answer' };
			throw new Unavailable(wordsFor(answer), answer);
		});
	const parts: Record<string, unknown> = isJsonObject(response) ? response : {};
	const { statusCode: status, headers, body } = parts;
	if (typeof status !== 'number' || !isJsonObject(headers) || !isStream(body)) {
		throw new Unavailable('the answer could not be read');
	}
	// The end of a body that nobody reads is an error that nobody expects.
	body.on('error', () => {});
	return { answer: { kind: 'answered', status, headers, body: undefined, tookMs: 0 }, body };
}

function wordsFor(answer: Answer): string {
	const { cause } = judge(answer);
	const reason = 'reason' in answer ? answer.reason : '';
	if (cause === 'certificate') return `n8n does not trust the certificate of its host (${reason})`;
	return cause === 'unreached' || cause === 'blocked'
		? `its host could not be reached (${reason})`
		: 'the connection was lost';
}
