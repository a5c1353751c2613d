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
import { Failure, type FailureDetails } from '../runpod/failure';
import { withoutKey } from './redaction';

/** An error as n8n shows it. */
export type NodeError = NodeApiError | NodeOperationError;

export interface ErrorPlace {
	node: INode;
	itemIndex?: number;
	/** Taken out of every text, should a server send it back. */
	apiKey?: string;
}

/** Makes every error that this node shows, so that they sound alike and none holds the API key. */
export function toNodeError(error: unknown, { node, itemIndex, apiKey }: ErrorPlace): NodeError {
	const message = withoutKey(error instanceof Error ? error.message : String(error), apiKey);
	if (error instanceof Failure) {
		const { description, httpCode, ...known } = error.details;
		return complete(
			new NodeApiError(node, { message } satisfies ErrorResponse, {
				...(httpCode !== undefined && { httpCode: String(httpCode) }),
				itemIndex,
			}),
			message,
			withoutKey(description, apiKey),
			knownJob(known, apiKey),
		);
	}
	return complete(
		new NodeOperationError(node, message, { itemIndex }),
		message,
		withoutKey(adviceOf(error), apiKey),
		{},
	);
}

/** What to do about an error that is not Runpod's: a field's, n8n's own, or one that nobody foresaw. */
function adviceOf(error: unknown): string {
	if (error instanceof InvalidParameter) return error.description;
	if (error instanceof NodeApiError || error instanceof NodeOperationError) {
		return error.description ?? '';
	}
	if (error instanceof ExpressionError) {
		return error.description || "Look at the expressions in this node's fields for this item.";
	}
	return 'This is not expected. Please report it with the steps that lead to it.';
}

/** n8n's constructors replace messages that contain words such as ECONNRESET by texts of their own; ours stay. */
function complete<E extends NodeError>(
	error: E,
	message: string,
	description: string,
	known: IDataObject,
): E {
	const { id } = known;
	// What is only in the context is not shown where the error is thrown.
	const isNamed = typeof id !== 'string' || `${message} ${description}`.includes(id);
	error.message = message;
	error.description = isNamed ? description : `${description} Job: ${id}.`.trim();
	Object.assign(error.context, known);
	return error;
}

function knownJob(details: Partial<FailureDetails>, apiKey?: string): IDataObject {
	const { jobId, status, videoUrl, cost } = details;
	return {
		...(jobId !== undefined && { id: withoutKey(jobId, apiKey) }),
		...(status !== undefined && { status: withoutKey(status, apiKey) }),
		...(videoUrl !== undefined && { video_url: withoutKey(videoUrl, apiKey) }),
		...(cost !== undefined && { cost }),
	};
}

/** Adds an item's job to an error that does not know of it. */
export function nameJob(error: NodeError, jobId: string): NodeError {
	if (error.context.id !== undefined) return error;
	error.context.id = jobId;
	error.description =
		`${error.description ?? ''} The job ${jobId} was submitted for this item.`.trim();
	return error;
}

/**
 * The item that stands for a failed one with Continue On Fail.
 *
 * n8n 2.41 moves an item to the error output when it has an `error`, and afterwards replaces the json of every item
 * that still has one by `{ error }`, which would lose the job's id and video. A property that is not enumerable is
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
