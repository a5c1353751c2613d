import { createHash } from 'node:crypto';
import { formatBytes } from '../../uri';
import type { VideoPlan } from '../../execution/jobs';
import type { Item } from '../../execution/execution';
import { isSubmitted } from '../../execution/record';
import { InvalidParameter } from '../../fields/field';
import type { JsonObject } from '../../json';
import { LABELS } from '../../labels';
import { formatDollars } from '../../money';
import { type Estimate, estimateCost, pickSeed } from '../../pvideo/input';
import { PAYLOAD_LIMITS } from '../../pvideo/parameters';
import { MAKE_SMALLER } from '../../runpod/messages';
import { webhookUrl, type ItemOptions, type OptionName } from '../options';
import {
	dataUriBytes,
	encodeBody,
	linkTo,
	secondsOf,
	unreachableByRunpod,
	type MediaFile,
} from './files';
import { Faults, readInput } from './input';

export const VIDEO_OPTIONS = [
	'maxCostPerItem',
	'maxCostPerExecution',
	'concurrency',
	'timeout',
	'cancelOnStop',
	'resubmitUncertain',
	'sendFilesAs',
	'endpointId',
	'policy',
] as const satisfies readonly OptionName[];

/** Reads, checks and prices one video. @param readHow reads what the model has no part in @throws InvalidParameter */
export async function planVideo<How extends { options: ItemOptions; path: VideoPlan['path'] }>(
	item: Item,
	readHow: () => How,
): Promise<VideoPlan & How> {
	const faults = new Faults();
	const read = await readInput(item).catch((error: unknown) => faults.note(error));
	const how = faults.collect(readHow);
	faults.throwAny();
	const { input: stated, files, picksSeed } = read!;
	const { options, path } = how!;
	const webhook = options.webhookUrl;
	item.prompt = await item.execution.shown(String(stated.prompt));
	const { endpointId, policy, resubmitUncertain, timeout, cancelOnTimeout } = options;
	const hasPolicy = Object.keys(policy).length > 0;
	const identities = files.map(({ name, identity }) => [name, identity]);
	// Without the webhook: a resume URL is another one in every execution.
	const request = hashOf([endpointId, stated, hasPolicy && policy, identities]);
	const known = item.execution.kept.known(item.index, request);
	// A video that an earlier try requested keeps the seed that was picked for it.
	const seed = picksSeed ? (known?.sent.seed ?? pickSeed()) : stated.seed;
	const input = { ...stated, ...(seed !== undefined && { seed }) };
	const estimate = estimateCost(input, await secondsOf(files), endpointId);
	// What runs is followed, whatever the limits say.
	if (!isSubmitted(known, resubmitUncertain)) checkCost(item, estimate, options);
	if (webhook !== undefined) await noteUnreachableWebhook(item, webhook);

	const body = { input, ...(webhook !== undefined && { webhook }), ...(hasPolicy && { policy }) };
	const linked = options.sendFilesAs === 'link' ? files.filter(({ isUri }) => !isUri) : [];
	// Throws now, before anything is spent, if links cannot work here.
	await Promise.all(linked.map((file) => linkTo(item, file, options)));
	const embedded = files.filter((file) => !linked.includes(file));
	const bytes = payloadBytes(body, embedded);
	checkPayload(bytes, path);
	return {
		...how!,
		request,
		endpointId,
		prompt: item.prompt,
		...(typeof seed === 'number' && { seed }),
		estimatedCost: estimate.estimatedCost,
		bytes,
		hasFile: embedded.length > 0,
		timeoutSeconds: timeout,
		cancelsOnTimeout: cancelOnTimeout,
		resubmitsUncertain: resubmitUncertain,
		body: async () => {
			const sent: JsonObject = { ...input };
			for (const file of linked) sent[file.name] = await linkTo(item, file, options);
			const whole = { ...body, input: sent };
			return embedded.length === 0 ? whole : await encodeBody(whole, embedded);
		},
	};
}

/** With a limit, nothing is submitted whose price is not known. */
function checkCost(
	{ execution }: Item,
	{ estimatedCost, note }: Estimate,
	{ maxCostPerItem }: ItemOptions,
): void {
	const { maxCostPerExecution } = execution.settings;
	if (estimatedCost === null) {
		if (maxCostPerItem === undefined && maxCostPerExecution === undefined) return;
		throw new InvalidParameter(
			`Not submitted: a cost limit is set, but the cost is not known in advance. ${note ?? ''}`,
			'Give audio as a WAV, FLAC or MP3 file, use a resolution and an endpoint with a known price, or remove the limit in the options.',
		);
	}
	if (maxCostPerItem === undefined || estimatedCost <= maxCostPerItem) return;
	throw new InvalidParameter(
		`Not submitted: the video would cost ${formatDollars(estimatedCost)}, above '${LABELS.maxCostPerItem} (USD)' (${formatDollars(maxCostPerItem)})`,
		`Shorten the duration, lower the resolution, use ${LABELS.draft} or raise the limit in the options.`,
	);
}

/** Adds a note about a webhook URL that Runpod cannot call. The job is submitted anyway. */
async function noteUnreachableWebhook(item: Item, webhook: string): Promise<void> {
	const problem = await unreachableByRunpod(item, webhook);
	if (problem === undefined) return;
	item.execution.tally.note(
		`Runpod cannot call the URL in '${webhookUrl.label}', because it points to ${problem}. If it belongs to this n8n instance, set WEBHOOK_URL to the public URL of this n8n instance.`,
	);
}

function payloadBytes(body: { input: JsonObject }, files: readonly MediaFile[]): number {
	return files.reduce(
		(bytes, file) => bytes + dataUriBytes(file) - String(body.input[file.name]).length,
		Buffer.byteLength(JSON.stringify(body)),
	);
}

function checkPayload(bytes: number, path: VideoPlan['path']): void {
	const limit = PAYLOAD_LIMITS[path];
	if (bytes <= limit.bytes) return;
	throw new InvalidParameter(
		`The request is ${formatBytes(bytes)}, but Runpod accepts at most ${limit.megabytes} MB`,
		path === 'run'
			? `${MAKE_SMALLER} Video > Generate with '${LABELS.executionMode}' set to Sync accepts up to 20 MB.`
			: MAKE_SMALLER,
	);
}

function hashOf(stated: unknown): string {
	return createHash('sha256').update(JSON.stringify(stated)).digest('hex').slice(0, 32);
}
