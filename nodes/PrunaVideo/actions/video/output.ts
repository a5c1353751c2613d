import type { IDataObject, INodeExecutionData } from 'n8n-workflow';
import type { JsonObject } from '../../json';
import { readableInput } from '../../pvideo/request';
import { expiryOf, readCost, readVideoResult, simplifyJob } from '../../pvideo/result';
import { downloadVideo } from '../../runpod/download';
import { Failure } from '../../runpod/failure';
import { noVideo } from '../../runpod/failures';
import type { FinalJob, Job } from '../../runpod/job';
import type { RequestContext } from '../../runpod/transport';
import type { OutputSettings } from '../outputFields';

/** A download gets at least this long, in ms, however long the job took. */
const SHORTEST_DOWNLOAD_MS = 30_000;

export interface FinishedVideo {
	job: FinalJob;
	/** ms since 1970. */
	finishedAt: number;
	seed?: number;
	/** The request, where the output shall show it. */
	input?: JsonObject;
	/** Empty: named after the job. */
	fileName: string;
	/** Milliseconds left of the item's time. */
	remainingMs: number;
}

/** What a download needs of an execution. */
export interface Surroundings {
	context: RequestContext;
	stop?: AbortSignal | undefined;
}

/** What there is to say about a job without a video. */
export function stateOf(job: Job, simplify: boolean): IDataObject {
	if (!simplify) return job.raw;
	const { delayTime, executionTime, error } = job.raw;
	return {
		id: job.id,
		status: job.status,
		...(delayTime !== undefined && { delayTime }),
		...(executionTime !== undefined && { executionTime }),
		...(error !== undefined && { error }),
	};
}

/**
 * The output item of a completed job, with the file where it is asked for.
 *
 * @throws Failure where there is no usable video, or it cannot be downloaded; Stopped
 */
export async function videoItem(
	{ context, stop }: Surroundings,
	video: FinishedVideo,
	{ simplify, downloadTo }: OutputSettings,
	itemIndex: number,
): Promise<INodeExecutionData> {
	const { job, finishedAt, seed, input } = video;
	const result = readVideoResult(job.raw.output);
	if (result === undefined) throw noVideo(job, readCost(job.raw.output));
	const json = simplify
		? simplifyJob(job.raw, result, {
				seed,
				expiresAt: expiryOf(finishedAt),
				input: input && readableInput(input),
			})
		: job.raw;
	const item: INodeExecutionData = { json, pairedItem: { item: itemIndex } };
	if (downloadTo === undefined) return item;

	const file = await downloadVideo(context, {
		url: result.videoUrl,
		fileName: nameFile(video),
		timeoutMs: Math.max(SHORTEST_DOWNLOAD_MS, video.remainingMs),
		stop,
	}).catch((error: unknown) => {
		const known = { jobId: job.id, status: job.status, cost: result.cost };
		throw error instanceof Failure ? error.with(known) : error;
	});
	return { ...item, binary: { [downloadTo]: file } };
}

function nameFile({ fileName, job }: Pick<FinishedVideo, 'fileName' | 'job'>): string {
	if (fileName === '') return `pruna-video-${job.id}.mp4`;
	return /\.[a-z0-9]{2,4}$/i.test(fileName) ? fileName : `${fileName}.mp4`;
}
