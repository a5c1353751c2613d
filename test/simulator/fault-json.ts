/** Reads a fault from JSON: the same rules as in code, without functions. */

import type { Fault, FaultRule, When } from './faults';
import { isRecord } from './json';
import { API_OPERATIONS, type Operation } from './requests';

const OPERATIONS: ReadonlyArray<Operation | '*'> = [...API_OPERATIONS, 'video', 'webhook', '*'];

/** Throws a sentence where the value is no fault. `times` may be the text "Infinity". */
export function parseFaultRule(value: unknown): FaultRule {
	if (!isRecord(value)) throw new Error('A fault must be a JSON object');
	const operation = OPERATIONS.find((known) => known === value.operation);
	if (!operation) throw new Error(`'operation' must be one of ${OPERATIONS.join(', ')}`);
	const rule: FaultRule = { ...parseFault(value), operation };
	const times = value.times === 'Infinity' ? Infinity : optional(value, 'times', isNumber);
	if (times !== undefined) rule.times = times;
	const skip = optional(value, 'skip', isNumber);
	if (skip !== undefined) rule.skip = skip;
	if (value.match === undefined) return rule;
	if (!isRecord(value.match)) throw new Error("'match' must be an object");
	const { match } = value;
	rule.match = {
		prompt: optional(match, 'prompt', isText),
		jobId: optional(match, 'jobId', isText),
	};
	return rule;
}

function parseFault(value: Record<string, unknown>): Fault {
	const when = parseWhen(value.when);
	switch (value.kind) {
		case 'status': {
			const headers = optional(value, 'headers', isTexts);
			const fault = { kind: value.kind, status: required(value, 'status', isNumber), when };
			return { ...fault, body: value.body, ...(headers ? { headers } : {}) };
		}
		case 'body': {
			const status = optional(value, 'status', isNumber) ?? 200;
			const contentType = optional(value, 'contentType', isText) ?? 'application/json';
			return { kind: 'body', status, contentType, body: required(value, 'body', isText), when };
		}
		case 'redirect': {
			const status = required(value, 'status', isNumber);
			return { kind: 'redirect', status, location: required(value, 'location', isText), when };
		}
		case 'reset':
		case 'hang':
			return { kind: value.kind, when };
		case 'trickle': {
			const intervalMs = required(value, 'intervalMs', isNumber);
			return { kind: 'trickle', bytes: required(value, 'bytes', isNumber), intervalMs };
		}
		case 'truncate':
			return { kind: 'truncate', bytes: required(value, 'bytes', isNumber) };
		case 'delay':
			return { kind: 'delay', ms: required(value, 'ms', isNumber) };
		case 'forget':
			return { kind: 'forget' };
		case 'job':
			return parseJobFault(value);
		default:
			throw new Error(`'kind' is not a known fault: ${JSON.stringify(value.kind)}`);
	}
}

function parseJobFault(value: Record<string, unknown>): Fault {
	const status = optional(value, 'status', isText);
	const error = optional(value, 'error', isText);
	const omit = optional(value, 'omit', isTextList);
	const httpStatus = optional(value, 'httpStatus', isNumber);
	const executionTimeMs = optional(value, 'executionTimeMs', isNumber);
	return {
		kind: 'job',
		...(status === undefined ? {} : { status }),
		...(error === undefined ? {} : { error }),
		...('output' in value ? { output: value.output } : {}),
		...(omit === undefined ? {} : { omit }),
		...(httpStatus === undefined ? {} : { httpStatus }),
		...(executionTimeMs === undefined ? {} : { executionTimeMs }),
	};
}

function parseWhen(when: unknown): When {
	if (when === undefined || when === 'before' || when === 'after') return when ?? 'before';
	throw new Error("'when' must be 'before' or 'after'");
}

type Check<T> = (value: unknown) => value is T;

function required<T>(from: Record<string, unknown>, field: string, is: Check<T>): T {
	const value = from[field];
	if (!is(value)) throw new Error(`'${field}' is missing or of the wrong type`);
	return value;
}

function optional<T>(from: Record<string, unknown>, field: string, is: Check<T>): T | undefined {
	return from[field] === undefined ? undefined : required(from, field, is);
}

function isNumber(value: unknown): value is number {
	return typeof value === 'number' && value >= 0;
}

function isText(value: unknown): value is string {
	return typeof value === 'string';
}

function isTextList(value: unknown): value is string[] {
	return Array.isArray(value) && value.every(isText);
}

function isTexts(value: unknown): value is Record<string, string> {
	return isRecord(value) && Object.values(value).every(isText);
}
