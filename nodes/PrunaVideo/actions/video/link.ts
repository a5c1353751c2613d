import type { Item } from '../../execution/item';
import { InvalidParameter } from '../../invalidParameter';
import { labelOf, type ItemOptions } from '../options';
import type { MediaFile } from './media';
import { unreachableByRunpod } from './reach';

/** A link must outlive the item's longest wait until the job is accepted, and then its time in the queue. */
const SHORTEST_LINK_SECONDS = 3600;
/** Runpod's default. */
const LONGEST_QUEUE_SECONDS = 24 * 3600;

const INSTEAD = `set the option '${labelOf('sendFilesAs')}' to Data URI.`;

/**
 * A signed, short-lived link to a file that n8n keeps (`helpers.createBinarySignedUrl`, n8n 1.100 on).
 *
 * @throws InvalidParameter where Runpod could not fetch the file from it
 */
export async function linkTo(
	item: Item,
	{ binary, label }: MediaFile,
	{ ttl, timeout }: ItemOptions,
): Promise<string> {
	const { helpers } = item.context;
	const refuse = (why: string, advice: string) =>
		new InvalidParameter(`'${label}': the file cannot be sent as a link, because ${why}`, advice);
	if (typeof helpers.createBinarySignedUrl !== 'function') {
		throw refuse(
			'this version of n8n cannot create links to files',
			`Update n8n to 1.100 or later, or ${INSTEAD}`,
		);
	}
	if (binary?.id === undefined) {
		throw refuse(
			'n8n keeps binary data in memory',
			`Set N8N_DEFAULT_BINARY_DATA_MODE to filesystem, database or s3, or ${INSTEAD}`,
		);
	}
	const seconds = Math.max(SHORTEST_LINK_SECONDS, timeout + (ttl ?? LONGEST_QUEUE_SECONDS));
	const link = helpers.createBinarySignedUrl(binary, `${seconds}s`);
	const problem = await unreachableByRunpod(item, link);
	if (problem === undefined) return link;
	throw refuse(
		`the link points to ${problem}, which Runpod cannot reach`,
		`Set WEBHOOK_URL to the public URL of this n8n instance, or ${INSTEAD}`,
	);
}
