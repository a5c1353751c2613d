import type { JsonObject } from '../json';
import type { MediaName } from './formats';
import { LARGEST_SEED, PARAMETER_LIST, type ParameterName } from './parameters';
import { isMedia } from './price';

/**
 * One video as the user asked for it, every value checked. An image or audio is a URL or, for a file, a text that
 * stands for it until it is sent.
 */
export type VideoSettings = Partial<
	Record<ParameterName | MediaName, string | number | boolean | undefined>
>;

/**
 * The request's `input`. What the API would ignore (duration with audio, aspect ratio with an image) is left out
 * unless the user put it into `additionalInput`, which is merged last and wins over every field; its null takes a
 * field out.
 */
export function buildInput(settings: VideoSettings, additionalInput: JsonObject): JsonObject {
	const input: JsonObject = {};
	const set = (name: string, value: VideoSettings[MediaName]) => {
		if (value !== undefined) input[name] = value;
	};
	const hasMedia = (name: MediaName) =>
		isMedia(Object.hasOwn(additionalInput, name) ? additionalInput[name] : settings[name]);
	for (const [name, { apiName, ignoredWith }] of PARAMETER_LIST) {
		if (ignoredWith === undefined || !hasMedia(ignoredWith)) set(apiName, settings[name]);
		if (name !== 'prompt') continue;
		set('image', settings.image);
		set('audio', settings.audio);
	}
	return Object.fromEntries(
		Object.entries({ ...input, ...additionalInput }).filter(([, value]) => value !== null),
	);
}

/** A seed of the allowed range, for an input without one, so that its video can be made again. */
export function pickSeed(): number {
	return Math.floor(Math.random() * (LARGEST_SEED + 1));
}
