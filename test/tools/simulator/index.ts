/**
 * A stand-in for Runpod's API of `p-video`, on a real socket of this machine. It keeps the documented
 * semantics, or those that were seen; see README.md. It shares no code with the node that it tests.
 */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen } from '../listen';
import { Refusal } from './answer';
import { Api, type Outcome } from './api';
import { billingHistory } from './billing';
import { Changes } from './changes';
import { Clock } from './clock';
import { Exchange } from './exchange';
import { Faults, type TakenFaults } from './faults';
import { checkAccess, checkPlace, checkSize, RateLimits } from './gate';
import { isRecord, parseJson, promptOf } from './json';
import { Jobs } from './jobs';
import { Ledger } from './ledger';
import {
	DOCUMENTED,
	FORBIDDEN_KEY,
	MEBIBYTE,
	NO_CREDIT_KEY,
	optionsOf,
	type SimulatorOptions,
} from './options';
import { requestRecord, type RequestRecord } from './requests';
import { missingVideo, videoAnswer } from './video';
import { Webhooks } from './webhooks';

export type { Fault, FaultRule, Trouble } from './faults';
export type { JobRecord, Ledger } from './ledger';
export type { SimulatorOptions } from './options';
export type { RequestRecord } from './requests';

export interface StartOptions extends Partial<SimulatorOptions> {
	/** 0 (default): any free one. */
	port?: number;
	/** `documented` or `seen`; default: PRUNA_SIMULATOR_PROFILE, else documented. Anything else rejects. */
	profile?: string | undefined;
}

/** Rejects where the port cannot be had. */
export async function startSimulator(chosen: StartOptions = {}): Promise<Simulator> {
	const { port = 0, profile, ...options } = chosen;
	const simulator = new Simulator(Object.assign(optionsOf(profile), options));
	await simulator.listen(port);
	return simulator;
}

export class Simulator {
	readonly ledger = new Ledger();
	/** Every request received, oldest first; the array stays the same one. */
	readonly requests: RequestRecord[] = [];
	readonly faults = new Faults();
	/** The key that may do everything, and what else goes into the credential. */
	readonly apiKey: string;
	baseUrl = '';
	port = 0;
	private readonly clock = new Clock();
	private readonly changes = new Changes();
	private readonly webhooks: Webhooks;
	private parts: { jobs: Jobs; limits: RateLimits; api: Api };
	private end = async () => {};
	private readonly open = new Set<Exchange>();
	private readonly server = createServer((request, response) => {
		this.handle(request, response).catch((error: unknown) => {
			console.error(error);
			response.destroy();
		});
	});

	/** Where a job's video is once it is made, in whatever field answers say so. */
	readonly videoUrl = (jobId: string) => `${new URL('/video', this.baseUrl)}/${jobId}/output.mp4`;
	/** Workers stop taking jobs (`start`), finishing them (`finish`), or both (default). */
	readonly hold = (what: 'start' | 'finish' | 'both' = 'both') => this.parts.jobs.hold(what);
	readonly release = () => this.parts.jobs.release();
	/** Moves the simulator's time on, so that what is due then happens now. */
	readonly advance = (ms: number) => this.clock.advance(ms);
	/** Hears of every change of a job, a request or a webhook; returns what ends that. */
	readonly subscribe: Changes['subscribe'] = (listener) => this.changes.subscribe(listener);
	/** Resolves once it holds, looked at on every change; rejects after `timeoutMs`. */
	readonly waitFor = (
		isMet: (ledger: Ledger, requests: readonly RequestRecord[]) => boolean,
		timeoutMs = 5000,
	) => this.changes.waitFor(() => isMet(this.ledger, this.requests), timeoutMs);
	/** Forgets jobs, ledger, faults, requests, rate limits and a hold, and cuts off who waits; options stay. */
	readonly reset = (): void => {
		for (const exchange of [...this.open]) exchange.reset();
		this.parts.jobs.fetching.abort();
		for (const part of [this.clock, this.webhooks, this.ledger, this.faults]) part.clear();
		this.requests.length = 0;
		this.parts = this.begin();
	};

	/** `options` may be changed at any time. */
	constructor(readonly options: SimulatorOptions) {
		this.apiKey = options.apiKey;
		this.webhooks = new Webhooks(this.clock, options, this.changes);
		this.parts = this.begin();
	}

