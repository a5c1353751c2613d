import { isJsonObject } from '../json';
import { LABELS } from '../labels';
import { formatDollars } from '../money';
import type { Answer } from './answer';
import { Failure, JobNotFound, Overdue, type KnownJob } from './failure';
import { isFinal, type FinalJob, type Job } from './job';
import { describeBody, plainUrl, readReason } from './reason';
import { adviseAboutFile, adviseAboutUrl, because, failedRequest } from './failedRequest';
import { whatIsMissing } from './verdicts';

/** Runpod's public endpoint of the model: its failed jobs are not billed (Runpod, "Public Endpoints"). */
const FREE_FAILURES = 'p-video';

/** The failure of a request about a job whose answer holds no job. */
export function failedJobRequest(
	answer: Answer,
	{ endpointId, jobId, status, ttlSeconds, isCostly = false }: AboutJob,
): Failure {
	const job: KnownJob = { id: jobId, ...(status !== undefined && { status }) };
	switch (whatIsMissing(answer)) {
		case undefined:
			return failedRequest(answer, { endpointId, isCostly }).with(job);
		case 'endpoint':
			return failedRequest(answer, { endpointId, isCostly: false }).with(job);
		default:
			return new JobNotFound(`Job ${jobId} was not found on Runpod. It may have expired`, {
				description: sentences(
					ttlSeconds === undefined
						? ''
						: `'${LABELS.ttl}' removes a job ${ttlSeconds} s after its submission, even while it runs.`,
					'Results are kept for 1 minute after a synchronous job and for 30 minutes after an asynchronous one; a new job can take a minute to be found. Check the ID; the Runpod console shows whether the job was billed.',
				),
				job: { ...job, httpCode: 404 },
			});
	}
}

export interface AboutJob {
	endpointId: string;
	jobId: string;
	/** Its state, as Runpod told it last. */
	status?: string;
	/** The job's policy, where it is known. */
	ttlSeconds?: number;
	/** Whether the request makes Runpod run the job again. */
	isCostly?: boolean;
}

export interface EndedJob extends KnownJob {
	endpointId: string;
	/** Whether an image or audio was sent as a data URI. */
	hasFile?: boolean;
}

/** A job that ended without a result. */
export function failedJob(job: FinalJob, { endpointId, hasFile, ...known }: EndedJob): Failure {
	const about: KnownJob = { ...known, id: job.id, status: job.status };
	const reason = reasonOf(job) ?? '';
	switch (job.status) {
		case 'CANCELLED':
			return new Failure(`Job ${job.id} was cancelled`, {
				job: about,
				description:
					'It was cancelled by Job > Cancel, in the Runpod console or by the API. To make the video, run the item again.',
			});
		case 'TIMED_OUT':
			return new Failure(`Job ${job.id} timed out on Runpod${because(reason)}`, {
				job: about,
				description: `It took longer than its execution timeout, or expired in the queue. Raise '${LABELS.executionTimeout}' or '${LABELS.ttl}' in the options, or use Job > Retry with this ID.`,
			});
		default:
			return new Failure(
				reason === ''
					? 'Runpod could not make the video and gave no reason'
					: `Runpod could not make the video: ${reason}`,
				{
					job: about,
					description: sentences(
						`Job ${job.id} failed${billOf(about, endpointId)}.`,
						known.videoUrl === undefined
							? ''
							: `It still returned a video: ${plainUrl(known.videoUrl)}.`,
						isPassing(job)
							? 'Another try may work: run the item again, or use Job > Retry with this ID.'
							: 'Fix the problem named above, then run again.',
						(hasFile ? adviseAboutFile(reason) : adviseAboutUrl(reason)) ?? '',
					),
				},
			);
	}
}

function sentences(...parts: string[]): string {
	return parts.filter((part) => part !== '').join(' ');
}

function billOf({ cost }: KnownJob, endpointId: string): string {
	if (cost !== undefined && cost > 0) {
		return `, but Runpod reports that it was billed (${formatDollars(cost)})`;
	}
	return endpointId === FREE_FAILURES ? ' and is not billed' : '';
}

/** Whether the reason is temporary and not the request's fault: a limit behind Runpod, or a worker that was lost. */
function isPassing({ raw }: FinalJob): boolean {
	// The whole error, because the code is beside the message that people read.
	const text = JSON.stringify(raw.error ?? raw.output ?? '').slice(0, LONGEST_JUDGED);
	return /\b(429|503)\b|rate limit|too many requests|timed out after|overloaded|temporar/i.test(
		text,
	);
}

const LONGEST_JUDGED = 2_000;

/**
 * The reason that a job gives for what went wrong, whatever its state; undefined if it gives none. The output of a
 * job that is not final is progress, unless it says that it is an error.
 */
export function reasonOf(job: Job): string | undefined {
	const { error, output } = job.raw;
	const told = readReason(error);
	if (told !== '') return told;
	const hasFailed = isFinal(job) && job.status !== 'COMPLETED';
	const where = hasFailed ? output : isJsonObject(output) ? output.error : undefined;
	return readReason(where) || undefined;
}

/** A job that says it is completed, but has no video to show. */
export function noVideo(job: FinalJob, cost: number | undefined): Failure {
	const { output } = job.raw;
	const reason = reasonOf(job);
	const name = job.id === '' ? 'The job' : `Job ${job.id}`;
	const what = output === undefined || output === null ? 'no output' : describeBody(output);
	return new Failure(
		reason === undefined
			? `${name} completed but returned ${what} instead of a video`
			: `${name} completed without a video: ${reason}`,
		{
			description: `${cost !== undefined && cost > 0 ? `Runpod reports that it was billed (${formatDollars(cost)})` : 'It may have been billed'}. Check the job in the Runpod console.`,
			job: { id: job.id, status: job.status, ...(cost !== undefined && { cost }) },
		},
	);
}

/**
 * A job that is not final at the end of the wait.
 *
 * @param lastProblem why the last status check did not return the job, if it did not
 */
export function stillRunning(
	job: { id: string; status?: string; reason?: string; isDocumented: boolean },
	seconds: number,
	lastProblem?: string,
): Overdue {
	const { id, status, reason, isDocumented } = job;
	const state =
		status === undefined
			? `Runpod did not report the status of job ${id} within ${seconds} s`
			: isDocumented
				? `Job ${id} was still ${status} after ${seconds} s`
				: `Runpod reports the state ${status} for job ${id} after ${seconds} s`;
	const told = reason ?? lastProblem;
	return new Overdue(`${state}${told === undefined ? '' : `: ${told}`}`, {
		description: isDocumented
			? `It keeps running on Runpod and is billed. Fetch it with Job > Get and this ID, or raise '${LABELS.timeout}' in the options.`
			: 'Fetch it with Job > Get and this ID, and check it in the Runpod console.',
		job: { id, ...(status !== undefined && { status }) },
	});
}
