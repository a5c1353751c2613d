import { ownValue, type JsonObject } from '../json';
import { dollars } from '../money';

/** USD per second of video. Source: Runpod's page "Pruna Video", "Cost calculation". */
export const PRICE_PER_SECOND: Readonly<Record<string, number>> = { '720p': 0.02, '1080p': 0.04 };

/** What a draft costs of the full price (the page: "Reduces cost by 75%"). */
export const DRAFT_SHARE = 0.25;

export interface Estimate {
	/** USD; null where the length or the price is unknown before the run. */
	estimatedCost: number | null;
	/** USD; null for a resolution without a published price. */
	pricePerSecond: number | null;
	/** Seconds of video; null where audio decides. */
	seconds: number | null;
	currency: 'USD';
	/** Why something is null. */
	note?: string;
}

/** What the final request (after `additionalInput`) will cost by Runpod's published prices. */
export function estimateCost(input: JsonObject): Estimate {
	const pricePerSecond = pricePerSecondOf(input);
	const hasAudio = isMedia(input.audio);
	const seconds = hasAudio ? null : secondsOf(input.duration);
	const note = hasAudio
		? 'With audio the video is as long as the audio, so the cost is known only afterwards'
		: pricePerSecond === null
			? `No price is known for the resolution ${JSON.stringify(input.resolution)}`
			: seconds === null
				? 'The duration is not a whole number of seconds, so the cost cannot be estimated'
				: undefined;
	return {
		estimatedCost:
			seconds === null || pricePerSecond === null ? null : dollars(seconds * pricePerSecond),
		pricePerSecond,
		seconds,
		currency: 'USD',
		...(note !== undefined && { note }),
	};
}

function pricePerSecondOf(input: JsonObject): number | null {
	const full =
		typeof input.resolution === 'string' ? ownValue(PRICE_PER_SECOND, input.resolution) : undefined;
	if (full === undefined) return null;
	return input.draft === true ? dollars(full * DRAFT_SHARE) : full;
}

/** What has a price: anything else, below zero above all, must not count in a budget. */
function secondsOf(duration: unknown): number | null {
	return typeof duration === 'number' && Number.isInteger(duration) && duration > 0
		? duration
		: null;
}

/** Whether a request's `image` or `audio` is one. */
export function isMedia(value: unknown): boolean {
	return Boolean(value);
}

/** Whether the API would see a value there: neither absent, null nor an empty text. */
export function isGiven(value: unknown): boolean {
	return value !== undefined && value !== null && value !== '';
}
