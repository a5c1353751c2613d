/**
 * A stand-in for Runpod's API of `p-video`, on a real socket of this machine. It keeps the documented
 * semantics, or those that were seen; see README.md. It shares no code with the node that it tests.
 */

import { createServer } from 'node:http';
import type { Changes } from './changes';
import type { Faults } from './faults';
import type { Ledger } from './ledger';
import { FORBIDDEN_KEY, NO_CREDIT_KEY, optionsOf, type SimulatorOptions } from './options';
import { pageOf } from './page';
import type { RequestRecord } from './requests';
import { World } from './world';

export type { Change } from './changes';
export type { AddedFault, Fault, FaultMatch, FaultRule, JobFault, When } from './faults';
export type { JobRecord, Ledger, Policy } from './ledger';
export type { SimulatorOptions } from './options';
export type { ApiOperation, Operation, RequestRecord } from './requests';

export interface Simulator {
	/** `http://127.0.0.1:<port>/v2`: what goes into the credential. */
	readonly baseUrl: string;
	readonly port: number;
	/** The key that may do everything. */
	readonly apiKey: string;
	/** Keys that are answered 403, and refused where money would be spent. */
	readonly forbiddenKey: string;
	readonly noCreditKey: string;
	readonly ledger: Ledger;
	/** Every request received, oldest first; the array stays the same one. */
	readonly requests: readonly RequestRecord[];
	readonly faults: Pick<Faults, 'add' | 'clear'>;
	/** Where a job's video is once it is made, in whatever field answers say so. */
	videoUrl(jobId: string): string;
	/** May be changed at any time. */
	readonly options: SimulatorOptions;
	/** Forgets jobs, ledger, faults, requests, rate limits and a hold; options stay. */
	reset(): void;
	/** Workers stop taking jobs (`start`), finishing them (`finish`), or both (default). */
	hold(what?: 'start' | 'finish' | 'both'): void;
	release(): void;
	/** Moves the simulator's time on, so that what is due then happens now. */
	advance(ms: number): void;
	/** Resolves once it holds, looked at on every change; rejects after `timeoutMs` (default 5000). */
	waitFor(
		isMet: (ledger: Ledger, requests: readonly RequestRecord[]) => boolean,
		timeoutMs?: number,
	): Promise<void>;
	/** Hears of every change of a job, a request or a webhook; returns what ends that. */
	subscribe: Changes['subscribe'];
	/** Cuts every connection and forgets every plan: nothing is left open. */
	close(): Promise<void>;
}

export interface StartOptions extends Partial<SimulatorOptions> {
	/** 0 (default): any free one. */
	port?: number;
	/** `documented` or `seen`; default: PRUNA_SIMULATOR_PROFILE, else documented. Anything else rejects. */
	profile?: string;
}

const PAGES = ['/', '/ledger', '/requests'];

/** Rejects where the port cannot be had. Listens on 127.0.0.1 only. */
export async function startSimulator({
	port = 0,
	profile,
	...chosen
}: StartOptions = {}): Promise<Simulator> {
	const options = { ...optionsOf(profile), ...chosen };
	const world = new World(options);
	const server = createServer({ keepAlive: true, noDelay: true }, (request, response) => {
		const { method, url = '/' } = request;
		if (method === 'GET' && PAGES.includes(url)) {
			const { status, headers, body } = pageOf(simulator, url);
			response.writeHead(status, headers).end(body);
			return;
		}
		world.handle(request, response).catch((error: unknown) => {
			console.error(error);
			response.destroy();
		});
	});
	// Uploads and held answers may take as long as they like.
	server.requestTimeout = 0;
	server.keepAliveTimeout = 60_000;
	await new Promise<void>((resolve, reject) => {
		server.once('error', reject);
		server.listen({ port, host: '127.0.0.1', backlog: 2048 }, resolve);
	});
	const address = server.address();
	const ownPort = typeof address === 'object' && address ? address.port : port;
	world.origin = `http://127.0.0.1:${ownPort}`;

	const simulator: Simulator = {
		baseUrl: `${world.origin}/v2`,
		port: ownPort,
		get apiKey() {
			return options.apiKey;
		},
		forbiddenKey: FORBIDDEN_KEY,
		noCreditKey: NO_CREDIT_KEY,
		ledger: world.ledger,
		requests: world.requests,
		faults: world.faults,
		videoUrl: (jobId) => world.videoUrl(jobId),
		options,
		reset: () => world.reset(),
		hold: (what = 'both') => world.jobs.hold(what),
		release: () => world.jobs.release(),
		advance: (ms) => world.clock.advance(ms),
		waitFor: (isMet, timeoutMs = 5000) =>
			world.changes.waitFor(() => isMet(world.ledger, world.requests), timeoutMs),
		subscribe: (listener) => world.changes.subscribe(listener),
		close: async () => {
			if (!server.listening) return;
			const closed = new Promise<void>((resolve) => server.close(() => resolve()));
			world.close();
			server.closeAllConnections();
			await closed;
		},
	};
	return simulator;
}
