import type {
	IDataObject,
	INodeExecutionData,
	IWebhookFunctions,
	IWebhookResponseData,
} from 'n8n-workflow';
import { toNodeError } from '../../run/errors';
import { jsonWithoutKey, withoutKey } from '../../run/redaction';
import { awaitJob } from '../../runpod/awaitJob';
import { connect, type Connection } from '../../runpod/connection';
import { Failure } from '../../runpod/failure';
import { isFinal, readJob, type FinalJob } from '../../runpod/job';
import { startDeadline } from '../../runpod/timing';
import { stateOf, videoItem } from '../video/output';
import { readSettings, type CallbackSettings } from './fields';
import { isFirstCall } from './startedJobs';

/** How long Runpod may take to tell about the job, in seconds: its call waits for the answer meanwhile. */
const VERIFY_SECONDS = 8;
const VERIFY_INTERVAL_MS = 1_000;
/** For the download, which comes after the answer, in ms. */
const DOWNLOAD_MS = 10 * 60 * 1000;

/** HTTP statuses of Runpod's that the user has to do something about: the key, the credit, the address. */
const USERS_TASK = [401, 402, 403];

/**
 * Takes a call of Runpod's for a job that has ended, answers it, and starts the workflow where it should.
 *
 * Answers: 200 to a good call, whether or not it starts the workflow; 400 to what is no finished job of this endpoint;
 * 503 where Runpod cannot be asked now, so that it calls again.
 *
 * @throws NodeApiError or NodeOperationError where only the user can help (n8n answers 500, keeps a failed execution that
 *   says why, and Runpod calls again)
 */
export async function receiveCallback(context: IWebhookFunctions): Promise<IWebhookResponseData> {
	let connection: Connection | undefined;
	try {
		const settings = readSettings(context);
		const called = readJob(context.getBodyData());
		if (called === undefined || !isFinal(called)) {
			return answer(context, 400, 'This is no job of Runpod that has ended');
		}
		let job = called;
		if (settings.verifies) {
			connection = await connect(context);
			const verified = await verify(connection, called, settings.endpointId);
			if (verified instanceof Failure) return refuse(context, verified, connection.apiKey);
			job = verified;
		}
		if (!settings.ends.includes(job.status)) {
			return answer(context, 200, `Nothing to do for ${job.status}`);
		}
		const isTest = context.getMode() === 'manual';
		if (settings.skipsDuplicates && !isTest && !isFirstCall(context, job)) {
			return answer(context, 200, 'This call came before');
		}
		answer(context, 200, 'Received');
		const item = await outputItem(context, job, settings);
		const json = jsonWithoutKey(item.json, connection?.apiKey);
		return { noWebhookResponse: true, workflowData: [[{ ...item, json }]] };
	} catch (error) {
		throw toNodeError(error, { node: context.getNode(), apiKey: connection?.apiKey });
	}
}

/** What Runpod itself says of the job; a call can come a moment before Runpod's own books are written. */
async function verify(
	connection: Connection,
	{ id }: FinalJob,
	endpointId: string,
): Promise<FinalJob | Failure> {
	return await awaitJob(
		{ connection, endpointId },
		{ id, status: 'UNKNOWN' },
		{
			deadline: startDeadline(VERIFY_SECONDS * 1000),
			seconds: VERIFY_SECONDS,
			pollIntervalMs: VERIFY_INTERVAL_MS,
		},
	).catch(failureOnly);
}

/** Gives what is about Runpod as a result; anything else is nobody's to handle here. */
function failureOnly(error: unknown): Failure {
	if (error instanceof Failure) return error;
	throw error;
}

function refuse(
	context: IWebhookFunctions,
	failure: Failure,
	apiKey: string,
): IWebhookResponseData {
	const { httpCode = 0 } = failure.details;
	if (USERS_TASK.includes(httpCode)) throw failure;
	if (httpCode === 404) return answer(context, 400, 'Runpod does not know this job');
	const reason = withoutKey(failure.message, apiKey);
	context.logger.warn(`Pruna Video Trigger: a call could not be verified: ${reason}`);
	return answer(context, 503, 'Runpod cannot be asked about this job now; call again');
}

async function outputItem(
	context: IWebhookFunctions,
	job: FinalJob,
	{ output, fileName }: CallbackSettings,
): Promise<INodeExecutionData> {
	if (job.status !== 'COMPLETED') return { json: stateOf(job, output.simplify) };
	const video = { job, finishedAt: Date.now(), fileName, remainingMs: DOWNLOAD_MS };
	const item = await videoItem({ context }, video, output, 0).catch(failureOnly);
	if (!(item instanceof Failure)) {
		return { json: item.json, ...(item.binary && { binary: item.binary }) };
	}
	// The call is answered and will not come again: what is known of the video goes on.
	return { json: { ...stateOf(job, output.simplify), ...known(item) } };
}

function known({ message, details: { videoUrl, cost } }: Failure): IDataObject {
	return {
		...(videoUrl !== undefined && { video_url: videoUrl }),
		...(cost !== undefined && { cost }),
		error: message,
	};
}

/** Answers the call now; n8n need not any more. */
function answer(context: IWebhookFunctions, status: number, message: string): IWebhookResponseData {
	context.getResponseObject().status(status).json({ message });
	return { noWebhookResponse: true };
}
