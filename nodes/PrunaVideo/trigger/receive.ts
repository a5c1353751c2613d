import type { IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';
import { toNodeError } from '../execution/errors';
import { jsonWithoutKey, withoutKey } from '../execution/redaction';
import { connect } from '../runpod/connection';
import { Endpoint } from '../runpod/endpoint';
import { Failure } from '../runpod/failure';
import { isFinal, isJobId, readJob, type FinalJob, type Job } from '../runpod/job';
import { startDeadline, type Deadline } from '../runpod/time';
import { boundedAnswer } from './bounded';
import { readSettings, type TriggerSettings } from './fields';
import { beginStart, POSTPONED, Start, startOf } from './starts';
import { StatusChecks, verify } from './verify';

/**
 * The longest time until the caller gets an answer, in ms. Runpod does not document how long it waits. With less than
 * the 10 s that webhook callers commonly wait, it gets the answer and calls again 5 s and then 10 s later.
 */
export const ANSWER_WITHIN_MS = 9_000;

/** HTTP statuses of Runpod that only the user can fix: the key, the credit, the key's permissions. */
const USERS_TASK = [401, 402, 403];

type Answered = IWebhookResponseData;

/**
 * Handles a call from Runpod about a finished job. Passes the verified job to n8n, which starts the workflow
 * (`startWorkflow`); the execution then answers the call with 200, once n8n has the event and its file.
 *
 * Answers the call itself if nothing starts: 200 to a valid call that needs no start, 400 to anything but a finished
 * job, 503 where the job cannot be verified or its start is still running, so that Runpod calls again.
 *
 * @throws NodeApiError or NodeOperationError where only the user can help (n8n answers 500, keeps a failed execution
 *   that says why, and Runpod calls again)
 */
export async function receiveCall(context: IWebhookFunctions): Promise<Answered> {
	const answerBy = startDeadline(ANSWER_WITHIN_MS);
	let apiKey: string | undefined;
	try {
		const settings = readSettings((name, fallback) => context.getNodeParameter(name, fallback));
		const called = readJob(context.getBodyData());
		if (called === undefined || !isFinal(called) || !isJobId(called.id)) {
			return answer(context, 400, 'Not a finished Runpod job');
		}
		const skips = settings.skipsDuplicates && context.getMode() !== 'manual';
		const known = skips ? await joinStart(context, called, answerBy) : undefined;
		if (known !== undefined) return known;

		const checks = new StatusChecks(`${context.getWorkflow().id}/${context.getNode().id}`);
		let job: Job = called;
		if (settings.verifies) {
			const connection = await connect(context);
			({ apiKey } = connection);
			const endpoint = new Endpoint(connection, settings.endpointId, undefined);
			const verified = await verify(endpoint, called.id, checks).catch(failureOnly);
			if (verified instanceof Failure)
				return refuse(context, verified, { settings, called, apiKey });
			job = verified;
		}
		if (!isFinal(job)) return answer(context, POSTPONED, 'This job is still running; call again');
		checks.wereOfUse();
		if (!settings.outcomes.includes(job.status)) {
			return answer(context, 200, `Nothing to do for ${job.status}`);
		}
		if (skips) {
			// There must be no `await` between the last check and `beginStart`: of several calls that waited, only
			// one may begin the next start.
			while (startOf(context, job) !== undefined) {
				const other = await joinStart(context, job, answerBy);
				if (other !== undefined) return other;
			}
			beginStart(context, job, new Start(answerBy, context.getResponseObject()));
		}
		return { workflowData: [[{ json: jsonWithoutKey(boundedAnswer(job.raw), apiKey) }]] };
	} catch (error) {
		throw toNodeError(error, { node: context.getNode(), apiKey });
	}
}

/** The answer to a call for an outcome that has started the workflow or is starting it; undefined where none has. */
async function joinStart(
	context: IWebhookFunctions,
	job: FinalJob,
	answerBy: Deadline,
): Promise<Answered | undefined> {
	const state = await startOf(context, job)?.wait(answerBy);
	if (state === 'running') {
		return answer(context, POSTPONED, 'The workflow is being started; call again');
	}
	return state === 'started' ? answer(context, 200, 'Duplicate call') : undefined;
}

/** Returns a failure of Runpod as a value; throws any other error again. */
export function failureOnly(error: unknown): Failure {
	if (error instanceof Failure) return error;
	throw error;
}

function refuse(
	context: IWebhookFunctions,
	failure: Failure,
	call: { settings: TriggerSettings; called: FinalJob; apiKey: string },
): Answered {
	if (USERS_TASK.includes(failure.job.httpCode ?? 0)) throw failure;
	const { settings, called, apiKey } = call;
	const reason = `${failure.message}. ${failure.description}`;
	context.logger.warn(
		withoutKey(
			`Pruna Video Trigger: job ${called.id} of endpoint ${settings.endpointId} could not be verified: ${reason}`,
			apiKey,
		),
	);
	return answer(context, POSTPONED, 'This job cannot be verified now; call again');
}

/** Answers the call directly, so that n8n does not answer it. */
function answer(context: IWebhookFunctions, status: number, message: string): Answered {
	context.getResponseObject().status(status).json({ message });
	return { noWebhookResponse: true };
}
