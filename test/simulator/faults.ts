/** Faults on request: what a test makes the simulator do wrong, once or often. */

import { appliesTo, checkFault } from './fault-check';
import type { Operation, RequestRecord } from './requests';

/** `before`: nothing happened. `after`: the job was accepted (cancelled …), the answer is spoilt. */
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
	/** Content-Length names all of it, `bytes` of it are sent, then the socket is destroyed. */
	| { kind: 'truncate'; bytes: number };

/** How an accepted job ends, whatever its input. */
export interface JobFault {
	kind: 'job';
	/** Default FAILED with an `error`, else COMPLETED. Only COMPLETED is billed. */
	status?: string;
	error?: string;
	/** In place of {video_url, cost}; with the field present, null and undefined count too. */
	output?: unknown;
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
	/** How many requests it befalls; default 1, Infinity for all. */
	times?: number;
	/** How many matching requests are spared first. */
	skip?: number;
	match?: FaultMatch;
};

export interface AddedFault {
	/** How many requests it has befallen. */
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

type Stage = keyof TakenFaults;

const STAGES: Record<Fault['kind'], Stage> = {
	delay: 'delay',
	job: 'job',
	forget: 'forget',
	status: 'answer',
	body: 'answer',
	redirect: 'answer',
	reset: 'answer',
	hang: 'answer',
	trickle: 'answer',
	truncate: 'answer',
};

interface Standing {
	rule: FaultRule;
	used: number;
	spared: number;
}

export class Faults {
	private readonly standing = new Set<Standing>();

	/** Throws where the fault is none, or could never befall a request. */
	add(rule: FaultRule): AddedFault {
		checkFault(rule);
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

	/** Takes what befalls this request, the oldest rule first. `prompt` is that of its job. */
	take(
		operation: Operation,
		request: RequestRecord,
		prompt: () => string | undefined,
	): TakenFaults {
		const taken: TakenFaults = {};
		for (const standing of this.standing) {
			const { rule } = standing;
			if (!appliesTo(rule, operation) || taken[STAGES[rule.kind]]) continue;
			if (!matches(rule.match, request, prompt)) continue;
			if (standing.spared < (rule.skip ?? 0)) {
				standing.spared++;
				continue;
			}
			standing.used++;
			if (standing.used >= (rule.times ?? 1)) this.standing.delete(standing);
			put(taken, rule);
		}
		return taken;
	}
}

function put(taken: TakenFaults, fault: Fault): void {
	if (fault.kind === 'delay') taken.delay = fault;
	else if (fault.kind === 'job') taken.job = fault;
	else if (fault.kind === 'forget') taken.forget = fault;
	else taken.answer = fault;
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
