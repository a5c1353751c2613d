/**
 * What `p-video` takes and what it costs, read from Runpod's page of the model and from nothing else:
 * sharing code with the node would mirror the node's mistakes.
 */

import { audioSeconds } from './audio-length';
import { roundUsd } from './ledger';
import { fetchMedia, invalidFormat, isAudio, judgeByEnding, readMedia, type Media } from './media';
import type { JobInput } from './options';

/** What the model makes of an input: a video of so many seconds for so many USD, or an error. */
export type Verdict = { ok: true; seconds: number; price: number } | { ok: false; error: string };

export interface ModelOptions {
	fetchMedia: boolean;
	defaultAudioSeconds: number;
}

const DEFAULT_SECONDS = 5;
const USD_PER_SECOND: Record<string, number> = { '720p': 0.02, '1080p': 0.04 };
const DRAFT_SHARE = 0.25;

const RULES: Record<string, { holds: (value: unknown) => boolean; says: string }> = {
	prompt: {
		holds: (value) => typeof value === 'string' && value.trim() !== '',
		says: 'a non-empty string',
	},
	duration: {
		holds: (value) => isWhole(value) && value >= 1 && value <= 10,
		says: 'an integer from 1 to 10',
	},
	resolution: oneOf('720p', '1080p'),
	fps: oneOf(24, 48),
	aspect_ratio: oneOf('16:9', '9:16', '4:3', '3:4', '3:2', '2:3', '1:1'),
	seed: { holds: isWhole, says: 'an integer' },
	draft: boolean(),
	save_audio: boolean(),
	prompt_upsampling: boolean(),
};
const MEDIA = ['image', 'audio'] as const;
const KNOWN = new Set<string>([...Object.keys(RULES), ...MEDIA]);

export function unknownFields(input: JobInput): string[] {
	return Object.keys(input).filter((field) => !KNOWN.has(field));
}

/** Fields that are sent in vain: the page says they are ignored beside an image or audio. */
export function ignoredFields(input: JobInput): string[] {
	const ignored = [];
	if (input.audio !== undefined && input.duration !== undefined) ignored.push('duration');
	if (input.image !== undefined && input.aspect_ratio !== undefined) ignored.push('aspect_ratio');
	return ignored;
}

/** Checks the whole input. A promise only where media has to be fetched. */
export function assess(
	input: JobInput,
	options: ModelOptions,
	signal: AbortSignal,
): Verdict | Promise<Verdict> {
	const error = fieldError(input);
	if (error !== undefined) return { ok: false, error };

	const media: Media[] = [];
	const missing: Array<{ kind: 'image' | 'audio'; url: string }> = [];
	for (const kind of MEDIA) {
		if (input[kind] === undefined) continue;
		const answer = readMedia(kind, input[kind]);
		if ('error' in answer) return { ok: false, error: answer.error };
		const { media: found, url } = answer;
		if (url !== undefined && options.fetchMedia) {
			missing.push({ kind, url });
			continue;
		}
		const refused = url === undefined ? undefined : judgeByEnding(found, url);
		if (refused) return { ok: false, ...refused };
		media.push(found);
	}
	if (missing.length === 0) return price(input, media, options);
	return fetchAll(input, media, missing, options, signal);
}

async function fetchAll(
	input: JobInput,
	media: Media[],
	missing: Array<{ kind: 'image' | 'audio'; url: string }>,
	options: ModelOptions,
	signal: AbortSignal,
): Promise<Verdict> {
	const answers = await Promise.all(missing.map(({ kind, url }) => fetchMedia(kind, url, signal)));
	for (const answer of answers) {
		if ('error' in answer) return { ok: false, error: answer.error };
		media.push(answer.media);
	}
	return price(input, media, options);
}

function price(input: JobInput, media: Media[], options: ModelOptions): Verdict {
	const seconds = videoSeconds(input, media, options);
	if (seconds === undefined) return { ok: false, ...invalidFormat('audio') };
	const resolution = typeof input.resolution === 'string' ? input.resolution : '720p';
	const share = input.draft === true ? DRAFT_SHARE : 1;
	return {
		ok: true,
		seconds,
		price: roundUsd(seconds * (USD_PER_SECOND[resolution] ?? 0) * share),
	};
}

function videoSeconds(
	input: JobInput,
	media: Media[],
	{ defaultAudioSeconds }: ModelOptions,
): number | undefined {
	const audio = media.find(({ kind }) => kind === 'audio');
	if (!audio) return isWhole(input.duration) ? input.duration : DEFAULT_SECONDS;
	if (!audio.content) return defaultAudioSeconds;
	const { format, bytes } = audio.content;
	if (!isAudio(format)) return undefined;
	// Nothing but a header is no audio; a header that does not say (a FLAC of a stream) is.
	return audioSeconds(format, bytes) ?? (format === 'flac' ? defaultAudioSeconds : undefined);
}

function fieldError(input: JobInput): string | undefined {
	if (input.prompt === undefined) return 'prompt is required';
	const ignored = ignoredFields(input);
	for (const [field, rule] of Object.entries(RULES)) {
		if (input[field] === undefined || ignored.includes(field)) continue;
		if (!rule.holds(input[field])) return `${field} must be ${rule.says}`;
	}
	return undefined;
}

function isWhole(value: unknown): value is number {
	return Number.isSafeInteger(value);
}

function oneOf(...allowed: unknown[]): { holds: (value: unknown) => boolean; says: string } {
	return {
		holds: (value) => allowed.includes(value),
		says: `one of ${allowed.join(', ')}`,
	};
}

function boolean(): { holds: (value: unknown) => boolean; says: string } {
	return { holds: (value) => typeof value === 'boolean', says: 'a boolean' };
}
