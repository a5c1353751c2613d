/** What every measure needs: a whole n8n, this package as users get it, the simulator, and a folder for files. */

import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { startChild } from '../child';
import { installN8n, type InstalledN8n } from '../n8n/install';
import { installPackage, packPackage } from '../n8n/package';
import type { SimulatorChild } from '../simulator-child';
import type { Measured, Task } from './task';
import type { WorkerMethods } from './worker';

export interface Surroundings {
	n8n: InstalledN8n;
	/** `node_modules` of the n8n. */
	n8nModules: string;
	/** This package, installed from its tarball. */
	packageFolder: string;
	tarballBytes: number;
	/** For files; removed by `close`. */
	folder: string;
	simulator: SimulatorChild;
	/** Of the simulator. */
	credentials: { baseUrl: string; apiKey: string };
	/** Where the processes that are measured leave their CPU profiles; absent: they are not profiled. */
	profileFolder?: string;
	close(): Promise<void>;
}

export async function prepare(
	onProgress: (step: string) => void,
	profileFolder?: string,
): Promise<Surroundings> {
	const n8n = await installN8n(undefined, onProgress);
	onProgress('packing this package');
	const tarball = await packPackage();
	const folder = await mkdtemp(join(tmpdir(), 'pruna-video-bench-'));
	await installPackage(tarball, folder);
	const { size: tarballBytes } = await stat(tarball);
	await rm(dirname(tarball), { recursive: true, force: true });
	const simulator: SimulatorChild = startChild(join(__dirname, '../simulator-child.ts'));
	return {
		n8n,
		n8nModules: dirname(dirname(dirname(n8n.n8nBin))),
		packageFolder: join(folder, '.n8n/nodes/node_modules/n8n-nodes-pruna-video'),
		tarballBytes,
		folder,
		simulator,
		credentials: await simulator.call('access'),
		profileFolder,
		close: async () => {
			await simulator.end();
			await rm(folder, { recursive: true, force: true });
		},
	};
}

/** Does a task and measures it. */
export type Run = (task: Task) => Promise<Measured>;

/** Runs `work` with a fresh process that has n8n's engine in it. */
export async function withWorker<T>(
	{ n8n, n8nModules, packageFolder, folder, credentials, profileFolder }: Surroundings,
	work: (run: Run) => Promise<T>,
): Promise<T> {
	const ownFolder = await mkdtemp(join(folder, 'worker-'));
	const worker = startChild<WorkerMethods>(join(__dirname, 'worker.ts'), {
		nodePath: n8n.nodePath,
		args: [n8nModules, packageFolder],
		flags: [
			'--expose-gc',
			...(profileFolder ? ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`] : []),
		],
		env: { ...process.env, TMPDIR: ownFolder, N8N_ENCRYPTION_KEY: 'of the bench' },
	});
	try {
		return await work((task) => worker.call('measure', { ...task, credentials }));
	} finally {
		await worker.end();
		await rm(ownFolder, { recursive: true, force: true });
	}
}

/** As `run`, but throws where not all items became what they should. */
export async function runAll(run: Run, task: Task): Promise<Measured> {
	const measured = await run(task);
	const { done, failure } = measured;
	if (done === task.items.length) return measured;
	throw new Error(`Of ${task.items.length} items of ${task.subject} ${done} were done: ${failure}`);
}
