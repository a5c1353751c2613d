import type { IDataObject, INodeExecutionData } from 'n8n-workflow';
import type { JsonObject } from '../../json';
import { readableInput } from '../../pvideo/input';
import { expiryOf, readVideoResult, simplifyJob } from '../../pvideo/result';
import { downloadVideo } from '../../runpod/download';
import { Failure } from '../../runpod/failure';
import { noVideo, reasonOf } from '../../runpod/failures';
import type { FinalJob, Job } from '../../runpod/job';
import type { RequestContext } from '../../runpod/exchange';
import type { Item, Result } from '../../execution/item';
import { DOWNLOAD_LABEL, type OutputSettings } from '../outputFields';

/** A download gets at least this long, in ms, however long the job took. */
const SHORTEST_DOWNLOAD_MS = 30_000;

export interface FinishedVideo {
	job: FinalJob;
	/** ms since 1970. */
	finishedAt: number;
	seed?: number;
	/** The request's input, if the output should include it. */
	input?: JsonObject;
	/** File name; if empty, the file is named after the job. */
	fileName: string;
	/** Milliseconds left of the item's time. */
	remainingMs: number;
	/** Whether the video's URL may come from an untrusted caller. */
	isUntrusted?: boolean;
}

/** What a download needs of an execution. */
export interface Surroundings {
	context: RequestContext;
	stop?: AbortSignal | undefined;
}

/**
 * The output of an item whose job completed. If the video is not downloaded, a hint says when its URL expires.
 *
 * @throws as `videoResult`
 */
export async function videoOutput(
	{ execution, index }: Item,
	video: FinishedVideo,
	output: OutputSettings,
): Promise<Result> {
	const result = await videoResult(execution, video, output, index);
	if (output.downloadTo === undefined) {
		const date = expiryOf(video.finishedAt).slice(0, 10);
		execution.tally.note(
			`Video URLs expire on ${date} (UTC). To keep the files, turn on '${DOWNLOAD_LABEL}'.`,
			'info',
		);
	}
	return result;
}

/** The state of a job as output data. */
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
 * The output item of a completed job, with the file if it was requested.
 *
 * @throws Failure where there is no usable video, or it cannot be downloaded; Stopped
 */
export async function videoResult(
	{ context, stop }: Surroundings,
	video: FinishedVideo,
	{ simplify, downloadTo }: OutputSettings,
	itemIndex: number,
): Promise<Result> {
	const { job, finishedAt, seed, input } = video;
	const result = readVideoResult(job.raw.output);
	const { videoUrl, cost } = result;
	if (videoUrl === undefined) throw noVideo(job, cost);
	const json = simplify
		? simplifyJob(named(job), result, {
				seed,
				expiresAt: expiryOf(finishedAt),
				input: input && readableInput(input),
			})
		: job.raw;
	const known = { id: job.id, status: job.status, cost, videoUrl };
	const item: INodeExecutionData = { json, pairedItem: { item: itemIndex } };
	if (downloadTo === undefined) return { items: [item], job: known };

	const file = await downloadVideo(context, {
		url: videoUrl,
		fileName: video.fileName || `pruna-video-${job.id}.mp4`,
		timeoutMs: Math.max(SHORTEST_DOWNLOAD_MS, video.remainingMs),
		stop,
		isUntrusted: video.isUntrusted,
	}).catch((error: unknown) => {
		throw error instanceof Failure ? error.with(known) : error;
	});
	return { items: [{ ...item, binary: { [downloadTo]: file } }], job: known };
}

/** Runpod's answer about a job, with the job's ID added if the answer lacks it. */
function named({ raw, id }: Job): Job['raw'] {
	return ['string', 'number'].includes(typeof raw.id) ? raw : { ...raw, id };
}
