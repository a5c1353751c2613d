/** Faults on request: what a test makes the simulator do wrong, once or often. */

import { METHODS, type Operation, type RequestRecord } from './requests';

/** `before`: nothing happened. `after`: the job was accepted (cancelled …), and the answer is corrupt. */
export type When = 'before' | 'after';

/** Takes the place of the answer. */
export type AnswerFault =
	| {
			kind: 'status';
			status: number;
			headers?: Record<string, string>;
			/** Text as it is, anything else as JSON. */
			body?: unknown;
			when?: When;
	  }
	| { kind: 'body'; status?: number; contentType?: string; body: string | Buffer; when?: When }
	| { kind: 'redirect'; status: number; location: string; when?: When }
	/** The socket is destroyed (RST). */
	| { kind: 'reset'; when?: When }
	/** No answer until the client leaves or the simulator closes. */
	| { kind: 'hang'; when?: When };

/** Leaves the answer as it is, but not the way it is sent. */
export type SendingFault =
	| { kind: 'trickle'; bytes: number; intervalMs: number }
	/** Content-Length names all of it, `bytes` of it are sent (`id`: up to the end of the job's ID), then the socket is destroyed. */
	| { kind: 'truncate'; bytes: number | 'id' };

/** How an accepted job ends, whatever its input. */
export interface JobFault {
	kind: 'job';
	/** Default FAILED with an `error`, else COMPLETED. Only COMPLETED is billed, unless `price` is set. */
	status?: string;
	/** As it is, in whatever shape. */
	error?: unknown;
	/** In place of {video_url, cost}; with the field present, null and undefined count too. */
	output?: unknown;
	/** USD billed, whatever the end. */
	price?: number;
	/** `output` while it is worked on. */
	progress?: unknown;
	/** How often it goes back from IN_PROGRESS to IN_QUEUE first. */
	requeues?: number;
	/** Fields to leave out of the finished job's answer. */
	omit?: readonly string[];
	/** HTTP status of runsync and status once the job has ended. */
	httpStatus?: number;
	executionTimeMs?: number;
}

/** The job is gone (404), yet goes on and bills. */
export interface ForgetFault {
	kind: 'forget';
}

/** The request waits before anything else is done with it. */
export interface DelayFault {
	kind: 'delay';
	ms: number;
}

export type Fault = AnswerFault | SendingFault | JobFault | ForgetFault | DelayFault;

/** What a fault is for: a rule on the request, or part of the job's prompt, or the job's id. */
export type FaultMatch =
	| ((request: RequestRecord) => boolean)
	| { prompt?: string | undefined; jobId?: string | undefined };

export type FaultRule = Fault & {
	/** `*`: every request that the simulator receives (so not `webhook`, which it sends). */
	operation: Operation | '*';
	/** How many requests it matches; default 1, Infinity for all. */
	times?: number;
	/** How many matching requests are spared first. */
	skip?: number;
	match?: FaultMatch;
};

export interface AddedFault {
	/** How many requests it has matched. */
	readonly used: number;
	remove(): void;
}

/** The faults of one request: at most one of each stage. */
export interface TakenFaults {
	delay?: DelayFault;
	job?: JobFault;
	forget?: ForgetFault;
	answer?: AnswerFault | SendingFault;
}

/** Where a job is accepted, or forgotten; answers can be corrupt and late everywhere. */
const ACCEPTING: readonly string[] = ['run', 'runsync', 'retry'];
const FORGETTING: readonly string[] = [...ACCEPTING, 'status', 'status-sync'];
/** For a webhook, which the simulator sends: corrupt the body, delay it, lose it. */
const WEBHOOK_KINDS: readonly string[] = ['body', 'delay', 'reset'];
/** States that no job ends in. */
const UNFINISHED: readonly unknown[] = ['IN_QUEUE', 'IN_PROGRESS', 'RUNNING', 'EXPIRED'];

interface Standing {
	rule: FaultRule;
	used: number;
	spared: number;
}

export class Faults {
	private readonly standing = new Set<Standing>();

	/** Throws where the fault could never match a request: a test with it could not fail. */
	add(rule: FaultRule): AddedFault {
		const { kind, operation, times = 1, skip = 0 } = rule;
		const known = ['*', 'video', 'webhook', ...Object.keys(METHODS)];
		const isPossible = operation === '*' || appliesTo(rule, operation);
		const isCounted = times >= 1 && skip >= 0 && (times === Infinity || Number.isInteger(times));
		const isUnfinished = kind === 'job' && UNFINISHED.includes(rule.status);
		if (!known.includes(operation) || !isPossible || !isCounted || isUnfinished) {
			throw new Error(`This fault never matches a request: ${JSON.stringify(rule)}`);
		}
		const standing: Standing = { rule, used: 0, spared: 0 };
		this.standing.add(standing);
		return {
			get used() {
				return standing.used;
			},
			remove: () => this.standing.delete(standing),
		};
	}

	clear(): void {
		this.standing.clear();
	}

	/** Takes what matches this request, the oldest rule first. `prompt` is that of its job. */
	take(
		operation: Operation,
		request: RequestRecord,
		prompt: () => string | undefined,
	): TakenFaults {
		const taken: TakenFaults = {};
		for (const standing of this.standing) {
			const { rule } = standing;
			if (!appliesTo(rule, operation) || taken[stageOf(rule)]) continue;
			if (!matches(rule.match, request, prompt)) continue;
			if (standing.spared < (rule.skip ?? 0)) {
				standing.spared++;
				continue;
			}
			standing.used++;
			if (standing.used >= (rule.times ?? 1)) this.standing.delete(standing);
			Object.assign(taken, { [stageOf(rule)]: rule });
		}
		return taken;
	}
}

function stageOf({ kind }: Fault): keyof TakenFaults {
	return kind === 'delay' || kind === 'job' || kind === 'forget' ? kind : 'answer';
}

function appliesTo({ kind, operation: wanted }: FaultRule, operation: Operation): boolean {
	if (wanted !== operation && (wanted !== '*' || operation === 'webhook')) return false;
	if (operation === 'webhook') return WEBHOOK_KINDS.includes(kind);
	if (kind === 'job') return ACCEPTING.includes(operation);
	return kind !== 'forget' || FORGETTING.includes(operation);
}

function matches(
	match: FaultMatch | undefined,
	request: RequestRecord,
	prompt: () => string | undefined,
): boolean {
	if (match === undefined) return true;
	if (typeof match === 'function') return match(request);
	if (match.jobId !== undefined && match.jobId !== request.jobId) return false;
	return match.prompt === undefined || (prompt() ?? '').includes(match.prompt);
}
