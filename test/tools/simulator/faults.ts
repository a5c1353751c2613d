/** Faults on request: what a test makes the simulator do wrong, once or often. */

import type { Operation, RequestRecord } from './requests';

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
	/** Fields to leave out of the finished job's answer. */
	omit?: readonly string[];
	executionTimeMs?: number;
}

export type Fault =
	| AnswerFault
	| SendingFault
	| JobFault
	/** The job is gone (404), yet goes on and bills. */
	| { kind: 'forget' }
	/** The request waits before anything else is done with it. */
	| { kind: 'delay'; ms: number };

/** Without the operation that it befalls. */
export type Trouble = Fault & {
	/** How many requests it matches; default 1, Infinity for all. */
	times?: number;
	/** How many matching requests are spared first. */
	skip?: number;
	/** A rule on the request, or part of the job's prompt. */
	match?: ((request: RequestRecord) => boolean) | { prompt?: string | undefined };
};
/** `*`: every request. */
export type FaultRule = Trouble & { operation: Operation | '*' };

type Prompt = () => string | undefined;

/** The faults of one request: at most one of each stage. */
export interface TakenFaults {
	delay?: Extract<Fault, { kind: 'delay' }>;
	job?: JobFault;
	forget?: Extract<Fault, { kind: 'forget' }>;
	answer?: AnswerFault | SendingFault;
}

/** Where a job is accepted, or forgotten; answers can be corrupt and late everywhere. */
const ACCEPTING: readonly string[] = ['run', 'runsync', 'retry'];
const FORGETTING: readonly string[] = [...ACCEPTING, 'status', 'status-sync'];

export class Faults {
	private readonly standing = new Set<{ rule: FaultRule; used: number; spared: number }>();

	/** Throws where the fault could never match a request: a test with it could not fail. */
	add(rule: FaultRule): void {
		if (rule.operation !== '*' && !appliesTo(rule, rule.operation)) {
			throw new Error(`This fault never matches a request: ${JSON.stringify(rule)}`);
		}
		this.standing.add({ rule, used: 0, spared: 0 });
	}

	clear(): void {
		this.standing.clear();
	}

	/** How many rules can still match. */
	get left(): number {
		return this.standing.size;
	}

	/** Takes what matches this request, the oldest rule first. `prompt` is that of its job. */
	take(operation: Operation, request: RequestRecord, prompt: Prompt): TakenFaults {
		const taken: TakenFaults = {};
		for (const standing of this.standing) {
			const { rule } = standing;
			const { kind, skip = 0, times = 1 } = rule;
			const stage = kind === 'delay' || kind === 'job' || kind === 'forget' ? kind : 'answer';
			if (!appliesTo(rule, operation) || taken[stage] || !matches(rule, request, prompt)) continue;
			if (standing.spared++ < skip) continue;
			if (++standing.used >= times) this.standing.delete(standing);
			Object.assign(taken, { [stage]: rule });
		}
		return taken;
	}
}

function appliesTo({ kind, operation: wanted }: FaultRule, operation: Operation): boolean {
	if (wanted !== operation && wanted !== '*') return false;
	if (kind === 'job') return ACCEPTING.includes(operation);
	return kind !== 'forget' || FORGETTING.includes(operation);
}

function matches({ match }: FaultRule, request: RequestRecord, prompt: Prompt): boolean {
	if (match === undefined) return true;
	if (typeof match === 'function') return match(request);
	return match.prompt === undefined || (prompt() ?? '').includes(match.prompt);
}
