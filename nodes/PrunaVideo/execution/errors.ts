import {
	ExpressionError,
	NodeApiError,
	NodeOperationError,
	type IDataObject,
	type INode,
	type INodeExecutionData,
	type JsonObject as ErrorResponse,
} from 'n8n-workflow';
import { InvalidParameter } from '../invalidParameter';
import { Failure, type KnownJob } from '../runpod/failure';
import { withoutKey } from './redaction';

/** An error as n8n shows it. */
export type NodeError = NodeApiError | NodeOperationError;

export interface ErrorPlace {
	node: INode;
	itemIndex?: number;
	/** Removed from every text, in case a server sends it back. */
	apiKey?: string;
	/** What is known of the item's job, in case the error does not know it. */
	job?: KnownJob;
	/** Called with unexpected errors. */
	log?: (level: 'error', line: string) => void;
}

/** Makes every error that this node shows, so that they sound alike and none holds the API key. */
export function toNodeError(error: unknown, place: ErrorPlace): NodeError {
	const { node, itemIndex, apiKey } = place;
	const clean = (text: string) => withoutKey(text, apiKey);
	const message = clean(error instanceof Error ? error.message : String(error));
	const job = { ...place.job, ...(error instanceof Failure ? error.job : {}) };
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
	shown.description = describe(clean(adviceOf(error)), message, job.id && clean(job.id));
	Object.assign(shown.context, jsonOf(job, clean));
	if (isUnforeseen(error)) keepCause(shown, error, clean, place);
	return shown;
}

/** Adds the job's ID to the description, because n8n does not show the context of an error that is thrown. */
function describe(advice: string, message: string, jobId: string | undefined): string {
	const isNamed = !jobId || `${message} ${advice}`.includes(jobId);
	return isNamed ? advice : `${advice} Job: ${jobId}.`.trim();
}

/** A job in an error's context and in an error item, named as Runpod names things. */
function jsonOf(
	{ id, status, videoUrl, cost }: KnownJob,
	clean: (text: string) => string,
): IDataObject {
	return {
		...(id && { id: clean(id) }),
		...(status !== undefined && { status: clean(status) }),
		...(videoUrl !== undefined && { video_url: clean(videoUrl) }),
		...(cost !== undefined && { cost }),
	};
}

/** What to do about an error: a field's, Runpod's, n8n's own, or an unexpected one. */
function adviceOf(error: unknown): string {
	if (error instanceof InvalidParameter || error instanceof Failure) return error.description;
	if (error instanceof NodeApiError || error instanceof NodeOperationError) {
		return error.description ?? '';
	}
	if (error instanceof ExpressionError) {
		return error.description || "Check the expressions in this node's fields for this item.";
	}
	return 'This is a bug. Please report it with the steps to reproduce.';
}

function isUnforeseen(error: unknown): boolean {
	return ![InvalidParameter, Failure, NodeApiError, NodeOperationError, ExpressionError].some(
		(known) => error instanceof known,
	);
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
	log?.(
		'error',
		`unexpected error${itemIndex === undefined ? '' : ` (item ${itemIndex})`}: ${stack}`,
	);
}

/** The job that an error knows of, for the summary of a batch. */
export function jobOfError({ context }: NodeError): KnownJob {
	const { id, status, video_url: videoUrl, cost } = context;
	return {
		...(typeof id === 'string' && { id }),
		...(typeof status === 'string' && { status }),
		...(typeof videoUrl === 'string' && { videoUrl }),
		...(typeof cost === 'number' && { cost }),
	};
}

/**
 * The item that stands for a failed one with Continue On Fail.
 *
 * n8n 2.41 moves an item to the error output when it has an `error`, and afterwards replaces the json of every item
 * that still has one by `{ error }`, which would lose the job's ID and video. A property that is not enumerable is
 * seen by the first step and not copied to the second; n8n 1.100 sets it to undefined, so it has to be writable.
 * Without an error output no `error` is needed on the item.
 */
export function errorItem(error: NodeError, itemIndex: number, node: INode): INodeExecutionData {
	const { id, status, video_url, cost } = error.context;
	const httpCode =
		error instanceof NodeApiError && error.httpCode ? Number(error.httpCode) : undefined;
	const item: INodeExecutionData = {
		json: {
			error: error.message,
			...(error.description && { hint: error.description }),
			...(id !== undefined && { id }),
			...(status !== undefined && { status }),
			...(video_url !== undefined && { video_url }),
			...(cost !== undefined && { cost }),
			...(httpCode !== undefined && { httpCode }),
		},
		pairedItem: { item: itemIndex },
	};
	if (node.onError === 'continueErrorOutput') {
		Object.defineProperty(item, 'error', { value: error, enumerable: false, writable: true });
	}
	return item;
}
