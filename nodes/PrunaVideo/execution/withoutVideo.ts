import { LABELS } from '../labels';
import { formatDollars } from '../money';
import { MODEL_ENDPOINT } from '../pvideo/parameters';
import type { VideoResult } from '../pvideo/result';
import { Failure, type KnownJob } from '../runpod/failure';
import { reasonOf, type FinalJob } from '../runpod/job';
import { because, sentences } from '../runpod/messages';
import { describeBody } from '../runpod/reason';

interface About {
	endpointId: string;
	hasFile?: boolean;
}

/** A job that failed, was cancelled or timed out. */
export function failedJob(
	job: FinalJob,
	{ videoUrl, cost }: VideoResult,
	{ endpointId, hasFile }: About,
): Failure {
	const known: KnownJob = { id: job.id, status: job.status, videoUrl, cost };
	const reason = reasonOf(job) ?? '';
	if (job.status === 'CANCELLED') {
		return new Failure(`Job ${job.id} was cancelled`, {
			job: known,
			description:
				'It was cancelled by Job > Cancel, in the Runpod console or by the API. To make the video, run the item again.',
		});
	}
	if (job.status === 'TIMED_OUT') {
		return new Failure(`Job ${job.id} timed out on Runpod${because(reason)}`, {
			job: known,
			description: `It took longer than its execution timeout, or expired in the queue. Raise executionTimeout or ttl in the option '${LABELS.policy}', or use Job > Retry with this ID.`,
		});
	}
	const what =
		reason === ''
			? 'Runpod could not make the video and gave no reason'
			: 'Runpod could not make the video';
	return new Failure(`${what}${because(reason)}`, {
		job: known,
		description: sentences(
			`Job ${job.id} failed${billOf(known, endpointId)}.`,
			adviceFor(job, reason, hasFile),
		),
	});
}

function billOf({ cost }: KnownJob, endpointId: string): string {
	if (cost !== undefined && cost > 0) {
		return `, but Runpod reports that it was billed (${formatDollars(cost)})`;
	}
	return endpointId === MODEL_ENDPOINT ? ' and is not billed' : '';
}

/** Of the whole error, because the code is beside the message that people read. */
const LONGEST_JUDGED = 2_000;

function adviceFor({ raw }: FinalJob, reason: string, hasFile = false): string {
	const whole = JSON.stringify(raw.error ?? raw.output ?? '').slice(0, LONGEST_JUDGED);
	if (/\b(429|503)\b|rate limit|too many requests|timed out after|overload|temporar/i.test(whole)) {
		return 'Another try may work: run the item again, or use Job > Retry with this ID.';
	}
	if (/out of memory|\bOOM\b|CUDA|worker (exited|crashed|died)/i.test(whole)) {
		return "The fault is the worker's, not yours: run the item again, or use Job > Retry with this ID.";
	}
	if (hasFile && /property input is required|data.?uri|base64|url|download|fetch/i.test(reason)) {
		return `Runpod may only accept URLs: set the option '${LABELS.sendFilesAs}' to Link, or use a URL instead of a file.`;
	}
	if (
		/\b(image|audio|media|file|url)\b/i.test(reason) &&
		/identify|decod|format|download|fetch|\bread\b|\bopen\b|\bload\b|invalid|unsupported|corrupt/i.test(
			reason,
		)
	) {
		return 'If the image or audio comes from a URL, it must be the URL of the file itself: a share page is not the file.';
	}
	return 'Fix the problem named above, then run again.';
}

/** A job that says it is completed, but has no video to show. */
export function noVideo(job: FinalJob, { cost }: VideoResult): Failure {
	const { output } = job.raw;
	const reason = reasonOf(job);
	const name = job.id === '' ? 'The job' : `Job ${job.id}`;
	const what = output === undefined || output === null ? 'no output' : describeBody(output);
	return new Failure(
		reason === undefined
			? `${name} completed but returned ${what} instead of a video`
			: `${name} completed without a video: ${reason}`,
		{
			description: sentences(
				cost !== undefined && cost > 0
					? `Runpod reports that it was billed (${formatDollars(cost)}).`
					: 'It may have been billed.',
				'Fetch it with Job > Get and this ID, or check it in the Runpod console.',
			),
			job: { id: job.id, status: job.status, cost },
		},
	);
}
