/** What is no fault, and which operations a fault can befall: a fault that never comes makes a test that cannot fail. */

import type { FaultRule } from './faults';
import type { Operation } from './requests';

/** Where a job is accepted or forgotten; the answer and its delay can be spoilt everywhere. */
const ACCEPTING: readonly string[] = ['run', 'runsync', 'retry'];
const FORGETTING: readonly string[] = [...ACCEPTING, 'status'];
/** For a webhook, which the simulator sends: spoil the body, delay it, lose it. */
const WEBHOOK_KINDS: readonly string[] = ['body', 'delay', 'reset'];
/** States that no job ends in. */
const UNFINISHED: ReadonlyArray<string | undefined> = [
	'IN_QUEUE',
	'IN_PROGRESS',
	'RUNNING',
	'EXPIRED',
];

export function appliesTo({ kind, operation: wanted }: FaultRule, operation: Operation): boolean {
	if (wanted !== operation && (wanted !== '*' || operation === 'webhook')) return false;
	if (operation === 'webhook') return WEBHOOK_KINDS.includes(kind);
	if (kind === 'job') return ACCEPTING.includes(operation);
	return kind !== 'forget' || FORGETTING.includes(operation);
}

/** Throws a sentence that says what is wrong with the fault. */
export function checkFault(rule: FaultRule): void {
	const { kind, operation, times = 1, skip = 0 } = rule;
	if (operation !== '*' && !appliesTo(rule, operation)) {
		throw new Error(`A '${kind}' fault cannot befall '${operation}'`);
	}
	if (times !== Infinity && !isWhole(times, 1)) {
		throw new Error("'times' must be a whole number from 1, or Infinity");
	}
	if (!isWhole(skip, 0)) throw new Error("'skip' must be a whole number from 0");
	const status = httpStatus(rule);
	if (status !== undefined && !(isWhole(status, 200) && status <= 599)) {
		throw new Error(`${status} is no HTTP status of an answer`);
	}
	if (kind === 'job' && UNFINISHED.includes(rule.status)) {
		throw new Error(`No job ends as ${rule.status}`);
	}
}

function httpStatus(rule: FaultRule): number | undefined {
	if (rule.kind === 'job') return rule.httpStatus;
	return 'status' in rule ? rule.status : undefined;
}

function isWhole(value: number, least: number): boolean {
	return Number.isSafeInteger(value) && value >= least;
}
