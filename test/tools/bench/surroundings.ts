/** What every measure needs: a whole n8n, this package as users get it, the simulator, and a process to measure in. */

import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { startChild } from '../child';
import { installN8n } from '../n8n/install';
import { installPackage, packPackage } from '../n8n/package';
import type { SimulatorChild } from '../simulator-child';
import type { Task, WorkerMethods } from './worker';

export type Surroundings = Awaited<ReturnType<typeof prepare>>;

export async function prepare() {
	const n8n = await installN8n(undefined, console.error);
	const n8nModules = dirname(dirname(dirname(n8n.n8nBin)));
	const tarball = await packPackage();
	const folder = await mkdtemp(join(tmpdir(), 'pruna-video-bench-'));
	await installPackage(tarball, folder);
	const packageFolder = join(folder, '.n8n/nodes/node_modules/n8n-nodes-pruna-video');
	const { size: tarballBytes } = await stat(tarball);
	await rm(dirname(tarball), { recursive: true, force: true });

	const simulator: SimulatorChild = startChild(join(__dirname, '../simulator-child.ts'));
	const credentials = await simulator.call('access');
	const args = [n8nModules, packageFolder];
	const worker = startChild<WorkerMethods>(join(__dirname, 'worker.ts'), args, {
		execPath: n8n.nodePath,
		execArgv: ['--require', require.resolve('tsx/cjs'), '--expose-gc'],
		env: { ...process.env, TMPDIR: folder, N8N_ENCRYPTION_KEY: 'of the bench' },
	});
	const run = (task: Task) => worker.call('measure', { ...task, credentials });
	const close = () => rm(folder, { recursive: true, force: true });
	return { n8n, n8nModules, packageFolder, tarballBytes, simulator, ...credentials, run, close };
}
