import type { JsonObject } from '../json';
import { isPlain, PARAMETER_LIST, PARAMETERS, type ParameterName } from './parameters';
import { isMedia } from './price';

/**
 * One video as the user asked for it, every value checked. An image or audio is its address or data URI; for a file,
 * what stands for it until it is sent.
 */
export type VideoSettings = Partial<Record<ParameterName, string | number | boolean>>;

/**
 * The request's `input`. What the API would ignore (duration with audio, aspect ratio with an image) is left out unless
 * the user put it into `additionalInput`, which is merged last and wins over every field.
 */
export function buildInput(settings: VideoSettings, additionalInput: JsonObject): JsonObject {
	const hasMedia = (name: 'image' | 'audio') => {
		const { apiName } = PARAMETERS[name];
		return isMedia(
			Object.hasOwn(additionalInput, apiName) ? additionalInput[apiName] : settings[name],
		);
	};
	const input: JsonObject = {};
	for (const [name, parameter] of PARAMETER_LIST) {
		const value = settings[name];
		const ignoredWith = isPlain(parameter) ? parameter.ignoredWith : undefined;
		if (value === undefined || (ignoredWith !== undefined && hasMedia(ignoredWith))) continue;
		input[parameter.apiName] = value;
	}
	return { ...input, ...additionalInput };
}

/** A seed of the allowed range, for a request without one, so that its video can be made again. */
export function pickSeed(): number {
	return Math.floor(Math.random() * (PARAMETERS.seed.maximum + 1));
}

const DATA_URI_HEAD = /^data:([^;,]{1,80})[^,]{0,40},/i;

/** A data URI as people can read it: its kind and size instead of its bytes; other text as it is. */
export function shortenDataUri(text: string): string {
	const head = DATA_URI_HEAD.exec(text);
	if (head === null) return text;
	const base64Length = text.length - head[0].length;
	return describeFile(head[1] ?? 'unknown', Math.floor((base64Length * 3) / 4));
}

/** "data:image/png (1.2 MB)": stands for a file where its bytes have no place. */
export function describeFile(mimeType: string, bytes: number): string {
	return `data:${mimeType} (${formatBytes(bytes)})`;
}

/** The request as an output item shows it: every data URI in it shortened. */
export function readableInput(input: JsonObject): JsonObject {
	return Object.fromEntries(
		Object.entries(input).map(([key, value]) => [
			key,
			typeof value === 'string' ? shortenDataUri(value) : value,
		]),
	);
}

/** Bytes as people say them, in steps of 1024 like Runpod's limits. */
export function formatBytes(bytes: number): string {
	if (bytes < 1024) return `${bytes} B`;
	if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} kB`;
	return `${(bytes / (1024 * 1024)).toFixed(1)} MB`;
}
