/**
 * The trigger in queue mode: the main instance takes the calls, a worker has the workflow's execution and its file; and
 * it has the videos of a worker that is killed.
 */

import { itemsOf } from '../tools/n8n/execution';
import { until } from '../tools/n8n/program';
import { Endings } from '../tools/n8n/stage';
import {
	chain,
	MANUAL_TRIGGER,
	manualTrigger,
	onePerPrompt,
	PRUNA_VIDEO_TRIGGER,
	prunaVideo,
} from './build-workflow';
import { startCluster, type Cluster } from './cluster';
import { answersTo, executions, listen, submit } from './listening';
import { startPostgres, startRedis } from './services';

let cluster: Cluster;
const services = new Endings();

beforeAll(async () => {
	const redisPort = await startRedis(services);
	const postgres = await startPostgres(services);
	cluster = await startCluster({
		redisPort,
		postgres,
		binaryDataMode: 'filesystem',
		workers: 1,
		concurrency: 5,
	});
}, 20 * 60_000);
afterAll(async () => {
	await cluster?.endings.run();
	await services.run();
});
beforeEach(() => {
	cluster.simulator.reset();
	Object.assign(cluster.simulator.options, { webhookRetryMs: 500, webhookTries: 3 });
});

async function expectVideos(workflowId: string, ids: readonly string[]): Promise<void> {
	const found = await executions(cluster, workflowId, ids.length);
	const items = found.flatMap((execution) => itemsOf(execution, 'After'));
	expect(items.map(({ json }) => json.id).sort()).toEqual([...ids].sort());
	for (const { json, binary } of items) {
		const served = await fetch(String(json.video_url));
		const stored = await cluster.api.storedFile(binary?.data);
		expect(stored.equals(Buffer.from(await served.arrayBuffer()))).toBe(true);
	}
}

test('calls are answered with 200 once the worker has the event with its file', async () => {
	const { workflowId, productionUrl } = await listen(cluster, { download: true });
	const ids = await Promise.all(
		Array.from({ length: 10 }, async () => await submit(cluster, productionUrl)),
	);
	const answers = await Promise.all(ids.map(async (id) => await answersTo(cluster, id)));
	expect(answers).toEqual(ids.map(() => [200]));
	await expectVideos(workflowId, ids);
});

test('a slow download is answered with 503 each time, and starts the workflow once', async () => {
	const { simulator } = cluster;
	simulator.faults.add({ operation: 'video', kind: 'delay', ms: 12_000 });
	const { workflowId, productionUrl } = await listen(cluster, { download: true });
	const id = await submit(cluster, productionUrl);
	await simulator.waitFor((ledger) => ledger.find(id)?.webhookTries.length === 3, 60_000);
	const { webhookTries } = simulator.ledger.find(id)!;
	expect(webhookTries.map(({ result }) => result)).toEqual([503, 503, 503]);
	await expectVideos(workflowId, [id]);
});

test('a worker that is killed leaves its IDs in its log, and its videos to the trigger', async () => {
	const { api, credential, simulator, workers } = cluster;
	const { workflowId, productionUrl } = await listen(cluster, { download: true });
	const prompts = Array.from({ length: 20 }, (_, index) => `video ${index}`);
	const options = { executionMode: 'async', concurrency: 20, webhookUrl: productionUrl };
	const node = prunaVideo({ prompt: '={{ $json.prompt }}', options }, credential);
	const batch = chain('Batch', [manualTrigger, ...onePerPrompt(prompts), node]);
	simulator.hold('finish');
	await api.runWorkflow(await api.createWorkflow(batch), MANUAL_TRIGGER);
	await simulator.waitFor((ledger) => ledger.count('IN_PROGRESS') === prompts.length, 60_000);
	const ids = simulator.ledger.jobs.map(({ id }) => id);
	const [worker] = workers.splice(0);
	await until(async () => ids.every((id) => worker!.logs.includes(`job ${id} accepted`)));

	process.kill(worker!.pid, 'SIGKILL');
	await cluster.startWorker();
	simulator.release();
	const answers = await Promise.all(ids.map(async (id) => await answersTo(cluster, id)));
	expect(answers.every((answer) => answer.at(-1) === 200)).toBe(true);
	await expectVideos(workflowId, ids);
	expect(simulator.ledger.countByStatus()).toEqual({ COMPLETED: prompts.length });
}, 240_000);

test('without a worker the event waits in the queue: no 200, no second execution', async () => {
	const { simulator, workers } = cluster;
	const { workflowId, productionUrl } = await listen(cluster);
	await Promise.all(workers.splice(0).map((worker) => worker.stop()));
	const id = await submit(cluster, productionUrl);
	await simulator.waitFor((ledger) => ledger.find(id)?.webhookTries.length === 3, 60_000);
	const results = simulator.ledger.find(id)!.webhookTries.map(({ result }) => result);
	expect(results).not.toContain(200);
	await cluster.startWorker();
	await until(async () => (await executions(cluster, workflowId, 1))[0]?.status === 'success');
	const [execution] = await executions(cluster, workflowId, 1);
	expect(itemsOf(execution!, PRUNA_VIDEO_TRIGGER)[0]?.json.id).toBe(id);
}, 240_000);
