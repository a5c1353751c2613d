import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { videoFileName } from '../actions/video/fileName';
import { stateOf, videoResult } from '../actions/video/output';
import { toNodeError } from '../execution/errors';
import { Failure } from '../runpod/failure';
import { isFinal, readJob, type FinalJob } from '../runpod/job';
import { pause, startDeadline } from '../runpod/time';
import { readSettings, type TriggerSettings } from './fields';
import { ANSWER_WITHIN_MS, failureOnly } from './receive';
import { isRepeated, POSTPONED, startOf } from './starts';

/** For the download, in ms. */
const DOWNLOAD_MS = 10 * 60 * 1000;

/**
 * Runs the trigger in the workflow's execution: outputs the event, with the file if requested, and only then answers
 * the call with 200.
 *
 * This happens here and not in `receiveCall`, because by now n8n has the event in its database (and its queue) and
 * stores files with the execution they belong to. Until 2.0, a file that was stored while a call was received was
 * deleted when the execution of another call ended.
 *
 * If a download takes longer than the caller waits, the call is answered with 503 and the download continues. The
 * next call waits for it; if n8n was stopped in between, that call starts the workflow again.
 *
 * @throws NodeOperationError
 */
export async function startWorkflow(context: IExecuteFunctions): Promise<INodeExecutionData[][]> {
	try {
		const settings = readSettings((name, fallback) => context.getNodeParameter(name, 0, fallback));
		const job = readJob(context.getInputData()[0]?.json);
		if (job === undefined || !isFinal(job)) return [[]];
		const start = startOf(context, job);
		const answerBy = start?.answerBy ?? startDeadline(ANSWER_WITHIN_MS);

		const making = outputItem(context, job, settings);
		const isSlow = await Promise.race([making.then(() => false), isOver(answerBy.remaining())]);
		if (isSlow) {
			await respond(context, POSTPONED, 'The workflow is being started; call again');
		}
		const item = await making;
		start?.confirm();
		if (!isSlow) await respond(context, 200, 'Received');
		// Manual retries and test calls are meant to run again.
		const skips = settings.skipsDuplicates && context.getMode() === 'webhook';
		return skips && (await isRepeated(context, job)) ? [[]] : [[item]];
	} catch (error) {
		throw toNodeError(error, { node: context.getNode() });
	}
}

async function isOver(ms: number): Promise<true> {
	await pause(ms);
	return true;
}

/**
 * Answers the call that started this execution, whichever n8n process holds it; in a retry there is no call to
 * answer.
 */
async function respond(context: IExecuteFunctions, status: number, message: string): Promise<void> {
	await context.sendResponse({ statusCode: status, body: { message }, headers: {} });
}

async function outputItem(
	context: IExecuteFunctions,
	job: FinalJob,
	{ output, fileName, verifies }: TriggerSettings,
): Promise<INodeExecutionData> {
	if (job.status !== 'COMPLETED') return { json: stateOf(job, output.simplify) };
	const video = {
		job,
		finishedAt: Date.now(),
		fileName: videoFileName(fileName),
		remainingMs: DOWNLOAD_MS,
		isUntrusted: !verifies,
	};
	const surroundings = { context, stop: context.getExecutionCancelSignal() };
	const result = await videoResult(surroundings, video, output, 0).catch(failureOnly);
	if (!(result instanceof Failure)) return result.items[0] ?? { json: {} };
	// A failed download must not lose the event: output what is known of the video.
	return { json: { ...stateOf(job, output.simplify), ...known(result) } };
}

function known({ message, job: { videoUrl, cost } }: Failure): IDataObject {
	return {
		...(videoUrl !== undefined && { video_url: videoUrl }),
		...(cost !== undefined && { cost }),
		error: message,
	};
}
