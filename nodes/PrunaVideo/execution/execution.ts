import type { IExecuteFunctions, INode } from 'n8n-workflow';
import { connect, type Connection } from '../runpod/connection';
import { Endpoint } from '../runpod/endpoint';
import type { Repeat } from '../runpod/repeat';
import { judge } from '../runpod/verdicts';
import { Book } from './book';
import { Budget, type Spending } from './budget';
import { Kept, type TryEnd } from './kept';
import type { ReadResult } from './readResult';
import { jsonWithoutKey, withoutKey } from './redaction';
import { Tally } from './tally';

/** What belongs to the whole execution; read from the first item. */
export interface ExecutionSettings {
	/** Items that are running at once. */
	concurrency: number;
	/** USD. */
	maxCostPerExecution?: number;
	cancelOnStop: boolean;
}

/** One `execute()` of the node: what its items share. */
export class Execution {
	readonly node: INode;
	readonly stop: AbortSignal | undefined;
	readonly continuesOnFail: boolean;
	readonly budget: Budget;
	readonly book: Book;
	readonly tally = new Tally();
	/** Set once nothing new may be submitted: an item has failed, and the execution with it. */
	isEnding = false;
	private connecting?: Promise<Connection>;
	private apiKey?: string;
	private readonly endpoints = new Map<string, Endpoint>();
	private isClosed = false;

	constructor(
		readonly context: IExecuteFunctions,
		readonly settings: ExecutionSettings,
		readonly readResult: ReadResult,
	) {
		this.node = context.getNode();
		this.stop = context.getExecutionCancelSignal();
		this.continuesOnFail = context.continueOnFail();
		const kept = Kept.take(context);
		this.budget = new Budget(settings.maxCostPerExecution, spendingOf(context, kept));
		this.book = new Book({
			kept,
			budget: this.budget,
			stop: this.stop,
			cancelsOnStop: settings.cancelOnStop,
			readResult,
			isEnding: () => this.isEnding,
			log: this.log,
		});
	}

	/** The credential, read once for the execution. */
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
			this.endpoints.get(id) ?? new Endpoint(connection, id, this.stop, this.logRepeat);
		this.endpoints.set(id, endpoint);
		return endpoint;
	}

	/**
	 * Reads the key, so that it can be removed from errors about fields too. Without a credential there is none to
	 * remove.
	 */
	async learnKey(): Promise<void> {
		await this.connection().catch(() => undefined);
	}

	/** Writes a line to n8n's log, never with the key. */
	readonly log = (level: 'debug' | 'info' | 'warn' | 'error', line: string): void => {
		this.context.logger[level](`Pruna Video: ${this.textWithoutKey(line)}`);
	};

	private readonly logRepeat = ({ answer, delayMs }: Repeat, what: string): void => {
		const { says } = judge(answer);
		const why = answer.kind === 'answered' ? `HTTP ${answer.status}` : answer.reason;
		const seconds = (delayMs / 1000).toFixed(1);
		this.log(
			'info',
			`${what} will be sent again in ${seconds} s: ${says.replace(/ \(.*| with \{body\}.*/, '')} (${why})`,
		);
	};

	/** Where an error belongs, for `toNodeError`. */
	place(itemIndex?: number) {
		return { node: this.node, itemIndex, apiKey: this.apiKey };
	}

	/** Removes the API key from a text, in case it quotes an answer that contains the key. */
	textWithoutKey(text: string): string {
		return withoutKey(text, this.apiKey);
	}

	/** Removes the API key from JSON, in case Runpod's answer contains it. */
	withoutKey<T>(json: T): T {
		return jsonWithoutKey(json, this.apiKey);
	}

	/** Ends the execution, once: waits for cancels, and keeps only what a further try can use. */
	async close(end: TryEnd): Promise<void> {
		if (this.isClosed) return;
		this.isClosed = true;
		await this.book.close(end, (stored) => this.withoutKey(stored));
		if (this.budget.limit !== undefined) {
			const context = this.context.getContext('node');
			context[SPENT] = this.budget.committed;
			context[UNKNOWN_COSTS] = this.budget.unknown || undefined;
		}
	}
}

/**
 * Under these keys an execution with 'Max Cost per Execution' leaves what was spent, and how many jobs have a cost
 * that is not known yet, for its next try and for the next turn of a loop.
 */
const SPENT = 'prunaVideoSpent';
const UNKNOWN_COSTS = 'prunaVideoUnknownCosts';

/** Keyed by the node's context in the execution, because an agent can call its tool several times at once. */
const spendings = new WeakMap<object, Spending>();

function spendingOf(functions: IExecuteFunctions, kept: Kept): Spending {
	const context = functions.getContext('node');
	const { [SPENT]: total, [UNKNOWN_COSTS]: unknown } = context;
	const left =
		typeof total === 'number'
			? { total, unknown: typeof unknown === 'number' ? unknown : 0 }
			: undefined;
	// If only the retry has a limit, what is known of the failed execution's spending counts too.
	const spending = spendings.get(context) ?? left ?? kept.spending;
	spendings.set(context, spending);
	return spending;
}
