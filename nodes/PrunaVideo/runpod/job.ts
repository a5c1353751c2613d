import { isJsonObject, type JsonObject } from '../json';

/** States in which Runpod has not decided yet (Runpod, "Job states"). */
export type OpenState = 'IN_QUEUE' | 'IN_PROGRESS' | 'RUNNING';
/** States that never change by themselves. */
export type FinalState = 'COMPLETED' | 'FAILED' | 'CANCELLED' | 'TIMED_OUT';

const OPEN_STATES: readonly string[] = ['IN_QUEUE', 'IN_PROGRESS', 'RUNNING'] satisfies OpenState[];
const FINAL_STATES: readonly string[] = [
	'COMPLETED',
	'FAILED',
	'CANCELLED',
	'TIMED_OUT',
] satisfies FinalState[];

export interface OpenJob {
	id: string;
	/** One of `OpenState`, or a state that Runpod did not document: not known to be final. */
	status: string;
	/** Runpod's response as it came. */
	raw: JsonObject;
}

export interface FinalJob {
	id: string;
	status: FinalState;
	raw: JsonObject;
}

export type Job = OpenJob | FinalJob;

function isFinalState(status: string): status is FinalState {
	return FINAL_STATES.includes(status);
}

/** Whether nothing more will come of the job. */
export function isFinal(job: Job): job is FinalJob {
	return isFinalState(job.status);
}

/** A state for an answer that names a job, but not its state: it is asked for again. */
const UNKNOWN_STATE = 'UNKNOWN';

/** States end up in messages, so only what looks like one passes. */
function isState(status: unknown): status is string {
	return typeof status === 'string' && /^[A-Za-z][A-Za-z_ -]{0,39}$/.test(status);
}

/** Whether Runpod documents the job's state: an answer with such a job in it comes from Runpod. */
export function isDocumented({ status }: Job): boolean {
	return isFinalState(status) || OPEN_STATES.includes(status);
}

/** The job in a response's body; undefined where the body names no job. */
export function readJob(body: unknown): Job | undefined {
	if (!isJsonObject(body)) return undefined;
	const { id, status } = body;
	if (typeof id !== 'string' || !isJobId(id)) return undefined;
	return {
		id,
		status: isState(status) ? status : UNKNOWN_STATE,
		raw: body,
	};
}

/** Whether `id` can stand as one segment of a path: nothing that could lead elsewhere. */
export function isJobId(id: string): boolean {
	return /^[A-Za-z0-9][A-Za-z0-9_-]{0,199}$/.test(id);
}

/** Whether `id` can be an endpoint's: the same alphabet as a job's. */
export const isEndpointId = isJobId;
