/**
 * A process with n8n's engine in it: it does the tasks that its parent sends, and measures them. The engine and the
 * HTTP Request node come from a whole n8n, Pruna Video from its tarball; where these lie is told by arguments.
 */

import Module from 'node:module';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { IDataObject, INodeExecutionData, INodeType, VersionedNodeType } from 'n8n-workflow';
import { Pool } from 'undici';
import type { EngineOptions } from '../integration/engine';
import type { Answer, Measured, Task } from './task';

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
type Engine = typeof import('../integration/engine');
/** Loaded only now, after the engine's place is settled. */
const load = Module.createRequire(__filename);
const engine: Engine = load('../integration/engine');

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

async function runInEngine(task: Task, items: INodeExecutionData[]): Promise<Ran> {
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

/** The least that any client does: a pool of connections, a body, and the answer's JSON. */
async function runBare({ parameters = {}, items, credentials }: Task): Promise<IDataObject[]> {
	const url = new URL(String(parameters.url));
	const pool = new Pool(url.origin, { connections: Number(parameters.connections) });
	const headers = {
		'content-type': 'application/json',
		authorization: `Bearer ${String(credentials.apiKey)}`,
	};
	const answers = await Promise.all(
		items.map(async ({ prompt }) => {
			const input = { ...(parameters.input as IDataObject), prompt };
			const { body } = await pool.request({
				method: 'POST',
				path: url.pathname + url.search,
				headers,
				body: JSON.stringify({ input }),
			});
			return (await body.json()) as IDataObject;
		}),
	);
	await pool.close();
	return answers;
}

interface Counts {
	done: number;
	failed: number;
	failure?: string;
	result: unknown;
	returnedAt?: Record<string, number>;
}

function count(ran: Ran): Counts {
	const failures = ran.items.filter(({ json }) => json.error !== undefined);
	const first = failures[0]?.json.error;
	const failure =
		ran.error?.message ??
		(first === undefined ? undefined : typeof first === 'string' ? first : JSON.stringify(first));
	return {
		done: ran.items.length - failures.length,
		failed: failures.length,
		...(failure !== undefined && { failure: failure.slice(0, 200) }),
		result: ran,
	};
}

async function perform(task: Task, items: INodeExecutionData[]): Promise<Counts> {
	if (task.subject === 'nobody') {
		await sleep(task.restMs ?? 1000);
		return { done: 0, failed: 0, result: undefined };
	}
	if (task.subject === 'undici') {
		const answers = await runBare(task);
		const done = answers.filter(({ status }) => status === 'COMPLETED').length;
		return { done, failed: answers.length - done, result: answers };
	}
	if (!task.isSplit) return count(await runInEngine(task, items));

	const returnedAt: Record<string, number> = {};
	const runs = await Promise.all(
		items.map(async (item) => {
			const ran = await runInEngine(task, [item]);
			returnedAt[String(ran.items[0]?.json.id)] = Date.now();
			return count(ran);
		}),
	);
	return {
		done: runs.reduce((sum, { done }) => sum + done, 0),
		failed: runs.reduce((sum, { failed }) => sum + failed, 0),
		failure: runs.find(({ failure }) => failure !== undefined)?.failure,
		result: runs,
		returnedAt,
	};
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

async function measure(task: Task): Promise<Measured> {
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

/** The kernel keeps the highest mark of a process; where that was higher before, samples have to do. */
function watchMemory(isSampled: boolean): { growth(): number } {
	const mark = () => process.resourceUsage().maxRSS * 1024;
	const before = process.memoryUsage.rss();
	const markBefore = mark();
	let sampled = before;
	const sample = () => (sampled = Math.max(sampled, process.memoryUsage.rss()));
	const timer = isSampled ? setInterval(sample, 10) : undefined;
	return {
		growth() {
			clearInterval(timer);
			sample();
			const markAfter = mark();
			return (markAfter > markBefore ? markAfter : sampled) - before;
		},
	};
}

process.on('message', (task: Task) => {
	measure(task)
		.then((measured): Answer => ({ measured }))
		.catch(
			(error: unknown): Answer => ({
				problem: error instanceof Error ? `${error.stack}` : String(error),
			}),
		)
		.then((answer) => process.send?.(answer))
		.catch((error: unknown) => {
			console.error(error);
			process.exit(1);
		});
});

process.on('disconnect', () => process.exit(0));
process.send?.('ready');
