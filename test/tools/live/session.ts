/** One run: what it found, and the requests around a job, none of which spends twice. */

import { setTimeout as sleep } from 'node:timers/promises';
import { isRecord } from '../simulator/json';
import { optionsFor } from '../simulator/records';
import { anonymous } from './anonymous';
import { NoAnswer, type Exchange, type Question, type Send } from './client';
import { readOutput } from './output';
import { Stop, usd, type Purchase, type Purse } from './purse';

/** `open`: a person has to look. */
export type Verdict = 'documented' | 'as seen' | 'NEW' | 'open';

/** Makes one record: exchanges about at most one job. */
export interface Scenario {
	about: string;
	exchanges: Exchange[];
	jobId?: string;
}

export interface Job {
	id: string;
	scenario: Scenario;
	purchase: Purchase;
	submission: Exchange;
	acceptedAt: number;
	/** How long it was unknown after it was accepted; undefined while it is. */
	unknownMs?: number;
}

const LONGEST_JOB_MS = 600_000;
/** Others waited up to 150 s for a fresh job to be known. */
const LONGEST_UNKNOWN_MS = 160_000;
const PAUSE_MS = 100;

export const fieldsOf = ({ body }: Exchange) => (isRecord(body) ? body : {});
export const isFinal = (exchange: Exchange) =>
	/^(COMPLETED|FAILED|CANCELLED|TIMED_OUT)$/.test(String(fieldsOf(exchange).status));
const isUnknown = ({ status, body }: Exchange) =>
	status === 404 && /job/i.test(JSON.stringify(body));

export class Session {
	private readonly scenarios: Scenario[] = [];
	/** Rows of the list of facts that something was found about. */
	readonly rows = new Set<number>();
	/** How to look at a job. */
	looksBy = ['status', ''];

	constructor(
		private readonly send: Send,
		readonly purse: Purse,
		private readonly apiKey: string,
		readonly say: (line: string) => void,
	) {}

	found(row: number, about: string, verdict: Verdict, saw: string): void {
		this.rows.add(row);
		this.say(`${String(row).padStart(2)}  ${verdict.padEnd(10)}  ${about}: ${saw}`);
	}

	/** Sends it, and keeps it for the record. Throws NoAnswer. */
	async ask(scenario: Scenario, method: string, path: string, question?: Question) {
		if (!this.scenarios.includes(scenario)) this.scenarios.push(scenario);
		const exchange = await this.send(method, `/p-video${path}`, question);
		scenario.exchanges.push(exchange);
		return exchange;
	}

	/** Submits once; no job where it was refused. Throws Stop where money may be lost, else NoAnswer. */
	async submit(scenario: Scenario, path: string, question: Question, estimate = 0) {
		const { about } = scenario;
		const purchase = this.purse.open(estimate);
		if (estimate > 0) this.say(`    ${about}: submitting, ${usd(estimate)} estimated`);
		const lost = (what: string) =>
			new Stop(`${about}: ${what}; it may have been accepted: look into Runpod's console.`);
		const submission = await this.ask(scenario, 'POST', path, question).catch((error: unknown) => {
			throw error instanceof NoAnswer && estimate > 0 ? lost(error.message) : error;
		});
		const { status } = submission;
		const { id } = fieldsOf(submission);
		if (typeof id === 'string') {
			scenario.jobId = id;
			this.say(`    ${about}: accepted as ${id}`);
			const job: Job = { id, scenario, purchase, submission, acceptedAt: Date.now() };
			return { submission, job };
		}
		const isRefusal = status >= 400 && status < 500 && status !== 408;
		if (estimate > 0 && !isRefusal) throw lost(`HTTP ${status} without an id`);
		this.purse.close(purchase);
		return { submission };
	}

	/** Looks until the end, and books what it cost. Throws Stop. */
	async finish(job: Job): Promise<Exchange> {
		const final = job.scenario.exchanges.find(isFinal) ?? (await this.look(job, isFinal));
		const { status, output } = fieldsOf(final);
		const { cost } = readOutput(output);
		job.purchase.cost = cost;
		const said = cost === undefined ? 'no cost named' : usd(cost);
		this.say(`    ${job.scenario.about}: ${String(status)}, ${said}`);
		return final;
	}

	/**
	 * A look costs nothing: it is repeated whatever comes in between. Kept for the record are the first
	 * that does not know the job, and the end.
	 */
	async look(job: Job, isEnough: (exchange: Exchange) => boolean): Promise<Exchange> {
		const [operation, query] = this.looksBy;
		const { exchanges } = job.scenario;
		for (;;) {
			const exchange = await this.send('GET', `/p-video/${operation}/${job.id}${query}`).catch(
				() => undefined,
			);
			const ageMs = Date.now() - job.acceptedAt;
			if (exchange?.status === 200) job.unknownMs ??= exchanges.some(isUnknown) ? ageMs : 0;
			const isFirst = exchange && isUnknown(exchange) && !exchanges.some(isUnknown);
			if (exchange && (isFirst || isFinal(exchange))) exchanges.push(exchange);
			if (exchange && isEnough(exchange)) return exchange;
			if (ageMs > (job.unknownMs === undefined ? LONGEST_UNKNOWN_MS : LONGEST_JOB_MS)) {
				throw new Stop(`The job ${job.id} has not ended. Look for it in Runpod's console.`);
			}
			await sleep(PAUSE_MS);
		}
	}

	/** Status and body, fit to be shown. */
	seen({ status, body }: Exchange): string {
		const known = { secrets: this.secrets() };
		return `${status} ${JSON.stringify(anonymous(body, known)).slice(0, 160)}`;
	}

	/** For `test/tools/simulator/records/`. */
	records(): object[] {
		const secrets = this.secrets();
		const answered = this.scenarios.filter(({ exchanges }) => exchanges.length > 0);
		return answered.map(({ about, exchanges, jobId }) => {
			const shown = exchanges.map(({ ms: _ms, path, body, ...rest }) => ({
				...rest,
				path: jobId ? path.replace(jobId, '{job}') : path,
				body: anonymous(body, { secrets, jobId }),
			}));
			return { about, options: optionsFor(shown), exchanges: shown };
		});
	}

	private secrets(): string[] {
		return [this.apiKey, ...this.scenarios.flatMap(({ jobId }) => jobId ?? [])];
	}
}
