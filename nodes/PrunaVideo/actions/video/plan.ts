import { createHash } from 'node:crypto';
import type { IExecuteFunctions } from 'n8n-workflow';
import { InvalidParameter } from '../../invalidParameter';
import { isJsonObject, type JsonObject } from '../../json';
import { formatDollars } from '../../money';
import {
	isPlain,
	PARAMETER_LIST,
	PARAMETERS,
	PAYLOAD_LIMITS,
	type PlainParameter,
} from '../../pvideo/parameters';
import { estimateCost, isGiven, isMedia, type Estimate } from '../../pvideo/price';
import { buildInput, formatBytes, pickSeed, type VideoSettings } from '../../pvideo/request';
import { checkAdditionalInput, checkPlain, checkPrompt } from '../../pvideo/validation';
import type { JobRequest } from '../../run/jobRun';
import type { Plan } from '../../run/operation';
import type { Run } from '../../run/run';
import type { ItemOptions } from '../options';
import { ADDITIONAL_INPUT_LABEL } from './fields';
import { encodeBody, type Files } from './body';
import { mediaSource, readMedia, type MediaName } from './media';

/** A video to be made: checked, priced, and ready to be sent. */
export interface VideoPlan extends Plan {
	request: JobRequest;
	/** The request's `input`; a file is named by its kind and size. */
	input: JsonObject;
	estimate: Estimate;
	options: ItemOptions;
}

/** Besides `input`, what the body of a submission holds. */
export interface Envelope {
	operation: 'runsync' | 'run';
	webhook?: string;
}

/**
 * Reads and checks everything of one video and prices it.
 *
 * @throws InvalidParameter
 */
export async function planVideo(
	context: IExecuteFunctions,
	itemIndex: number,
	options: ItemOptions,
	{ operation, webhook }: Envelope,
): Promise<VideoPlan> {
	const { input, files, seedIsPicked } = await readInput(context, itemIndex);
	const estimate = estimateCost(input);
	checkItemCost(estimate, input, options);

	const envelope = { ...(webhook !== undefined && { webhook }), ...policyOf(options) };
	const bytes = payloadBytes({ input, ...envelope }, input, files);
	checkPayload(bytes, operation);

	const stated = seedIsPicked ? { ...input, seed: null } : input;
	const fingerprint = context.getNode().retryOnFail
		? fingerprintOf([options.endpointId, stated, envelope, files.map(([, file]) => file.identity)])
		: '';
	return {
		input,
		estimate,
		options,
		estimatedCost: estimate.estimatedCost,
		fingerprint,
		request: {
			endpointId: options.endpointId,
			operation,
			fingerprint,
			...(typeof input.seed === 'number' && { seed: input.seed }),
			estimatedCost: estimate.estimatedCost,
			bytes,
			waitMs: Math.min(options.syncWait, options.timeout) * 1000,
			timeout: options.timeout,
			pollIntervalMs: options.pollInterval * 1000,
			readBody: async (seed) => {
				const sent: JsonObject = { ...input, ...(seed !== undefined && { seed }) };
				const body = { input: sent, ...envelope };
				return files.length === 0 ? body : await encodeBody(body, files);
			},
		},
	};
}

async function readInput(
	context: IExecuteFunctions,
	itemIndex: number,
): Promise<{ input: JsonObject; files: Files; seedIsPicked: boolean }> {
	const prompt = checkPrompt(context.getNodeParameter('prompt', itemIndex, ''), PARAMETERS.prompt);
	const image = await readMedia(context, itemIndex, 'image');
	const audio = await readMedia(context, itemIndex, 'audio');
	const additional = readAdditionalFields(context, itemIndex);
	const { additionalInput } = additional;
	const settings: VideoSettings = {
		prompt,
		image: image?.text,
		audio: audio?.text,
		...readPlain(context, itemIndex, additional, {
			hasMedia: { image: image !== undefined, audio: audio !== undefined },
			isWanted: () => true,
		}),
	};
	const seedIsPicked = settings.seed === undefined && !isGiven(additionalInput.seed);
	if (seedIsPicked) {
		settings.seed = pickSeed();
		// One that says nothing would win over the picked one.
		delete additionalInput.seed;
	}

	const files: Files = [];
	if (image?.file && !Object.hasOwn(additionalInput, 'image')) files.push(['image', image.file]);
	if (audio?.file && !Object.hasOwn(additionalInput, 'audio')) files.push(['audio', audio.file]);
	return { input: buildInput(settings, additionalInput), files, seedIsPicked };
}

