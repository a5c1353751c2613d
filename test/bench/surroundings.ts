/** What every measure needs: a whole n8n, this package as users get it, the simulator, and a folder for files. */

import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { installN8n } from '../n8n/install';
import { installPackage, packPackage } from '../n8n/package';
import { endChild, nextMessage, startChild } from './child';
import type { Answer, Measured, Task } from './task';

export interface Surroundings {
	n8nVersion: string;
	nodeVersion: string;
	nodePath: string;
	/** `node_modules` of the n8n. */
	n8nModules: string;
	/** This package, installed from its tarball. */
	packageFolder: string;
	tarballBytes: number;
	/** For files; removed by `close`. */
	folder: string;
	simulator: SimulatorProcess;
	/** Where the processes that are measured leave their CPU profiles; absent: they are not profiled. */
	profileFolder?: string;
	close(): Promise<void>;
}

export interface SimulatorProcess {
	baseUrl: string;
	apiKey: string;
	/** One of its own pages, such as `reset` or `ledger`; see the simulator's README. */
	control(page: string, body?: unknown): Promise<unknown>;
	/** Forgets all jobs and takes these options. */
	reset(options?: Record<string, unknown>): Promise<void>;
}

export async function prepare(onProgress: (step: string) => void): Promise<Surroundings> {
	const n8n = await installN8n(undefined, { onProgress });
	onProgress('packing this package');
	const tarball = await packPackage();
	const folder = await mkdtemp(join(tmpdir(), 'pruna-video-bench-'));
	await installPackage(tarball, folder);
	const { size: tarballBytes } = await stat(tarball);
	await rm(dirname(tarball), { recursive: true, force: true });

	const child = startChild(join(__dirname, 'simulator.ts'));
	const { baseUrl, apiKey } = (await nextMessage(child)) as { baseUrl: string; apiKey: string };
	return {
		n8nVersion: n8n.version,
		nodeVersion: n8n.nodeVersion,
		nodePath: n8n.nodePath,
		n8nModules: dirname(dirname(dirname(n8n.n8nBin))),
		packageFolder: join(folder, '.n8n/nodes/node_modules/n8n-nodes-pruna-video'),
		tarballBytes,
		folder,
		simulator: simulatorAt(baseUrl, apiKey),
		close: async () => {
			await endChild(child);
			await rm(folder, { recursive: true, force: true });
		},
	};
}

function simulatorAt(baseUrl: string, apiKey: string): SimulatorProcess {
	const control: SimulatorProcess['control'] = async (page, body) => {
		const response = await fetch(new URL(`/_simulator/${page}`, baseUrl), {
			...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
		});
		const answer: unknown = await response.json();
		if (!response.ok) throw new Error(`${page}: ${JSON.stringify(answer)}`);
		return answer;
	};
	const usual = control('options', {});
	return {
		baseUrl,
		apiKey,
		control,
		reset: async (options = {}) => {
			const { executionTimeMs: _rule, ...others } = (await usual) as Record<string, unknown>;
			await control('reset', {});
			await control('options', { ...others, ...options });
		},
	};
}

export interface Worker {
	/** Does the task and measures it. */
	run(task: Omit<Task, 'credentials'>): Promise<Measured>;
}

/** Runs `work` with a fresh process that has n8n's engine in it. */
export async function withWorker<T>(
	{ nodePath, n8nModules, packageFolder, folder, simulator, profileFolder }: Surroundings,
	work: (worker: Worker) => Promise<T>,
): Promise<T> {
	const ownFolder = await mkdtemp(join(folder, 'worker-'));
	const child = startChild(join(__dirname, 'worker.ts'), {
		nodePath,
		args: [n8nModules, packageFolder],
		flags: [
			'--expose-gc',
			...(profileFolder ? ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`] : []),
		],
		env: { ...process.env, TMPDIR: ownFolder, N8N_ENCRYPTION_KEY: 'of the bench' },
	});
	const { apiKey, baseUrl } = simulator;
	try {
		await nextMessage(child);
		return await work({
			run: async (task) => {
				child.send({ ...task, credentials: { apiKey, baseUrl } } satisfies Task);
				const answer = (await nextMessage(child)) as Answer;
				if ('problem' in answer) throw new Error(answer.problem);
				return answer.measured;
			},
		});
	} finally {
		await endChild(child);
		await rm(ownFolder, { recursive: true, force: true });
	}
}
