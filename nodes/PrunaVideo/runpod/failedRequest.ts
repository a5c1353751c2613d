import { LABELS } from '../labels';
import type { Answer } from './answer';
import { Failure } from './failure';
import { describeBody, readReason } from './reason';
import { judge } from './verdicts';

/** What a request was about, for the message. */
export interface About {
	endpointId: string;
	/** Whether the request creates a job. */
	isCostly: boolean;
	/** Whether an image or audio was sent as a data URI. */
	hasFile?: boolean;
}

const CHECK_CONSOLE =
	'Check in the Runpod console whether the job ran before you run this item again; a second job is billed again.';
const USE_LINK = `Runpod may only accept URLs: set the option '${LABELS.sendFilesAs}' to Link, or use a URL instead of a file.`;

/** Statuses whose meaning the message says in words, so that the number adds nothing. */
const NAMED = [401, 402, 403, 404, 413, 429];

/** The failure that an answer without a job means, with Runpod's own reason. */
export function failedRequest(answer: Answer, { endpointId, isCostly, hasFile }: About): Failure {
	const { mayBeAccepted, says, advice } = judge(answer);
	const isUncertain = isCostly && mayBeAccepted;
	const httpCode = answer.kind === 'answered' ? answer.status : undefined;
	const what = says
		.replace('{endpoint}', () => endpointId)
		.replace('{reason}', () => (answer.kind === 'answered' ? '' : answer.reason))
		.replace('{body}', () => (answer.kind === 'answered' ? describeBody(answer.body) : ''));
	const isNamed = httpCode === undefined || httpCode < 300 || NAMED.includes(httpCode);
	return new Failure(
		[
			what,
			isNamed ? '' : ` (HTTP ${httpCode})`,
			answer.kind === 'answered' && answer.status >= 300 ? because(answer.body) : '',
			isUncertain ? '; the job may be running' : '',
		].join(''),
		{
			description: [
				isUncertain ? CHECK_CONSOLE : advice,
				hasFile && blamesFile(answer) ? USE_LINK : '',
			]
				.join(' ')
				.trim(),
			isUncertain,
			...(httpCode !== undefined && { job: { httpCode } }),
		},
	);
}

/** Runpod's own explanation, as the tail of a sentence. */
export function because(error: unknown): string {
	const reason = readReason(error);
	return reason === '' ? '' : `: ${reason}`;
}

/** Whether the file in a request may be why Runpod refused it, as clients saw it with 400 and, for large ones, 502. */
function blamesFile(answer: Answer): boolean {
	return answer.kind === 'answered' && [400, 413, 422, 502].includes(answer.status);
}

/** Advice for a job that failed although its request was accepted. */
export function adviseAboutFile(reason: string): string | undefined {
	return /property input is required|data.?uri|base64|url|download|fetch/i.test(reason)
		? USE_LINK
		: undefined;
}

/** Advice for a job that failed on an image or audio that was sent as a URL. */
export function adviseAboutUrl(reason: string): string | undefined {
	const isAboutMedia =
		/\b(image|audio|media|file|url)\b/i.test(reason) &&
		/identify|decod|format|download|fetch|\bread\b|\bopen\b|\bload\b|invalid|unsupported|corrupt/i.test(
			reason,
		);
	return isAboutMedia
		? 'If the image or audio comes from a URL, it must be the URL of the file itself: a share page is not the file.'
		: undefined;
}
