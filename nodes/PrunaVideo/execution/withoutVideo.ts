import { LABELS } from '../labels';
import { formatDollars } from '../money';
import { MODEL_ENDPOINT } from '../pvideo/parameters';
import type { VideoResult } from '../pvideo/result';
import { Failure, type KnownJob } from '../runpod/failure';
import { reasonOf, type FinalJob } from '../runpod/job';
import { because, CHECK_USAGE, sentences, USE_LINK } from '../runpod/messages';
import { describeBody } from '../runpod/reason';

interface About {
	endpointId: string;
	hasFile?: boolean;
}

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
	return new Failure(`Runpod could not make the video${because(reason) || ' and gave no reason'}`, {
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

const AGAIN = 'run the item again, or use Job > Retry with this ID.';

/** What to do about a failed job, by the whole error, by the reason in it, or where a file was sent; the first that fits. */
const ADVICE: ReadonlyArray<[by: 'error' | 'reason' | 'file', looks: RegExp, advice: string]> = [
	[
		'error',
		/\b(429|503)\b|rate limit|too many requests|timed out after|overload|temporar/i,
		`Another try may work: ${AGAIN}`,
	],
	[
		'error',
		/out of memory|\bOOM\b|CUDA|worker (exited|crashed|died)/i,
		`The fault is the worker's, not yours: ${AGAIN}`,
	],
	[
		'reason',
		/\bsafety|nsfw|moderat|sensitive|inappropriate|prohibited|flagged|violates|content polic/i,
		'The model refused the content, and would refuse it again: change the prompt, the image or the audio.',
	],
	['file', /property input is required|data.?uri|base64|url|download|fetch/i, USE_LINK],
	[
		'reason',
		/^(?=.*\b(image|audio|media|file|url)\b).*(identify|decod|format|download|fetch|\bread\b|\bopen\b|\bload\b|invalid|unsupported|corrupt)/i,
		'Check that the image or audio opens and that its field accepts the format. A URL must lead to the file itself, not to a share page.',
	],
	['error', /^/, 'Fix the problem named above, then run again.'],
];

/** Of the whole error, because the code is beside the message that people read. */
const LONGEST_JUDGED = 2_000;

function adviceFor({ raw }: FinalJob, reason: string, hasFile = false): string | undefined {
	const error = JSON.stringify(raw.error ?? raw.output ?? '').slice(0, LONGEST_JUDGED);
	const texts = { error, reason, file: hasFile ? reason : '' };
	return ADVICE.find(([by, looks]) => looks.test(texts[by]))?.[2];
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
				job.id === '' ? CHECK_USAGE : 'Fetch it with Job > Get and this ID.',
			),
			job: { id: job.id, status: job.status, cost },
		},
	);
}
