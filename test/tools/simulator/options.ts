/** What the simulator can be told. Every field may be changed while it runs (`simulator.options`). */

import type { ErrorShape, OutputShape } from './document';

export const RATE_LIMITED_OPERATIONS = ['runsync', 'run', 'status', 'cancel'] as const;
export type RateLimitedOperation = (typeof RATE_LIMITED_OPERATIONS)[number];

export interface RateLimit {
	/** Requests per `rateWindowMs`. */
	requests: number;
	/** Requests open at once. */
	concurrent: number;
}

export type JobInput = Record<string, unknown>;

export interface SimulatorOptions {
	/** Endpoint ids that exist; any other is a 404. */
	endpoints: readonly string[];
	/** The key that may do everything. */
	apiKey: string;
	/** Jobs worked on at once. */
	workers: number;
	/** Time a job is worked on, in ms, or a rule that says so for an input. */
	executionTimeMs: number | ((input: JobInput) => number);
	/** Least time in the queue before a worker takes a job, in ms. */
	delayTimeMs: number;
	/** How answers call a job that is being worked on; the ledger always says IN_PROGRESS. */
	runningState: 'IN_PROGRESS' | 'RUNNING';
	/** How job ids end: `-u1`, `-u2` and `-e1` were seen. */
	idSuffix: string;
	outputShape: OutputShape;
	/** `output.cost` as a number, as text, or missing. */
	costAs: 'number' | 'text' | 'none';
	errorShape: ErrorShape;
	/** HTTP status of a runsync whose job FAILED. */
	failedRunsyncStatus: number;
	/** A refused request as `{error}`, or as `{status, title, detail}` (a 401 as the text `unauthorized`). */
	refusalShape: 'error' | 'problem';
	/** Whether finished documents repeat `input` and `webhook`. */
	repeatsInput: boolean;
	/** Whether a CANCELLED job shows delayTime and executionTime. */
	cancelledHasTimes: boolean;
	/** Whether `health` answers a valid key, or says 401 as public endpoints do. */
	showsHealth: boolean;
	/** Status requests that do not know a job yet that was just accepted, and for how many real ms. */
	unknownAtFirst: { looks: number; ms: number };
	/** `status-sync`: kept open, answered at once, or this HTTP status where an endpoint lacks it. */
	statusSync: 'waits' | 'immediate' | 404 | 405 | 501;
	/** The edge gives up on a runsync that is open for so many documented ms: a page; the job runs on. */
	edge: { afterMs: number; status: number };
	/** How a key without credit is refused; FAILED: its jobs are accepted and fail. */
	noCreditAs: 400 | 401 | 402 | 'FAILED';
	/** A job whose ttl is over while it is queued: 404, or final as TIMED_OUT. */
	expiredInQueue: 'unknown' | 'TIMED_OUT';
	/** Least documented ms of `policy.executionTimeout`. */
	leastExecutionTimeoutMs: number;
	/** Whether files as data URIs are refused: 400 `property input is required`. */
	refusesDataUris: boolean;
	/** Whether unknown keys and odd values in `input` are refused in the same words. */
	refusesOddInput: boolean;
	/** Which field names the resolution, and so the price; `either`: `size` before `resolution`. */
	resolutionField: 'resolution' | 'size' | 'either';
	/** Most seconds of `duration`: 10 by Runpod's page, 20 elsewhere. */
	longestSeconds: number;
	/** Bytes of a request body, and the HTTP status above it (502: a page). */
	payloadLimits: { runsync: number; run: number };
	tooLargeStatus: 400 | 413 | 502;
	/** Those of `status` hold for `status-sync` too, each counted by itself. */
	rateLimits: Record<RateLimitedOperation, RateLimit>;
	/** Length of the rate limit's sliding window in real ms (not scaled). */
	rateWindowMs: number;
	/** How a 429 says when to come back. */
	retryAfter: 'seconds' | 'date' | 'none';
	/**
	 * Real ms per documented ms, for every duration that Runpod documents (wait, retention,
	 * executionTimeout, ttl, webhook pause, life of a video URL). 0.001 makes a minute 60 ms.
	 */
	timeScale: number;
	/** Documented ms that a result is kept. */
	retentionMs: { runsync: number; runsyncLongest: number; run: number };
	/** Documented ms between the calls of a webhook; a list has one pause for each further call. */
	webhookRetryMs: number | readonly number[];
	webhookTries: number;
	/** Real ms after which a webhook that does not answer counts as failed. */
	webhookTimeoutMs: number;
	/** Documented ms that a video URL works. */
	videoLifetimeMs: number;
	/** Status of a video URL that has expired. */
	expiredVideoStatus: number;
	/** Size of the served MP4; padded with a `free` box. 0 serves the file as it is. */
	videoBytes: number;
	/** Whether http(s) images and audio are fetched, checked, and noted in the ledger with their sha256. */
	fetchMedia: boolean;
	/** Seconds billed for audio whose length cannot be known. */
	defaultAudioSeconds: number;
	recordRequests: boolean;
	/** Request bodies and job inputs above this are not kept in the log and the ledger. */
	maxRecordedBodyBytes: number;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;
const MEBIBYTE = 1024 * 1024;

/** Documented bounds, in ms. Source: Runpod's "Send API requests" and its SDKs (status-sync). */
export const DOCUMENTED = {
	wait: { least: SECOND, most: 5 * MINUTE, default: 90 * SECOND },
	statusWait: { least: SECOND, most: 90 * SECOND, default: 90 * SECOND },
	executionTimeout: { most: 7 * DAY, default: 10 * MINUTE },
	ttl: { least: 10 * SECOND, most: 7 * DAY, default: DAY },
} as const;

/** The other keys of the simulator: known to Runpod, but of no use. */
export const FORBIDDEN_KEY = 'rpa_simulator_key_without_permission';
export const NO_CREDIT_KEY = 'rpa_simulator_key_without_credit';

/** As Runpod's pages say. */
function documented(): SimulatorOptions {
	return {
		endpoints: ['p-video'],
		apiKey: 'rpa_simulator_key',
		workers: 400,
		executionTimeMs: 20,
		delayTimeMs: 0,
		runningState: 'IN_PROGRESS',
		idSuffix: '-u1',
		outputShape: 'video_url',
		costAs: 'number',
		errorShape: 'text',
		failedRunsyncStatus: 400,
		refusalShape: 'error',
		repeatsInput: false,
		cancelledHasTimes: true,
		showsHealth: true,
		unknownAtFirst: { looks: 0, ms: 0 },
		statusSync: 'waits',
		edge: { afterMs: Infinity, status: 524 },
		noCreditAs: 402,
		expiredInQueue: 'unknown',
		leastExecutionTimeoutMs: 5000,
		refusesDataUris: false,
		refusesOddInput: false,
		resolutionField: 'resolution',
		longestSeconds: 10,
		payloadLimits: { runsync: 20 * MEBIBYTE, run: 10 * MEBIBYTE },
		tooLargeStatus: 413,
		rateLimits: {
			runsync: { requests: 2000, concurrent: 400 },
			run: { requests: 1000, concurrent: 200 },
			status: { requests: 2000, concurrent: 400 },
			cancel: { requests: 100, concurrent: 20 },
		},
		rateWindowMs: 10 * SECOND,
		retryAfter: 'seconds',
		timeScale: 1,
		retentionMs: { runsync: MINUTE, runsyncLongest: 5 * MINUTE, run: 30 * MINUTE },
		webhookRetryMs: 10 * SECOND,
		webhookTries: 3,
		webhookTimeoutMs: 10 * SECOND,
		videoLifetimeMs: 7 * DAY,
		expiredVideoStatus: 404,
		videoBytes: 0,
		fetchMedia: false,
		defaultAudioSeconds: 5,
		recordRequests: true,
		maxRecordedBodyBytes: MEBIBYTE,
	};
}

/**
 * As others measured Runpod, the likeliest of each at once. What was reported both ways stays as documented:
 * `refusesDataUris` and `refusesOddInput`, for p-video takes both at other hosts.
 */
const SEEN: Partial<SimulatorOptions> = {
	idSuffix: '-e1',
	outputShape: 'result',
	errorShape: 'traceback',
	failedRunsyncStatus: 200,
	refusalShape: 'problem',
	repeatsInput: true,
	cancelledHasTimes: false,
	showsHealth: false,
	unknownAtFirst: { looks: 1, ms: 0 },
	edge: { afterMs: 100 * SECOND, status: 524 },
	noCreditAs: 400,
	leastExecutionTimeoutMs: 5001,
	resolutionField: 'either',
	tooLargeStatus: 400,
	webhookRetryMs: [5 * SECOND, 10 * SECOND],
};

/** A new set of options; throws where there is no such profile. By the environment, a whole suite runs in either. */
export function optionsOf(profile = process.env.PRUNA_SIMULATOR_PROFILE): SimulatorOptions {
	if (!profile || profile === 'documented') return documented();
	if (profile === 'seen') return { ...documented(), ...structuredClone(SEEN) };
	throw new Error(`There is no profile '${profile}': documented and seen`);
}
