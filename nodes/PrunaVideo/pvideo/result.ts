import { isJsonObject, type JsonObject, type JsonValue } from '../json';
import { isHttpUrl } from '../fields/address';

/** What the model gives for a job. */
export interface VideoResult {
	videoUrl?: string;
	/** USD; absent where Runpod did not say. */
	cost?: number;
	/** The seed that was used, where Runpod says it. */
	seed?: number;
}

/**
 * Where the address of the video was seen, most likely first: the model's page has `video_url`, Runpod's AI-SDK provider
 * also reads `result`, `url` and an output that is the address itself; other models answer with lists and objects.
 */
const ADDRESS_NAMES = ['video_url', 'result', 'url', 'video', 'videos', 'output'] as const;
const DEEPEST = 4;

/** What a job's `output` says of the video; the address is the first usable one. */
export function readVideoResult(output: unknown): VideoResult {
	const found = [...partsOf(output, 0)];
	const videoUrl = found.find((part) => typeof part === 'string');
	const objects = found.filter(isJsonObject);
	const cost = objects.map((part) => readCost(part.cost)).find((value) => value !== undefined);
	const seed = objects.map((part) => readSeed(part.seed)).find((value) => value !== undefined);
	return {
		...(videoUrl !== undefined && { videoUrl }),
		...(cost !== undefined && { cost }),
		...(seed !== undefined && { seed }),
	};
}

/** The addresses in an output, in the order of their likelihood, and the objects around them. */
function* partsOf(value: unknown, depth: number): Generator<string | JsonObject> {
	if (typeof value === 'string') {
		const text = value.trim();
		if (isHttpUrl(text)) yield text;
		else if (/^[[{"]/.test(text) && depth < DEEPEST) yield* partsOf(parsed(text), depth + 1);
	} else if (Array.isArray(value)) {
		if (depth < DEEPEST) for (const part of value) yield* partsOf(part, depth + 1);
	} else if (isJsonObject(value)) {
		yield value;
		if (depth < DEEPEST) {
			for (const name of ADDRESS_NAMES) yield* partsOf(value[name], depth + 1);
		}
	}
}

function parsed(text: string): JsonValue | undefined {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

/** USD as a number or as text ("0.1", "$0.10"); undefined for anything else. */
function readCost(cost: unknown): number | undefined {
	const amount =
		typeof cost === 'string' && /^(\$ ?)?\d+(\.\d+)?(e-?\d+)?$/i.test(cost.trim())
			? Number(cost.replace('$', ''))
			: cost;
	return typeof amount === 'number' && Number.isFinite(amount) && amount >= 0 ? amount : undefined;
}

function readSeed(seed: unknown): number | undefined {
	return typeof seed === 'number' && Number.isInteger(seed) ? seed : undefined;
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
	{ videoUrl, cost }: VideoResult,
	extra: { seed?: number; expiresAt: string; input?: JsonObject },
): JsonObject {
	return {
		video_url: videoUrl ?? null,
		cost: cost ?? null,
		delayTime: job.delayTime ?? null,
		executionTime: job.executionTime ?? null,
		id: job.id ?? null,
		status: job.status ?? null,
		...(extra.seed !== undefined && { seed: extra.seed }),
		expiresAt: extra.expiresAt,
		...(extra.input !== undefined && { input: extra.input }),
	};
}
