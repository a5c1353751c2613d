/**
 * n8n's engine in a process of its own, which runs a node and measures that. The engine and HTTP Request
 * come from a whole n8n, Pruna Video from its tarball; where these lie is told by arguments.
 */

import { rm } from 'node:fs/promises';
import Module from 'node:module';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { IDataObject, INodeType, VersionedNodeType } from 'n8n-workflow';
import { serve } from '../child';

export interface Task {
	node: 'prunaVideo' | 'httpRequest';
	parameters: IDataObject;
	items: IDataObject[];
	/** Each item has an execution of its own, all at once; otherwise one has them all. */
	isSplit?: boolean;
}

const [n8nModules = '', packageFolder = ''] = process.argv.slice(2);
const LOOP_RESOLUTION_MS = 1;

// The tests' engine and the node under test take the modules that HTTP Request takes.
const fromN8n = Module.createRequire(join(n8nModules, 'n8n', 'package.json'));
const SHARED = ['reflect-metadata', 'n8n-core', 'n8n-workflow', '@n8n/di'];
const shared = new Map(SHARED.map((name) => [name, fromN8n.resolve(name)]));
const loader = Module as unknown as { _resolveFilename: (...args: [string]) => string };
const resolve = loader._resolveFilename;
loader._resolveFilename = (...args) => shared.get(args[0]) ?? resolve.apply(Module, args);

const load = Module.createRequire(__filename);
const engine: typeof import('../../integration/engine') = load('../../integration/engine');
const { Container }: typeof import('@n8n/di') = load('@n8n/di');
const { BinaryDataConfig }: typeof import('n8n-core') = load('n8n-core');
const { PrunaVideo }: { PrunaVideo: new () => INodeType } = load(
	join(packageFolder, 'dist/nodes/PrunaVideo/PrunaVideo.node.js'),
);
const { HttpRequest }: { HttpRequest: new () => VersionedNodeType } = load(
	join(n8nModules, 'n8n-nodes-base/dist/nodes/HttpRequest/HttpRequest.node.js'),
);
const HTTP_REQUEST = 'n8n-nodes-base.httpRequest';
const httpRequest = new HttpRequest();
const to = (node: string) => ({ main: [[{ node, type: 'main' as const, index: 0 }]] });
const type = new PrunaVideo();
const subjects = {
	prunaVideo: { type },
	httpRequest: {
		type,
		settings: { type: HTTP_REQUEST, typeVersion: httpRequest.currentVersion },
		extra: {
			nodes: [engine.node('Sink', 'sink')],
			types: { [HTTP_REQUEST]: httpRequest.getNodeType() },
			connections: { Source: to(engine.NODE_NAME), [engine.NODE_NAME]: to('Sink') },
		},
	},
};

/** Rejects where an item did not become what it should. */
async function measure(task: Task & { credentials: { apiKey: string; baseUrl: string } }) {
	const { node, items, isSplit, ...rest } = task;
	const shares = isSplit ? items.map((item) => [item]) : [items];
	/** When (ms since 1970) the execution returned that had the job of this ID. */
	const returnedAt: Record<string, number> = {};
	const execute = async (share: IDataObject[]) => {
		const input = { ...rest, items: share.map((json) => ({ json })) };
		const ran = await engine.runNode({ ...subjects[node], ...input });
		if (ran.error) throw ran.error;
		for (const { json } of ran.items) returnedAt[String(json.id)] = Date.now();
	};
	const loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
	// What earlier runs left behind is not this one's.
	global.gc?.();
	loop.enable();
	const cpuBefore = process.cpuUsage();
	const began = performance.now();

	await Promise.all(shares.map(execute));

	const ms = performance.now() - began;
	const { user, system } = process.cpuUsage(cpuBefore);
	loop.disable();
	await rm(Container.get(BinaryDataConfig).localStoragePath, { recursive: true, force: true });
	const loopP99Ms = loop.percentile(99) / 1e6 - LOOP_RESOLUTION_MS;
	return { ms, cpuMs: (user + system) / 1000, loopP99Ms, returnedAt };
}

export type WorkerMethods = { measure: typeof measure };
export type Measured = Awaited<ReturnType<typeof measure>>;
serve<WorkerMethods>({ measure });
