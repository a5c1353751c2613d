import type { Field } from '../fields/field';
import { choiceField, flagField, promptField, wholeNumberField } from '../fields/kinds';
import { MediaField } from '../fields/media';
import { LABELS } from '../labels';
import { formatDollars } from '../money';
import { FORMATS_IN_WORDS, type MediaName } from './formats';

/** Runpod's public endpoint of the model: its prices are known, and its failed jobs are not billed ("Public Endpoints"). */
export const MODEL_ENDPOINT = 'p-video';

/** USD per second of video, by resolution. Source: Runpod's page "Pruna Video", "Cost calculation". */
export const RESOLUTIONS = [
	{ value: '720p', pricePerSecond: 0.02 },
	{ value: '1080p', pricePerSecond: 0.04 },
] as const;

/** The share of the full price that a draft costs (the page: "Reduces cost by 75%"). */
export const DRAFT_SHARE = 0.25;

/** The API's own defaults, for a price where a parameter is not sent. */
export const DEFAULTS = { duration: 5, resolution: '720p' } as const;

/** The largest seed: the model's page says "integer". */
export const LARGEST_SEED = 2147483647;

export interface Parameter {
	/** Its name in the request's `input`. */
	apiName: string;
	field: Field<string | number | boolean | undefined>;
	/** Whether the price depends on it, so that Estimate Cost shows it too. */
	isPriced?: true;
	/** With this media in the request the API ignores the parameter: it is not sent. */
	ignoredWith?: MediaName;
	/** Whether its field is under Additional Fields; then it is only sent where it was added. */
	isAdditional?: true;
}

/**
 * The one table of what Pruna Video (`p-video`) accepts, by the names of its fields and in the order of the form. The
 * fields in the editor, their checks and the request are made from it, docs and tests are checked against it. To
 * support a new parameter, add a line here. Source: Runpod's page "Pruna Video", section "Request"; labels and names:
 * this node's contract.
 */
export const PARAMETERS = {
	prompt: {
		apiName: 'prompt',
		field: promptField({
			label: 'Prompt',
			description: 'What the video should show: subject, movement, camera, light and mood',
			placeholder: 'e.g. A timelapse of clouds moving over a mountain range at sunset',
			demand: 'say what the video should show',
		}),
	},
	duration: {
		apiName: 'duration',
		isPriced: true,
		ignoredWith: 'audio',
		field: wholeNumberField({
			label: 'Duration (Seconds)',
			description:
				'Length of the video; every second is billed. With audio it is not used: the video is as long as the audio.',
			minimum: 1,
			maximum: 10,
			default: DEFAULTS.duration,
		}),
	},
	resolution: {
		apiName: 'resolution',
		isPriced: true,
		field: choiceField({
			label: 'Resolution',
			description: 'Sharpness of the video; the price depends on it',
			options: RESOLUTIONS.map(({ value, pricePerSecond }) => ({
				value,
				name: value,
				description: `${formatDollars(pricePerSecond)} per second`,
			})),
			default: DEFAULTS.resolution,
		}),
	},
	draft: {
		apiName: 'draft',
		isPriced: true,
		field: flagField({
			label: LABELS.draft,
			description: 'Whether to make a faster, lower-quality preview for a quarter of the price',
			builderHint: { propertyHint: 'true for a first try of a workflow: it is cheaper' },
			default: false,
		}),
	},
	aspectRatio: {
		apiName: 'aspect_ratio',
		ignoredWith: 'image',
		field: choiceField({
			label: 'Aspect Ratio',
			description:
				'Shape of the video. With an image it is not used: the video takes the shape of the image.',
			options: (['16:9', '9:16', '4:3', '3:4', '3:2', '2:3', '1:1'] as const).map((value) => ({
				value,
				name: `${value} (${shapeOf(value)})`,
			})),
			default: '16:9',
		}),
	},
	seed: {
		apiName: 'seed',
		isAdditional: true,
		field: wholeNumberField({
			label: 'Seed',
			description: 'For reproducible videos. If empty, a random seed is used and returned.',
			minimum: 0,
			maximum: LARGEST_SEED,
			default: undefined,
		}),
	},
	fps: {
		apiName: 'fps',
		isAdditional: true,
		field: choiceField({
			label: 'Frames per Second',
			description: 'How smooth motion looks: 24 as in films, 48 for fast action',
			options: [
				{ value: 24, name: '24' },
				{ value: 48, name: '48' },
			],
			default: 24,
		}),
	},
	saveAudio: {
		apiName: 'save_audio',
		isAdditional: true,
		field: flagField({
			label: 'Save Audio',
			description: 'Whether to include sound in the video file',
			default: true,
		}),
	},
	promptUpsampling: {
		apiName: 'prompt_upsampling',
		isAdditional: true,
		field: flagField({
			label: 'Prompt Upsampling',
			description: 'Whether to let the model enrich the prompt for a better result',
			default: true,
		}),
	},
} satisfies Record<string, Parameter>;

/** An image and audio, by the names of their fields, which are also their names in the request. */
export const MEDIA: Readonly<Record<MediaName, MediaField>> = {
	image: new MediaField({
		label: 'Image',
		description: `Image that the video starts from (${FORMATS_IN_WORDS.image}): a URL, the name of the field that holds the file, or an expression that returns the file. Leave empty to make the video from the prompt alone.`,
		placeholder: 'e.g. https://example.com/photo.jpg or data',
	}),
	audio: new MediaField({
		label: 'Audio',
		description: `Audio that drives the video (${FORMATS_IN_WORDS.audio}): a URL, the name of the field that holds the file, or an expression that returns the file. The video is as long as the audio. Leave empty for none.`,
		placeholder: 'e.g. https://example.com/voice.mp3 or data',
	}),
};

export type ParameterName = keyof typeof PARAMETERS;

export const PARAMETER_LIST = Object.entries(PARAMETERS) as ReadonlyArray<
	[ParameterName, Parameter]
>;

function shapeOf(ratio: string): string {
	const [width, height] = ratio.split(':').map(Number);
	if (width === height) return 'Square';
	return Number(width) > Number(height) ? 'Landscape' : 'Portrait';
}

/** The largest payload that Runpod takes, in bytes (Runpod, "Send API requests": 20 MB and 10 MB). */
export const PAYLOAD_LIMITS = {
	runsync: { megabytes: 20, bytes: 20 * 1024 * 1024 },
	run: { megabytes: 10, bytes: 10 * 1024 * 1024 },
} as const;