	private begin() {
		const { clock, changes, ledger, options, videoUrl, webhooks } = this;
		const jobs = new Jobs({ clock, options, ledger, changes, webhooks, videoUrl });
		const api = new Api(options, jobs, () => clock.now());
		return { jobs, limits: new RateLimits(clock, options), api };
	}

	async listen(port: number): Promise<void> {
		const { server } = this;
		// Uploads and held answers may take as long as they like.
		server.requestTimeout = 0;
		server.keepAliveTimeout = 60_000;
		const { url, close } = await listen(server, port);
		this.end = close;
		this.port = Number(new URL(url).port);
		this.baseUrl = `${url}/v2`;
	}

	/** Cuts every connection and forgets every plan: nothing is left open. */
	async close(): Promise<void> {
		this.reset();
		await this.end();
	}

	private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
		// For people: where it is, and its books.
		if (request.url === '/') return void response.end(JSON.stringify(this));
		const record = requestRecord(request, this.clock.now());
		const exchange = new Exchange(request, response, record, this.clock, () => {
			this.open.delete(exchange);
			this.changes.announce({ kind: 'request', request: record });
		});
		this.open.add(exchange);
		if (this.options.recordRequests) this.requests.push(record);

		const bytes = await exchange.readBody(DOCUMENTED.body.runsync);
		if (exchange.isOver) return;
		const body = bytes && parseJson(bytes);
		record.body = body ?? (bytes?.toString() || undefined);
		const faults = this.faultsOf(record, body);
		if (record.bytes > MEBIBYTE) record.body = undefined;
		this.changes.announce({ kind: 'request', request: record });
		await this.respond(exchange, body, faults);
	}

	toJSON(): object {
		const { baseUrl, apiKey, ledger } = this;
		const { total, jobs } = ledger;
		return { baseUrl, apiKey, FORBIDDEN_KEY, NO_CREDIT_KEY, total, jobs };
	}

	private faultsOf(record: RequestRecord, body: unknown): TakenFaults {
		const { operation, jobId } = record;
		if (operation === 'unknown') return {};
		const own = isRecord(body) && isRecord(body.input) ? body.input : undefined;
		const prompt = () => promptOf(own ?? this.ledger.find(jobId ?? '')?.input);
		return this.faults.take(operation, record, prompt);
	}

	private async respond(exchange: Exchange, body: unknown, faults: TakenFaults): Promise<void> {
		if (faults.delay) await this.clock.sleep(faults.delay.ms);
		if (exchange.isOver) return;
		const { answer: fault } = faults;
		const isShaping = fault?.kind === 'trickle' || fault?.kind === 'truncate';
		if (fault && !isShaping && fault.when !== 'after') return await exchange.corrupt(fault);
		try {
			const { jobId, answer } = this.perform(exchange, body, faults);
			exchange.record.jobId = jobId ?? exchange.record.jobId;
			if (fault && !isShaping) return await exchange.corrupt(fault);
			await exchange.send(await answer(), fault);
		} catch (error) {
			if (!(error instanceof Refusal)) throw error;
			await exchange.send(error.answer(this.options.refusalShape));
		}
	}

	private perform(exchange: Exchange, body: unknown, faults: TakenFaults): Outcome {
		const { options } = this;
		const { record } = exchange;
		if (record.operation === 'video') return this.video(record);
		checkAccess(record, options);
		if (record.operation === 'billing') {
			return { answer: () => billingHistory(record.path, this.ledger.jobs, this.clock.now()) };
		}
		checkPlace(record, options.endpoints);
		exchange.onOver(this.parts.limits.enter(record.endpoint, record.operation));
		checkSize(record, options);
		const onOver = (callback: () => void) => exchange.onOver(callback);
		return this.parts.api.perform({ record, body, faults, onOver });
	}

	private video({ jobId = '' }: RequestRecord): Outcome {
		const { timeScale, videoBytes, lateVideo } = this.options;
		const history = this.ledger.find(jobId)?.history;
		const finished = history?.findLast(({ status }) => status === 'COMPLETED');
		const ageMs = this.clock.now() - (finished?.at ?? 0);
		const isExpired = ageMs >= DOCUMENTED.videoLifetime * timeScale;
		if (finished && ageMs < lateVideo.ms) return { answer: () => missingVideo(lateVideo.status) };
		if (!finished || isExpired) return { answer: () => missingVideo(404) };
		return { answer: () => videoAnswer(videoBytes) };
	}
}
