import type { Item } from '../../execution/item';
import { httpUrlFrom, isHttpUrl } from '../../fields/address';
import { checkIsFile } from '../../fields/sharePage';
import { InvalidParameter } from '../../invalidParameter';
import type { JsonObject } from '../../json';
import { PARAMETERS, type MediaName } from '../../pvideo/parameters';
import { unreachableFromOutside } from '../../runpod/address';
import { labelOf } from '../options';
import { ADDITIONAL_INPUT_LABEL } from './fields';

/**
 * Why Runpod cannot reach a URL, worded to follow "points to"; undefined if it can. If the Base URL itself is on this
 * machine or network, there is a simulator or a proxy behind it, which may reach what Runpod cannot.
 */
export async function unreachableByRunpod(
	{ execution }: Item,
	url: string,
): Promise<string | undefined> {
	const problem = unreachableFromOutside(url);
	if (problem === undefined) return undefined;
	const { baseUrl } = await execution.connection();
	return unreachableFromOutside(baseUrl) === undefined ? problem : undefined;
}

/**
 * Checks the addresses of a request's image and audio.
 *
 * @param input the final request; a file in it is not an address
 * @throws InvalidParameter for one that is a page, or that Runpod cannot reach
 */
export async function checkMediaUrls(
	item: Item,
	input: JsonObject,
	additionalInput: JsonObject,
): Promise<void> {
	for (const name of ['image', 'audio'] satisfies MediaName[]) {
		const { apiName, field } = PARAMETERS[name];
		const url = input[apiName];
		if (!isHttpUrl(url)) continue;
		const isAdditional = Object.hasOwn(additionalInput, apiName);
		const label = isAdditional ? ADDITIONAL_INPUT_LABEL : field.url.label;
		if (isAdditional) checkIsFile(httpUrlFrom(url, label), label);
		const problem = await unreachableByRunpod(item, url);
		if (problem === undefined) continue;
		throw new InvalidParameter(
			`'${label}': Runpod cannot fetch the ${name}, because the URL points to ${problem}`,
			'Use a URL that is reachable from the internet, or fetch the file with an earlier node and use it as a binary file.',
		);
	}
}

/** Adds a note about a webhook URL that Runpod cannot call. The job is submitted anyway. */
export async function noteUnreachableWebhook(item: Item, webhook: string): Promise<void> {
	const problem = await unreachableByRunpod(item, webhook);
	if (problem === undefined) return;
	item.execution.tally.note(
		`Runpod cannot call the URL in '${labelOf('webhookUrl')}', because it points to ${problem}. If it belongs to this n8n instance, set WEBHOOK_URL to the public URL of this n8n instance.`,
	);
}
