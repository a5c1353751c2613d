/** All parts of one simulator, put together; and the way of one request through them. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { refusal } from './answer';
import { Api, type Outcome } from './api';
import { Changes } from './changes';
import { Clock } from './clock';
import { Exchange } from './exchange';
import { Faults, type TakenFaults } from './faults';
import { checkAccess, checkPlace, checkSize, tooManyRequests } from './gate';
import { isRecord, parseJson, promptOf } from './json';
import { Jobs } from './jobs';
import { Ledger } from './ledger';
import type { SimulatorOptions } from './options';
import { RateLimits } from './rate-limits';
import { parseRoute, requestRecord, type RequestRecord, type Route } from './requests';
import { missingVideo, videoAnswer } from './video';
import { Webhooks } from './webhooks';

const NO_CREDIT = { kind: 'job', error: 'Insufficient credit balance' } as const;

export class World {
	readonly clock = new Clock();
	readonly changes = new Changes();
	readonly ledger = new Ledger();
	readonly faults = new Faults();
	readonly requests: RequestRecord[] = [];
	/** `http://127.0.0.1:<port>`, known once the server listens. */
	origin = '';
	readonly jobs: Jobs;
	private readonly webhooks: Webhooks;
	private readonly limits: RateLimits;
	private readonly api: Api;
	private readonly open = new Set<Exchange>();

	constructor(readonly options: SimulatorOptions) {
		const { clock, changes, ledger, faults } = this;
		this.webhooks = new Webhooks(clock, options, faults, changes);
		const videoUrl = (jobId: string) => this.videoUrl(jobId);
		this.jobs = new Jobs({ clock, options, ledger, changes, webhooks: this.webhooks, videoUrl });
		this.limits = new RateLimits(clock, options);
		this.api = new Api(options, this.jobs, ledger, () => clock.now());
	}

	videoUrl(jobId: string): string {
		return `${this.origin}/video/${jobId}/output.mp4`;
	}

	/** Forgets jobs, ledger, faults, requests and rate limits; whoever still waits is cut off. */
	reset(): void {
		for (const exchange of [...this.open]) exchange.cut();
		this.webhooks.clear();
		this.jobs.clear();
		this.ledger.clear();
		this.faults.clear();
		this.limits.clear();
		this.requests.length = 0;
	}

	close(): void {
		this.reset();
		this.clock.clear();
	}

	async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const { method = 'GET', url = '/', headers } = request;
		const route = parseRoute(url);
		const record = requestRecord(method, url, route, this.clock.now(), headers);
		const exchange = new Exchange(request, response, record, this.clock, () => {
			this.open.delete(exchange);
			this.changes.announce({ kind: 'request', request: record });
		});
		this.open.add(exchange);
		if (this.options.recordRequests) this.requests.push(record);

		const { runsync, run } = this.options.payloadLimits;
		const body = await exchange.readBody(Math.max(runsync, run));
		if (exchange.isOver) return;
		const parsed = body && body.length > 0 ? parseJson(body) : undefined;
		record.body = parsed ?? (body && body.length > 0 ? body.toString() : undefined);
		const faults = this.faultsOf(record, parsed);
		if (record.bytes > this.options.maxRecordedBodyBytes) record.body = undefined;
		this.changes.announce({ kind: 'request', request: record });
		await this.respond(exchange, route, parsed, faults);
	}

	private faultsOf(record: RequestRecord, body: unknown): TakenFaults {
		const { operation, jobId } = record;
		if (operation === 'unknown') return {};
		const own = isRecord(body) && isRecord(body.input) ? body.input : undefined;
		const prompt = () => promptOf(own ?? this.ledger.find(jobId ?? '')?.input);
		return this.faults.take(operation, record, prompt);
	}

	private async respond(
		exchange: Exchange,
		route: Route,
		body: unknown,
		faults: TakenFaults,
	): Promise<void> {
		if (faults.delay) await this.clock.sleep(faults.delay.ms);
		if (exchange.isOver) return;
		const { answer: fault } = faults;
		const isShaping = fault?.kind === 'trickle' || fault?.kind === 'truncate';
		if (fault && !isShaping && fault.when !== 'after') return await exchange.corrupt(fault);

		const outcome = this.perform(exchange, route, body, faults);
		if (!outcome.isAccepted) return await exchange.send(outcome.answer);
		exchange.record.jobId = outcome.jobId ?? exchange.record.jobId;
		if (fault && !isShaping) return await exchange.corrupt(fault);
		await exchange.send(await outcome.answer(), fault);
	}

	private perform(exchange: Exchange, route: Route, body: unknown, faults: TakenFaults): Outcome {
		const { options } = this;
		const { record } = exchange;
		if (route.operation === 'video') return this.video(record);
		const access = checkAccess(record, options);
		if ('refused' in access) return { isAccepted: false, answer: access.refused };
		const misplaced = checkPlace(record, options);
		if (misplaced) return { isAccepted: false, answer: misplaced };
		const admission = this.limits.enter(route.endpoint ?? '', route.operation);
		if (!admission.admitted) {
			return { isAccepted: false, answer: tooManyRequests(admission.waitMs, options) };
		}
		exchange.onOver(admission.leave);
		const tooLarge = checkSize(record, options);
		if (tooLarge) return { isAccepted: false, answer: tooLarge };
		return this.api.perform({
			route,
			body,
			contentType: record.headers['content-type'],
			bytes: record.bytes,
			apiKey: access.label,
			faults: access.label === 'no credit' ? { ...faults, job: NO_CREDIT } : faults,
			onOver: (callback) => exchange.onOver(callback),
		});
	}

	private video({ method, jobId }: RequestRecord): Outcome {
		const { videoLifetimeMs, timeScale, expiredVideoStatus, videoBytes, lateVideo } = this.options;
		if (method !== 'GET' && method !== 'HEAD') {
			const headers = { allow: 'GET, HEAD' };
			const error = `Method ${method} is not allowed`;
			return { isAccepted: false, answer: refusal(this.options, 405, error, { headers }) };
		}
		const history = this.jobs.recall(jobId ?? '')?.record.history;
		const finished = history?.findLast(({ status }) => status === 'COMPLETED');
		if (!finished) return { isAccepted: false, answer: missingVideo(404) };
		const ageMs = this.clock.now() - finished.at;
		if (ageMs < lateVideo.ms) return { isAccepted: false, answer: missingVideo(lateVideo.status) };
		const isExpired = ageMs >= videoLifetimeMs * timeScale;
		if (isExpired) return { isAccepted: false, answer: missingVideo(expiredVideoStatus) };
		return { isAccepted: true, jobId, answer: () => videoAnswer(method, videoBytes) };
	}
}
