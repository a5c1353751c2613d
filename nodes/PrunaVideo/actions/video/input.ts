import type { Item } from '../../execution/operation';
import { InvalidParameter, isEmpty, shown, type Fields } from '../../fields/field';
import { checkLeadsToFile } from '../../fields/links';
import { isHttpUrl } from '../../httpUrl';
import type { JsonObject } from '../../json';
import type { MediaName } from '../../pvideo/formats';
import { buildInput, type VideoSettings } from '../../pvideo/input';
import { MEDIA, PARAMETER_LIST, PARAMETERS, type Parameter } from '../../pvideo/parameters';
import { estimateCost, isMedia, type Estimate } from '../../pvideo/price';
import { additionalInput, readAdditional } from './fields';
import { readMedia, secondsOf, unreachableByRunpod, type MediaFile } from './files';

/** The video that one item requests. */
export interface Input {
	/** The request's `input`, with the type and size of each file in its place. */
	input: JsonObject;
	/** The files to insert when the request is sent. */
	files: MediaFile[];
	/** Whether the node picks the seed, because the user gave none. */
	picksSeed: boolean;
}

/**
 * Reads and checks every field of one video.
 *
 * @throws InvalidParameter that names every fault
 */
export async function readInput(item: Item): Promise<Input> {
	const faults = new Faults();
	const settings = await readSettings(item, faults, () => true);
	const image = await faults.collect(async () => await readMedia(item, 'image'));
	const audio = await faults.collect(async () => await readMedia(item, 'audio'));
	const added =
		(await faults.collect(() => readAdditional(item.read, { additionalInput })))?.additionalInput ??
		{};
	faults.throwAny();

	// A seed of null means that none is wanted. An empty seed means nothing, but would override the field's.
	const hasOwnSeed = added.seed === null || !isEmpty(added.seed);
	if (!hasOwnSeed) delete added.seed;
	const picksSeed = settings.seed === undefined && !hasOwnSeed;
	const files = [image, audio].flatMap((media) =>
		media?.file && !Object.hasOwn(added, media.file.name) ? [media.file] : [],
	);
	const input = buildInput({ ...settings, image: image?.text, audio: audio?.text }, added);
	await checkFinal(item, input, added);
	noteMedia(item, input);
	return { input, files, picksSeed };
}

/**
 * The price of one video from the fields that it depends on.
 *
 * @throws InvalidParameter
 */
export async function priceVideo(item: Item): Promise<Estimate> {
	const faults = new Faults();
	const settings = await readSettings(item, faults, ({ isPriced }) => isPriced === true);
	const audio = await faults.collect(async () => await readMedia(item, 'audio'));
	const added =
		(await faults.collect(() => readAdditional(item.read, { additionalInput })))?.additionalInput ??
		{};
	faults.throwAny();
	const isAdded = Object.hasOwn(added, 'audio');
	const input = buildInput({ ...settings, audio: audio && SOME_AUDIO }, added);
	return estimateCost(input, await secondsOf(!isAdded && audio?.file ? [audio.file] : []));
}

/** Stands in for audio while the price is calculated. */
const SOME_AUDIO = 'data:audio';

/** Reads the parameters that have one field each. Those that are not sent are absent. */
async function readSettings(
	{ read }: Item,
	faults: Faults,
	isWanted: (parameter: Parameter) => boolean,
): Promise<VideoSettings> {
	const settings: VideoSettings = {};
	const additional: Record<string, Fields[string]> = {};
	for (const [name, parameter] of PARAMETER_LIST) {
		const { field, isAdditional } = parameter;
		if (!isWanted(parameter)) continue;
		if (isAdditional) additional[name] = { ...field, unset: undefined };
		else settings[name] = await faults.collect(() => field.read(read(name, field.unset)));
	}
	for (const [name, field] of Object.entries(additional)) {
		Object.assign(settings, await faults.collect(() => readAdditional(read, { [name]: field })));
	}
	return settings;
}

/** The faults of one item's fields, so that a row can be corrected in one go. */
class Faults {
	private readonly found: InvalidParameter[] = [];

	/** The value, or undefined where there is a fault. */
	async collect<T>(read: () => T | Promise<T>): Promise<T | undefined> {
		try {
			return await read();
		} catch (error) {
			if (!(error instanceof InvalidParameter)) throw error;
			this.found.push(error);
			return undefined;
		}
	}

	throwAny(): void {
		if (this.found.length === 0) return;
		const advice = new Set(this.found.map(({ description }) => description));
		const messages = this.found.map(({ message }) => message);
		throw new InvalidParameter(messages.join('; '), [...advice].join(' '));
	}
}

/** Checks what Additional Input has set or removed, by the model's own rules, and the addresses of image and audio. */
async function checkFinal(item: Item, input: JsonObject, added: JsonObject): Promise<void> {
	const { prompt } = input;
	if (typeof prompt !== 'string' || isEmpty(prompt)) {
		throw new InvalidParameter(
			`'prompt' in '${additionalInput.label}' must contain text, but is ${shown(prompt)}`,
			"A video needs a prompt: remove 'prompt' from the JSON, or give it some text.",
		);
	}
	PARAMETERS.prompt.field.read(prompt);
	for (const name of ['image', 'audio'] satisfies MediaName[]) {
		const value = input[name];
		const isAdded = Object.hasOwn(added, name);
		const label = isAdded ? additionalInput.label : MEDIA[name].label;
		if (isAdded && typeof value === 'string' && /^\w+:\/\//.test(value) && !isHttpUrl(value)) {
			throw new InvalidParameter(
				`'${label}': the ${name} must be a URL that starts with http:// or https://, but is ${shown(value)}`,
				`Use such a URL, or give the file in the field '${MEDIA[name].label}'.`,
			);
		}
		if (!isHttpUrl(value)) continue;
		checkLeadsToFile(value, label);
		const problem = await unreachableByRunpod(item, value);
		if (problem === undefined) continue;
		throw new InvalidParameter(
			`'${label}': Runpod cannot fetch the ${name}, because the URL points to ${problem}`,
			'Use a URL that is reachable from the internet, or fetch the file with an earlier node and use that file.',
		);
	}
}

/** What a user should know of image and audio beside the output. */
function noteMedia({ execution: { tally } }: Item, input: JsonObject): void {
	for (const name of ['image', 'audio'] satisfies MediaName[]) {
		tally.noteMedia(MEDIA[name].label, isMedia(input[name]));
	}
	if (isMedia(input.audio) && input.save_audio === false) {
		tally.note(
			`'${PARAMETERS.saveAudio.field.label}' is off, so the videos do not contain the audio that they were made from.`,
		);
	}
}
