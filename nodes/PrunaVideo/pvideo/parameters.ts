import { Choice } from '../fields/choice';
import type { Field } from '../fields/field';
import { Flag } from '../fields/flag';
import { Media } from '../fields/media';
import { Integer } from '../fields/number';
import { RequiredText } from '../fields/text';
import { LABELS } from '../labels';
import { formatDollars } from '../money';
import { AUDIO_FORMATS, IMAGE_FORMATS } from './formats';

interface Described {
	/** Its name in the request's `input`. */
	apiName: string;
	/** Whether the price depends on it, so that Estimate Cost shows it too. */
	isPriced?: true;
}

/** A parameter with a single field. */
export interface PlainParameter extends Described {
	field: Field<string | number | boolean | undefined>;
	/** With this media in the request the API ignores the parameter: it is neither shown nor sent. */
	ignoredWith?: MediaName;
	/** Whether its field is under Additional Fields. */
	isAdditional?: true;
}

export interface MediaParameter extends Described {
	field: Media;
}

/** The media that a video can start from. */
export type MediaName = 'image' | 'audio';

export type Parameter = PlainParameter | MediaParameter;

/** USD per second of video, by resolution. Source: Runpod's page "Pruna Video", "Cost calculation". */
export const RESOLUTIONS = [
	{ value: '720p', pricePerSecond: 0.02 },
	{ value: '1080p', pricePerSecond: 0.04 },
] as const;

/** The share of the full price that a draft costs (the page: "Reduces cost by 75%"). */
export const DRAFT_SHARE = 0.25;

/**
 * The one table of what Pruna Video (`p-video`) accepts, by the names of its fields and in the order of the form. The
 * fields in the editor, their checks and the request are made from it, docs and tests are checked against it. To
 * support a new parameter, add a line here.
 *
 * Source: Runpod's page "Pruna Video", section "Request"; labels and names: this node's contract.
 */
export const PARAMETERS = {
	prompt: {
		apiName: 'prompt',
		field: new RequiredText({
			label: 'Prompt',
			description: 'What the video should show: subject, movement, camera, light and mood',
			placeholder: 'e.g. A timelapse of clouds moving over a mountain range at sunset',
			rows: 4,
			demand: 'say what the video should show',
		}),
	},
	image: {
		apiName: 'image',
		field: new Media({
			label: 'Image',
			description: 'The image that the video starts from',
			placeholder: 'e.g. https://example.com/photo.jpg',
			without: 'Make the video from the prompt alone',
			formatsInWords: 'jpg, png or webp',
			formats: IMAGE_FORMATS,
		}),
	},
	audio: {
		apiName: 'audio',
		isPriced: true,
		field: new Media({
			label: 'Audio',
			description: 'The audio that drives the video',
			placeholder: 'e.g. https://example.com/voice.mp3',
			without: 'Duration sets the length',
			effect: 'The video is as long as the audio.',
			formatsInWords: 'flac, mp3 or wav',
			formats: AUDIO_FORMATS,
		}),
	},
	duration: {
		apiName: 'duration',
		isPriced: true,
		ignoredWith: 'audio',
		field: new Integer({
			label: 'Duration (Seconds)',
			description: 'Length of the video; every second is billed',
			minimum: 1,
			maximum: 10,
			default: 5,
			unit: 'seconds',
		}),
	},
	resolution: {
		apiName: 'resolution',
		isPriced: true,
		field: new Choice({
			label: 'Resolution',
			description: 'Sharpness of the video; the price depends on it',
			options: RESOLUTIONS.map(({ value, pricePerSecond }) => ({
				value,
				name: value,
				description: `${formatDollars(pricePerSecond)} per second`,
			})),
			default: '720p',
			understand: (text) => text.replace(/^(\d+) ?p?$/, '$1p'),
		}),
	},
	draft: {
		apiName: 'draft',
		isPriced: true,
		field: new Flag({
			label: LABELS.draft,
			description: 'Whether to make a faster, lower-quality preview for a quarter of the price',
			default: false,
		}),
	},
	aspectRatio: {
		apiName: 'aspect_ratio',
		ignoredWith: 'image',
		field: new Choice({
			label: 'Aspect Ratio',
			description: 'Shape of the video; with an image the video takes the shape of the image',
			options: (['16:9', '9:16', '4:3', '3:4', '3:2', '2:3', '1:1'] as const).map((value) => ({
				value,
				name: `${value} (${shapeOf(value)})`,
			})),
			default: '16:9',
			understand: ratioFrom,
		}),
	},
	fps: {
		apiName: 'fps',
		field: new Choice({
			label: 'Frames per Second',
			description: 'How smooth movement looks: 24 as in films, 48 for fast action',
			options: [
				{ value: 24, name: '24' },
				{ value: 48, name: '48' },
			],
			default: 24,
			understand: (text) => text.replace(/ ?fps$/, ''),
		}),
	},
	saveAudio: {
		apiName: 'save_audio',
		field: new Flag({
			label: 'Save Audio',
			description: 'Whether to include sound in the video file',
			default: true,
		}),
	},
	promptUpsampling: {
		apiName: 'prompt_upsampling',
		field: new Flag({
			label: 'Prompt Upsampling',
			description: 'Whether to let the model enrich the prompt for a better result',
			default: true,
		}),
	},
	seed: {
		apiName: 'seed',
		isAdditional: true,
		field: new Integer({
			label: 'Seed',
			description: 'For reproducible videos. If empty, a random seed is used and returned.',
			minimum: 0,
			maximum: 2147483647,
		}),
	},
} satisfies Record<string, Parameter>;

export type ParameterName = keyof typeof PARAMETERS;

/** The table line by line. */
export const PARAMETER_LIST = Object.entries(PARAMETERS) as ReadonlyArray<
	[ParameterName, Parameter]
>;

export function isMediaParameter(parameter: Parameter): parameter is MediaParameter {
	return parameter.field instanceof Media;
}

function shapeOf(ratio: string): string {
	const [width, height] = ratio.split(':').map(Number);
	if (width === height) return 'Square';
	return Number(width) > Number(height) ? 'Landscape' : 'Portrait';
}

const RATIO_WORDS = new Map([
	['landscape', '16:9'],
	['horizontal', '16:9'],
	['portrait', '9:16'],
	['vertical', '9:16'],
	['square', '1:1'],
]);

/** "9x16", "9 / 16", a word, or the time of day that a sheet makes of a ratio ("09:16", "16:09:00"). */
function ratioFrom(text: string): string {
	const [, width, height] = /^0?([1-9]\d?) ?[:x×/] ?0?([1-9]\d?)(?::00)?$/.exec(text) ?? [];
	return width === undefined ? (RATIO_WORDS.get(text) ?? text) : `${width}:${height}`;
}

/** The largest payload that Runpod takes, in bytes (Runpod, "Send API requests": 20 MB and 10 MB). */
export const PAYLOAD_LIMITS = {
	runsync: { megabytes: 20, bytes: 20 * 1024 * 1024 },
	run: { megabytes: 10, bytes: 10 * 1024 * 1024 },
} as const;
