import { isJsonObject, type JsonObject } from '../json';
import { isHttpUrl } from './validation';

/** What the model gives for a finished job. */
export interface VideoResult {
	videoUrl: string;
	/** USD; undefined where Runpod did not say. */
	cost?: number;
}

/** The result in a job's `output`, or undefined where it holds no usable address of a video. */
export function readVideoResult(output: unknown): VideoResult | undefined {
	if (!isJsonObject(output) || !isHttpUrl(output.video_url)) return undefined;
	const cost = readCost(output);
	return { videoUrl: output.video_url, ...(cost !== undefined && { cost }) };
}

/** USD that a job's `output` says it cost, if it says so. */
export function readCost(output: unknown): number | undefined {
	if (!isJsonObject(output)) return undefined;
	const { cost } = output;
	return typeof cost === 'number' && Number.isFinite(cost) && cost >= 0 ? cost : undefined;
}

/** How long Runpod keeps a video (the model's page: "This URL expires after 7 days"). */
export const VIDEO_LIFETIME_DAYS = 7;

/** When a video that was finished at `finishedAt` (ms since 1970) expires, ISO 8601. */
export function expiryOf(finishedAt: number): string {
	return new Date(finishedAt + VIDEO_LIFETIME_DAYS * 24 * 60 * 60 * 1000).toISOString();
}

/** A finished job as the simplified output has it, named as Runpod names things. */
export function simplifyJob(
	job: JsonObject,
	result: VideoResult,
	extra: { seed?: number; expiresAt: string; input?: JsonObject },
): JsonObject {
	return {
		video_url: result.videoUrl,
		cost: result.cost ?? null,
		delayTime: job.delayTime ?? null,
		executionTime: job.executionTime ?? null,
		id: job.id ?? null,
		status: job.status ?? null,
		...(extra.seed !== undefined && { seed: extra.seed }),
		expiresAt: extra.expiresAt,
		...(extra.input !== undefined && { input: extra.input }),
	};
}
