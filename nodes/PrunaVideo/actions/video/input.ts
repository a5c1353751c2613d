import type { Item } from '../../execution/item';
import { isEmpty, type ParameterReader } from '../../fields/field';
import { shown } from '../../fields/shown';
import { InvalidParameter } from '../../invalidParameter';
import type { JsonObject } from '../../json';
import {
	isMediaParameter,
	PARAMETER_LIST,
	type MediaName,
	type PlainParameter,
} from '../../pvideo/parameters';
import { estimateCost, type Estimate } from '../../pvideo/price';
import { audioSeconds } from '../../pvideo/audio/audioSeconds';
import { buildInput, type VideoSettings } from '../../pvideo/input';
import type { Files } from './body';
import { ADDITIONAL_INPUT_LABEL, readAdditionalFields, type AdditionalFields } from './fields';
import { mediaSource, readMedia } from './media';
import { checkMediaUrls } from './reach';

/** The video that one item requests. */
export interface Input {
	/** The request's `input`, with the type and size of each file in its place. */
	input: JsonObject;
	/** The files to insert when the request is sent. */
	files: Files;
	/** Whether the node picks the seed, because the user gave none. */
	picksSeed: boolean;
}

/**
 * Reads and checks every field of one video.
 *
 * @throws InvalidParameter
 */
export async function readInput(item: Item): Promise<Input> {
	const { read } = item;
	const image = await readMedia(item, 'image');
	const audio = await readMedia(item, 'audio');
	const additional = readAdditionalFields(read);
	const { additionalInput } = additional;
	const settings: VideoSettings = {
		image: image?.text,
		audio: audio?.text,
		...readPlain(read, additional, {
			hasMedia: { image: image !== undefined, audio: audio !== undefined },
			isWanted: () => true,
		}),
	};
	// A seed of null means that none is wanted. An empty seed means nothing, but would override the field's.
	const hasOwnSeed = additionalInput.seed === null || !isEmpty(additionalInput.seed);
	if (!hasOwnSeed) delete additionalInput.seed;
	const picksSeed = settings.seed === undefined && !hasOwnSeed;

	const files: Files = [];
	if (image?.file && !Object.hasOwn(additionalInput, 'image')) files.push(['image', image.file]);
	if (audio?.file && !Object.hasOwn(additionalInput, 'audio')) files.push(['audio', audio.file]);
	const input = buildInput(settings, additionalInput);
	checkFinalPrompt(input);
	await checkMediaUrls(item, input, additionalInput);
	return { input, files, picksSeed };
}

/** The prompt field has already been checked; this checks a prompt that Additional Input has set or removed. */
function checkFinalPrompt({ prompt }: JsonObject): void {
	if (typeof prompt === 'string' && !isEmpty(prompt)) return;
	throw new InvalidParameter(
		`'prompt' in '${ADDITIONAL_INPUT_LABEL}' must contain text, but is ${shown(prompt)}`,
		"A video needs a prompt: remove 'prompt' from the JSON, or give it some text.",
	);
}

/** Reads and checks the parameters that have one field each. Parameters that are not sent are absent. */
function readPlain(
	read: ParameterReader,
	{ values }: AdditionalFields,
	{
		hasMedia,
		isWanted,
	}: { hasMedia: Record<MediaName, boolean>; isWanted: (parameter: PlainParameter) => boolean },
): VideoSettings {
	const settings: VideoSettings = {};
	for (const [name, parameter] of PARAMETER_LIST) {
		if (isMediaParameter(parameter) || !isWanted(parameter)) continue;
		const { field, ignoredWith, isAdditional } = parameter;
		if (isAdditional) {
			settings[name] = field.read(values[name]);
		} else if (ignoredWith !== undefined && hasMedia[ignoredWith]) {
			// The field is hidden, so it is not read. Its default is used if Additional Input removes the media.
			settings[name] = field.readUnset();
		} else {
			settings[name] = field.readFrom(read, name);
		}
	}
	return settings;
}

/** Stands in for audio while the price is calculated. */
const SOME_AUDIO = 'data:audio';

/**
 * The price of one video from the fields that it depends on.
 *
 * @throws InvalidParameter
 */
export async function priceVideo(item: Item): Promise<Estimate> {
	const { read } = item;
	const source = mediaSource(read, 'audio');
	const additional = readAdditionalFields(read);
	const settings = readPlain(read, additional, {
		hasMedia: { image: false, audio: source !== 'none' },
		isWanted: ({ isPriced }) => isPriced === true,
	});
	const audio = source === 'binary' ? await readMedia(item, 'audio') : undefined;
	const input = buildInput(
		{ ...settings, ...(source !== 'none' && { audio: SOME_AUDIO }) },
		additional.additionalInput,
	);
	// Additional Input can set different audio.
	const file = input.audio === SOME_AUDIO ? audio?.file : undefined;
	return estimateCost(input, file && (await audioSeconds(file)));
}

/**
 * Length of the audio among a request's files, in seconds; undefined if there is none or its length cannot be read.
 */
export async function secondsOf(files: Files): Promise<number | undefined> {
	const audio = files.find(([name]) => name === 'audio');
	return audio && (await audioSeconds(audio[1]));
}
