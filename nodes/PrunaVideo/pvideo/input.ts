/** The model's input, and what it costs. */
import type { JsonObject, JsonValue } from '../json';
import { dollars } from '../money';
import type { MediaName } from './formats';
import {
	DEFAULTS,
	DRAFT_SHARE,
	LARGEST_SEED,
	MODEL_ENDPOINT,
	PARAMETER_LIST,
	RESOLUTIONS,
	type ParameterName,
} from './parameters';

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

export interface Estimate {
	/** USD; null where the length or the price is not known beforehand. */
	estimatedCost: number | null;
	/** USD; null where no price is published. */
	pricePerSecond: number | null;
	/** Seconds of video, to the hundredth; null where they are not known. */
	seconds: number | null;
	currency: 'USD';
	note?: string;
}

/**
 * What the final request (after `additionalInput`) will cost by Runpod's published prices; what it leaves out has the
 * API's default. How Runpod bills a part of a second is not published: it counts here as that part.
 * @param audioSeconds length of the request's audio where it is known
 */
export function estimateCost(
	input: JsonObject,
	audioSeconds?: number,
	endpointId = MODEL_ENDPOINT,
): Estimate {
	const pricePerSecond = endpointId === MODEL_ENDPOINT ? pricePerSecondOf(input) : null;
	const seconds = secondsOf(input, audioSeconds);
	const note =
		endpointId !== MODEL_ENDPOINT
			? `No price is known for the endpoint '${endpointId}'`
			: pricePerSecond === null
				? `No price is known for the resolution ${JSON.stringify(input.resolution)}`
				: seconds !== null
					? undefined
					: isGiven(input.audio)
						? 'The length of the audio is not known: only that of a WAV, FLAC or MP3 file can be read'
						: 'The duration is not a whole number of seconds';
	return {
		estimatedCost:
			seconds === null || pricePerSecond === null ? null : dollars(seconds * pricePerSecond),
		pricePerSecond,
		seconds: seconds === null ? null : Math.round(seconds * 100) / 100,
		currency: 'USD',
		...(note !== undefined && { note }),
	};
}

function pricePerSecondOf(input: JsonObject): number | null {
	const wanted = input.resolution ?? DEFAULTS.resolution;
	const known = RESOLUTIONS.find(({ value }) => value === wanted);
	if (known === undefined) return null;
	const { pricePerSecond } = known;
	return input.draft === true ? dollars(pricePerSecond * DRAFT_SHARE) : pricePerSecond;
}

/** Only what certainly has a price: anything else, negative numbers above all, must not count in a budget. */
function secondsOf({ audio, duration }: JsonObject, audioSeconds?: number): number | null {
	if (isGiven(audio)) return audioSeconds ?? null;
	const seconds = duration ?? DEFAULTS.duration;
	return typeof seconds === 'number' && Number.isInteger(seconds) && seconds > 0 ? seconds : null;
}

/** Blank text, which the API ignores, is no audio; a list or an object might be. */
function isGiven(value: JsonValue | undefined): boolean {
	if (typeof value === 'string') return value.trim() !== '';
	return value !== undefined && value !== null;
}

/** Whether a request's `image` or `audio` is one: the address or data URI that the API takes. */
export function isMedia(value: unknown): boolean {
	return typeof value === 'string' && /^\s*(https?:\/\/|data:)/i.test(value);
}
