/**
 * What `p-video` takes and what it costs, read from Runpod's page of the model and from nothing else:
 * sharing code with the node would mirror the node's mistakes.
 */

import { roundUsd, type Fetched } from './ledger';
import {
	audioSeconds,
	fetchMedia,
	invalidFormat,
	readMedia,
	type Media,
	type MediaField,
} from './media';
import type { JobInput, SimulatorOptions } from './options';

/** What the model makes of an input: a video of so many seconds for so many USD, or an error. */
export type Verdict = { ok: true; seconds: number; price: number } | { ok: false; error: string };

/** Billed where nothing says how long the video is, so for audio that was not fetched too. */
const DEFAULT_SECONDS = 5;
const USD_PER_SECOND: Record<string, number> = { '720p': 0.02, '1080p': 0.04 };
const MEDIA: readonly MediaField[] = ['image', 'audio'];

interface Rule {
	holds: (value: unknown) => boolean;
	says: string;
}

const BOOLEAN: Rule = { holds: (value) => typeof value === 'boolean', says: 'a boolean' };

const RULES: Record<string, Rule> = {
	prompt: {
		holds: (text) => typeof text === 'string' && /\S/.test(text),
		says: 'a non-empty string',
	},
	duration: { holds: isDuration, says: 'an integer from 1 to 10' },
	resolution: oneOf('720p', '1080p'),
	fps: oneOf(24, 48),
	aspect_ratio: oneOf('16:9', '9:16', '4:3', '3:4', '3:2', '2:3', '1:1'),
	seed: { holds: isWhole, says: 'an integer' },
	draft: BOOLEAN,
	save_audio: BOOLEAN,
	prompt_upsampling: BOOLEAN,
};

/** Fields that are sent in vain: the page says they are ignored beside an image or audio. */
export function ignoredFields(input: JobInput): string[] {
	const ignored = [];
	if (input.audio !== undefined && input.duration !== undefined) ignored.push('duration');
	if (input.image !== undefined && input.aspect_ratio !== undefined) ignored.push('aspect_ratio');
	return ignored;
}

/** Checks the whole input. A promise only where media has to be fetched. */
export function assess(
	{ input, fetched }: { input: JobInput; fetched: Fetched[] },
	options: SimulatorOptions,
	signal: AbortSignal,
): Verdict | Promise<Verdict> {
	const error = fieldError(input, options);
	if (error !== undefined) return { ok: false, error };
	const found: Partial<Record<MediaField, Media>> = {};
	const missing: Array<{ field: MediaField; url: string }> = [];
	for (const field of MEDIA.filter((name) => input[name] !== undefined)) {
		const media = readMedia(field, input[field]);
		if ('error' in media) return { ok: false, ...media };
		if ('url' in media && options.fetchMedia) missing.push({ field, ...media });
		else found[field] = 'url' in media ? {} : media;
	}
	if (missing.length === 0) return price(input, found.audio, options);
	const fetchAll = async (): Promise<Verdict> => {
		for (const { field, url } of missing) {
			const media = await fetchMedia(field, url, signal, fetched);
			if ('error' in media) return { ok: false, ...media };
			found[field] = media;
		}
		return price(input, found.audio, options);
	};
	return fetchAll();
}

function price(input: JobInput, audio: Media | undefined, options: SimulatorOptions): Verdict {
	const asked = isWhole(input.duration) ? input.duration : DEFAULT_SECONDS;
	const seconds = audio ? secondsOf(audio) : asked;
	if (seconds === undefined) return { ok: false, ...invalidFormat('audio') };
	const usdPerSecond = USD_PER_SECOND[String(resolutionOf(input, options) ?? '720p')] ?? 0;
	const share = input.draft === true ? 0.25 : 1;
	return { ok: true, seconds, price: roundUsd(seconds * usdPerSecond * share) };
}

/** Nothing but a header is no audio; a header that does not say (a FLAC of a stream) is. */
function secondsOf({ format = '', bytes }: Media): number | undefined {
	if (!bytes) return DEFAULT_SECONDS;
	return audioSeconds(format, bytes) ?? (format === 'flac' ? DEFAULT_SECONDS : undefined);
}

/** `size` may also be pixels, as Runpod's AI-SDK provider sends it: `1280*720`. */
function resolutionOf({ size, resolution }: JobInput, { readsSize }: SimulatorOptions): unknown {
	if (!readsSize || size === undefined) return resolution;
	const [, width, height] = /^(\d+)\*(\d+)$/.exec(String(size)) ?? [];
	return width && height ? `${Math.min(Number(width), Number(height))}p` : size;
}

function fieldError(input: JobInput, options: SimulatorOptions): string | undefined {
	if (input.prompt === undefined) return 'prompt is required';
	const ignored = ignoredFields(input);
	for (const [field, rule] of Object.entries(RULES)) {
		const value = field === 'resolution' ? resolutionOf(input, options) : input[field];
		const isChecked = value !== undefined && !ignored.includes(field);
		if (isChecked && !rule.holds(value)) return `${field} must be ${rule.says}`;
	}
	return undefined;
}

function isDuration(value: unknown): boolean {
	return isWhole(value) && value >= 1 && value <= 10;
}

function isWhole(value: unknown): value is number {
	return Number.isSafeInteger(value);
}

function oneOf(...allowed: unknown[]): Rule {
	return { holds: (value) => allowed.includes(value), says: `one of ${allowed.join(', ')}` };
}
