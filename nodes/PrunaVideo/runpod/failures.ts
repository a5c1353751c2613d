import { Failure } from './failure';
import type { FinalJob, Job } from './job';
import { describeBody, readReason } from './reason';
import type { SettledAnswer } from './request';

const LOOK_IT_UP =
	"Look in Runpod's console whether the job ran before you run this item again: a second job is paid again.";

/** Runpod's own explanation, as the tail of a sentence. */
function because(reason: string): string {
	return reason === '' ? '' : `: ${reason}`;
}

/**
 * What an answer that is not a job means for any request.
 *
 * @param mayHaveStarted whether the request makes a job that may be running without a known id
 */
export function failedRequest(
	answer: SettledAnswer,
	{ endpointId, mayHaveStarted }: { endpointId: string; mayHaveStarted: boolean },
): Failure {
	if (answer.kind === 'unreached') {
		return new Failure(`Runpod could not be reached (${answer.reason})`, {
			description:
				"Nothing was sent. Check the network and the credential's 'Base URL', then run again.",
		});
	}
	if (answer.kind !== 'answered') {
		const what =
			answer.kind === 'timedOut'
				? `Runpod did not answer (${answer.reason})`
				: `The connection to Runpod broke (${answer.reason})`;
		return mayHaveStarted
			? new Failure(`${what}; the job may be running`, {
					description: LOOK_IT_UP,
					isUncertain: true,
				})
			: new Failure(what, { description: 'Run again: nothing was lost by this.' });
	}

	const { status: httpCode, body } = answer;
	const reason = readReason(body);
	const refused = (message: string, description: string) =>
		new Failure(message, { description, httpCode });
	switch (httpCode) {
		case 401:
			return refused(
				'Runpod did not accept this API key',
				"Open the credential and paste the key again, or make a new one in Runpod's console under Settings > API Keys.",
			);
		case 402:
			return refused(
				'There is no credit left on this Runpod account',
				"Add credit in Runpod's console under Billing, then run again.",
			);
		case 403:
			return refused(
				`This API key may not use the endpoint '${endpointId}'`,
				"Give the key access to it in Runpod's console under Settings > API Keys, or use another key.",
			);
		case 404:
			return refused(
				`The endpoint '${endpointId}' was not found`,
				"Check the option 'Endpoint ID' and the credential's 'Base URL'.",
			);
		case 413:
			return refused(
				'The request is too large for Runpod',
				'Give the image or audio as a URL instead of a file, or make it smaller.',
			);
		case 429:
			return refused(
				'Runpod is limiting requests',
				"Lower 'Items in Parallel' in the options, or run again later.",
			);
	}
	if (httpCode >= 300 && httpCode < 400) {
		return refused(
			`Runpod's address redirects elsewhere (HTTP ${httpCode})`,
			"The API key is not sent to another address. Correct the credential's 'Base URL'.",
		);
	}
	if (httpCode >= 400 && httpCode < 500 && httpCode !== 408) {
		return refused(
			`Runpod refused the request (HTTP ${httpCode})${because(reason)}`,
			'Correct what the message names, then run again.',
		);
	}
	if (httpCode < 400) {
		return new Failure(
			`Runpod answered with ${describeBody(body)} instead of a job${mayHaveStarted ? '; the job may be running' : ''}`,
			{
				description: mayHaveStarted
					? LOOK_IT_UP
					: "Check the credential's 'Base URL': something else seems to answer there.",
				isUncertain: mayHaveStarted,
				httpCode,
			},
		);
	}
	if (httpCode === 503) {
		return refused(
			'Runpod is not available (HTTP 503)',
			'The request was not taken. Run again later.',
		);
	}
	return new Failure(
		`Runpod failed (HTTP ${httpCode})${because(reason)}${mayHaveStarted ? '; the job may be running' : ''}`,
		{
			description: mayHaveStarted ? LOOK_IT_UP : 'Run again later.',
			isUncertain: mayHaveStarted,
			httpCode,
		},
	);
}

/** What is wrong with asking for a job that Runpod does not know. */
export function unknownJob(jobId: string): Failure {
	return new Failure(`Runpod does not know the job ${jobId} (any more)`, {
		description:
			'Results are kept for 1 minute after a synchronous job and for 30 minutes after an asynchronous one. If the id is right, the job has expired; whether it was paid for shows in Runpod’s console.',
		jobId,
		httpCode: 404,
	});
}

/** A job that ended without a result. */
export function failedJob(job: FinalJob, httpCode?: number): Failure {
	const about = { jobId: job.id, status: job.status, ...(httpCode !== undefined && { httpCode }) };
	const reason = readReason(job.raw.error) || readReason(job.raw.output);
	switch (job.status) {
		case 'CANCELLED':
			return new Failure(`The job ${job.id} was cancelled`, {
				...about,
				description: "Someone cancelled it: this node's Job > Cancel, Runpod's console or the API.",
			});
		case 'TIMED_OUT':
			return new Failure(`The job ${job.id} ran out of time at Runpod${because(reason)}`, {
				...about,
				description: "Raise the option 'Execution Timeout', or use Job > Retry with this id.",
			});
		default:
			return new Failure(
				reason === ''
					? 'Runpod could not make the video and gave no reason'
					: `Runpod could not make the video: ${reason}`,
				{
					...about,
					description: `Job ${job.id} failed and is not paid for. Correct what the message names, then run again.`,
				},
			);
	}
}

/** A job that says it is completed, but has no video to show. */
export function noVideo(job: FinalJob, cost: number | undefined): Failure {
	const output = 'output' in job.raw ? describeBody(job.raw.output) : 'no output';
	return new Failure(`The job ${job.id} is completed, but came with ${output} instead of a video`, {
		description: "It may have been paid for. Look the job up in Runpod's console.",
		jobId: job.id,
		status: job.status,
		...(cost !== undefined && { cost }),
	});
}

/** A job that is not final at the end of the wait. */
export function stillRunning(job: Pick<Job, 'id' | 'status'>, seconds: number): Failure {
	return new Failure(`The job ${job.id} was still ${job.status} after ${seconds} s`, {
		description:
			"It goes on at Runpod and is paid for. Fetch it with Job > Get and this id, or raise the option 'Timeout'.",
		jobId: job.id,
		status: job.status,
	});
}
