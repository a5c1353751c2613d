import { isJsonObject, type JsonObject, type JsonValue } from '../json';
import { Failure } from '../runpod/failure';
import type { FinalJob } from '../runpod/job';
import type { JobResult } from './readResult';

/** What every entry has. */
interface Stated {
	/** Identifies the request as the user stated it: a different fingerprint is a different video. */
	fingerprint: string;
	/** The seed that was sent, whether the user or the node chose it. */
	seed?: number;
}

/** A job that Runpod accepted, and the endpoint that did. */
export interface JobRef {
	id: string;
	endpointId: string;
}

/** All that is known of an item's request. JSON only: n8n saves it with the execution. Costs in USD. */
export type Entry = Stated &
	(
		| /** There is no job: Runpod accepted none. */
		{ state: 'refused' }
		/** It is not known whether Runpod accepted a job; `problem` is the failure that said so. */
		| { state: 'uncertain'; cost: number; isCostUnknown?: true; problem: Problem }
		/**
		 * A job that is not known to be final; `cost` is what the budget counts for it until then, `acceptedAt` is in
		 * ms since 1970.
		 */
		| { state: 'running'; cost: number; isCostUnknown?: true; job: JobRef; acceptedAt: number }
		/** A completed job. */
		| {
				state: 'done';
				cost: number;
				isCostUnknown?: true;
				job: JobRef;
				response: JsonObject;
				finishedAt: number;
		  }
		/**
		 * A job that ended without a video; `status` is Runpod's name for the outcome. A new job may be submitted.
		 */
		| { state: 'failed'; job: JobRef; status: string }
		/** A job that was cancelled. No later try may submit a new one. */
		| { state: 'cancelled'; job: JobRef }
	);

export interface Problem {
	message: string;
	description: string;
	httpCode?: number;
}

export type EntryState = Entry['state'];

/** The members that each state must have. */
const STATES: Readonly<Record<EntryState, (entry: JsonObject) => boolean>> = {
	refused: () => true,
	uncertain: ({ cost, problem }) => isNumber(cost) && isProblem(problem),
	running: ({ cost, job, acceptedAt }) => isNumber(cost) && isJobRef(job) && isNumber(acceptedAt),
	done: ({ cost, job, response, finishedAt }) =>
		isNumber(cost) && isJobRef(job) && isJsonObject(response) && isNumber(finishedAt),
	failed: ({ job, status }) => isJobRef(job) && typeof status === 'string',
	cancelled: ({ job }) => isJobRef(job),
};

/** Whether a value from a saved execution is an entry: another version of the node may have written it. */
export function isEntry(value: unknown): value is Entry {
	if (!isJsonObject(value) || typeof value.fingerprint !== 'string') return false;
	const { state } = value;
	return isState(state) && STATES[state](value);
}

function isState(state: unknown): state is EntryState {
	return typeof state === 'string' && Object.hasOwn(STATES, state);
}

function isNumber(value: unknown): value is number {
	return typeof value === 'number';
}

function isJobRef(value: unknown): value is JobRef {
	return (
		isJsonObject(value) && typeof value.id === 'string' && typeof value.endpointId === 'string'
	);
}

function isProblem(value: unknown): value is Problem {
	return (
		isJsonObject(value) &&
		typeof value.message === 'string' &&
		typeof value.description === 'string'
	);
}

/**
 * The entry of a cancelled job once a new one may be submitted: the node itself cancelled it, or the user asks again.
 */
export function repeatable({ fingerprint, seed, job }: Entry & { state: 'cancelled' }): Entry {
	return { fingerprint, seed, state: 'failed', job, status: 'CANCELLED' };
}

/** Whether an item has a job whose cost is not known yet. */
export function hasUnknownCost(entry: Entry | undefined): boolean {
	return entry !== undefined && 'isCostUnknown' in entry && entry.isCostUnknown === true;
}

/** What the budget counts for an item, in USD. */
export function costOf(entry: Entry | undefined): number {
	return entry !== undefined && 'cost' in entry ? entry.cost : 0;
}

export function jobOf(entry: Entry | undefined): JobRef | undefined {
	return entry !== undefined && 'job' in entry ? entry.job : undefined;
}

export function problemOf(failure: Failure): Problem {
	const { message, description, job } = failure;
	return {
		message,
		description,
		...(job.httpCode !== undefined && { httpCode: job.httpCode }),
	};
}

const CHECK_CONSOLE =
	'Check in the Runpod console whether the job ran before you run this item again; a second job is billed again.';

/** Why an entry is uncertain after a stop. */
export const STOPPED_WHILE_OPEN: Problem = {
	message: 'The execution was stopped while the request was open; the job may be running',
	description: CHECK_CONSOLE,
};

/** Why an entry is uncertain after an unexpected error. */
export const UNFORESEEN_WHILE_OPEN: Problem = {
	message: 'An unexpected error ended the request; the job may be running',
	description: CHECK_CONSOLE,
};

/** The failure of an earlier try, to be thrown instead of sending a request that might be billed twice. */
export function uncertainAgain({ message, description, httpCode }: Problem): Failure {
	return new Failure(message, {
		description,
		isUncertain: true,
		...(httpCode !== undefined && { job: { httpCode } }),
	});
}

/** A response is kept whole up to this many characters of JSON. */
const LONGEST_KEPT = 20_000;
/** In a longer response, each field is kept up to this many characters. */
const LONGEST_FIELD = 8_000;

/** A completed job's response as it is kept for the next try: in full or, if it is long, only what the node reads. */
export function keptResponse({ raw }: FinalJob, known: JobResult): JsonObject {
	if (JSON.stringify(raw).length <= LONGEST_KEPT) return raw;
	const { id, status, delayTime, executionTime } = raw;
	const { videoUrl, cost, seed } = known;
	return {
		...shortOf({ id, status, delayTime, executionTime }),
		output: shortOf({ video_url: videoUrl, cost, seed }),
	};
}

/** Leaves out fields that are absent or too long. */
function shortOf(fields: Record<string, JsonValue | undefined>): JsonObject {
	const short: JsonObject = {};
	for (const [name, value] of Object.entries(fields)) {
		if (value === undefined || JSON.stringify(value).length > LONGEST_FIELD) continue;
		short[name] = value;
	}
	return short;
}
