/** n8n on more than one machine: queue mode with two workers, PostgreSQL and Redis, as docs/scaling.md sets it up. */

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { failureOf, itemsOf } from '../tools/n8n/execution';
import type { N8nInstance } from '../tools/n8n/instance';
import { stringAt, type JsonRecord } from '../tools/n8n/json';
import { until } from '../tools/n8n/program';
import { Endings } from '../tools/n8n/stage';
import {
	chain,
	MANUAL_TRIGGER,
	manualTrigger,
	onePerPrompt,
	PRUNA_VIDEO,
	prunaVideo,
	webhookTrigger,
} from './build-workflow';
import { startCluster, type Cluster } from './cluster';
import { makePicture, servePicture } from './file-server';
import { fileFromUrl } from './file-nodes';
import { startPostgres, startRedis, type Postgres } from './services';

const MEGABYTE = 1_000_000;
const BATCHES = 10;
const ITEMS_PER_BATCH = 10;
const ITEMS = BATCHES * ITEMS_PER_BATCH;
const WORKERS = 2;
/** Below the number of batches, so that one worker alone cannot take them all. */
const CONCURRENCY = 5;

/** `PRUNA_VIDEO_BYTES` and `PRUNA_VIDEO_SECONDS` make the load that docs/scaling.md measures. */
const VIDEO_BYTES = Number(process.env.PRUNA_VIDEO_BYTES || MEGABYTE);
const EXECUTION_TIME_MS = 1000 * Number(process.env.PRUNA_VIDEO_SECONDS || 0.5);

/** n8n notices a dead worker within 90 s unless told otherwise. */
const WATCHFUL = {
	QUEUE_WORKER_LOCK_DURATION: '20000',
	QUEUE_WORKER_LOCK_RENEW_TIME: '5000',
	QUEUE_WORKER_STALLED_INTERVAL: '5000',
};

let redisPort: number;
let postgres: Postgres;
const services = new Endings();

beforeAll(async () => {
	redisPort = await startRedis(services);
	postgres = await startPostgres(services);
}, 20 * 60_000);
afterAll(async () => {
	await services.run();
});

