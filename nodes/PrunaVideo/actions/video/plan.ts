import { createHash } from 'node:crypto';
import { formatBytes } from '../../dataUri';
import type { Item } from '../../execution/item';
import type { JobRequest } from '../../execution/jobs';
import type { Plan } from '../../execution/operation';
import { InvalidParameter } from '../../invalidParameter';
import type { JsonObject } from '../../json';
import { formatDollars } from '../../money';
import { PARAMETERS, PAYLOAD_LIMITS } from '../../pvideo/parameters';
import { estimateCost, isMedia, type Estimate } from '../../pvideo/price';
import { pickSeed } from '../../pvideo/input';
import { MAKE_SMALLER } from '../../runpod/verdicts';
import { labelOf, type ItemOptions, type OptionName } from '../options';
import { encodeBody, type Files } from './body';
import { ADDITIONAL_INPUT_LABEL } from './fields';
import { readInput, secondsOf } from './input';
import { linkTo } from './link';
import type { MediaFile } from './media';
import { noteUnreachableWebhook } from './reach';

/** The options that say how a video is submitted; `planVideo` reads them. */
export const VIDEO_OPTIONS = [
	'maxCostPerItem',
	'maxCostPerExecution',
	'concurrency',
	'timeout',
	'cancelOnStop',
	'resubmitUncertain',
	'includeInput',
	'sendFilesAs',
	'endpointId',
	'executionTimeout',
	'ttl',
	'lowPriority',
] as const satisfies readonly OptionName[];

/** A video to be made: checked, priced, and ready to be sent. */
export interface VideoPlan extends Plan {
	request: JobRequest;
	/** The request's `input`, with the type and size of each file in its place. */
	input: JsonObject;
	estimate: Estimate;
	options: ItemOptions;
}

/** How a video is submitted. */
export interface Delivery {
	path: 'runsync' | 'run';
	webhook: string | undefined;
	/**
	 * Whether the webhook is part of what the user asks for (Job > Submit). For Generate, a different webhook URL
	 * does not make a different video.
	 */
	isWebhookPart?: true;
}

/**
 * Reads and checks everything of one video and prices it.
 *
 * @throws InvalidParameter
 */
export async function planVideo(
	item: Item,
	options: ItemOptions,
	{ path, webhook, isWebhookPart }: Delivery,
): Promise<VideoPlan> {
	const { input: stated, files, picksSeed } = await readInput(item);
	const envelope = { ...(webhook !== undefined && { webhook }), ...policyOf(options) };
	const identities = files.map(([, { identity }]) => identity);
	const delivery = isWebhookPart ? envelope : policyOf(options);
	const fingerprint = fingerprintOf([options.endpointId, stated, delivery, identities]);
	// A video that an earlier try requested keeps the seed that was picked for it.
	const seed = picksSeed ? (item.page.recall(fingerprint)?.seed ?? pickSeed()) : stated.seed;
	const input = { ...stated, ...(seed !== undefined && { seed }) };
	const estimate = estimateCost(input, await secondsOf(files));
	checkItemCost(estimate, input, options);
	noteUnknownCost(item, estimate, options);
	if (webhook !== undefined) await noteUnreachableWebhook(item, webhook);

	const body = { input, ...envelope };
	const { linked, embedded } = await sortFiles(item, files, options);
	const bytes = payloadBytes(body, input, embedded);
	checkPayload(bytes, path);
	return {
		input,
		estimate,
		options,
		estimatedCost: estimate.estimatedCost,
		fingerprint,
		resubmitsUncertain: options.resubmitUncertain,
		heldBytes: bytes - embedded.reduce((sum, [, file]) => sum + file.dataUriBytes, 0),
		request: {
			endpointId: options.endpointId,
			path,
			fingerprint,
			...(typeof seed === 'number' && { seed }),
			estimatedCost: estimate.estimatedCost,
			bytes,
			hasFile: embedded.length > 0,
			syncWaitMs: options.syncWait * 1000,
			timeoutSeconds: options.timeout,
			pollIntervalMs: options.pollInterval * 1000,
			...(options.ttl !== undefined && { ttlSeconds: options.ttl }),
			cancelsOnTimeout: options.cancelOnTimeout,
			resubmitsUncertain: options.resubmitUncertain,
			readBody: async () => {
				const sent: JsonObject = { ...input };
				for (const [name, file] of linked) sent[name] = await linkTo(item, file, options);
				const whole = { ...body, input: sent };
				return embedded.length === 0 ? whole : await encodeBody(whole, embedded);
			},
		},
	};
}

