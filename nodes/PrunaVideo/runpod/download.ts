import type { IBinaryData } from 'n8n-workflow';
import { formatBytes } from '../uri';
import { isJsonObject } from '../json';
import type { RequestContext, Stream } from './connection';
import { Failure, Stopped } from './failure';
import { repeatDelayMs } from './http';
import { because, sentences } from './messages';
import { openFile, Unavailable, type OpenFile } from './openFile';
import { plainText, plainUrl } from './reason';
import { pause, startDeadline, withTimeLimit } from './time';
import { judge, mayRepeat } from './verdicts';

export interface Download {
	url: string;
	fileName: string;
	/** Milliseconds for all of it, pauses between tries included. */
	timeoutMs: number;
	stop?: AbortSignal;
	/** Whether the video was made in this minute: then its host may not have it yet, and it has not expired. */
	isNew: boolean;
	/** Whether the URL may come from an untrusted caller: then nothing is fetched from private networks. */
	isUntrusted?: boolean;
}

const MOST_TRIES = 3;
/** How long the host of a new video may refuse it, in ms. */
const NEW_VIDEO_MS = 15_000;
const LONGEST_SILENCE_MS = 20_000;
/** The most bytes of a video whose length was not announced: several times what the model makes. */
const MOST_UNANNOUNCED = 256 * 1024 * 1024;
const MOST_ANNOUNCED = 1024 * 1024 * 1024;

/**
 * Streams a video into n8n's binary storage, without the API key, in up to three whole tries, each checked: status,
 * type, first bytes, length, silence. @throws Failure where it cannot be downloaded or stored; Stopped
 */
export async function downloadVideo(
	context: RequestContext,
	download: Download,
): Promise<IBinaryData> {
	const { timeoutMs, stop, isNew, url } = download;
	const deadline = startDeadline(timeoutMs);
	const newUntil = startDeadline(isNew ? NEW_VIDEO_MS : 0);
	return await withTimeLimit(timeoutMs, stop, async (limit) => {
		for (let tries = 1; ; ) {
			const stored = await storeOnce(context, download, limit).catch((error: unknown) => {
				if (stop?.aborted) throw new Stopped();
				if (error instanceof Unavailable) return error;
				throw error;
			});
			if (!(stored instanceof Unavailable)) return stored;
			if (limit.aborted) throw failureFor(new Unavailable('it took too long'), url, isNew);
			const { answer } = stored;
			const status = answer.kind === 'answered' ? answer.status : undefined;
			const isNotThereYet = (status === 403 || status === 404) && newUntil.remaining() > 0;
			// A success with something other than the video would be the same again.
			const isWorthATry = tries < MOST_TRIES && mayRepeat(answer, false) && (status ?? 500) >= 300;
			const delayMs = repeatDelayMs(answer, isNotThereYet ? MOST_TRIES : tries++);
			if (!(isNotThereYet || isWorthATry) || delayMs >= deadline.remaining()) {
				throw failureFor(stored, url, isNew);
			}
			await pause(delayMs, stop);
		}
	});
}

/** @throws Unavailable; Failure where n8n cannot store it */
async function storeOnce(
	context: RequestContext,
	{ url, fileName, isUntrusted = false }: Download,
	limit: AbortSignal,
): Promise<IBinaryData> {
	const end = new AbortController();
	const close = () => end.abort();
	limit.addEventListener('abort', close);
	if (limit.aborted) close();
	let bytes = 0;
	let fault: Unavailable | undefined;
	/** One look in 20 s: a timer for each piece costs a fifth of the rate. */
	const watchSilence = async () => {
		for (let before = -1; before < bytes; ) {
			before = bytes;
			await pause(LONGEST_SILENCE_MS, end.signal);
		}
		fault = new Unavailable(`no data arrived for ${LONGEST_SILENCE_MS / 1000} s`);
		close();
	};
	void watchSilence().catch(() => undefined);
	try {
		const { answer, body } = await openFile(context, url, isUntrusted, end.signal);
		const chunks: AsyncIterator<string | Buffer> = body[Symbol.asyncIterator]();
		const read = async () => {
			const { value, done } = await chunks.next().catch(() => {
				throw (fault ??= new Unavailable('the connection was lost'));
			});
			return done === true || Buffer.isBuffer(value) ? value : Buffer.from(value);
		};
		const first = (await read()) ?? Buffer.alloc(0);
		const mimeType = checkVideo(answer, first);
		const announced = Number(answer.headers['content-length'] ?? NaN);
		const most = Number.isInteger(announced) ? announced : MOST_UNANNOUNCED;
		const checked = async function* (): AsyncGenerator<Buffer> {
			for (let next: Buffer | undefined = first; next; next = await read()) {
				bytes += next.length;
				// n8n decompresses a body that is compressed although that was not requested, and does not say so.
				if (bytes > most)
					throw (fault = new Unavailable(`more than ${formatBytes(most)} arrived`, answer));
				yield next;
			}
			if (bytes < announced) {
				throw (fault = new Unavailable(`only ${bytes} of ${announced} bytes arrived`));
			}
		};
		const video = streamLike(body, checked());
		return await context.helpers.prepareBinaryData(video, fileName, mimeType).catch((error) => {
			throw notStored(error, url);
		});
	} catch (error) {
		// If the download is at fault, the storage is not.
		throw fault ?? error;
	} finally {
		limit.removeEventListener('abort', close);
		close();
	}
}

