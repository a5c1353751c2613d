import { isHttpUrl } from '../uri';
import { isJsonObject, parseJson, type JsonObject } from '../json';

export interface VideoResult {
	videoUrl?: string;
	/** USD; absent where Runpod did not say. */
	cost?: number;
	/** The seed that was used, where Runpod says it. */
	seed?: number;
}

/**
 * Where the address of the video was seen, most likely first: the model's page has `video_url`, Runpod's AI-SDK
 * provider also reads `result`, `url` and an output that is the address itself; other models answer with lists and
 * objects.
 */
const ADDRESS_NAMES = ['video_url', 'result', 'url', 'video', 'videos', 'output'] as const;
const DEEPEST = 4;

/** What a job's `output` says of the video; the address is the first usable one. */
export function readVideoResult(output: unknown): VideoResult {
	const result: VideoResult = {};
	const search = (value: unknown, depth: number): void => {
		if (depth > DEEPEST) return;
		if (typeof value === 'string') {
			const text = value.trim();
			if (isHttpUrl(text)) result.videoUrl ??= text;
			else if (/^[[{"]/.test(text)) search(parseJson(text), depth + 1);
		} else if (Array.isArray(value)) {
			for (const part of value) search(part, depth + 1);
		} else if (isJsonObject(value)) {
			result.cost ??= readCost(value.cost);
			result.seed ??= readSeed(value.seed);
			for (const name of ADDRESS_NAMES) search(value[name], depth + 1);
		}
	};
	search(output, 0);
	return result;
}

/** USD as a number or as text ("0.1", "$0.10"); undefined for anything else. */
function readCost(cost: unknown): number | undefined {
	const amount =
		typeof cost === 'string' && /^(\$ ?)?\d{1,20}(\.\d{1,20})?(e-?\d{1,3})?$/i.test(cost.trim())
			? Number(cost.replace('$', ''))
			: cost;
	return typeof amount === 'number' && Number.isFinite(amount) && amount >= 0 ? amount : undefined;
}

function readSeed(seed: unknown): number | undefined {
	return typeof seed === 'number' && Number.isInteger(seed) ? seed : undefined;
}

/** How long Runpod keeps a video (the model's page: "This URL expires after 7 days"). */
const VIDEO_LIFETIME_MS = 7 * 24 * 60 * 60 * 1000;

/** When a video that was finished at `finishedAt` (ms since 1970) expires, ISO 8601. */
export function expiryOf(finishedAt: number): string {
	return new Date(finishedAt + VIDEO_LIFETIME_MS).toISOString();
}

/** A finished job as the simplified output has it, in the contract's order and named as Runpod names things. */
export function simplifyJob(
	job: JsonObject,
	{ videoUrl, cost }: VideoResult,
	known: { prompt?: string; seed?: number; finishedAt: number },
): JsonObject {
	return {
		video_url: videoUrl ?? null,
		cost: cost ?? null,
		status: job.status ?? null,
		...(known.prompt !== undefined && { prompt: known.prompt }),
		...(known.seed !== undefined && { seed: known.seed }),
		delayTime: job.delayTime ?? null,
		executionTime: job.executionTime ?? null,
		id: job.id ?? null,
		expiresAt: expiryOf(known.finishedAt),
	};
}