/**
 * Separates the files that are sent as links (created when the request is sent) from those that are sent as data
 * URIs.
 */
async function sortFiles(
	item: Item,
	files: Files,
	options: ItemOptions,
): Promise<{ linked: Files; embedded: Files }> {
	// A data URI in a URL field is not a file that n8n keeps.
	const isLinked = ({ binary }: MediaFile) =>
		options.sendFilesAs === 'link' && binary !== undefined;
	const linked = files.filter(([, file]) => isLinked(file));
	// Throws now, before anything is spent, if links cannot work here.
	for (const [, file] of linked) await linkTo(item, file, options);
	return { linked, embedded: files.filter(([, file]) => !isLinked(file)) };
}

/** Adds a note, once, if a limit is set and the cost of some videos is not known in advance. */
function noteUnknownCost(
	{ execution }: Item,
	{ estimatedCost }: Estimate,
	{ maxCostPerItem }: ItemOptions,
): void {
	const hasLimit = maxCostPerItem !== undefined || execution.budget.limit !== undefined;
	if (estimatedCost !== null || !hasLimit) return;
	execution.tally.note(
		'Videos with audio of unknown length cannot be priced in advance; they count against limits once they finish',
	);
}

function checkItemCost(
	{ estimatedCost, pricePerSecond, note }: Estimate,
	input: JsonObject,
	{ maxCostPerItem, maxCostPerExecution }: ItemOptions,
): void {
	if (estimatedCost !== null && maxCostPerItem !== undefined && estimatedCost > maxCostPerItem) {
		throw new InvalidParameter(
			`Not submitted: the video would cost ${formatDollars(estimatedCost)}, above '${labelOf('maxCostPerItem')}' (${formatDollars(maxCostPerItem)})`,
			`Shorten the duration, lower the resolution, use ${PARAMETERS.draft.field.label} or raise the limit in the options.`,
		);
	}
	const hasLimit = maxCostPerItem !== undefined || maxCostPerExecution !== undefined;
	// Only audio of unknown length is excused: its price per second is known.
	const isExcused = pricePerSecond !== null && isMedia(input.audio);
	if (estimatedCost === null && hasLimit && !isExcused) {
		throw new InvalidParameter(
			`Not submitted: a cost limit is set, but the cost is not known in advance. ${note ?? ''}`,
			`Correct '${ADDITIONAL_INPUT_LABEL}', or remove the limit in the options.`,
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

/** The size of the body including its files, in bytes. */
function payloadBytes(body: JsonObject, input: JsonObject, files: Files): number {
	return files.reduce(
		(bytes, [name, file]) => bytes + file.dataUriBytes - String(input[name]).length,
		Buffer.byteLength(JSON.stringify(body)),
	);
}

function checkPayload(bytes: number, path: Delivery['path']): void {
	const limit = PAYLOAD_LIMITS[path];
	if (bytes <= limit.bytes) return;
	throw new InvalidParameter(
		`The request is ${formatBytes(bytes)}, but Runpod accepts at most ${limit.megabytes} MB`,
		path === 'run'
			? `${MAKE_SMALLER} Video > Generate with '${labelOf('executionMode')}' set to Sync accepts up to 20 MB.`
			: MAKE_SMALLER,
	);
}

function fingerprintOf(stated: unknown): string {
	return createHash('sha256').update(JSON.stringify(stated)).digest('hex').slice(0, 32);
}
