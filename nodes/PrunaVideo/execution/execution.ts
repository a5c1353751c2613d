import type { IDataObject, IExecuteFunctions, INode, INodeExecutionData } from 'n8n-workflow';
import type { Answer } from '../runpod/answer';
import { connect, type Connection, withoutKey } from '../runpod/connection';
import { Endpoint } from '../runpod/endpoint';
import type { Failure, KnownJob } from '../runpod/failure';
import { explain } from '../runpod/messages';
import { Kept, type TryEnd } from './kept';
import type { JobRecord, Records } from './record';
import { Tally } from './tally';

export interface ExecutionSettings {
	concurrency: number;
	maxCostPerExecution?: number;
	cancelOnStop: boolean;
}

/** One `execute()` of the node: what its items share. */
export class Execution {
	readonly node: INode;
	readonly stop: AbortSignal | undefined;
	readonly continuesOnFail: boolean;
	readonly kept: Kept;
	readonly tally = new Tally();
	readonly fileNames = new Map<string, number>();
	/** Values of fields without an expression, which are the same for all items. */
	readonly fixed = new Map<string, unknown>();
	openBytes = 0;
	/** Set once nothing new may be submitted: an item has failed, and the execution with it. */
	isEnding = false;
	/** Set by what every later item would get too: a wrong key, no credit, no answer. */
	refusal?: Failure;
	/** Set once Runpod accepted nothing for as long as an item waited; then the others do not wait for it. */
	isOut = false;
	/** Items in a row that waited for long and got no answer. */
	unanswered = 0;
	/** When Runpod accepted the latest job, by `performance.now()`. */
	acceptedAt = -Infinity;
	private connecting?: Promise<Connection>;
	private apiKey?: string;
	private readonly endpoints = new Map<string, Endpoint>();
	private isClosed = false;

	constructor(
		readonly context: IExecuteFunctions,
		readonly settings: ExecutionSettings,
	) {
		this.node = context.getNode();
		this.stop = context.getExecutionCancelSignal();
		this.continuesOnFail = context.continueOnFail();
		this.kept = new Kept(context);
	}

	get records(): Records {
		return this.kept.records;
	}

	async connection(): Promise<Connection> {
		this.connecting ??= connect(this.context);
		const connection = await this.connecting;
		this.apiKey = connection.apiKey;
		return connection;
	}

	/** The endpoint, shared by all items, so that they share what it has learned. */
	async endpoint(id: string): Promise<Endpoint> {
		const connection = await this.connection();
		const endpoint =
			this.endpoints.get(id) ?? new Endpoint(connection, id, this.stop, this.logRepeat(id));
		this.endpoints.set(id, endpoint);
		return endpoint;
	}

	/** Writes a line to n8n's log, never with the key. */
	readonly log = (level: 'debug' | 'info' | 'warn' | 'error', line: string): void => {
		this.context.logger[level](`Pruna Video: ${withoutKey(line, this.apiKey)}`);
	};

	private logRepeat(endpointId: string) {
		return (what: string, answer: Answer, delayMs: number) => {
			const seconds = (delayMs / 1000).toFixed(1);
			const why = explain(answer, endpointId).what;
			this.log('info', `${what} will be sent again in ${seconds} s: ${why}`);
		};
	}

	/**
	 * Where an error belongs, for `toNodeError`. The key is read so that it can be removed from errors about fields
	 * too; without a credential there is none to remove.
	 */
	async place(itemIndex?: number) {
		await this.connection().catch(() => undefined);
		return { node: this.node, itemIndex, apiKey: this.apiKey, log: this.log };
	}

	/** A text for the output, without the key. */
	async shown(text: string): Promise<string> {
		return withoutKey(text, (await this.place()).apiKey);
	}

	/** Ends the execution, once: keeps what a further try can use. */
	close(end: TryEnd): void {
		if (this.isClosed) return;
		this.isClosed = true;
		this.kept.leave(end);
	}
}

/** One item of an execution, and what its operation returns for it. */
export class Item {
	/** As it is sent, once it is known: tells the user which row an output or an error is about. */
	prompt?: string;

	constructor(
		readonly execution: Execution,
		readonly index: number,
	) {}

	get context(): IExecuteFunctions {
		return this.execution.context;
	}

	get input(): INodeExecutionData {
		return this.context.getInputData()[this.index] ?? { json: {} };
	}

	get record(): JobRecord | undefined {
		return this.execution.records.get(this.index);
	}

	/** A field's value for this item; `fallback` where the workflow has no such field. */
	readonly read = (name: string, fallback: unknown): unknown => {
		const { fixed, node } = this.execution;
		if (fixed.has(name)) return fixed.get(name);
		const value = this.context.getNodeParameter(name, this.index, fallback);
		if (!JSON.stringify(node.parameters[name] ?? '').includes('"=')) fixed.set(name, value);
		return value;
	};

	returns(json: IDataObject, job: KnownJob = {}): Result {
		return { item: { json, pairedItem: { item: this.index } }, job };
	}
}

export interface Result {
	item: INodeExecutionData;
	/** The job, where there is one: for the summary of a batch that failed. */
	job: KnownJob;
}
