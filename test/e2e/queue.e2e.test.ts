/**
 * n8n on more than one machine: queue mode with two workers, PostgreSQL and Redis, as docs/scaling.md sets it up. Each
 * worker keeps files in one of the ways that docs/scaling.md offers: main reads both.
 */

import { readFile } from 'node:fs/promises';
import { fetch } from 'undici';
import { itemsOf } from '../tools/n8n/execution';
import type { N8nInstance } from '../tools/n8n/instance';
import { stringAt, type JsonRecord } from '../tools/n8n/json';
import { until } from '../tools/n8n/program';
import {
	chain,
	onePerPrompt,
	PRUNA_VIDEO,
	PRUNA_VIDEO_TRIGGER,
	prunaVideo,
	webhookTrigger,
} from './build-workflow';
import { CONCURRENCY, startCluster, type Cluster } from './cluster';
import { digest, servePicture } from './picture';
import {
	answersTo,
	events,
	executeNodes,
	expectFile,
	expectSuccess,
	listen,
	post,
	submit,
	useStage,
} from './running';

const MEGABYTE = 1_000_000;
/** More than one worker can take at once. */
const BATCHES = 2 * CONCURRENCY;
const ITEMS_PER_BATCH = 10;
const ITEMS = BATCHES * ITEMS_PER_BATCH;
/** `PRUNA_VIDEO_BYTES` and `PRUNA_VIDEO_SECONDS` make the load that docs/scaling.md measures. */
const VIDEO_BYTES = Number(process.env.PRUNA_VIDEO_BYTES || MEGABYTE);
const EXECUTION_TIME_MS = 1000 * Number(process.env.PRUNA_VIDEO_SECONDS || 0.5);

let cluster: Cluster;

useStage(async () => (cluster = await startCluster()));
beforeEach(() => {
	cluster.simulator.reset();
	cluster.simulator.options.webhookRetryMs = 500;
});

/** A workflow that makes a video of each entry of `body.prompts`, published; its id and its webhook's URL. */
async function publish(path: string, options: JsonRecord, settings: JsonRecord = {}) {
	const { api, main, credential } = cluster;
	const parameters = { prompt: '={{ $json.prompt }}', download: true, options };
	const nodes = [webhookTrigger(path), ...onePerPrompt(), prunaVideo(parameters, credential)];
	const id = await api.createWorkflow(chain(path, nodes, settings));
	await api.activate(id);
	return { id, url: `${main.url}/webhook/${path}` };
}

/** n8n answers a publication before its webhooks listen. */
async function callWebhook(url: string, prompts: readonly string[]): Promise<void> {
	const status = await until(async () => {
		const answered = await post(url, { prompts: [...prompts] });
		return answered !== 404 && answered;
	});
	expect(status).toBe(200);
}

