/** What someone with a key saw of Runpod, as files in `records/`; the format stands in README.md. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OUTPUT_SHAPES, outputOf } from './document';
import { isRecord, parseJson } from './json';
import { optionsOf, type SimulatorOptions } from './options';
import type { StartOptions } from './index';

const FOLDER = join(__dirname, 'records');

export interface RecordedExchange {
	method: string;
	/** Behind `/v2`; `{job}` stands for the id of the job that the record is about. */
	path: string;
	/** `default` where it is missing; `wrong` and `none` are the other two. */
	key?: 'wrong' | 'none';
	requestBody?: unknown;
	/** The body's length where spaces behind the JSON make it longer. */
	requestBytes?: number;
	status: number;
	contentType?: string;
	/** JSON, or text. Only its shape is held against the simulator: fields, types, and `status` by value. */
	body: unknown;
}

export interface LiveRecord {
	/** The file's name, and what the record is about. */
	name: string;
	/** What the simulator has to be told to answer like this. */
	options: StartOptions;
	exchanges: RecordedExchange[];
}

/** Throws where a file holds no record. */
export function readRecords(folder = FOLDER): LiveRecord[] {
	const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
	return names.flatMap((name) => {
		const content = parseJson(readFileSync(join(folder, name)));
		const records: unknown[] = Array.isArray(content) ? content : [content];
		return records.map((record) => readRecord(name, record));
	});
}

function readRecord(file: string, record: unknown): LiveRecord {
	if (!isRecord(record) || !isRecord(record.options) || !Array.isArray(record.exchanges)) {
		throw new Error(`${file} is not a record: it needs 'options' and 'exchanges'`);
	}
	const exchanges = record.exchanges.filter(isExchange);
	if (exchanges.length < record.exchanges.length || exchanges.length === 0) {
		throw new Error(`${file}: an exchange needs 'method', 'path', 'status' and 'body'`);
	}
	return { name: `${file}: ${String(record.about)}`, options: record.options, exchanges };
}

function isExchange(value: unknown): value is RecordedExchange {
	if (!isRecord(value)) return false;
	const { method, path, status, body } = value;
	const isNamed = typeof method === 'string' && typeof path === 'string';
	return isNamed && typeof status === 'number' && body !== undefined;
}

/** Fields with the types of their values; the value itself only of `status`. */
export function shapeOf(value: unknown, field = ''): unknown {
	if (Array.isArray(value)) return value.slice(0, 1).map((entry) => shapeOf(entry));
	if (isRecord(value)) {
		const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
		return Object.fromEntries(entries.map(([name, entry]) => [name, shapeOf(entry, name)]));
	}
	return field === 'status' ? value : value === null ? null : typeof value;
}

/** The options that make the simulator answer like this, as far as the exchanges tell. */
export function optionsFor(exchanges: readonly RecordedExchange[]): StartOptions {
	const options: StartOptions = { profile: 'documented' };
	for (const exchange of exchanges) Object.assign(options, optionsOfOne(exchange));
	return options;
}

function optionsOfOne(exchange: RecordedExchange): Partial<SimulatorOptions> {
	const { method, path, status, requestBody, requestBytes, body } = exchange;
	const said = JSON.stringify(body);
	const fields = isRecord(body) ? body : {};
	const found: Partial<SimulatorOptions> = {};
	if (status >= 400) {
		found.refusalShape = 'title' in fields || body === 'unauthorized' ? 'problem' : 'error';
		const asked = JSON.stringify(requestBody ?? {});
		if (asked.includes('"data:')) found.refusesDataUris = true;
		else if (asked.includes('"input"')) found.refusesOddInput = true;
	}
	if (path.endsWith('/health')) found.showsHealth = status === 200;
	if (requestBytes && (status === 400 || status === 413 || status === 502)) {
		found.tooLargeStatus = status;
	}
	const isLook = method === 'GET' && path.includes('{job}');
	const isUnknown = status === 404 && /job/i.test(said);
	if (isLook && isUnknown) found.unknownAtFirst = { looks: 1, ms: 0 };
	const isLacking = status === 404 || status === 405 || status === 501;
	if (path.includes('/status-sync/') && isLacking && !isUnknown) found.statusSync = status;
	// One that was kept open for 90 s without an end is replayed in 0.9 s.
	if (path.endsWith('?wait=90000') && /"IN_(QUEUE|PROGRESS)"/.test(said)) found.timeScale = 0.01;
	const isEnd = ['COMPLETED', 'FAILED', 'CANCELLED'].some((state) => state === fields.status);
	if (isEnd && !path.includes('/cancel/')) found.repeatsInput = 'input' in fields;
	if (fields.status === 'COMPLETED') Object.assign(found, outputOptions(fields.output));
	if (fields.status === 'CANCELLED' && isLook) found.cancelledHasTimes = 'delayTime' in fields;
	return found;
}

/** The first of the known shapes that fits; none where it is a new one. */
function outputOptions(output: unknown): Partial<SimulatorOptions> {
	const wanted = JSON.stringify(shapeOf(output));
	for (const costAs of ['number', 'text', 'none'] as const) {
		for (const outputShape of OUTPUT_SHAPES) {
			const options = { ...optionsOf('documented'), outputShape, costAs };
			// As JSON, what is undefined is not there.
			const sent: unknown = JSON.parse(JSON.stringify(outputOf('https://v', 1, options)));
			if (JSON.stringify(shapeOf(sent)) === wanted) return { outputShape, costAs };
		}
	}
	return {};
}
