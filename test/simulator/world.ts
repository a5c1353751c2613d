/** All parts of one simulator, put together; and the way of one request through them. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { checkAccess } from './access';
import { refusal, type Answer } from './answer';
import { Api, type Outcome } from './api';
import { Changes } from './changes';
import { Clock } from './clock';
import { Exchange } from './exchange';
import { Faults, type TakenFaults } from './faults';
import { isRecord, parseJson } from './json';
import { Jobs } from './jobs';
import { Ledger } from './ledger';
import type { SimulatorOptions } from './options';
import { RateLimits } from './rate-limits';
import { parseRoute, type RequestRecord, type Route } from './requests';
import { missingVideo, videoAnswer } from './video';
import { Webhooks } from './webhooks';

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
		this.jobs = new Jobs({
			clock,
			options,
			ledger,
			changes,
			webhooks: this.webhooks,
			videoUrl: (id) => `${this.origin}/video/${id}/output.mp4`,
		});
		this.limits = new RateLimits(clock, options);
		this.api = new Api(options, this.jobs, ledger);
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
		const record: RequestRecord = {
			method,
			path: url,
			operation: route.operation,
			endpoint: route.endpoint,
			jobId: route.jobId,
			headers,
			bytes: 0,
			body: undefined,
			at: this.clock.now(),
			answeredAt: undefined,
			status: undefined,
		};
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
		const { operation } = record;
		if (operation === 'unknown') return {};
		return this.faults.take(operation, record, () => {
			const own = isRecord(body) && isRecord(body.input) ? body.input : undefined;
			const input = own ?? this.ledger.find(record.jobId ?? '')?.input;
			return typeof input?.prompt === 'string' ? input.prompt : undefined;
		});
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
		if (fault && !isShaping && fault.when !== 'after') return await exchange.spoil(fault);

		const outcome = this.perform(exchange, route, body, faults);
		if (!outcome.isAccepted) return await exchange.send(outcome.answer);
		exchange.record.jobId = outcome.jobId ?? exchange.record.jobId;
		if (fault && !isShaping) return await exchange.spoil(fault);
		await exchange.send(await outcome.answer(), fault);
	}

	private perform(exchange: Exchange, route: Route, body: unknown, faults: TakenFaults): Outcome {
		const { record } = exchange;
		if (route.operation === 'video') return this.video(record);
		const access = checkAccess(record.headers.authorization, route.operation, this.options);
		if ('refused' in access) return { isAccepted: false, answer: access.refused };
		const answer =
			this.unknownPlace(route) ?? this.api.methodRefusal(route.operation, record.method);
		if (answer) return { isAccepted: false, answer };

		const admission = this.limits.enter(route.endpoint ?? '', route.operation);
		if (!admission.admitted) {
			return { isAccepted: false, answer: this.tooManyRequests(admission.waitMs) };
		}
		exchange.onOver(admission.leave);
		const { operation } = route;
		const limit =
			operation === 'run' || operation === 'runsync'
				? this.options.payloadLimits[operation]
				: Infinity;
		if (record.bytes > limit) {
			return { isAccepted: false, answer: refusal(413, `Payload is over ${limit} bytes`) };
		}
		return this.api.perform({
			route,
			body,
			contentType: record.headers['content-type'],
			bytes: record.bytes,
			apiKey: access.label,
			faults,
			onOver: (callback) => exchange.onOver(callback),
		});
	}

	private unknownPlace({ operation, endpoint }: Route): Answer | undefined {
		if (operation === 'unknown') return refusal(404, 'Not found');
		const isKnown = endpoint !== undefined && this.options.endpoints.includes(endpoint);
		return isKnown ? undefined : refusal(404, `Endpoint '${endpoint}' does not exist`);
	}

	private tooManyRequests(waitMs: number): Answer {
		const { retryAfter } = this.options;
		const headers: Record<string, string | number> = {};
		// Both in whole seconds: rounded up, so that the promise holds.
		if (retryAfter === 'seconds') headers['retry-after'] = Math.ceil(waitMs / 1000);
		if (retryAfter === 'date') {
			const at = Math.ceil((Date.now() + waitMs) / 1000) * 1000;
			headers['retry-after'] = new Date(at).toUTCString();
		}
		return refusal(429, 'Too many requests', headers);
	}

	private video({ method, jobId, headers }: RequestRecord): Outcome {
		const job = this.jobs.recall(jobId ?? '');
		if (method !== 'GET' && method !== 'HEAD') {
			const answer = refusal(405, `Method ${method} is not allowed`, { allow: 'GET, HEAD' });
			return { isAccepted: false, answer };
		}
		const finished = job?.record.history.findLast(({ status }) => status === 'COMPLETED');
		if (!finished) return { isAccepted: false, answer: missingVideo(404) };
		const { videoLifetimeMs, timeScale, expiredVideoStatus, videoBytes } = this.options;
		const isExpired = this.clock.now() >= finished.at + videoLifetimeMs * timeScale;
		if (isExpired) return { isAccepted: false, answer: missingVideo(expiredVideoStatus) };
		return {
			isAccepted: true,
			jobId,
			answer: () => videoAnswer(method, headers.range, videoBytes),
		};
	}
}