/** Executions on all workers whose jobs are running and do not end by themselves. */
async function startBatches(path: string, more: JsonRecord = {}) {
	const { simulator } = cluster;
	const options = { executionMode: 'async', concurrency: 5, ...more };
	const workflow = await publish(path, options);
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

const finished = async (ids: string[]) =>
	await Promise.all(ids.map((id) => cluster.api.finishedExecution(id)));
const hasRun = ({ logs }: N8nInstance, id: string) =>
	logs.includes(`Worker started execution ${id} `);
const tell = (line: string) => process.stdout.write(`${line}\n`);

test(`${ITEMS} videos are made and downloaded by both workers, one with files in the database, one on disk`, async () => {
	const { api, main, workers, simulator } = cluster;
	const load = { videoBytes: VIDEO_BYTES, executionTimeMs: EXECUTION_TIME_MS };
	Object.assign(simulator.options, load);
	const workflow = await publish('batches', { concurrency: 5 });
	const prompts = Array.from({ length: ITEMS }, (_, index) => `video ${index}`);
	const before = await Promise.all([main, ...workers].map(peakMemory));

	const began = performance.now();
	for (let first = 0; first < ITEMS; first += ITEMS_PER_BATCH) {
		await callWebhook(workflow.url, prompts.slice(first, first + ITEMS_PER_BATCH));
	}
	const ids = await api.executionsOf(workflow.id, BATCHES);
	const executions = await finished(ids);
	const seconds = (performance.now() - began) / 1000;
	const after = await Promise.all([main, ...workers].map(peakMemory));

	executions.forEach(expectSuccess);
	const items = executions.flatMap((execution) => itemsOf(execution, PRUNA_VIDEO));
	const made = items.map(({ json }) => simulator.ledger.find(String(json.id))?.input.prompt);
	expect(new Set(made)).toEqual(new Set(prompts));
	expect(simulator.ledger.jobs).toHaveLength(ITEMS);
	expect(simulator.ledger.total).toBe(10);

	const served = await fetch(String(items[0]?.json.video_url));
	const file = digest(Buffer.from(await served.arrayBuffer()));
	const places = new Set<string>();
	for (const { binary } of items) {
		const id = stringAt(binary, 'data', 'id');
		places.add(id.split(/[-:]/)[0]!);
		expect(digest(await api.binaryData(id))).toBe(file);
	}
	expect(places).toEqual(new Set(['database', 'filesystem']));

	const shares = workers.map((worker) => ids.filter((id) => hasRun(worker, id)).length);
	expect(shares.reduce((sum, share) => sum + share)).toBe(BATCHES);
	expect(shares.every((share) => share > 0)).toBe(true);
	tell(
		`${ITEMS} videos of ${VIDEO_BYTES / MEGABYTE} MB in ${seconds.toFixed(1)} s; executions by worker: ` +
			`${shares.join(' + ')}; peak memory of main and workers in MB: ${before.join(', ')} before, ` +
			`${after.join(', ')} after`,
	);
	Object.assign(simulator.options, { videoBytes: 0, executionTimeMs: 20 });
});

test('a manual execution runs on a worker; a file sent as a link is fetched from main', async () => {
	const { main, simulator, credential } = cluster;
	simulator.options.fetchMedia = true;
	const { node, sha256 } = await servePicture(5 * MEGABYTE, cluster.endings);
	const parameters = { prompt: 'A cat', image: 'data', download: true };
	const options = { sendFilesAs: 'link' };
	const execution = await executeNodes(node, prunaVideo({ ...parameters, options }, credential));
	expectSuccess(execution);
	await expectFile(itemsOf(execution, PRUNA_VIDEO)[0]);
	const url = expect.stringContaining(`${main.url}/rest/binary-data/signed?token=`);
	expect(simulator.ledger.jobs.flatMap(({ fetched }) => fetched)).toEqual([
		expect.objectContaining({ url, sha256 }),
	]);
	expect(main.logs).not.toContain('Worker started execution');
});

test('the trigger: main answers at once, the worker downloads', async () => {
	const { workflowId, productionUrl } = await listen({ download: true });
	const ids = await Promise.all(Array.from({ length: 10 }, () => submit(productionUrl)));
	for (const id of ids) expect(await answersTo(id)).toEqual([200]);
	const found = await events(workflowId, ids.length);
	expect(found.map(({ json }) => json.id).sort()).toEqual(ids.sort());
	for (const item of found) await expectFile(item);
	const executionIds = await cluster.api.executionsOf(workflowId, ids.length);
	for (const id of executionIds) {
		expect(cluster.workers.some((worker) => hasRun(worker, id))).toBe(true);
	}
});

test('a stop of all executions cancels all jobs, on both workers, within 2 s', async () => {
	const { api, workers, simulator } = cluster;
	const { ids, underWay } = await startBatches('stopped');
	// The clock of the simulator, whose times it is held against.
	const began = performance.timeOrigin + performance.now();
	await Promise.all(ids.map((id) => api.stopExecution(id)));
	await simulator.waitFor((ledger) => ledger.count('CANCELLED') === underWay, 30_000);
	const ends = simulator.ledger.jobs.map(({ history }) => history.at(-1)?.at ?? NaN);
	const took = Math.max(...ends) - began;
	const executions = await finished(ids);

	expect(executions.map(({ status }) => status)).toEqual(ids.map(() => 'canceled'));
	expect(simulator.ledger.countByStatus()).toEqual({ CANCELLED: underWay });
	expect(simulator.ledger.total).toBe(0);
	expect(workers.every((worker) => ids.some((id) => hasRun(worker, id)))).toBe(true);
	expect(took).toBeLessThan(2000);
	tell(`${underWay} jobs cancelled ${took} ms after the stop`);
});

test("n8n's own time limit cancels the jobs too", async () => {
	const { api, simulator } = cluster;
	simulator.hold('finish');
	const limit = { executionTimeout: 5 };
	const workflow = await publish('timed-out', { executionMode: 'async' }, limit);
	await callWebhook(workflow.url, ['first', 'second']);
	await simulator.waitFor((ledger) => ledger.count('CANCELLED') === 2, 30_000);
	const [execution] = await finished(await api.executionsOf(workflow.id, 1));
	expect(execution?.status).not.toBe('success');
	expect(simulator.ledger.countByStatus()).toEqual({ CANCELLED: 2 });
});

test('a worker that is asked to stop finishes its batches first', async () => {
	const { workers, simulator } = cluster;
	const { ids, underWay } = await startBatches('drained');
	const leaving = workers.shift()!;
	// As a machine that shuts down does, but without a time after which it is killed.
	process.kill(leaving.pid, 'SIGTERM');
	await until(async () => leaving.logs.includes('active executions to finish'));
	expect(simulator.ledger.count('IN_PROGRESS')).toBe(underWay);
	simulator.release();
	const executions = await finished(ids);
	await leaving.stop();
	expect(executions.map(({ status }) => status)).toEqual(ids.map(() => 'success'));
	expect(simulator.ledger.countByStatus()).toEqual({ COMPLETED: ids.length * ITEMS_PER_BATCH });
	expect(ids.some((id) => hasRun(leaving, id))).toBe(true);
});

test('what a dead worker was doing is not done again: its log has the IDs, the trigger gets the videos', async () => {
	const { api, simulator, workers, startWorker } = cluster;
	const { workflowId, productionUrl } = await listen({ download: true });
	const { ids, underWay } = await startBatches('killed', { webhookUrl: productionUrl });
	const jobs = simulator.ledger.jobs.map(({ id }) => id);
	const logs = () => workers.map((worker) => worker.logs).join('');
	await until(async () => jobs.every((id) => logs().includes(`job ${id} accepted`)));
	const began = performance.now();
	for (const { pid } of workers.splice(0)) process.kill(pid, 'SIGKILL');
	const heir = await startWorker();
	const executions = await finished(ids);
	tell(`n8n noticed dead workers after ${((performance.now() - began) / 1000).toFixed(0)} s`);
	expect(executions.map(({ status }) => status)).toEqual(ids.map(() => 'error'));
	expect(ids.some((id) => hasRun(heir, id))).toBe(false);

	simulator.release();
	// A busy n8n may answer so late that Runpod calls again: that is an execution which gives nothing.
	const calls = await api.executionsOf(workflowId, underWay);
	const found = (await finished(calls)).flatMap((call) => itemsOf(call, PRUNA_VIDEO_TRIGGER));
	expect(found.map(({ json }) => json.id).sort()).toEqual(jobs.sort());
	for (const item of found) await expectFile(item);
	expect(simulator.ledger.countByStatus()).toEqual({ COMPLETED: underWay });
});

/** Of n8n's own process, without its task runner, in MB; 0 where the system does not tell. */
async function peakMemory({ pid }: N8nInstance): Promise<number> {
	const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
	return Math.round((Number(/VmHWM:\s*(\d+) kB/.exec(status)?.[1] ?? 0) * 1024) / MEGABYTE);
}
