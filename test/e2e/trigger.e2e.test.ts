/**
 * Callbacks in a real n8n: the trigger's life, what it lets in, submit and wait, and a batch of calls. The simulator
 * calls as Runpod does; whatever anybody else may send is sent by the tests.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { itemsOf, type Execution } from '../n8n/execution';
import { N8N_VERSION } from '../n8n/install';
import { at, stringAt, type JsonRecord } from '../n8n/json';
import {
	readWorkflow,
	withAssignment,
	withCredential,
	type Workflow,
	type WorkflowNode,
} from '../n8n/workflow';
import type { JobRecord } from '../simulator';
import {
	chain,
	MANUAL_TRIGGER,
	manualTrigger,
	onePerPrompt,
	PRUNA_VIDEO_TRIGGER,
	prunaVideo,
	prunaVideoTrigger,
} from './build-workflow';
import { createCredential, removeTarball, startFixture, type Fixture } from './fixture';

const VERSIONS = (process.env.PRUNA_VIDEO_N8N_VERSIONS || N8N_VERSION).split(',');

afterAll(removeTarball);

describe.each(VERSIONS)('n8n %s', (version) => {
	let fixture: Fixture;
	beforeAll(async () => (fixture = await startFixture(version)), 20 * 60_000);
	afterAll(async () => await fixture?.endings.run());
	beforeEach(() => {
		fixture.simulator.reset();
		Object.assign(fixture.simulator.options, {
			webhookRetryMs: 500,
			endpoints: ['p-video', 'other'],
		});
	});

	let webhooks = 0;

	function triggerNode(parameters: JsonRecord, credential = fixture.credential) {
		const webhookId = `11111111-0000-4000-8000-${String(++webhooks).padStart(12, '0')}`;
		return prunaVideoTrigger(credential, parameters, webhookId);
	}

	interface Listening {
		workflowId: string;
		productionUrl: string;
		testUrl: string;
	}

	async function create(parameters: JsonRecord = {}): Promise<Listening> {
		const { api, main } = fixture;
		const node = triggerNode(parameters);
		const workflowId = await api.createWorkflow(chain('Trigger', [node]));
		const path = `${node.webhookId}/pruna-video`;
		return {
			workflowId,
			productionUrl: `${main.url}/webhook/${path}`,
			testUrl: `${main.url}/webhook-test/${path}`,
		};
	}

	async function listen(parameters: JsonRecord = {}): Promise<Listening> {
		const listening = await create(parameters);
		await fixture.api.activate(listening.workflowId);
		return listening;
	}

	/** Hands a job in as another program would. */
	async function submit(webhook?: string, endpoint = 'p-video'): Promise<string> {
		const { simulator } = fixture;
		const response = await fetch(`${simulator.baseUrl}/${endpoint}/run`, {
			method: 'POST',
			headers: {
				authorization: `Bearer ${simulator.apiKey}`,
				'content-type': 'application/json',
			},
			body: JSON.stringify({ input: { prompt: 'A cat' }, webhook }),
		});
		return stringAt(await response.json(), 'id');
	}

	async function finishedJob(id: string): Promise<JobRecord> {
		const { simulator } = fixture;
		await simulator.waitFor((ledger) => ledger.find(id)?.status === 'COMPLETED', 20_000);
		return simulator.ledger.find(id)!;
	}

	async function announced(id: string): Promise<JobRecord['webhookTries']> {
		const isAnswered = (job?: JobRecord) => job?.webhookTries.at(-1)?.result === 200;
		await fixture.simulator.waitFor((ledger) => isAnswered(ledger.find(id)), 30_000);
		return fixture.simulator.ledger.find(id)!.webhookTries;
	}

	async function post(url: string, body: string | JsonRecord): Promise<number> {
		const { status } = await fetch(url, {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: typeof body === 'string' ? body : JSON.stringify(body),
		});
		return status;
	}

	/** All executions of a workflow, once there are `count` of them. */
	async function executions(workflowId: string, count: number): Promise<Execution[]> {
		const filter = encodeURIComponent(JSON.stringify({ workflowId }));
		const path = `/rest/executions?filter=${filter}&limit=100`;
		let answer: unknown;
		await until(async () => {
			answer = await fixture.api.call('GET', path);
			return Number(at(answer, 'count')) >= count;
		});
		expect(at(answer, 'count')).toBe(count);
		const results = at(answer, 'results');
		const ids = (Array.isArray(results) ? (results as unknown[]) : []).map((execution) =>
			stringAt(execution, 'id'),
		);
		expect(ids).toHaveLength(count);
		return await Promise.all(ids.map(async (id) => await fixture.api.finishedExecution(id)));
	}

	test('a published trigger runs when Runpod calls, an unpublished one does not', async () => {
		const { api } = fixture;
		const { workflowId, productionUrl } = await create({ download: true });
		expect(await post(productionUrl, {})).toBe(404);

		await api.activate(workflowId);
		const id = await submit(productionUrl);
		expect((await announced(id)).map(({ result }) => result)).toEqual([200]);
		const [execution] = await executions(workflowId, 1);
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
		const { workflowId, testUrl } = await create();
		expect(await post(testUrl, {})).toBe(404);

		await api.listenForTestEvent(workflowId, PRUNA_VIDEO_TRIGGER);
		const id = await submit(testUrl);
		expect((await announced(id)).map(({ result }) => result)).toEqual([200]);
		const [execution] = await executions(workflowId, 1);
		expect(itemsOf(execution!, PRUNA_VIDEO_TRIGGER)[0]?.json).toMatchObject({
			id,
			status: 'COMPLETED',
		});
		expect(await post(testUrl, {})).toBe(404);
	});

	test('forged, foreign, replayed and unreadable calls start nothing', async () => {
		const { workflowId, productionUrl } = await listen();
		const completed = (id: string) => ({ id, status: 'COMPLETED' });
		const id = await submit(productionUrl);
		await announced(id);
		const foreign = (await finishedJob(await submit(undefined, 'other'))).id;

		expect({
			forged: await post(productionUrl, completed('00000000-0000-4000-8000-000000000000-u1')),
			foreign: await post(productionUrl, completed(foreign)),
			replayed: await post(productionUrl, completed(id)),
			noJob: await post(productionUrl, { hello: 'world' }),
			// These two are n8n's own answers, given before the node is asked.
			noJson: await post(productionUrl, '{"id": '),
			huge: await post(productionUrl, JSON.stringify('x'.repeat(30_000_000))),
		}).toEqual({
			forged: 400,
			foreign: 400,
			replayed: 200,
			noJob: 400,
			noJson: 422,
			huge: 500,
		});
		await executions(workflowId, 1);
	});

	test('a wrong key is a failed execution that says so', async () => {
		const { api, simulator, main } = fixture;
		const credential = await createCredential(api, { ...simulator, apiKey: 'wrong-key-1' });
		const node = triggerNode({}, credential);
		const workflowId = await api.createWorkflow(chain('Wrong key', [node]));
		await api.activate(workflowId);
		const { id } = await finishedJob(await submit());
		const url = `${main.url}/webhook/${node.webhookId}/pruna-video`;
		expect(await post(url, { id, status: 'COMPLETED' })).toBe(500);
		const [execution] = await executions(workflowId, 1);
		expect(execution?.status).toBe('error');
		expect(at(execution?.error, 'message')).toBe('Runpod did not accept this API key');
	});

	describe('submit, then wait', () => {
		const example = async () => await readExample('submit-and-wait', fixture);

		test('goes on when Runpod calls', async () => {
			const { api, simulator } = fixture;
			simulator.hold('finish');
			const id = await api.runWorkflow(await api.createWorkflow(await example()), 'Start');
			await until(async () => (await api.execution(id)).status === 'waiting');
			simulator.release();
			const execution = await api.finishedExecution(id);
			expect(execution.status).toBe('success');
			const [job] = simulator.ledger.jobs;
			expect(itemsOf(execution, 'Get video')[0]).toMatchObject({
				json: { id: job?.id, status: 'COMPLETED', cost: 0.1 },
				binary: { data: { mimeType: 'video/mp4' } },
			});
			expect(job?.webhookTries.map(({ result }) => result)).toEqual([200]);
		});

		test('goes on when Runpod calls before it waits: it calls again', async () => {
			const { api, simulator } = fixture;
			// Between the two nodes there is another that takes longer than the job.
			simulator.options.webhookRetryMs = 4_000;
			const workflow = delayed(await example(), 'Submit', 'Wait for Runpod');
			const execution = await api.finishedExecution(
				await api.runWorkflow(await api.createWorkflow(workflow), 'Start'),
			);
			expect(execution.status).toBe('success');
			const [job] = simulator.ledger.jobs;
			expect(itemsOf(execution, 'Get video')[0]?.json).toMatchObject({ id: job?.id, cost: 0.1 });
			// While the execution does not wait yet, n8n refuses the call: 409 and 500 were seen.
			const results = job?.webhookTries.map(({ result }) => result);
			expect([409, 500]).toContain(results?.[0]);
			expect(results?.slice(1)).toEqual([200]);
		});
	});

	test('100 jobs, called for in any order and some twice, start 100 executions', async () => {
		const { api, simulator, credential } = fixture;
		const { workflowId, productionUrl } = await listen();
		const prompts = Array.from({ length: 100 }, (_, index) => `shot ${index}`);
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
		await Promise.all(simulator.ledger.jobs.map(async ({ id }) => await announced(id)));
		const again = simulator.ledger.jobs.filter((_, index) => index % 3 === 0).reverse();
		const statuses = await Promise.all(
			again.map(async ({ id }) => await post(productionUrl, { id, status: 'COMPLETED' })),
		);
		expect(new Set(statuses)).toEqual(new Set([200]));

		const found = await executions(workflowId, 100);
		const items = found.flatMap((execution) => itemsOf(execution, PRUNA_VIDEO_TRIGGER));
		const ids = items.map(({ json }) => String(json.id));
		expect(ids.sort()).toEqual(simulator.ledger.jobs.map(({ id }) => id).sort());
		expect(items.every(({ json }) => String(json.video_url).endsWith('.mp4'))).toBe(true);
	});

	test('the example "trigger" runs for each job that its other half submits', async () => {
		const { api, main, simulator } = fixture;
		const workflow = await readExample('trigger', fixture);
		const { webhookId } = workflow.nodes.find(({ name }) => name === 'Job has ended')!;
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

		const found = await executions(id, 4);
		expect(found.flatMap((execution) => itemsOf(execution, 'Video'))).toHaveLength(2);
		const problems = found.flatMap((execution) => itemsOf(execution, 'Problem'));
		expect(problems.map(({ json }) => json)).toEqual([
			expect.objectContaining({ status: 'FAILED', error: 'The GPU was lost' }),
		]);
		expect(simulator.ledger.total).toBe(0.05);
	});
});

async function readExample(name: string, { credential }: Fixture): Promise<Workflow> {
	const workflow = await readWorkflow(join(__dirname, `../../examples/${name}.json`));
	return withCredential(workflow, 'runpodApi', credential);
}

/** The workflow with a pause of two seconds between two of its nodes. */
function delayed(workflow: Workflow, before: string, after: string): Workflow {
	const pause: WorkflowNode = {
		id: 'pause',
		name: 'Pause',
		type: 'n8n-nodes-base.wait',
		typeVersion: 1.1,
		position: [0, 300],
		parameters: { amount: 2, unit: 'seconds' },
	};
	const to = (node: string) => ({ main: [[{ node, type: 'main', index: 0 }]] });
	const connections = { ...workflow.connections, [before]: to('Pause'), Pause: to(after) };
	return { ...workflow, nodes: [...workflow.nodes, pause], connections };
}

async function until(isMet: () => Promise<boolean>): Promise<void> {
	const deadline = Date.now() + 60_000;
	while (!(await isMet())) {
		if (Date.now() > deadline) throw new Error('It did not come true within a minute');
		await sleep(100);
	}
}
