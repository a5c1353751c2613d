/** What the simulator can be told. Every field may be changed while it runs (`simulator.options`). */

import type { OutputShape } from './document';

export interface RateLimit {
	/** Requests per ten seconds. */
	requests: number;
	/** Requests open at once. */
	concurrent: number;
}

export type JobInput = Record<string, unknown>;

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;
export const MEBIBYTE = 1024 * 1024;

/** Documented bounds, in ms and bytes. Source: Runpod's "Send API requests" and its SDKs (status-sync). */
export const DOCUMENTED = {
	wait: { least: SECOND, most: 5 * MINUTE, default: 90 * SECOND },
	statusWait: { least: SECOND, most: 90 * SECOND, default: 90 * SECOND },
	executionTimeout: { most: 7 * DAY, default: 10 * MINUTE },
	ttl: { least: 10 * SECOND, most: 7 * DAY, default: DAY },
	/** How long a result is kept; that of a runsync as long as its `wait` where that is longer. */
	retention: { runsync: MINUTE, run: 30 * MINUTE },
	videoLifetime: 7 * DAY,
	body: { runsync: 20 * MEBIBYTE, run: 10 * MEBIBYTE },
} as const;

/** The other keys of the simulator: known to Runpod, but of no use. */
export const FORBIDDEN_KEY = 'rpa_simulator_key_without_permission';
export const NO_CREDIT_KEY = 'rpa_simulator_key_without_credit';

/** The defaults are as Runpod's pages say. */
export class SimulatorOptions {
	/** Endpoint ids that exist; any other is a 404. */
	endpoints: readonly string[] = ['p-video'];
	/** The key that may do everything. */
	apiKey = 'rpa_simulator_key';
	/** Jobs worked on at once. */
	workers = 400;
	/** Time a job is worked on, in ms, or a rule that says so for an input. */
	executionTimeMs: number | ((input: JobInput) => number) = 20;
	/** How job ids end: `-u1`, `-u2` and `-e1` were seen. */
	idSuffix = '-u1';
	outputShape: OutputShape = 'video_url';
	/** `output.cost` as a number, as text, or missing. */
	costAs: 'number' | 'text' | 'none' = 'number';
	errorShape: 'text' | 'traceback' = 'text';
	/** HTTP status of a runsync whose job FAILED. */
	failedRunsyncStatus = 400;
	/** A refused request as `{error}`, or as `{status, title, detail}` (a 401 as the text `unauthorized`). */
	refusalShape: 'error' | 'problem' = 'error';
	/** Whether finished documents repeat `input` and `webhook`. */
	repeatsInput = false;
	/** Whether a CANCELLED job shows delayTime and executionTime. */
	cancelledHasTimes = true;
	/** Whether `health` answers a valid key, or says 401 as public endpoints do. */
	showsHealth = true;
	/** Status requests that do not know a job yet that was just accepted. */
	unknownAtFirst = 0;
	/** How many real ms `status` and `status-sync` still show a job open that has ended; runsync and webhook do not lag. */
	booksLagMs = 0;
	/** Looks at a COMPLETED job, the answer of its runsync included, that find `instead` (default: nothing) as `output`. */
	lateOutput: { looks: number; instead?: unknown } = { looks: 0 };
	/** For how many real ms after a job's end its video is not there yet, and how its host says so. */
	lateVideo: { ms: number; status: number } = { ms: 0, status: 404 };
	/** `status-sync`: kept open, or this HTTP status where an endpoint lacks it. */
	statusSync: 'waits' | 404 | 405 | 501 = 'waits';
	/** The edge gives up on a runsync that is open for so many documented ms: a page; the job runs on. */
	edge: { afterMs: number; status: number } = { afterMs: Infinity, status: 524 };
	/** How a key without credit is refused. */
	noCreditAs: 400 | 402 = 402;
	/** Least documented ms of `policy.executionTimeout`. */
	leastExecutionTimeoutMs = 5000;
	/** Whether `size` names the resolution, and so the price, before `resolution` does. */
	readsSize = false;
	/** HTTP status of a body that is too large. */
	tooLargeStatus: 400 | 413 = 413;
	/** Those of `status` hold for `status-sync` too, each counted by itself. */
	rateLimits: Record<'runsync' | 'run' | 'status' | 'cancel', RateLimit> = {
		runsync: { requests: 2000, concurrent: 400 },
		run: { requests: 1000, concurrent: 200 },
		status: { requests: 2000, concurrent: 400 },
		cancel: { requests: 100, concurrent: 20 },
	};
	/**
	 * Real ms per documented ms, for every duration that Runpod documents (wait, retention,
	 * executionTimeout, ttl, webhook pause, life of a video URL). 0.001 makes a minute 60 ms.
	 */
	timeScale = 1;
	/** Documented ms between the calls of a webhook; a list has one pause for each further call. */
	webhookRetryMs: number | readonly number[] = 10 * SECOND;
	webhookTries = 3;
	/** Size of the served MP4; padded with a `free` box. 0 serves the file as it is. */
	videoBytes = 0;
	/** Whether http(s) images and audio are fetched, checked, and noted in the ledger with their sha256. */
	fetchMedia = false;
	recordRequests = true;
}

/** As others measured Runpod, the likeliest of each at once. */
const SEEN: Partial<SimulatorOptions> = {
	idSuffix: '-e1',
	outputShape: 'result',
	errorShape: 'traceback',
	failedRunsyncStatus: 200,
	refusalShape: 'problem',
	repeatsInput: true,
	cancelledHasTimes: false,
	showsHealth: false,
	unknownAtFirst: 1,
	edge: { afterMs: 100 * SECOND, status: 524 },
	noCreditAs: 400,
	leastExecutionTimeoutMs: 5001,
	readsSize: true,
	tooLargeStatus: 400,
	webhookRetryMs: [5 * SECOND, 10 * SECOND],
};

/** A new set of options; throws where there is no such profile. By the environment, a whole suite runs in either. */
export function optionsOf(profile = process.env.PRUNA_SIMULATOR_PROFILE): SimulatorOptions {
	if (!profile || profile === 'documented') return new SimulatorOptions();
	if (profile === 'seen') return Object.assign(new SimulatorOptions(), structuredClone(SEEN));
	throw new Error(`There is no profile '${profile}': documented and seen`);
}
