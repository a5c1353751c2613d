import type { IDataObject, INodeExecutionData } from 'n8n-workflow';
import type { Item, Result } from '../../execution/execution';
import type { FinishedJob } from '../../execution/jobs';
import type { Sent } from '../../execution/record';
import { noVideo } from '../../execution/withoutVideo';
import { LABELS } from '../../labels';
import { expiryOf, readVideoResult, simplifyJob } from '../../pvideo/result';
import type { RequestContext } from '../../runpod/connection';
import { downloadVideo } from '../../runpod/download';
import { Failure } from '../../runpod/failure';
import { reasonOf, type Job } from '../../runpod/job';
import type { Deadline } from '../../runpod/time';

/** A download gets at least this long, in ms, however long the job took. */
const SHORTEST_DOWNLOAD_MS = 30_000;

export interface FinishedVideo extends Omit<FinishedJob, 'sent'> {
	sent?: Sent;
	downloads: boolean;
	fileName: string;
	options: { simplify: boolean; binaryPropertyName: string };
	deadline: Deadline;
	/** Whether the video's URL may come from an untrusted caller. */
	isUntrusted?: boolean;
}

/**
 * The output of an item whose job completed. If the video is not downloaded, a hint says when its URL expires.
 * @throws as `videoItem`
 */
export async function videoOutput(item: Item, video: FinishedVideo): Promise<Result> {
	const { job, result, downloads, finishedAt } = video;
	const { context, execution, index } = item;
	const { tally } = execution;
	const output = await videoItem(context, video, index, execution.stop);
	if (!downloads) {
		const date = expiryOf(finishedAt).slice(0, 10);
		tally.note(
			`Video URLs expire on ${date} (UTC). To keep the files, turn on '${LABELS.download}'.`,
			'info',
		);
	}
	if (job.status !== 'COMPLETED') {
		tally.note(
			`Runpod reports status ${job.status} for job ${job.id}, although it returned a video`,
		);
	}
	return { item: output, job: { id: job.id, ...result } };
}

export function stateOf(job: Job, simplify: boolean): IDataObject {
	if (!simplify) return job.raw;
	const { delayTime, executionTime, error } = job.raw;
	const { videoUrl, cost } = readVideoResult(job.raw.output);
	const told = error ?? reasonOf(job);
	return {
		id: job.id,
		status: job.status,
		...(videoUrl !== undefined && { video_url: videoUrl }),
		...(cost !== undefined && { cost }),
		...(delayTime !== undefined && { delayTime }),
		...(executionTime !== undefined && { executionTime }),
		...(told !== undefined && { error: told }),
	};
}

/**
 * The output item of a finished job, with the file if it was requested.
 * @throws Failure where there is no usable video, or it cannot be downloaded; Stopped
 */
export async function videoItem(
	context: RequestContext,
	video: FinishedVideo,
	itemIndex: number,
	stop?: AbortSignal,
): Promise<INodeExecutionData> {
	const { job, result, finishedAt, sent, options, isNew, isUntrusted } = video;
	const { videoUrl, cost } = result;
	if (videoUrl === undefined) throw noVideo(job, result);
	const seed = result.seed ?? sent?.seed;
	const json = options.simplify
		? simplifyJob(job.raw, result, { prompt: sent?.prompt, seed, finishedAt })
		: job.raw;
	const item = { json, pairedItem: { item: itemIndex } };
	if (!video.downloads) return item;
	const file = await downloadVideo(context, {
		url: videoUrl,
		fileName: video.fileName || `pruna-video-${job.id}.mp4`,
		timeoutMs: Math.max(SHORTEST_DOWNLOAD_MS, video.deadline.remaining()),
		stop,
		isNew,
		isUntrusted,
	}).catch((error: unknown) => {
		if (!(error instanceof Failure)) throw error;
		const known = { ...error.job, id: job.id, status: job.status, cost, videoUrl };
		throw new Failure(error.message, { description: error.description, job: known });
	});
	return { ...item, binary: { [options.binaryPropertyName]: file } };
}

/** Most file systems allow 255 bytes; the rest is left for a number and the extension. */
const MOST_BYTES = 200;

/**
 * The name of an item's file: what the user wrote, without what Windows and OneDrive do not take in names, ending in
 * `.mp4`; a name that another item has gets a number, "fox (2).mp4". Empty if nothing is left.
 */
export function fileNameOf({ execution: { fileNames } }: Item, wanted: string): string {
	const name = safeFileName(wanted);
	const key = name.toLowerCase();
	for (let candidate = name; ; ) {
		if (name === '' || !fileNames.has(candidate.toLowerCase())) {
			fileNames.set(candidate.toLowerCase(), 1);
			return candidate;
		}
		const number = (fileNames.get(key) ?? 1) + 1;
		fileNames.set(key, number);
		candidate = `${name.slice(0, -'.mp4'.length)} (${number}).mp4`;
	}
}

/** What Windows and OneDrive do not take in names becomes a blank, a slash becomes a hyphen. */
export function safeFileName(wanted: string): string {
	const text = wanted.trim();
	const stem = (/\.mp4$/i.test(text) ? text.slice(0, -4) : text)
		.slice(0, 4 * MOST_BYTES)
		.replace(/[/\\]/g, '-')
		.replace(/[\s"<>:*?|\p{Cc}\p{Cf}]+/gu, ' ')
		.trim();
	if (stem === '') return '';
	const bytes = Buffer.from(stem);
	if (bytes.length <= MOST_BYTES) return `${stem}.mp4`;
	// A character that is cut in two becomes U+FFFD.
	const cut = bytes.subarray(0, MOST_BYTES).toString();
	return `${cut.replace(/\uFFFD/g, '')}.mp4`;
}