/** Checks the parameters that stand in one field each; what is left out of the request is absent. */
function readPlain(
	context: IExecuteFunctions,
	itemIndex: number,
	{ values }: AdditionalFields,
	{
		hasMedia,
		isWanted,
	}: { hasMedia: Record<MediaName, boolean>; isWanted: (parameter: PlainParameter) => boolean },
): VideoSettings {
	const settings: VideoSettings = {};
	for (const [name, parameter] of PARAMETER_LIST) {
		if (!isPlain(parameter) || !isWanted(parameter)) continue;
		const { default: usual, ignoredWith, isAdditional } = parameter;
		if (ignoredWith !== undefined && hasMedia[ignoredWith]) {
			// The user does not see it, so it is not checked; it counts where additional input takes the media back.
			settings[name] = usual;
			continue;
		}
		const value: unknown = isAdditional
			? values[name]
			: context.getNodeParameter(name, itemIndex, usual);
		if (usual === undefined && !isGiven(value)) continue;
		settings[name] = checkPlain(value, parameter);
	}
	return settings;
}

interface AdditionalFields {
	/** The collection as the user filled it in. */
	values: Record<string, unknown>;
	additionalInput: JsonObject;
}

function readAdditionalFields(context: IExecuteFunctions, itemIndex: number): AdditionalFields {
	const collection: unknown = context.getNodeParameter('additionalFields', itemIndex, {});
	const values = isJsonObject(collection) ? collection : {};
	return {
		values,
		additionalInput: checkAdditionalInput(values.additionalInput, ADDITIONAL_INPUT_LABEL),
	};
}

/**
 * The price of one video from the fields that it depends on.
 *
 * @throws InvalidParameter
 */
export function priceVideo(context: IExecuteFunctions, itemIndex: number): Estimate {
	const audio = mediaSource(context, itemIndex, 'audio') !== 'none';
	const additional = readAdditionalFields(context, itemIndex);
	const settings = readPlain(context, itemIndex, additional, {
		hasMedia: { image: false, audio },
		isWanted: ({ isPriced }) => isPriced === true,
	});
	return estimateCost(
		buildInput({ ...settings, ...(audio && { audio: 'given' }) }, additional.additionalInput),
	);
}

/** Tells the user once that a limit is set which some videos cannot be held against beforehand. */
export function noteUnknownCost(run: Run, { estimate, options }: VideoPlan): void {
	const hasLimit = options.maxCostPerItem !== undefined || run.budget.limit !== undefined;
	if (estimate.estimatedCost !== null || !hasLimit) return;
	run.tally.note(
		'With audio the length is known only afterwards: limits count such videos once they are paid',
	);
}

function checkItemCost(
	{ estimatedCost, note }: Estimate,
	input: JsonObject,
	{ maxCostPerItem, maxCostPerExecution }: ItemOptions,
): void {
	if (estimatedCost !== null && maxCostPerItem !== undefined && estimatedCost > maxCostPerItem) {
		throw new InvalidParameter(
			`Not submitted: the video would cost ${formatDollars(estimatedCost)}, above 'Max Cost per Item' (${formatDollars(maxCostPerItem)})`,
			'Shorten the duration, lower the resolution, use Draft Mode or raise the limit in the options.',
		);
	}
	const hasLimit = maxCostPerItem !== undefined || maxCostPerExecution !== undefined;
	if (estimatedCost === null && hasLimit && !isMedia(input.audio)) {
		throw new InvalidParameter(
			`Not submitted: a limit is set, but the cost is not known beforehand. ${note ?? ''}`,
			"Correct 'Additional Input', or remove the limit in the options.",
		);
	}
}

/** Runpod's policy takes milliseconds. */
function policyOf({ executionTimeout, ttl, lowPriority }: ItemOptions): { policy?: JsonObject } {
	const policy = {
		...(executionTimeout !== undefined && { executionTimeout: executionTimeout * 1000 }),
		...(ttl !== undefined && { ttl: ttl * 1000 }),
		...(lowPriority !== undefined && { lowPriority }),
	};
	return Object.keys(policy).length === 0 ? {} : { policy };
}

/** The body's size once its files stand in it. */
function payloadBytes(body: JsonObject, input: JsonObject, files: Files): number {
	return files.reduce(
		(bytes, [name, file]) => bytes + file.dataUriBytes - String(input[name]).length,
		Buffer.byteLength(JSON.stringify(body)),
	);
}

function checkPayload(bytes: number, operation: 'runsync' | 'run'): void {
	const limit = PAYLOAD_LIMITS[operation];
	if (bytes <= limit.bytes) return;
	throw new InvalidParameter(
		`The request is ${formatBytes(bytes)}, but Runpod takes at most ${limit.megabytes} MB`,
		operation === 'run'
			? "Give the image or audio as a URL, or make it smaller. With Video > Generate and 'Execution Mode' Sync, 20 MB are allowed."
			: 'Give the image or audio as a URL, or make it smaller.',
	);
}

function fingerprintOf(stated: unknown): string {
	return createHash('sha256').update(JSON.stringify(stated)).digest('hex').slice(0, 32);
}
