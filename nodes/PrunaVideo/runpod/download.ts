import type { IBinaryData } from 'n8n-workflow';
import { isJsonObject } from '../json';
import type { Answer } from './answer';
import type { RequestContext } from './connection';
import { Failure, Stopped } from './failure';
import { repeatDelayMs } from './http';
import { sentences } from './messages';
import { openFile, Unavailable, wrong, type OpenFile, type Stream } from './openFile';
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
		for (let tries = 1; ; tries++) {
			const stored = await storeOnce(context, download, limit).catch((error: unknown) => {
				if (stop?.aborted) throw new Stopped();
				if (limit.aborted) return new Unavailable('it took too long');
				if (error instanceof Unavailable) return error;
				throw error;
			});
			if (!(stored instanceof Unavailable)) return stored;
			const { answer } = stored;
			const isNotThereYet =
				answer.kind === 'answered' &&
				[403, 404].includes(answer.status) &&
				newUntil.remaining() > 0;
			const mayPass = isNotThereYet || (tries < MOST_TRIES && isWorthATry(answer));
			const delayMs = repeatDelayMs(answer, Math.min(tries, MOST_TRIES));
			if (!mayPass || delayMs >= deadline.remaining()) throw failureFor(stored, url, isNew);
			await pause(delayMs, stop);
		}
	});
}

/** A success with something other than the video would be the same again. */
function isWorthATry(answer: Answer): boolean {
	return mayRepeat(answer, false) && !(answer.kind === 'answered' && answer.status < 300);
}

/** @throws Unavailable; Failure where n8n cannot store it */
async function storeOnce(
	context: RequestContext,
	{ url, fileName, isUntrusted = false }: Download,
	limit: AbortSignal,
): Promise<IBinaryData> {
	const file = await openFile(context, url, isUntrusted, limit);
	let bytes = 0;
	let isStoring = false;
	let fault: unknown;
	const watching = new AbortController();
	/** One look in 20 s: a timer for each piece costs a fifth of the rate. */
	const watchSilence = async () => {
		for (let before = -1; before < bytes; ) {
			before = bytes;
			await pause(LONGEST_SILENCE_MS, watching.signal);
		}
		fault = new Unavailable(`nothing came for ${LONGEST_SILENCE_MS / 1000} s`);
		file.close();
	};
	void watchSilence().catch(() => undefined);
	try {
		const chunks: AsyncIterator<unknown> = file.body[Symbol.asyncIterator]();
		const first = await chunks.next();
		const start = Buffer.isBuffer(first.value) ? first.value : Buffer.alloc(0);
		const mimeType = checkVideo(file.answer, start);
		const announced = Number(file.answer.headers['content-length'] ?? NaN);
		const most = Number.isInteger(announced) ? announced : MOST_UNANNOUNCED;
		const checked = async function* (): AsyncGenerator<Buffer> {
			try {
				for (let next = first; next.done !== true; next = await chunks.next()) {
					if (!Buffer.isBuffer(next.value)) throw new Unavailable('the answer could not be read');
					bytes += next.value.length;
					// n8n decompresses a body that is compressed although that was not requested, and does not say so.
					if (bytes > most) throw wrong(`more than ${most} bytes came`, file.answer);
					yield next.value;
				}
				if (bytes < announced) throw new Unavailable(`only ${bytes} of ${announced} bytes came`);
			} catch (error) {
				fault ??= error instanceof Unavailable ? error : new Unavailable('the connection was lost');
				throw error;
			}
		};
		isStoring = true;
		return await context.helpers.prepareBinaryData(
			streamLike(file.body, checked()),
			fileName,
			mimeType,
		);
	} catch (error) {
		if (fault !== undefined || error instanceof Unavailable) throw fault ?? error;
		// If the download is not at fault, the storage is.
		throw isStoring ? notStored(error, url) : new Unavailable('the connection was lost');
	} finally {
		watching.abort();
		file.close();
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

/**
 * The MIME type of an answer that may be a video, by its status, its type and its first bytes. @throws Unavailable
 */
function checkVideo(answer: OpenFile['answer'], start: Buffer): string {
	const { status, headers } = answer;
	if (status === 206) throw wrong('its host sent only part of it (HTTP 206)', answer);
	if (status !== 200) {
		const said = plainText(start.toString('utf8', 0, 2_000));
		const body = start.toString('utf8', 0, 200);
		throw new Unavailable(`its host answered HTTP ${status}${said === '' ? '' : `: "${said}"`}`, {
			...answer,
			body,
		});
	}
	if (Number(headers['content-length']) > MOST_ANNOUNCED) {
		throw wrong('its host announced more than 1 GB, more than any video of this model', answer);
	}
	if (start.length === 0) throw new Unavailable('it was empty');
	const text = start.toString('latin1', 0, 500);
	// No video format begins with any of these: blanks, a byte order mark, or what markup and JSON begin with.
	if (/^[\s\u00ef<{["]/.test(text)) {
		const what = /<html|<!doctype html/i.test(text) ? 'a web page' : 'text';
		throw wrong(`its host sent ${what} instead of a video`, answer);
	}
	const [type = ''] = plainText(String(headers['content-type'] ?? ''))
		.toLowerCase()
		.split(';');
	if (/^video\//.test(type)) return type.trim().slice(0, 80);
	// Every MP4 begins with this box (ISO/IEC 14496-12), whatever its host calls it.
	const isMp4 = text.slice(4, 8) === 'ftyp';
	if (isMp4 || /^\s*$|^\s*(application|binary)\/octet-stream\s*$/.test(type)) return 'video/mp4';
	throw wrong(`its host sent '${type.trim().slice(0, 80)}' instead of a video`, answer);
}

function failureFor({ problem, answer }: Unavailable, url: string, isNew: boolean): Failure {
	const status = answer.kind === 'answered' ? answer.status : undefined;
	const isRefused = status !== undefined && [401, 403, 404, 407, 410, 451].includes(status);
	const { cause } = judge(answer);
	return new Failure(`The video could not be downloaded: ${problem}`, {
		description: sentences(
			whereItIs(url),
			isRefused && !isNew && status !== 407 && 'Its URL works for 7 days; then it is not found.',
			isRefused &&
				isNew &&
				"The video is new: its host, or the network's filter or proxy, refuses it.",
			cause === 'certificate' &&
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
