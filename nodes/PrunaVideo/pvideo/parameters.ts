/**
 * The one table of what Pruna Video (`p-video`) takes. Fields in the editor, their checks and the request are made
 * from it, docs and tests are checked against it. A parameter that Runpod adds is a line here.
 *
 * Source: Runpod's page "Pruna Video", section "Request"; labels and names: this node's contract.
 */
interface Described {
	label: string;
	/** Its name in the request's `input`. */
	apiName: string;
	description: string;
	/** Whether the price depends on it, so that Estimate Cost asks for it too. */
	isPriced?: true;
}

export interface TextParameter extends Described {
	kind: 'text';
	placeholder: string;
}

export interface MediaParameter extends Described {
	kind: 'media';
	placeholder: string;
	/** What it means to give none. */
	without: string;
	/** What the media does to the video, where a user has to know it. */
	effect?: string;
	/** What the model accepts, as people say it. */
	formats: string;
	/** MIME type as browsers and n8n report it → the one sent in a data URI. */
	mimeTypes: Readonly<Record<string, string>>;
	/** File extension (lower case, no dot) → MIME type, for binary data that n8n could not name. */
	extensions: Readonly<Record<string, string>>;
}

interface Plain extends Described {
	/** With this media in the request the API ignores the parameter: it is neither shown nor sent. */
	ignoredWith?: 'image' | 'audio';
	/** Whether it stands under Additional Fields. */
	isAdditional?: true;
}

export interface IntegerParameter extends Plain {
	kind: 'integer';
	minimum: number;
	maximum: number;
	/** Absent: the parameter is left out unless set. */
	default?: number;
}

export interface ChoiceParameter<Value extends string | number = string | number> extends Plain {
	kind: 'choice';
	choices: readonly Value[];
	default: Value;
	/** How the form names a choice; by its value where absent. */
	nameOf?: (choice: Value) => string;
}

export interface FlagParameter extends Plain {
	kind: 'flag';
	default: boolean;
}

/** A parameter whose value stands in one field. */
export type PlainParameter = IntegerParameter | ChoiceParameter | FlagParameter;
export type Parameter = TextParameter | MediaParameter | PlainParameter;

const prompt: TextParameter = {
	kind: 'text',
	label: 'Prompt',
	apiName: 'prompt',
	description: 'What the video should show: subject, movement, camera, light and mood',
	placeholder: 'e.g. A timelapse of clouds moving over a mountain range at sunset',
};

const image: MediaParameter = {
	kind: 'media',
	label: 'Image',
	apiName: 'image',
	description: 'The image that the video starts from',
	placeholder: 'e.g. https://example.com/photo.jpg',
	without: 'Make the video from the prompt alone',
	formats: 'jpg, png or webp',
	mimeTypes: {
		'image/jpeg': 'image/jpeg',
		'image/jpg': 'image/jpeg',
		'image/png': 'image/png',
		'image/webp': 'image/webp',
	},
	extensions: {
		jpg: 'image/jpeg',
		jpeg: 'image/jpeg',
		png: 'image/png',
		webp: 'image/webp',
	},
};

const audio: MediaParameter = {
	kind: 'media',
	label: 'Audio',
	apiName: 'audio',
	description: 'The audio that the video is made for',
	isPriced: true,
	placeholder: 'e.g. https://example.com/voice.mp3',
	without: 'The video is as long as Duration says',
	effect: 'The video is as long as the audio.',
	formats: 'flac, mp3 or wav',
	mimeTypes: {
		'audio/flac': 'audio/flac',
		'audio/x-flac': 'audio/flac',
		'audio/mpeg': 'audio/mpeg',
		'audio/mp3': 'audio/mpeg',
		'audio/wav': 'audio/wav',
		'audio/wave': 'audio/wav',
		'audio/x-wav': 'audio/wav',
		'audio/vnd.wave': 'audio/wav',
	},
	extensions: { flac: 'audio/flac', mp3: 'audio/mpeg', wav: 'audio/wav' },
};

const duration: IntegerParameter & { default: number } = {
	kind: 'integer',
	label: 'Duration (Seconds)',
	apiName: 'duration',
	description: 'Length of the video; every second is paid for',
	minimum: 1,
	maximum: 10,
	default: 5,
	isPriced: true,
	ignoredWith: 'audio',
};

const resolution: ChoiceParameter<'720p' | '1080p'> = {
	kind: 'choice',
	label: 'Resolution',
	apiName: 'resolution',
	description: 'Sharpness of the video; 1080p costs twice as much per second as 720p',
	choices: ['720p', '1080p'],
	default: '720p',
	isPriced: true,
};

const aspectRatio: ChoiceParameter<'16:9' | '9:16' | '4:3' | '3:4' | '3:2' | '2:3' | '1:1'> = {
	kind: 'choice',
	label: 'Aspect Ratio',
	apiName: 'aspect_ratio',
	description: 'Shape of the picture; with an image the video takes the shape of the image',
	choices: ['16:9', '9:16', '4:3', '3:4', '3:2', '2:3', '1:1'],
	default: '16:9',
	ignoredWith: 'image',
	nameOf: (ratio) => `${ratio} (${shapeOf(ratio)})`,
};

function shapeOf(ratio: string): string {
	const [width, height] = ratio.split(':').map(Number);
	if (width === height) return 'Square';
	return Number(width) > Number(height) ? 'Landscape' : 'Portrait';
}

const fps: ChoiceParameter<24 | 48> = {
	kind: 'choice',
	label: 'Frames per Second',
	apiName: 'fps',
	description: 'How smooth movement looks: 24 as in films, 48 for fast action',
	choices: [24, 48],
	default: 24,
};

const seed: IntegerParameter = {
	kind: 'integer',
	label: 'Seed',
	apiName: 'seed',
	description:
		'The same request with the same seed gives the same video. Left out, the node picks one and outputs it.',
	isAdditional: true,
	minimum: 0,
	maximum: 2147483647,
};

const draft: FlagParameter = {
	kind: 'flag',
	label: 'Draft Mode',
	apiName: 'draft',
	description: 'Whether to make a faster preview of lower quality for a quarter of the price',
	isPriced: true,
	default: false,
};

const saveAudio: FlagParameter = {
	kind: 'flag',
	label: 'Save Audio',
	apiName: 'save_audio',
	description: 'Whether the video file has sound',
	default: true,
};

const promptUpsampling: FlagParameter = {
	kind: 'flag',
	label: 'Prompt Upsampling',
	apiName: 'prompt_upsampling',
	description: 'Whether the model may enrich the prompt for a better result',
	default: true,
};

/** By the name of its field; in the order of the form. */
export const PARAMETERS = {
	prompt,
	image,
	audio,
	duration,
	resolution,
	aspectRatio,
	fps,
	draft,
	saveAudio,
	promptUpsampling,
	seed,
};

export type ParameterName = keyof typeof PARAMETERS;

/** The table line by line. */
export const PARAMETER_LIST = Object.entries(PARAMETERS) as ReadonlyArray<
	[ParameterName, Parameter]
>;

export function isPlain(parameter: Parameter): parameter is PlainParameter {
	return parameter.kind !== 'text' && parameter.kind !== 'media';
}

/** The largest payload that Runpod takes, in bytes (Runpod, "Send API requests": 20 MB and 10 MB). */
export const PAYLOAD_LIMITS = {
	runsync: { megabytes: 20, bytes: 20 * 1024 * 1024 },
	run: { megabytes: 10, bytes: 10 * 1024 * 1024 },
} as const;
