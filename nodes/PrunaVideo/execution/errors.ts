import {
	ExpressionError,
	NodeApiError,
	NodeOperationError,
	type IDataObject,
	type INode,
	type INodeExecutionData,
	type JsonObject as ErrorResponse,
} from 'n8n-workflow';
import { InvalidParameter } from '../fields/field';
import { Failure, type KnownJob } from '../runpod/failure';
import { withoutKey } from '../runpod/connection';

export type NodeError = NodeApiError | NodeOperationError;

export interface ErrorPlace {
	node: INode;
	itemIndex?: number;
	/** Removed from every text, in case a field holds it. */
	apiKey?: string;
	/** What is known of the item's job, in case the error does not know it. */
	job?: KnownJob;
	/** Ends the message, which may be all that an agent's model reads. */
	forModel?: string;
	log?: (level: 'error', line: string) => void;
}

/** Makes every error that this node shows, so that they sound alike and none holds the API key. */
export function toNodeError(error: unknown, place: ErrorPlace): NodeError {
	const { node, itemIndex, apiKey, forModel = '' } = place;
	const clean = (text: string) => withoutKey(text, apiKey);
	const message = clean((error instanceof Error ? error.message : String(error)) + forModel);
	const known = { ...place.job, ...defined(error instanceof Failure ? error.job : {}) };
	const id = known.id && clean(known.id);
	const job = { ...known, ...defined({ id }) };
	const { httpCode } = job;
	const shown =
		error instanceof Failure
			? new NodeApiError(node, { message } satisfies ErrorResponse, {
					...(httpCode !== undefined && { httpCode: String(httpCode) }),
					itemIndex,
				})
			: new NodeOperationError(node, message, { itemIndex });
	// n8n's constructors replace messages that contain words such as ECONNRESET; this keeps ours.
	shown.message = message;
	const told = adviceOf(error);
	const advice = clean(told ?? 'This is a bug. Please report it with the steps to reproduce.');
	// n8n does not show the context of an error that is thrown.
	const isNamed = !id || `${message} ${advice}`.includes(id);
	shown.description = isNamed ? advice : `${advice} Job: ${id}.`.trim();
	Object.assign(shown.context, jsonOf(job));
	if (told === undefined) keepCause(shown, error, clean, place);
	return shown;
}

function defined<T extends object>(value: T): T {
	const entries = Object.entries(value).filter(([, part]) => part !== undefined);
	// Members that are undefined may be missing as well.
	return Object.fromEntries(entries) as T;
}

/** A job in an error's context and in an error item, named as Runpod names things. */
function jsonOf({ id, status, videoUrl, cost }: KnownJob): IDataObject {
	return defined({ id: id || undefined, status, video_url: videoUrl, cost });
}

/** What to do about an error: a field's, Runpod's, n8n's own; undefined for an unexpected one. */
function adviceOf(error: unknown): string | undefined {
	if (error instanceof InvalidParameter || error instanceof Failure) return error.description;
	if (error instanceof NodeApiError || error instanceof NodeOperationError) {
		return error.description ?? '';
	}
	if (!(error instanceof ExpressionError)) return undefined;
	return error.description || "Check the expressions in this node's fields for this item.";
}

/** Keeps the stack, in the error and in the log, for whoever gets the report. */
function keepCause(
	shown: NodeError,
	error: unknown,
	clean: (text: string) => string,
	{ itemIndex, log }: ErrorPlace,
): void {
	const stack = clean(error instanceof Error ? (error.stack ?? error.message) : String(error));
	const cause = new Error(shown.message);
	cause.stack = stack;
	shown.cause = cause;
	const where = itemIndex === undefined ? '' : ` (item ${itemIndex})`;
	log?.('error', `unexpected error${where}: ${stack}`);
}

export function jobOfError({ context }: NodeError): KnownJob {
	const { id, video_url: videoUrl } = context;
	return {
		...(typeof id === 'string' && { id }),
		...(typeof videoUrl === 'string' && { videoUrl }),
	};
}

/**
 * The item that stands for a failed one with Continue On Fail. n8n 2.41 moves an item to the error output when it has
 * an `error`, and afterwards replaces the json of every item that still has one by `{ error }`, which would lose the
 * job's ID and video. A property that is not enumerable is seen by the first step and not copied to the second; n8n
 * 1.100 sets it to undefined, so it has to be writable. Without an error output no `error` is needed on the item.
 */
export function errorItem(
	error: NodeError,
	itemIndex: number,
	node: INode,
	prompt: string | undefined,
): INodeExecutionData {
	const { id, status, video_url, cost } = error.context;
	const httpCode =
		error instanceof NodeApiError && error.httpCode ? Number(error.httpCode) : undefined;
	const hint = error.description || undefined;
	const item: INodeExecutionData = {
		json: defined({ error: error.message, hint, prompt, id, status, video_url, cost, httpCode }),
		pairedItem: { item: itemIndex },
	};
	if (node.onError === 'continueErrorOutput') {
		Object.defineProperty(item, 'error', { value: error, enumerable: false, writable: true });
	}
	return item;
}
