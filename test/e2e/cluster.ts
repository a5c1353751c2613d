/**
 * n8n on several "machines": one main and two workers, each with a user folder of its own, so that they share only
 * what docs/scaling.md says that they must: the encryption key, the database, the queue, and the folder for files. One
 * worker keeps files in the database, the other in that folder; main reads both.
 */

import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { N8nApi } from '../tools/n8n/api';
import { installN8n, N8N_VERSION } from '../tools/n8n/install';
import { startN8n, type N8nInstance } from '../tools/n8n/instance';
import { createCredential, Endings, folderWithPackage, type Stage } from '../tools/n8n/stage';
import { startSimulator } from '../tools/simulator';
import { startPostgres, startRedis } from './services';

/** Executions at once on each worker. */
export const CONCURRENCY = 5;

/** n8n notices a dead worker within 90 s unless told otherwise. */
const WATCHFUL = {
	QUEUE_WORKER_LOCK_DURATION: '20000',
	QUEUE_WORKER_LOCK_RENEW_TIME: '5000',
	QUEUE_WORKER_STALLED_INTERVAL: '5000',
};

export interface Cluster extends Stage {
	/** Those that were started, oldest first. */
	workers: N8nInstance[];
	/** Another machine that helps, with its files in the database. */
	startWorker(): Promise<N8nInstance>;
}

export async function startCluster(): Promise<Cluster> {
	const endings = new Endings();
	try {
		const n8n = await installN8n(N8N_VERSION);
		const env = await sharedEnvironment(endings);
		const start = async (command: 'start' | 'worker', own = {}) => {
			const userFolder = await folderWithPackage(endings);
			const instance = await startN8n(n8n, { command, userFolder, env: { ...env, ...own } });
			endings.add(() => instance.stop());
			return instance;
		};
		const simulator = await startSimulator();
		endings.add(() => simulator.close());
		// The main instance makes the database's tables.
		const main = await start('start');
		const own = {
			N8N_CONCURRENCY_PRODUCTION_LIMIT: String(CONCURRENCY),
			// Links to files are made by workers and answered by main.
			WEBHOOK_URL: `${main.url}/`,
		};
		const workers: N8nInstance[] = [];
		const startWorker = async (binaryDataMode = 'database') => {
			const mode = { N8N_DEFAULT_BINARY_DATA_MODE: binaryDataMode };
			const worker = await start('worker', { ...own, ...mode });
			workers.push(worker);
			return worker;
		};
		await Promise.all([startWorker(), startWorker('filesystem')]);
		const api = await N8nApi.setUpOwner(main.url);
		const credential = await createCredential(api, simulator);
		return { n8n, main, workers, startWorker, api, simulator, credential, endings };
	} catch (error) {
		await endings.run();
		throw error;
	}
}

/** What main and workers have in common; see docs/scaling.md. */
async function sharedEnvironment(endings: Endings): Promise<NodeJS.ProcessEnv> {
	const [redisPort, postgres] = await Promise.all([startRedis(endings), startPostgres(endings)]);
	const folder = await mkdtemp(join(tmpdir(), 'n8n-binary-data-'));
	endings.add(() => rm(folder, { recursive: true, force: true }));
	return {
		N8N_ENCRYPTION_KEY: randomBytes(24).toString('hex'),
		EXECUTIONS_MODE: 'queue',
		OFFLOAD_MANUAL_EXECUTIONS_TO_WORKERS: 'true',
		QUEUE_BULL_REDIS_HOST: '127.0.0.1',
		QUEUE_BULL_REDIS_PORT: String(redisPort),
		DB_TYPE: 'postgresdb',
		DB_POSTGRESDB_HOST: '127.0.0.1',
		DB_POSTGRESDB_PORT: String(postgres.port),
		DB_POSTGRESDB_DATABASE: 'postgres',
		DB_POSTGRESDB_USER: postgres.user,
		N8N_BINARY_DATA_STORAGE_PATH: folder,
		...WATCHFUL,
	};
}
