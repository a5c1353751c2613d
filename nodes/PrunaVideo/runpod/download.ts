import type { IBinaryData } from 'n8n-workflow';
import { isJsonObject } from '../json';
import type { RequestContext } from './exchange';
import { Failure } from './failure';
import { Unavailable } from './openFile';
import { plainText, plainUrl } from './reason';
import { startDeadline, withTimeLimit } from './time';
import { openVideo } from './videoStream';

export interface Download {
	url: string;
	fileName: string;
	/** Milliseconds for all of it, pauses between tries included. */
	timeoutMs: number;
	stop?: AbortSignal;
	/** Whether the URL may come from an untrusted caller: then nothing is fetched from private networks. */
	isUntrusted?: boolean;
}

/**
 * Streams a video into n8n's binary storage, without the API key, and checks that all of it came.
 *
 * n8n gets one stream per download, since it gives a node no way to remove what it has stored. A broken one leaves
 * nothing behind in n8n 2.41; n8n up to 2.0 keeps one partial file in filesystem mode until it prunes the execution.
 *
 * @throws Failure where it cannot be downloaded or stored; Stopped
 */
export async function downloadVideo(
	context: RequestContext,
	{ url, fileName, timeoutMs, stop, isUntrusted = false }: Download,
): Promise<IBinaryData> {
	const deadline = startDeadline(timeoutMs);
	return await withTimeLimit(timeoutMs, stop, async (limit) => {
		const source = { url, isUntrusted, limit, deadline, ...(stop && { stop }) };
		const video = await openVideo(context, source).catch((error: unknown) => {
			throw failureFor(error, url);
		});
		try {
			return await context.helpers.prepareBinaryData(video.stream, fileName, video.mimeType);
		} catch (error) {
			const fault = video.fault();
			// If the download is not at fault, the storage is.
			throw fault === undefined ? notStored(error, url) : failureFor(fault, url);
		} finally {
			video.close();
		}
	});
}

function failureFor(error: unknown, url: string): unknown {
	if (!(error instanceof Unavailable)) return error;
	const { problem, answer } = error;
	return new Failure(`The video could not be downloaded: ${problem}`, {
		description: whereItIs(url),
		job: {
			videoUrl: url,
			...(answer.kind === 'answered' && { httpCode: answer.status }),
		},
	});
}

/** A full disk or a limit of n8n's storage: another attempt would fail in the same way. */
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