/** A stream made by the class of another one: Node.js's own class cannot be imported. */
function streamLike(body: Stream, chunks: AsyncIterable<Buffer>): Stream {
	const made: unknown = body.constructor;
	if (typeof made === 'function' && 'from' in made && typeof made.from === 'function') {
		return made.from(chunks);
	}
	throw new Unavailable('the answer could not be read');
}

/** The MIME type of an answer that may be a video, by its status, type and first bytes. @throws Unavailable */
function checkVideo(answer: OpenFile['answer'], start: Buffer): string {
	const { status, headers } = answer;
	const other = (what: string) => new Unavailable(`its host ${what}`, answer);
	if (status === 206) throw other('sent only part of it (HTTP 206)');
	if (status !== 200)
		throw other(`answered HTTP ${status}${because(start.toString('utf8', 0, 2_000))}`);
	if (Number(headers['content-length']) > MOST_ANNOUNCED) {
		throw other('announced more than 1 GB, more than any video of this model');
	}
	if (start.length === 0) throw new Unavailable('it was empty');
	const text = start.toString('latin1', 0, 500);
	// No video format begins with any of these: blanks, a byte order mark, or what markup and JSON begin with.
	if (/^[\s\u00ef<{["]/.test(text)) {
		throw other(
			`sent ${/<html|<!doctype html/i.test(text) ? 'a web page' : 'text'} instead of a video`,
		);
	}
	const [name = ''] = String(headers['content-type'] ?? '').split(';');
	const type = plainText(name).toLowerCase().slice(0, 80);
	if (/^video\//.test(type)) return type;
	// Every MP4 begins with this box (ISO/IEC 14496-12), whatever its host calls it.
	const isMp4 = text.slice(4, 8) === 'ftyp';
	if (isMp4 || /^((application|binary)\/octet-stream)?$/.test(type)) return 'video/mp4';
	throw other(`sent '${type}' instead of a video`);
}

function failureFor({ message, answer }: Unavailable, url: string, isNew: boolean): Failure {
	const status = answer.kind === 'answered' ? answer.status : undefined;
	const isRefused = status !== undefined && [401, 403, 404, 407, 410, 451].includes(status);
	return new Failure(`The video could not be downloaded: ${message}`, {
		description: sentences(
			whereItIs(url),
			isRefused &&
				(isNew
					? "It is new, so it has not expired: its host, or your network's filter or proxy, refuses it."
					: 'If that time is over, it has expired.'),
			judge(answer).cause === 'certificate' &&
				"If your company's network replaces certificates, set NODE_EXTRA_CA_CERTS for n8n.",
		),
		job: { videoUrl: url, ...(status !== undefined && { httpCode: status }) },
	});
}

/** A full disk or a limit of n8n's storage: another try would fail in the same way. */
function notStored(error: unknown, url: string): Failure {
	const reason = plainText(String(isJsonObject(error) ? error.message : error));
	return new Failure(`n8n could not store the video: ${reason}`, {
		description: `${whereItIs(url)} Check the disk or storage where n8n keeps binary data.`,
		job: { videoUrl: url },
	});
}

function whereItIs(url: string): string {
	return `The video was generated and billed. You can download it from ${plainUrl(url)} for 7 days after it was generated.`;
}
