import type { Item } from '../../execution/execution';
import { InvalidParameter, isEmpty, readCollection, shown } from '../../fields/field';
import { checkLeadsToFile } from '../../fields/links';
import { isHttpUrl } from '../../uri';
import type { JsonObject } from '../../json';
import type { MediaName } from '../../pvideo/formats';
import {
	buildInput,
	type Estimate,
	estimateCost,
	isMedia,
	type VideoSettings,
} from '../../pvideo/input';
import { MEDIA, PARAMETER_LIST, PARAMETERS, type Parameter } from '../../pvideo/parameters';
import { additionalInput, videoFields } from './fields';
import { readMedia, secondsOf, unreachableByRunpod, type MediaFile } from './files';

export interface Input {
	/** The request's `input`, with the type and size of each file in its place. */
	input: JsonObject;
	files: MediaFile[];
	/** Whether the node picks the seed, because the user gave none. */
	picksSeed: boolean;
}

/** Reads and checks every field of one video. @throws InvalidParameter that names every fault */
export async function readInput(item: Item): Promise<Input> {
	const { settings, image, audio, added } = await readFields(item, () => true);
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

export async function priceVideo(item: Item): Promise<Estimate> {
	const { settings, audio, added } = await readFields(item, ({ isPriced }) => isPriced === true);
	const input = buildInput({ ...settings, audio: audio?.text }, added);
	const isAdded = Object.hasOwn(added, 'audio');
	return estimateCost(input, await secondsOf(!isAdded && audio?.file ? [audio.file] : []));
}

/** Reads the fields of an item, except those that are not asked for. What is not sent is absent. */
async function readFields(item: Item, isWanted: (parameter: Parameter) => boolean) {
	const { read } = item;
	const faults = new Faults();
	const filled = read(videoFields.additional.name, {});
	const settings: VideoSettings = {};
	for (const [name, parameter] of PARAMETER_LIST) {
		if (!isWanted(parameter)) continue;
		const { field, isAdditional } = parameter;
		settings[name] = faults.collect(() =>
			isAdditional
				? readCollection(filled, { [name]: { ...field, unset: undefined } })[name]
				: field.read(read(name, field.unset)),
		);
	}
	const media = async (name: MediaName) =>
		await readMedia(item, name).catch((error: unknown) => faults.note(error));
	const image = isWanted(PARAMETERS.prompt) ? await media('image') : undefined;
	const audio = await media('audio');
	const { additionalInput: added = {} } =
		faults.collect(() => readCollection(filled, { additionalInput })) ?? {};
	// Says which row a fault is in.
	if (typeof settings.prompt === 'string') {
		item.prompt = await item.execution.shown(settings.prompt);
	}
	faults.throwAny();
	return { settings, image, audio, added };
}

/** The faults of one item's fields, so that a row can be corrected in one go. */
export class Faults {
	private readonly found: InvalidParameter[] = [];

	collect<T>(read: () => T): T | undefined {
		try {
			return read();
		} catch (error) {
			return this.note(error);
		}
	}

	note(error: unknown): undefined {
		if (!(error instanceof InvalidParameter)) throw error;
		this.found.push(error);
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
	input.prompt = PARAMETERS.prompt.field.read(prompt);
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
