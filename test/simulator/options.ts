/** What the simulator can be told. Every field may be changed while it runs (`simulator.options`). */

export const RATE_LIMITED_OPERATIONS = ['runsync', 'run', 'status', 'cancel'] as const;
export type RateLimitedOperation = (typeof RATE_LIMITED_OPERATIONS)[number];

export interface RateLimit {
	/** Requests per `rateWindowMs`. */
	requests: number;
	/** Requests under way at once. */
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
	/** HTTP status of a runsync whose job FAILED. */
	failedRunsyncStatus: number;
	/** Whether the model's errors come as JSON inside the error string. */
	nestErrors: boolean;
	/** Bytes of a request body; above it 413. */
	payloadLimits: { runsync: number; run: number };
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
	/** Documented ms between the tries of a webhook. */
	webhookRetryMs: number;
	webhookTries: number;
	/** Real ms after which a webhook that does not answer counts as failed. */
	webhookTimeoutMs: number;
	/** Documented ms that a video URL works. */
	videoLifetimeMs: number;
	/** Status of a video URL that has expired. */
	expiredVideoStatus: number;
	/** Size of the served MP4; padded with a `free` box. 0 serves the file as it is. */
	videoBytes: number;
	/** Whether http(s) images and audio are fetched and looked at. */
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

/** Documented bounds, in ms. Source: spec/runpod-api (Runpod "Send API requests"). */
export const DOCUMENTED = {
	wait: { least: SECOND, most: 5 * MINUTE, default: 90 * SECOND },
	executionTimeout: { least: 5 * SECOND, most: 7 * DAY, default: 10 * MINUTE },
	ttl: { least: 10 * SECOND, most: 7 * DAY, default: DAY },
} as const;

/** The other keys of the simulator: known to Runpod, but of no use. */
export const FORBIDDEN_KEY = 'rpa_simulator_key_without_permission';
export const NO_CREDIT_KEY = 'rpa_simulator_key_without_credit';

export function defaultOptions(): SimulatorOptions {
	return {
		endpoints: ['p-video'],
		apiKey: 'rpa_simulator_key',
		workers: 400,
		executionTimeMs: 20,
		delayTimeMs: 0,
		runningState: 'IN_PROGRESS',
		failedRunsyncStatus: 400,
		nestErrors: false,
		payloadLimits: { runsync: 20 * MEBIBYTE, run: 10 * MEBIBYTE },
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
