import type { JsonObject } from '../json';
import { dollars } from '../money';
import { DRAFT_SHARE, PARAMETERS, RESOLUTIONS } from './parameters';

const { duration, resolution } = PARAMETERS;

export interface Estimate {
	/** USD; null where the length or the price is not known beforehand. */
	estimatedCost: number | null;
	/** USD; null for a resolution without a published price. */
	pricePerSecond: number | null;
	/** Seconds of video, to the hundredth; null where audio of unknown length decides. */
	seconds: number | null;
	currency: 'USD';
	/** Why something is null. */
	note?: string;
}

/**
 * What the final request (after `additionalInput`) will cost by Runpod's published prices; what it leaves out has the
 * API's default. How Runpod bills a part of a second is not published: it counts here as that part.
 *
 * @param audioSeconds length of the request's audio where it is known
 */
export function estimateCost(input: JsonObject, audioSeconds?: number): Estimate {
	const pricePerSecond = pricePerSecondOf(input);
	const hasAudio = isMedia(input.audio);
	const seconds = hasAudio
		? (audioSeconds ?? null)
		: secondsOf(input.duration ?? duration.field.spec.default);
	const note =
		pricePerSecond === null
			? `No price is known for the resolution ${JSON.stringify(input.resolution)}`
			: seconds !== null
				? undefined
				: hasAudio
					? 'The length of the audio is unknown, so the cost is only known once the video is finished'
					: 'The duration is not a whole number of seconds, so the cost cannot be estimated';
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
	const wanted = input.resolution ?? resolution.field.spec.default;
	const known = RESOLUTIONS.find(({ value }) => value === wanted);
	if (known === undefined) return null;
	const { pricePerSecond } = known;
	return input.draft === true ? dollars(pricePerSecond * DRAFT_SHARE) : pricePerSecond;
}

/** Seconds that have a price. Anything else, negative numbers above all, must not count in a budget. */
function secondsOf(duration: unknown): number | null {
	return typeof duration === 'number' && Number.isInteger(duration) && duration > 0
		? duration
		: null;
}

/** Whether a request's `image` or `audio` is one: the address or data URI that the API takes. */
export function isMedia(value: unknown): boolean {
	return typeof value === 'string' && /^\s*(https?:\/\/|data:)/i.test(value);
}