describe.each(['database', 'filesystem'] as const)('binary data in %s', (binaryDataMode) => {
	let cluster: Cluster;
	beforeAll(async () => {
		const load = { workers: WORKERS, concurrency: CONCURRENCY };
		const env = WATCHFUL;
		cluster = await startCluster({ redisPort, postgres, binaryDataMode, env, ...load });
		Object.assign(cluster.simulator.options, {
			videoBytes: VIDEO_BYTES,
			executionTimeMs: EXECUTION_TIME_MS,
		});
	}, 20 * 60_000);
	afterAll(async () => await cluster?.endings.run());
	beforeEach(() => cluster.simulator.reset());

	/** A workflow that makes a video of each entry of `body.prompts`, published; its id and its webhook's URL. */
	async function publish(
		path: string,
		parameters: JsonRecord,
		settings: JsonRecord = {},
	): Promise<{ id: string; url: string }> {
		const { api, main, credential } = cluster;
		const nodes = [
			webhookTrigger(path),
			...onePerPrompt('={{ $json.body.prompts }}'),
			prunaVideo({ prompt: '={{ $json.prompt }}', ...parameters }, credential),
		];
		const id = await api.createWorkflow(chain(path, nodes, settings));
		await api.activate(id);
		return { id, url: `${main.url}/webhook/${path}` };
	}

	/** n8n answers a publication before its webhooks listen. */
	async function callWebhook(url: string, prompts: readonly string[]): Promise<void> {
		const headers = { 'content-type': 'application/json' };
		const body = JSON.stringify({ prompts });
		const status = await until(async () => {
			const answer = await fetch(url, { method: 'POST', headers, body });
			return answer.status !== 404 && answer.status;
		});
		expect(status).toBe(200);
	}

	/** Executions on all workers whose jobs are running and do not end by themselves. */
	async function startBatches(path: string): Promise<{ ids: string[]; underWay: number }> {
		const { simulator } = cluster;
		const options = { executionMode: 'async', pollInterval: 1, concurrency: 5 };
		const workflow = await publish(path, { options });
		simulator.hold('finish');
		const batches = 4;
		for (let batch = 0; batch < batches; batch++) {
			const prompts = Array.from({ length: ITEMS_PER_BATCH }, (_, index) => `${batch}/${index}`);
			await callWebhook(workflow.url, prompts);
		}
		const underWay = batches * options.concurrency;
		await simulator.waitFor((ledger) => ledger.count('IN_PROGRESS') === underWay, 60_000);
		return { ids: await cluster.api.executionsOf(workflow.id, batches), underWay };
	}

	async function stored({ binary }: { binary?: JsonRecord }): Promise<string> {
		const id = stringAt(binary, 'data', 'id');
		expect(id).toMatch(new RegExp(`^${binaryDataMode}`));
		return digest(await cluster.api.binaryData(id));
	}

	test(`${ITEMS} videos are made and downloaded by both workers`, async () => {
		const { api, main, workers, simulator } = cluster;
		const workflow = await publish('batches', { download: true, options: { concurrency: 5 } });
		const prompts = Array.from({ length: ITEMS }, (_, index) => `video ${index}`);
		const before = await Promise.all([main, ...workers].map(peakMemory));

		const began = performance.now();
		for (let first = 0; first < ITEMS; first += ITEMS_PER_BATCH) {
			await callWebhook(workflow.url, prompts.slice(first, first + ITEMS_PER_BATCH));
		}
		const ids = await api.executionsOf(workflow.id, BATCHES);
		const executions = await Promise.all(ids.map((id) => api.finishedExecution(id)));
		const seconds = (performance.now() - began) / 1000;
		const after = await Promise.all([main, ...workers].map(peakMemory));

		expect(executions.map(({ status }) => status)).toEqual(Array(BATCHES).fill('success'));
		const items = executions.flatMap((execution) => itemsOf(execution, PRUNA_VIDEO));
		const made = items.map(({ json }) => simulator.ledger.find(String(json.id))?.input.prompt);
		expect(new Set(made)).toEqual(new Set(prompts));
		expect(simulator.ledger.jobs).toHaveLength(ITEMS);
		expect(simulator.ledger.total).toBe(10);

		const served = await fetch(String(items[0]?.json.video_url));
		const file = digest(Buffer.from(await served.arrayBuffer()));
		for (const item of items) expect(await stored(item)).toBe(file);

		const shares = workers.map((worker) => ids.filter((id) => hasRun(worker, id)).length);
		expect(shares.reduce((sum, share) => sum + share)).toBe(BATCHES);
		expect(shares.every((share) => share > 0)).toBe(true);
		tell(
			`${binaryDataMode}: ${ITEMS} videos of ${VIDEO_BYTES / MEGABYTE} MB in ${seconds.toFixed(1)} s; ` +
				`executions by worker: ${shares.join(' + ')}; peak memory of main and workers in MB: ` +
				`${before.join(', ')} before, ${after.join(', ')} after`,
		);
	});

	test('a manual execution runs on a worker', async () => {
		const { api, main, workers, credential } = cluster;
		const nodes = [manualTrigger, prunaVideo({ prompt: 'A cat', download: true }, credential)];
		const workflow = await api.createWorkflow(chain('By hand', nodes));
		const id = await api.runWorkflow(workflow, MANUAL_TRIGGER);
		const execution = await api.finishedExecution(id);
		expect(execution.status).toBe('success');
		const [item] = itemsOf(execution, PRUNA_VIDEO);
		expect(await stored(item ?? {})).toHaveLength(64);
		expect(workers.filter((worker) => hasRun(worker, id))).toHaveLength(1);
		expect(hasRun(main, id)).toBe(false);
	});

	test('a file sent as a link is fetched from main, byte for byte', async () => {
		const { api, main, simulator, credential } = cluster;
		simulator.options.fetchMedia = true;
		const picture = makePicture(5 * MEGABYTE);
		const parameters = {
			prompt: 'A cat',
			imageSource: 'binary',
			imageBinaryField: 'data',
			options: { sendFilesAs: 'link' },
		};
		const source = fileFromUrl(await servePicture(picture, services));
		const nodes = [manualTrigger, source, prunaVideo(parameters, credential)];
		const id = await api.runWorkflow(
			await api.createWorkflow(chain('Link', nodes)),
			MANUAL_TRIGGER,
		);
		const execution = await api.finishedExecution(id);
		expect([execution.status, failureOf(execution)]).toEqual(['success', undefined]);
		expect(simulator.ledger.jobs.flatMap(({ fetched }) => fetched)).toEqual([
			expect.objectContaining({
				url: expect.stringContaining(`${main.url}/rest/binary-data/signed?token=`),
				sha256: picture.sha256,
			}),
		]);
	});

	test('a stop of all executions cancels all jobs, on both workers, within 2 s', async () => {
		const { api, workers, simulator } = cluster;
		const { ids, underWay } = await startBatches('stopped');
		// The clock of the simulator, whose times it is held against.
		const began = performance.timeOrigin + performance.now();
		await Promise.all(ids.map((id) => api.stopExecution(id)));
		await simulator.waitFor((ledger) => ledger.count('CANCELLED') === underWay, 30_000);
		const took = cancelledWithin(began);
		const executions = await Promise.all(ids.map((id) => api.finishedExecution(id)));

		expect(executions.map(({ status }) => status)).toEqual(ids.map(() => 'canceled'));
		expect(simulator.ledger.countByStatus()).toEqual({ CANCELLED: underWay });
		expect(simulator.ledger.total).toBe(0);
		expect(workers.every((worker) => ids.some((id) => hasRun(worker, id)))).toBe(true);
		expect(took).toBeLessThan(2000);
		tell(`${binaryDataMode}: ${underWay} jobs cancelled ${took} ms after the stop`);
	});

	if (binaryDataMode === 'database') {
		test("n8n's own time limit cancels the jobs too", async () => {
			const { api, simulator } = cluster;
			simulator.hold('finish');
			const workflow = await publish(
				'timed-out',
				{ options: { executionMode: 'async' } },
				{ executionTimeout: 5 },
			);
			await callWebhook(workflow.url, ['first', 'second']);
			await simulator.waitFor((ledger) => ledger.count('CANCELLED') === 2, 30_000);
			const [id = ''] = await api.executionsOf(workflow.id, 1);
			expect((await api.finishedExecution(id)).status).not.toBe('success');
			expect(simulator.ledger.countByStatus()).toEqual({ CANCELLED: 2 });
		});

		test('a worker that is asked to stop finishes its batches first', async () => {
			const { api, workers, simulator } = cluster;
			const { ids, underWay } = await startBatches('drained');
			const leaving = workers.shift();
			if (!leaving) throw new Error('There is no worker');
			// As a machine that shuts down does, but without a time after which it is killed.
			process.kill(leaving.pid, 'SIGTERM');
			await until(async () => leaving.logs.includes('active executions to finish'));
			expect(simulator.ledger.count('IN_PROGRESS')).toBe(underWay);
			simulator.release();
			const executions = await Promise.all(ids.map((id) => api.finishedExecution(id)));
			await leaving.stop();
			expect(executions.map(({ status }) => status)).toEqual(ids.map(() => 'success'));
			expect(simulator.ledger.jobs).toHaveLength(ids.length * ITEMS_PER_BATCH);
			expect(simulator.ledger.countByStatus()).toEqual({ COMPLETED: ids.length * ITEMS_PER_BATCH });
			expect(ids.some((id) => hasRun(leaving, id))).toBe(true);
		});

		test('what a dead worker was doing is not done again', async () => {
			const { api, workers, simulator, startWorker } = cluster;
			const { ids, underWay } = await startBatches('killed');
			const began = performance.now();
			for (const { pid } of workers) process.kill(pid, 'SIGKILL');
			const heir = await startWorker();
			const executions = await Promise.all(ids.map((id) => api.finishedExecution(id)));
			tell(`n8n noticed dead workers after ${((performance.now() - began) / 1000).toFixed(0)} s`);
			expect(executions.map(({ status }) => status)).toEqual(ids.map(() => 'error'));
			expect(ids.some((id) => hasRun(heir, id))).toBe(false);
			expect(simulator.ledger.jobs).toHaveLength(underWay);
		});
	}

	/** Milliseconds from `began` until the last job was cancelled. */
	function cancelledWithin(began: number): number {
		const ends = cluster.simulator.ledger.jobs.map(({ history }) => history.at(-1)?.at ?? NaN);
		return Math.max(...ends) - began;
	}
});

function hasRun({ logs }: N8nInstance, executionId: string): boolean {
	return logs.includes(`Worker started execution ${executionId} `);
}

/** Of n8n's own process, without its task runner, in MB; 0 where the system does not tell. */
async function peakMemory({ pid }: N8nInstance): Promise<number> {
	const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
	return Math.round((Number(/VmHWM:\s*(\d+) kB/.exec(status)?.[1] ?? 0) * 1024) / MEGABYTE);
}

function digest(content: Buffer): string {
	return createHash('sha256').update(content).digest('hex');
}

function tell(line: string): void {
	process.stdout.write(`${line}\n`);
}
