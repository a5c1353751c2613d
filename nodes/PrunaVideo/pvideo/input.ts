import { shortenDataUri } from '../dataUri';
import type { JsonObject } from '../json';
import {
	isMediaParameter,
	PARAMETER_LIST,
	PARAMETERS,
	type MediaName,
	type ParameterName,
} from './parameters';
import { isMedia } from './price';

/**
 * One video as the user asked for it, every value checked. An image or audio is a URL or, for a file, a text that
 * stands for it until it is sent.
 */
export type VideoSettings = Partial<Record<ParameterName, string | number | boolean>>;

/**
 * The request's `input`. What the API would ignore (duration with audio, aspect ratio with an image) is left out unless
 * the user put it into `additionalInput`, which is merged last and wins over every field; its null takes a field out.
 */
export function buildInput(settings: VideoSettings, additionalInput: JsonObject): JsonObject {
	const hasMedia = (name: MediaName) => {
		const { apiName } = PARAMETERS[name];
		return isMedia(
			Object.hasOwn(additionalInput, apiName) ? additionalInput[apiName] : settings[name],
		);
	};
	const input: JsonObject = {};
	for (const [name, parameter] of PARAMETER_LIST) {
		const value = settings[name];
		const ignoredWith = isMediaParameter(parameter) ? undefined : parameter.ignoredWith;
		if (value === undefined || (ignoredWith !== undefined && hasMedia(ignoredWith))) continue;
		input[parameter.apiName] = value;
	}
	return Object.fromEntries(
		Object.entries({ ...input, ...additionalInput }).filter(([, value]) => value !== null),
	);
}

/** A seed of the allowed range, for an input without one, so that its video can be made again. */
export function pickSeed(): number {
	return Math.floor(Math.random() * (PARAMETERS.seed.field.spec.maximum + 1));
}

/** The input as an output item shows it: every data URI in it shortened. */
export function readableInput(input: JsonObject): JsonObject {
	return Object.fromEntries(
		Object.entries(input).map(([key, value]) => [
			key,
			typeof value === 'string' ? shortenDataUri(value) : value,
		]),
	);
}
