/** Finds the video's address and the cost in an `output`, wherever they stand. */

import { isRecord, parseJson } from '../simulator/json';

export interface Found {
	address: string | undefined;
	/** Where the address stands, such as `video.url`; empty where `output` is the address itself. */
	path: string | undefined;
	/** USD. */
	cost: number | undefined;
	costAs: string;
}

export function readOutput(output: unknown): Found {
	const leaves = leavesOf(output, []);
	const video = leaves.find(([, value]) => /^\s*https?:/i.test(String(value)));
	const [, cost] = leaves.find(([path]) => /(^|\.)cost$/.test(path)) ?? [];
	return {
		path: video?.[0],
		address: video && String(video[1]).trim(),
		cost: cost !== undefined && Number.isFinite(Number(cost)) ? Number(cost) : undefined,
		costAs: cost === undefined ? 'missing' : typeof cost,
	};
}

/** Every value with the way to it; `JSON` where that goes through a text. */
function leavesOf(value: unknown, path: string[]): Array<[string, unknown]> {
	const inner = typeof value === 'string' ? parseJson(Buffer.from(value)) : undefined;
	if (isRecord(inner)) return leavesOf(inner, [...path, 'JSON']);
	if (typeof value !== 'object' || value === null) return [[path.join('.'), value]];
	return Object.entries(value).flatMap(([name, entry]) => leavesOf(entry, [...path, name]));
}
