import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { safeFileName, stateOf, videoItem, type FinishedVideo } from '../actions/video/output';
import { toNodeError } from '../execution/errors';
import { readVideoResult } from '../pvideo/result';
import { Failure } from '../runpod/failure';
import { isFinal, readJob, type FinalJob } from '../runpod/job';
import { startDeadline } from '../runpod/time';
import { readSettings, type TriggerSettings } from './fields';

const DOWNLOAD_MS = 10 * 60 * 1000;
/** Outcomes of jobs that n8n's database records for each trigger. */
const MOST_RECORDED = 1_000;

/**
 * Runs the trigger in the workflow's execution: recognizes a repeated call, downloads the file and outputs the event.
 * @throws NodeOperationError
 */
export async function startWorkflow(context: IExecuteFunctions): Promise<INodeExecutionData[][]> {
	try {
		const settings = readSettings((name, fallback) => context.getNodeParameter(name, 0, fallback));
		const job = readJob(context.getInputData()[0]?.json);
		if (job === undefined || !isFinal(job)) return [[]];
		// Manual retries and test calls are meant to run again.
		const skips = settings.skipsDuplicates && context.getMode() === 'webhook';
		if (skips && (await isRepeated(context, job))) return [[]];
		return [[await outputItem(context, job, settings)]];
	} catch (error) {
		throw toNodeError(error, { node: context.getNode() });
	}
}

async function outputItem(
	context: IExecuteFunctions,
	job: FinalJob,
	{ options, downloads, verifies }: TriggerSettings,
): Promise<INodeExecutionData> {
	const json = stateOf(job, options.simplify);
	if (job.status !== 'COMPLETED') return { json };
	const video: FinishedVideo = {
		job,
		result: readVideoResult(job.raw.output),
		finishedAt: Date.now(),
		isNew: true,
		downloads,
		fileName: safeFileName(options.fileName),
		options,
		deadline: startDeadline(DOWNLOAD_MS),
		isUntrusted: !verifies,
	};
	const stop = context.getExecutionCancelSignal();
	return await videoItem(context, video, 0, stop).catch((error: unknown) => {
		if (!(error instanceof Failure)) throw error;
		// A failed download must not lose the event: output what is known of the video.
		const { videoUrl, cost } = error.job;
		const known = { ...(videoUrl && { video_url: videoUrl }), ...(cost !== undefined && { cost }) };
		return { json: { ...json, ...known, error: error.message } };
	});
}

/** n8n reads a record, changes it and writes it: two of them at a time would lose each other's entry. */
let lastRecording: Promise<unknown> = Promise.resolve();

/**
 * Whether an earlier execution of this trigger had this outcome of the job; also records it for later ones. The
 * record is in n8n's database: it survives a restart, holds for all of n8n's processes, and lasts as long as the
 * workflow.
 */
async function isRepeated(context: IExecuteFunctions, job: FinalJob): Promise<boolean> {
	try {
		const options = { mode: 'entries', maxEntries: MOST_RECORDED } as const;
		const recording = lastRecording.then(
			async () => await context.helpers.checkProcessedAndRecord([outcomeOf(job)], 'node', options),
		);
		lastRecording = recording.catch(() => undefined);
		return (await recording).processed.length > 0;
	} catch (error) {
		// Of two processes that record at the same time, one may fail. Starting twice is better than losing the event.
		context.logger.debug(
			`Pruna Video Trigger: job ${job.id} could not be recorded: ${String(error)}`,
		);
		return false;
	}
}

/** Includes the job's times, because a retried job ends again under the same ID, with different times. */
function outcomeOf({ id, status, raw: { delayTime, executionTime } }: FinalJob): string {
	const times = [delayTime, executionTime].map((time) => (typeof time === 'number' ? time : 0));
	return [id, status, ...times].join(' ');
}
