import type { IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';
import { readVideoResult } from '../pvideo/result';
import { readBody } from '../runpod/answer';
import { connect, withoutKey } from '../runpod/connection';
import { Endpoint } from '../runpod/endpoint';
import { isFinal, isJobId, jobIn, readJob, type FinalJob } from '../runpod/job';
import { explain } from '../runpod/messages';
import { pause, startDeadline } from '../runpod/time';
import { isNotFound, mayRepeat } from '../runpod/verdicts';
import { readSettings } from './fields';

/**
 * Pauses before each look at the called job, in ms: Runpod's books may lag behind its call. Anything slower is left
 * to its next call, 5 and then 10 s later. Anyone who knows the trigger's URL can cause these looks, with the user's
 * key.
 */
const PAUSES_MS = [0, 2_500, 4_000];
/** For all looks of one call together, in ms: webhook callers commonly wait for 10 s. */
const VERIFY_MS = 9_000;

/**
 * Handles a call from Runpod about a finished job: passes the verified job to n8n, which answers 200 and starts the
 * workflow (`start.ts`). Answers the call itself where nothing starts: 200 to a job that is not asked for, 400 to
 * anything but a finished job, 503 where it could not be verified yet, so that Runpod calls again. A stranger can
 * call, so nothing is thrown and nothing is stored.
 */
export async function receiveCall(context: IWebhookFunctions): Promise<IWebhookResponseData> {
	const called = readJob(await calledBody(context));
	if (called === undefined || !isFinal(called) || !isJobId(called.id)) {
		return answer(context, 400, 'Not a finished Runpod job');
	}
	try {
		const settings = readSettings((name, fallback) => context.getNodeParameter(name, fallback));
		const job = settings.verifies
			? await verified(context, called.id, settings.options.endpointId)
			: called;
		if (!settings.outcomes.includes(job.status)) {
			return answer(context, 200, `Nothing to do for ${job.status}`);
		}
		return { workflowData: [[{ json: job.raw }]] };
	} catch (error) {
		const why = error instanceof Error ? error.message : String(error);
		context.logger.warn(`Pruna Video Trigger: job ${called.id} could not be verified: ${why}`);
		return answer(context, 503, 'This job cannot be verified now; call again');
	}
}

/** A request in n8n, which reads a body by itself only where it knows its Content-Type. */
interface ReadableRequest {
	rawBody?: unknown;
	readRawBody?: () => Promise<void>;
}

async function calledBody(context: IWebhookFunctions): Promise<unknown> {
	const request: ReadableRequest = context.getRequestObject();
	// What is too large or broken off is no job.
	await request.readRawBody?.().catch(() => undefined);
	return Buffer.isBuffer(request.rawBody) ? readBody(request.rawBody.toString())?.body : undefined;
}

/**
 * The job as Runpod knows it; only that answer is believed.
 * @throws Error where Runpod does not know it as finished (yet), or cannot be asked
 */
async function verified(
	context: IWebhookFunctions,
	jobId: string,
	endpointId: string,
): Promise<FinalJob> {
	const connection = await connect(context);
	const endpoint = new Endpoint(connection, endpointId, undefined);
	const deadline = startDeadline(VERIFY_MS);
	let problem = '';
	let final: FinalJob | undefined;
	for (const ms of PAUSES_MS) {
		if (ms > 0) await pause(Math.min(ms, deadline.remaining()));
		if (deadline.remaining() === 0) break;
		const looked = await endpoint.look(jobId, deadline.remaining());
		const job = jobIn(looked, jobId);
		if (job !== undefined && isFinal(job)) {
			if (job.status !== 'COMPLETED' || readVideoResult(job.raw.output).videoUrl) return job;
			final = job;
		}
		problem = job === undefined ? explain(looked, endpointId).what : `its status is ${job.status}`;
		if (job === undefined && !isNotFound(looked) && !mayRepeat(looked, false)) break;
	}
	// One without a video is an event as well.
	if (final !== undefined) return final;
	// A field may hold the key by mistake, and this goes to n8n's log.
	throw new Error(withoutKey(problem, connection.apiKey));
}

function answer(context: IWebhookFunctions, status: number, message: string): IWebhookResponseData {
	context.getResponseObject().status(status).json({ message });
	return { noWebhookResponse: true };
}
