/**
 * Callbacks in a real n8n: the trigger's life, what it lets in, submit and wait, and a batch of calls. The simulator
 * calls as Runpod does; whatever anybody else may send is sent by the tests.
 */

import { itemsOf } from '../tools/n8n/execution';
import { N8N_VERSION } from '../tools/n8n/install';
import { at } from '../tools/n8n/json';
import { until } from '../tools/n8n/program';
import { createCredential, startStage, type Stage } from '../tools/n8n/stage';
import {
	readExample,
	withAssignment,
	withCredential,
	withNodeBetween,
	type Workflow,
} from '../tools/n8n/workflow';
import {
	chain,
	MANUAL_TRIGGER,
	manualTrigger,
	onePerPrompt,
	PRUNA_VIDEO_TRIGGER,
	prunaVideo,
} from './build-workflow';
import {
	answersTo,
	create,
	executions,
	finishedJob,
	listen,
	newTrigger,
	post,
	submit,
} from './listening';

const VERSIONS = (process.env.PRUNA_VIDEO_N8N_VERSIONS || N8N_VERSION).split(',');

describe.each(VERSIONS)('n8n %s', (version) => {
	let fixture: Stage;
	beforeAll(async () => (fixture = await startStage({ version })), 20 * 60_000);
	afterAll(async () => await fixture?.endings.run());
	beforeEach(() => {
		fixture.simulator.reset();
		Object.assign(fixture.simulator.options, {
			webhookRetryMs: 500,
			webhookTries: 3,
			endpoints: ['p-video', 'other'],
		});
	});

	async function importedExample(name: string): Promise<Workflow> {
		return withCredential(await readExample(name), fixture.credential);
	}

	test('a published trigger runs when Runpod calls, an unpublished one does not', async () => {
		const { api } = fixture;
		const { workflowId, productionUrl } = await create(fixture, { download: true });
		expect(await post(productionUrl, {})).toBe(404);

		await api.activate(workflowId);
		const id = await submit(fixture, productionUrl);
		expect(await answersTo(fixture, id)).toEqual([200]);
		const [execution] = await executions(fixture, workflowId, 1);
		const [item] = itemsOf(execution!, PRUNA_VIDEO_TRIGGER);
		expect(item?.json).toMatchObject({ id, status: 'COMPLETED', cost: 0.1 });
		const file = item?.binary?.data;
		const served = await fetch(String(item?.json.video_url));
		const stored = await api.storedFile(file);
		expect(stored.equals(Buffer.from(await served.arrayBuffer()))).toBe(true);

		await api.deactivate(workflowId);
		expect(await post(productionUrl, { id, status: 'COMPLETED' })).toBe(404);
	});

	test('"Listen for test event" takes one call', async () => {
		const { api } = fixture;
		const { workflowId, testUrl } = await create(fixture);
		expect(await post(testUrl, {})).toBe(404);

		await api.listenForTestEvent(workflowId, PRUNA_VIDEO_TRIGGER);
		const id = await submit(fixture, testUrl);
		expect(await answersTo(fixture, id)).toEqual([200]);
		const [execution] = await executions(fixture, workflowId, 1);
		expect(itemsOf(execution!, PRUNA_VIDEO_TRIGGER)[0]?.json).toMatchObject({
			id,
			status: 'COMPLETED',
		});
		expect(await post(testUrl, {})).toBe(404);
	});

	test('forged, foreign, replayed and unreadable calls start nothing', async () => {
		const { workflowId, productionUrl } = await listen(fixture);
		const completed = (id: string) => ({ id, status: 'COMPLETED' });
		const id = await submit(fixture, productionUrl);
		await answersTo(fixture, id);
		const foreign = (await finishedJob(fixture, await submit(fixture, undefined, 'other'))).id;

		expect({
			forged: await post(productionUrl, completed('00000000-0000-4000-8000-000000000000-u1')),
			foreign: await post(productionUrl, completed(foreign)),
			replayed: await post(productionUrl, completed(id)),
			noJob: await post(productionUrl, { hello: 'world' }),
			// These two are n8n's own answers, given before the node is asked.
			noJson: await post(productionUrl, '{"id": '),
			huge: await post(productionUrl, JSON.stringify('x'.repeat(30_000_000))),
		}).toEqual({
			forged: 503,
			foreign: 503,
			replayed: 200,
			noJob: 400,
			noJson: 422,
			huge: 500,
		});
		await executions(fixture, workflowId, 1);
	});

	test('a wrong key is a failed execution that says so', async () => {
		const { api, simulator, main } = fixture;
		const credential = await createCredential(api, { ...simulator, apiKey: 'wrong-key-1' });
		const node = newTrigger(credential);
		const workflowId = await api.createWorkflow(chain('Wrong key', [node]));
		await api.activate(workflowId);
		const { id } = await finishedJob(fixture, await submit(fixture));
		const url = `${main.url}/webhook/${node.webhookId}/pruna-video`;
		expect(await post(url, { id, status: 'COMPLETED' })).toBe(500);
		const [execution] = await executions(fixture, workflowId, 1);
		expect(execution?.status).toBe('error');
		expect(at(execution?.error, 'message')).toContain('Runpod did not accept this API key');
	});

	describe('submit, then wait', () => {
		const example = async () => await importedExample('submit-and-wait');

		test('continues when Runpod calls', async () => {
			const { api, simulator } = fixture;
			simulator.hold('finish');
			const id = await api.runWorkflow(await api.createWorkflow(await example()), 'Start');
			await until(async () => (await api.execution(id)).status === 'waiting');
			simulator.release();
			const execution = await api.finishedExecution(id);
			expect(execution.status).toBe('success');
			const [job] = simulator.ledger.jobs;
			expect(itemsOf(execution, 'Get Video')[0]).toMatchObject({
				json: { id: job?.id, status: 'COMPLETED', cost: 0.1 },
				binary: { data: { mimeType: 'video/mp4' } },
			});
			expect(job?.webhookTries.map(({ result }) => result)).toEqual([200]);
		});

		test('continues when Runpod calls too early and calls again', async () => {
			const { api, simulator } = fixture;
			// Between the two nodes there is another that takes longer than the job.
			simulator.options.webhookRetryMs = 8_000;
			const workflow = withNodeBetween(await example(), 'Submit', PAUSE, 'Wait for Runpod');
			const execution = await api.finishedExecution(
				await api.runWorkflow(await api.createWorkflow(workflow), 'Start'),
			);
			expect(execution.status).toBe('success');
			const [job] = simulator.ledger.jobs;
			expect(itemsOf(execution, 'Get Video')[0]?.json).toMatchObject({ id: job?.id, cost: 0.1 });
			// While the execution does not wait yet, n8n refuses the call: 409 and 500 were seen.
			const results = job?.webhookTries.map(({ result }) => result);
			expect([409, 500]).toContain(results?.[0]);
			expect(results?.slice(1)).toEqual([200]);
		});
	});

	// n8n lists 100 executions at a time: so one too many shows.
	test('99 jobs, called for in any order and some twice, start 99 executions', async () => {
		const { api, simulator, credential } = fixture;
		// Real pauses, and as many calls as it takes: a slow machine needs minutes for so many at once.
		Object.assign(simulator.options, { webhookRetryMs: 5_000, webhookTries: 50 });
		const { workflowId, productionUrl } = await listen(fixture);
		const prompts = Array.from({ length: 99 }, (_, index) => `shot ${index}`);
		const node = prunaVideo(
			{
				resource: 'job',
				operation: 'submit',
				prompt: '={{ $json.prompt }}',
				webhookUrl: productionUrl,
				options: { concurrency: 20 },
			},
			credential,
		);
		const batch = chain('Batch', [manualTrigger, ...onePerPrompt(prompts), node]);
		const run = await api.runWorkflow(await api.createWorkflow(batch), MANUAL_TRIGGER);
		expect((await api.finishedExecution(run)).status).toBe('success');
		await executions(fixture, workflowId, 99);
		const again = simulator.ledger.jobs.filter((_, index) => index % 3 === 0).reverse();
		const statuses = await Promise.all(
			again.map(async ({ id }) => await post(productionUrl, { id, status: 'COMPLETED' })),
		);
		expect(new Set(statuses)).toEqual(new Set([200]));

		const found = await executions(fixture, workflowId, 99);
		const items = found.flatMap((execution) => itemsOf(execution, PRUNA_VIDEO_TRIGGER));
		const ids = items.map(({ json }) => String(json.id));
		expect(ids.sort()).toEqual(simulator.ledger.jobs.map(({ id }) => id).sort());
		expect(items.every(({ json }) => String(json.video_url).endsWith('.mp4'))).toBe(true);
	}, 400_000);

	test('the example "trigger" runs for each job that its other half submits', async () => {
		const { api, main, simulator } = fixture;
		const workflow = await importedExample('trigger');
		const { webhookId } = workflow.nodes.find(({ name }) => name === 'Job Has Ended')!;
		const url = `${main.url}/webhook/${String(webhookId)}/pruna-video`;
		const id = await api.createWorkflow(withAssignment(workflow, 'Prompts', 'trigger_url', url));
		await api.activate(id);
		simulator.faults.add({
			operation: 'run',
			kind: 'job',
			error: 'The GPU was lost',
			match: { prompt: 'noodles' },
		});
		await api.finishedExecution(await api.runWorkflow(id, 'Start'));

		const found = await executions(fixture, id, 4);
		expect(found.flatMap((execution) => itemsOf(execution, 'Video'))).toHaveLength(2);
		const problems = found.flatMap((execution) => itemsOf(execution, 'Problem'));
		expect(problems.map(({ json }) => json)).toEqual([
			expect.objectContaining({ status: 'FAILED', error: 'The GPU was lost' }),
		]);
		expect(simulator.ledger.total).toBe(0.05);
	});
});

const PAUSE = {
	name: 'Pause',
	type: 'n8n-nodes-base.wait',
	typeVersion: 1.1,
	parameters: { amount: 2, unit: 'seconds' },
};
