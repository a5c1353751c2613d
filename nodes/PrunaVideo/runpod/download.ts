import type { IBinaryData } from 'n8n-workflow';
import { isJsonObject } from '../json';
import { Failure, Stopped } from './failure';
import { plainText, plainUrl } from './reason';
import { mayRepeat, retryDelay } from './retryPolicy';
import { pause, startDeadline, withTimeLimit } from './timing';
import type { Answer, RequestContext } from './transport';

export interface Download {
	url: string;
	fileName: string;
	/** Milliseconds for all tries together. */
	timeoutMs: number;
	stop?: AbortSignal;
}

const MOST_TRIES = 4;

/** One try: the stored file, or why there is none and what kind of answer that was. */
type Outcome = { file: IBinaryData } | { problem: string; answer: Answer };

/**
 * Streams a video into n8n's binary storage, without the API key, and checks that all of it came.
 *
 * @throws Failure where it cannot be had; Stopped
 */
export async function downloadVideo(
	context: RequestContext,
	{ url, fileName, timeoutMs, stop }: Download,
): Promise<IBinaryData> {
	const deadline = startDeadline(timeoutMs);
	for (let failedTries = 1; ; failedTries++) {
		if (stop?.aborted) throw new Stopped();
		const outcome = await withTimeLimit(deadline.remaining(), stop, async (limit) =>
			tryOnce(context, url, fileName, limit),
		);
		if ('file' in outcome) return outcome.file;
		if (stop?.aborted) throw new Stopped();
		const delay = retryDelay(outcome.answer, failedTries);
		if (
			failedTries >= MOST_TRIES ||
			!mayRepeat(outcome.answer, 'safe') ||
			delay >= deadline.remaining()
		) {
			throw new Failure(`The video could not be downloaded: ${outcome.problem}`, {
				description: `The video itself is made and paid for. It can be had at ${plainUrl(url)} for 7 days after it was made.`,
				videoUrl: url,
				...(outcome.answer.kind === 'answered' && { httpCode: outcome.answer.status }),
			});
		}
		await pause(delay, stop);
	}
}

async function tryOnce(
	context: RequestContext,
	url: string,
	fileName: string,
	limit: AbortSignal,
): Promise<Outcome> {
	const broken = (problem: string): Outcome => ({
		problem,
		answer: { kind: 'interrupted', reason: problem },
	});
	try {
		const response: unknown = await context.helpers.httpRequest({
			method: 'GET',
			url,
			// Packed, it would be of another length than was announced.
			headers: { 'Accept-Encoding': 'identity' },
			encoding: 'stream',
			returnFullResponse: true,
			ignoreHttpStatusErrors: true,
			abortSignal: limit,
		});
		const { status, headers, stream } = readStreamResponse(response);
		if (stream === undefined) return broken('the answer could not be read');
		const refusal = refusalOf(status, headers);
		if (refusal !== undefined) {
			stream.destroy();
			return { problem: refusal, answer: { kind: 'answered', status, headers, body: undefined } };
		}
		const file = await context.helpers.prepareBinaryData(stream, fileName, videoType(headers));
		const bytes = await storedBytes(context, file);
		const promised = promisedBytes(headers);
		if (bytes === 0) return broken('it was empty');
		if (promised !== undefined && bytes < promised) {
			return broken(`only ${bytes} of ${promised} bytes came`);
		}
		return { file };
	} catch {
		return broken(limit.aborted ? 'it took too long' : 'the connection broke');
	}
}

type Stream = Parameters<RequestContext['helpers']['prepareBinaryData']>[0] & {
	destroy(): unknown;
};

function readStreamResponse(response: unknown): {
	status: number;
	headers: Record<string, unknown>;
	stream?: Stream;
} {
	if (!isJsonObject(response)) return { status: 0, headers: {} };
	const body: unknown = response.body;
	return {
		status: typeof response.statusCode === 'number' ? response.statusCode : 0,
		headers: isJsonObject(response.headers) ? { ...response.headers } : {},
		...(isStream(body) && { stream: body }),
	};
}

function isStream(body: unknown): body is Stream {
	return typeof body === 'object' && body !== null && 'pipe' in body && 'destroy' in body;
}

/** Why an answer cannot be the video; undefined where it can. */
function refusalOf(status: number, headers: Record<string, unknown>): string | undefined {
	if (status === 403 || status === 404 || status === 410) {
		return `it is not there (HTTP ${status}); videos expire after 7 days`;
	}
	if (status < 200 || status > 299) return `the server answered HTTP ${status}`;
	const type = contentType(headers);
	if (!/^video\//.test(type) && !isUnnamed(type))
		return `the server sent '${type}' instead of a video`;
	return undefined;
}

function contentType(headers: Record<string, unknown>): string {
	return plainText(String(headers['content-type'] ?? ''))
		.split(';')[0]!
		.trim()
		.toLowerCase()
		.slice(0, 80);
}

function isUnnamed(type: string): boolean {
	return type === '' || type === 'application/octet-stream' || type === 'binary/octet-stream';
}

function videoType(headers: Record<string, unknown>): string {
	const type = contentType(headers);
	return isUnnamed(type) ? 'video/mp4' : type;
}

/** Bytes that the server announced. More can be stored: n8n unpacks what came packed all the same, and does not say so. */
function promisedBytes(headers: Record<string, unknown>): number | undefined {
	const length = Number(headers['content-length'] ?? NaN);
	return Number.isInteger(length) ? length : undefined;
}

async function storedBytes(context: RequestContext, file: IBinaryData): Promise<number> {
	if (file.id !== undefined) return (await context.helpers.getBinaryMetadata(file.id)).fileSize;
	const padding = file.data.endsWith('==') ? 2 : file.data.endsWith('=') ? 1 : 0;
	return (file.data.length / 4) * 3 - padding;
}
