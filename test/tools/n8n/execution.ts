/** What an execution did, read from n8n's own record of it. */

import { at, isRecord, listAt, type JsonRecord } from './json';

export interface Item {
	json: JsonRecord;
	binary?: JsonRecord;
	error?: unknown;
	pairedItem?: unknown;
}

export interface Execution {
	/** `success`, `error`, `canceled`, `running`, `waiting` … */
	status: string;
	/** Undefined while it runs, or when the last node did well. */
	error: unknown;
	/** `runData` as n8n keeps it: node name → its runs. */
	runData: JsonRecord;
}

/** From an execution as REST gives it, once its data is parsed. */
export function readExecution(status: unknown, data: unknown): Execution {
	const runData = at(data, 'resultData', 'runData');
	return {
		status: typeof status === 'string' ? status : 'unknown',
		error: at(data, 'resultData', 'error'),
		runData: isRecord(runData) ? runData : {},
	};
}

/** The items that `node` gave in its last run, at its first output unless told otherwise. */
export function itemsOf({ runData }: Execution, node: string, { output = 0 } = {}): Item[] {
	const runs = runData[node];
	const chosen: unknown = Array.isArray(runs) ? runs.at(-1) : undefined;
	return listAt(chosen, 'data', 'main', output).filter(isItem);
}

function isItem(value: unknown): value is Item & JsonRecord {
	return isRecord(value) && isRecord(value.json);
}

/** The message of a failed execution, or of a failed node in it. */
export function failureOf(execution: Execution): string | undefined {
	const message = at(execution.error, 'message');
	const description = at(execution.error, 'description');
	const texts = [message, description].filter((text) => typeof text === 'string' && text !== '');
	return texts.length > 0 ? [...new Set(texts)].join(' ') : undefined;
}
