import { isJsonObject, type JsonObject } from '../json';
import type { Answer } from './answer';
import { plainText, readReason } from './reason';

const OPEN_STATES: readonly string[] = ['IN_QUEUE', 'IN_PROGRESS', 'RUNNING'];
const FINAL_STATES = ['COMPLETED', 'FAILED', 'CANCELLED', 'TIMED_OUT'] as const;
export type FinalState = (typeof FINAL_STATES)[number];

export interface OpenJob {
	id: string;
	/** An open state, or one that Runpod does not document: not known to be final. */
	status: string;
	raw: JsonObject;
}

export interface FinalJob {
	/** Empty only where Runpod's response held nothing like an ID. */
	id: string;
	status: FinalState;
	raw: JsonObject;
}

export type Job = OpenJob | FinalJob;

export function isFinal(job: Job): job is FinalJob {
	return FINAL_STATES.some((final) => final === job.status);
}

/** Whether Runpod documents the job's state: an answer with such a job in it comes from Runpod. */
export function isDocumented({ status }: Pick<Job, 'status'>): boolean {
	return OPEN_STATES.includes(status) || FINAL_STATES.some((final) => final === status);
}

/** For an answer that names a job, but not its state: the node checks it again. */
const UNKNOWN_STATE = 'UNKNOWN';

/** States end up in messages, so only what looks like one passes; documented states are accepted in any case. */
function readState(status: unknown): string {
	if (typeof status !== 'string' || !/^[A-Za-z][A-Za-z_ -]{0,39}$/.test(status)) {
		return UNKNOWN_STATE;
	}
	const upper = status.toUpperCase();
	return isDocumented({ status: upper }) ? upper : status;
}

/**
 * The job in a response's body; undefined where the body names no job. An open job needs an ID that can be used in a
 * status check. A final job is complete, so its result counts whatever its ID looks like.
 * @param askedId the job that was asked for: a documented state without a usable ID is that job's
 */
export function readJob(body: unknown, askedId?: string): Job | undefined {
	if (!isJsonObject(body)) return undefined;
	const status = readState(body.status);
	const id = typeof body.id === 'number' ? String(body.id) : body.id;
	if (typeof id === 'string' && isJobId(id)) return { id, status, raw: body };
	if (askedId !== undefined && isDocumented({ status })) {
		return { id: askedId, status, raw: { ...body, id: askedId } };
	}
	const unusable = typeof id === 'string' ? plainText(id) : '';
	const job: Job = { id: unusable, status, raw: { ...body, id: unusable } };
	return isFinal(job) && hasResult(job) ? job : undefined;
}

/**
 * The job in an answer. Runpod sends it with 200, and with 400 when it failed. With any other status, and from a
 * proxy that says "failed" of its own request, it is believed only where it has an ID and a documented state: a
 * billed job's ID must not be lost.
 * @param askedId the job that was asked for: an answer about another one does not count
 */
export function jobIn(answer: Answer, askedId?: string): Job | undefined {
	if (answer.kind !== 'answered') return undefined;
	const { status, body } = answer;
	const job = readJob(body, status < 300 ? askedId : undefined);
	if (job === undefined || (askedId !== undefined && job.id !== askedId)) return undefined;
	return status < 300 || (isDocumented(job) && isJobId(job.id)) ? job : undefined;
}

/** Whether a final job comes with what became of it. */
export function hasResult({ status, raw: { output, error } }: Job): boolean {
	const isSaid = (part: unknown) => part !== undefined && part !== null && part !== '';
	return status === 'CANCELLED' || isSaid(output) || isSaid(error);
}

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

/**
 * Whether `id` can be used, encoded, as one segment of a path, and in a message: it must not change the path or
 * contain markup.
 */
export function isJobId(id: string): boolean {
	return /^[!-.0-;=?-[\]-~]{1,200}$/.test(id) && !/^\.+$/.test(id);
}

export function isEndpointId(id: string): boolean {
	return /^[A-Za-z0-9][A-Za-z0-9_-]{0,199}$/.test(id);
}
