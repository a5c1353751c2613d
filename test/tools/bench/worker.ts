/**
 * n8n's engine in a process of its own, which does tasks and measures them. The engine and the
 * HTTP Request node come from a whole n8n, Pruna Video from its tarball; where these lie is told by arguments.
 */

import Module from 'node:module';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type {
	ICredentialDataDecryptedObject,
	INodeExecutionData,
	INodeType,
	VersionedNodeType,
} from 'n8n-workflow';
import type { EngineOptions } from '../../integration/engine';
import { serve } from '../child';
import type { Measured, Task } from './task';

/** With the credential for Runpod's API. */
type Work = Task & { credentials: ICredentialDataDecryptedObject };

const [n8nModules = '', packageFolder = ''] = process.argv.slice(2);

/** Errors are part of what is measured; reading source maps for them is tsx's addition. */
process.setSourceMapsEnabled(false);

/** Makes the test's engine and the node under test use the same modules as the HTTP Request node. */
function takeEngineFromN8n(): void {
	const fromN8n = Module.createRequire(join(n8nModules, 'n8n', 'package.json'));
	const shared = new Map(
		['reflect-metadata', 'n8n-core', 'n8n-workflow', '@n8n/di'].map((name) => [
			name,
			fromN8n.resolve(name),
		]),
	);
	const loader = Module as unknown as {
		_resolveFilename: (request: string, ...rest: unknown[]) => string;
	};
	const resolve = loader._resolveFilename;
	loader._resolveFilename = (request, ...rest) =>
		shared.get(request) ?? resolve.call(Module, request, ...rest);
}

takeEngineFromN8n();
type Engine = typeof import('../../integration/engine');
/** Loaded only now, after the engine's place is settled. */
const load = Module.createRequire(__filename);
const engine: Engine = load('../../integration/engine');

const HTTP_REQUEST = 'n8n-nodes-base.httpRequest';

function prunaVideo(): INodeType {
	const file = join(packageFolder, 'dist/nodes/PrunaVideo/PrunaVideo.node.js');
	const { PrunaVideo }: { PrunaVideo: new () => INodeType } = load(file);
	return new PrunaVideo();
}

function httpRequest(): { type: INodeType; typeVersion: number } {
	const file = join(n8nModules, 'n8n-nodes-base/dist/nodes/HttpRequest/HttpRequest.node.js');
	const { HttpRequest }: { HttpRequest: new () => VersionedNodeType } = load(file);
	const versioned = new HttpRequest();
	return { type: versioned.getNodeType(), typeVersion: versioned.currentVersion };
}

type Ran = Awaited<ReturnType<Engine['runNode']>>;

async function runInEngine(task: Work, items: INodeExecutionData[]): Promise<Ran> {
	const { parameters = {}, credentials, continueOnFail } = task;
	const settings: EngineOptions['settings'] = {
		...(continueOnFail && { onError: 'continueRegularOutput' }),
	};
	const usual = { parameters, items, credentials, settings, type: prunaVideo() };
	if (task.subject === 'prunaVideo') return await engine.runNode(usual);
	const { type, typeVersion } = httpRequest();
	const to = (node: string) => ({ main: [[{ node, type: 'main' as const, index: 0 }]] });
	return await engine.runNode({
		...usual,
		settings: { ...settings, type: HTTP_REQUEST, typeVersion },
		extra: {
			nodes: [engine.node('Sink', 'sink')],
			types: { [HTTP_REQUEST]: type },
			connections: { Source: to(engine.NODE_NAME), [engine.NODE_NAME]: to('Sink') },
		},
	});
}

interface Counts {
	done: number;
	failure?: string;
	result: unknown;
	returnedAt?: Record<string, number>;
}

function count(ran: Ran): Counts {
	const failed = ran.items.filter(({ json }) => json.error !== undefined);
	const failure = ran.error?.message ?? failed[0]?.json.error;
	return {
		done: ran.items.length - failed.length,
		...(failure !== undefined && { failure: JSON.stringify(failure).slice(0, 200) }),
		result: ran,
	};
}

async function perform(task: Work, items: INodeExecutionData[]): Promise<Counts> {
	if (task.subject === 'nobody') {
		await sleep(task.restMs);
		return { done: 0, result: undefined };
	}
	if (task.executions === undefined) return count(await runInEngine(task, items));

	const returnedAt: Record<string, number> = {};
	const share = Math.ceil(items.length / task.executions);
	const shares = Array.from({ length: task.executions }, (_, index) =>
		items.slice(index * share, (index + 1) * share),
	);
	const runs = await Promise.all(
		shares.map(async (own) => {
			const ran = await runInEngine(task, own);
			for (const { json } of ran.items) returnedAt[String(json.id)] = Date.now();
			return count(ran);
		}),
	);
	const done = runs.reduce((sum, run) => sum + run.done, 0);
	return { done, failure: runs.find(({ failure }) => failure)?.failure, result: runs, returnedAt };
}

async function inputItems({ items, imageBytes }: Task): Promise<INodeExecutionData[]> {
	if (imageBytes === undefined) return items.map((json) => ({ json }));
	const content = Buffer.alloc(imageBytes, 'not much of a picture ');
	content.write('\x89PNG\r\n\x1a\n', 'latin1');
	return await Promise.all(
		items.map(async (json) => ({
			json,
			binary: { data: await engine.storeBinary(content, 'image/png', 'photo.png') },
		})),
	);
}

function collectGarbage(): void {
	if (global.gc === undefined) throw new Error('Start this process with --expose-gc');
	global.gc();
}

function liveHeap(): number {
	collectGarbage();
	return process.memoryUsage().heapUsed;
}

const LOOP_RESOLUTION_MS = 1;
/** Holds the result of the task at hand until the heap has been looked at. */
const held = new Set<unknown>();

async function measure(task: Work): Promise<Measured> {
	const items = await inputItems(task);
	collectGarbage();
	await sleep(50);
	const memory = watchMemory(task.watchesMemory === true);
	let peak = 0;
	const look = () => (peak = Math.max(peak, liveHeap()));
	const heapTimer = task.heapEveryMs && setInterval(look, task.heapEveryMs);
	const loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
	loop.enable();
	const cpuBefore = process.cpuUsage();
	const began = performance.now();

	const { result, ...counts } = await perform(task, items);
	held.add(result);

	const wallMs = performance.now() - began;
	const { user, system } = process.cpuUsage(cpuBefore);
	loop.disable();
	if (heapTimer) clearInterval(heapTimer);
	const memoryGrowth = memory.growth();
	const heap = task.heapEveryMs ? { peak, end: liveHeap() } : undefined;
	held.clear();
	const delay = (ns: number) => Math.max(0, ns / 1e6 - LOOP_RESOLUTION_MS);
	return {
		wallMs,
		cpuMs: (user + system) / 1000,
		...counts,
		memoryGrowth,
		...(heap && { heap }),
		loopDelay: { p99: delay(loop.percentile(99)), max: delay(loop.max) },
	};
}

/** The peak of the process's resident set; sampled every 10 ms where that is wanted. */
function watchMemory(isSampled: boolean): { growth(): number } {
	const before = process.memoryUsage.rss();
	let peak = before;
	const sample = () => (peak = Math.max(peak, process.memoryUsage.rss()));
	const timer = isSampled ? setInterval(sample, 10) : undefined;
	return {
		growth() {
			clearInterval(timer);
			return sample() - before;
		},
	};
}

const methods = { measure };
export type WorkerMethods = typeof methods;
serve(methods);
