/** Every workflow of examples/, imported into a real n8n and executed there, against the simulator. */

import { mkdtempSync, rmSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fetch, FormData } from 'undici';
import { failureOf, itemsOf, type Execution } from '../tools/n8n/execution';
import { at, stringAt, type JsonRecord } from '../tools/n8n/json';
import { until } from '../tools/n8n/program';
import { startStage } from '../tools/n8n/stage';
import type { FaultRule } from '../tools/simulator';
import {
	EXAMPLES as FOLDER,
	readExample,
	withAssignment,
	withCredential,
	type Workflow,
	type WorkflowNode,
} from '../tools/n8n/workflow';
import {
	chain,
	fields,
	MANUAL_TRIGGER,
	manualTrigger,
	onePerPrompt,
	withNodeBetween,
} from './build-workflow';
import { startChatModel } from './chat-model';
import { execute, executions, expectSuccess, stage, submit, useStage } from './running';

const EXAMPLES = (
	'ai-agent batch-from-table daily-cap draft-approval-final image-to-video-form nightly-batch ' +
	'reconcile-billing scheduled-content-pipeline several-shots submit-and-wait text-to-video trigger ' +
	'webhook-to-video'
).split(' ');

const isNote = ({ type }: WorkflowNode) => type === 'n8n-nodes-base.stickyNote';

const files = mkdtempSync(join(tmpdir(), 'pruna-video-examples-'));
const TOOLS = { N8N_COMMUNITY_PACKAGES_ALLOW_TOOL_USAGE: 'true' };
const env = { N8N_RESTRICT_FILE_ACCESS_TO: files, ...TOOLS };
useStage(async () => await startStage({ env }));
afterAll(() => rmSync(files, { recursive: true }));
beforeEach(() => stage.simulator.reset());

/** As a user has it after importing it and choosing the credential. */
async function imported(name: string): Promise<Workflow> {
	return withCredential(await readExample(name), stage.credential);
}

async function run(workflow: Workflow, trigger: string): Promise<Execution> {
	const execution = await execute(workflow, { trigger });
	expectSuccess(execution);
	return execution;
}

const jobs = () => stage.simulator.ledger.jobs;
const prompts = () => jobs().map(({ input }) => input.prompt);
const MANUAL = { trigger: MANUAL_TRIGGER };
const isMp4 = (bytes: Buffer) => bytes.subarray(4, 8).toString() === 'ftyp';

/** The URL of the workflow's trigger of that name. */
function urlOf({ nodes }: Workflow, trigger: string, path: string, end = ''): string {
	const webhookId = nodes.find(({ name }) => name === trigger)?.webhookId;
	return `${stage.main.url}/${path}/${String(webhookId)}${end}`;
}

test('every file of examples/ is among these tests', async () => {
	expect((await readdir(FOLDER)).sort()).toEqual(EXAMPLES.map((name) => `${name}.json`));
});

test.each(EXAMPLES)('%s: notes say what to change; no secrets', async (name) => {
	const { nodes, pinData } = await readExample(name);
	const notes = nodes.filter(isNote).map(({ parameters }) => String(parameters.content));
	expect(notes.join('\n')).toMatch(/\*\*Change:\*\*\n- \*\*/);
	const named = /^- \*\*([^*]+)\*\*(?:(?:, \*\*([^*]+)\*\*)? and \*\*([^*]+)\*\*)?/gm;
	const parts = notes.flatMap((note) => [...note.matchAll(named)].flatMap(([, ...found]) => found));
	expect(nodes.map((node) => node.name)).toEqual(
		expect.arrayContaining(parts.filter((part) => part !== undefined)),
	);

	// $0.30 or $0.025, not $1 or $0.3.
	expect(notes.join('\n')).not.toMatch(/\$\d+(\.\d)?(?![\d.])/);
	const isSetTo = (field: string, value: string) =>
		nodes.some(({ parameters }) => parameters[field] === value);
	if (isSetTo('descriptionType', 'manual')) expect(notes.join()).toContain('*Set Manually*');
	if (isSetTo('resource', 'table')) expect(notes.join()).toMatch(/needs n8n 2\.3 or later/i);

	const credentials = nodes.flatMap((node) => Object.values(node.credentials ?? {}));
	expect(credentials.filter(({ id }) => id)).toEqual([]);
	expect(pinData ?? {}).toEqual({});
});

test('text to video: three videos, three files', async () => {
	const workflow = withAssignment(await imported('text-to-video'), 'Settings', 'folder', files);
	const execution = await run(workflow, 'When clicking ‘Execute workflow’');
	const names = itemsOf(execution, 'Save Video').map(({ json }) => stringAt(json, 'fileName'));
	expect(names).toHaveLength(3);
	for (const file of names) expect(isMp4(await readFile(file))).toBe(true);
	expect(stage.simulator.ledger.total).toBe(0.3);
});

test('batch from a table: the bad row goes to the error output, the others become videos', async () => {
	const execution = await run(await imported('batch-from-table'), 'Start');
	expect(itemsOf(execution, 'Done').map(({ json }) => json.prompt)).toEqual([
		expect.stringContaining('hummingbird'),
		expect.stringContaining('cat'),
		expect.stringContaining('skateboarder'),
	]);
	expect(itemsOf(execution, 'Failed').map(({ json }) => json)).toEqual([
		{ prompt: '', error: expect.stringContaining("'Prompt'"), id: '' },
	]);
	expect(stage.simulator.ledger.total).toBe(0.045);
});

test('scheduled content pipeline: saved files and a log of costs', async () => {
	const example = await imported('scheduled-content-pipeline');
	const workflow = withAssignment(example, 'Settings', 'folder', files);
	await run(workflow, 'Every Morning');
	const ids = jobs().map(({ id }) => id);
	expect(ids).toHaveLength(2);
	for (const id of ids) expect(isMp4(await readFile(join(files, `${id}.mp4`)))).toBe(true);
	const lines = (await readFile(join(files, 'costs.csv'), 'utf8')).trim().split('\n');
	expect(lines).toHaveLength(2);
	for (const id of ids) expect(lines.some((line) => line.endsWith(`,0.1,${id}.mp4`))).toBe(true);

	const nowhere = withAssignment(example, 'Settings', 'folder', join(files, 'nowhere'));
	const execution = await execute(nowhere, { trigger: 'Every Morning' });
	expect([execution.status, jobs().length]).toEqual(['error', 2]);
});

test('a cap per day over all workflows, and the bill of the day', async () => {
	const { api, simulator } = stage;
	const capped = async (cap: string) =>
		withAssignment(await imported('daily-cap'), 'Cap', 'cap', cap);
	const bill = { name: 'Bill', type: 'httpBearerAuth', data: { token: simulator.apiKey } };
	const id = await api.createCredential(bill);
	/** What Runpod billed, what was recorded, and the message where they differ. */
	const reconciled = async () => {
		const workflow = await imported('reconcile-billing');
		const http = workflow.nodes.find(({ name }) => name === 'Billed by Runpod')!;
		http.credentials = { httpBearerAuth: { id, name: bill.name } };
		http.parameters.url = `${simulator.baseUrl}/billing/endpoints`;
		const today = withAssignment(workflow, 'Day', 'day', '={{ $now.toUTC().toISODate() }}');
		const execution = await run(today, 'Every Morning');
		const { billed, recorded } = itemsOf(execution, 'Compare')[0]!.json;
		return [billed, recorded, itemsOf(execution, 'Message')[0]?.json.text];
	};

	const two = await run(await capped('0.2'), 'Start');
	expect(itemsOf(two, 'Done').map(({ json }) => json.cost)).toEqual([0.1, 0.1]);
	expect(await reconciled()).toEqual([0.2, 0.2, undefined]);
	await submit();
	const differ = /^On \S+ \(UTC\) Runpod billed \$0.30 for .*, but the workflows recorded \$0.20.$/;
	await simulator.waitFor(({ total }) => total === 0.3);
	expect(await reconciled()).toEqual([0.3, 0.2, expect.stringMatching(differ)]);

	// Whichever reserves first, both cannot pass a cap that has room for one.
	const started = [0, 1].map(async () => await execute(await capped('0.5'), MANUAL));
	const passed = (await Promise.all(started)).filter(({ status }) => status === 'success').length;
	expect([passed <= 1, jobs().length]).toEqual([true, 3 + 2 * passed]);
	const over = await execute(await capped('0.3'), MANUAL);
	const [spent, sum] = [0.2 + 0.2 * passed, 0.4 + 0.2 * passed];
	expect(failureOf(over)).toContain(
		`The daily cap of $0.30 would be passed: with these videos ($0.20) today's sum is $${sum.toFixed(2)}`,
	);
	expect(jobs()).toHaveLength(3 + 2 * passed);

	// As another workflow calls it; what failed for free is not counted.
	simulator.faults.add({
		operation: 'runsync',
		kind: 'job',
		error: 'no',
		match: { prompt: 'fog' },
	});
	const workflowId = { __rl: true, mode: 'id', value: await api.createWorkflow(await capped('5')) };
	await api.activate(workflowId.value);
	const caller = chain('Caller', [
		manualTrigger,
		...onePerPrompt(['A hill', 'A fog']),
		{
			...{ name: 'Make Videos', type: 'n8n-nodes-base.executeWorkflow', typeVersion: 1.2 },
			parameters: { workflowId, options: {} },
		},
	]);
	const made = itemsOf(await run(caller, MANUAL.trigger), 'Make Videos');
	expect(made.map(({ json }) => [json.cost, json.error])).toEqual([
		[0.1, undefined],
		[undefined, 'Runpod could not make the video: no'],
	]);
	expect((await reconciled()).slice(0, 2)).toEqual([
		...[spent + 0.2, spent + 0.1].map((amount) => expect.closeTo(amount, 6)),
	]);
});

test('several shots: one style and one seed, and a playlist in the order of the list', async () => {
	const execution = await run(await imported('several-shots'), 'Start');
	const { jobs, total } = stage.simulator.ledger;
	expect(prompts().every((prompt) => String(prompt).endsWith('muted blue and orange'))).toBe(true);
	expect(jobs.map(({ input }) => input.seed)).toEqual([20417, 20417, 20417]);
	const urls = itemsOf(execution, 'Pruna Video').map(({ json }) => json.video_url);
	const [{ json }] = itemsOf(execution, 'Playlist') as [{ json: JsonRecord }];
	const lines = stringAt(json, 'playlist').split('\n');
	expect(lines.filter((line) => !line.startsWith('#'))).toEqual(urls);
	expect([json.cost, total]).toEqual([0.075, 0.075]);
	expect(itemsOf(execution, 'Playlist File')[0]?.binary).toHaveProperty('data');
});

test('nightly batch: failures are recorded, and a late video is fetched by Job > Get', async () => {
	const { simulator, main } = stage;
	const url = `${main.url}/webhook/none/pruna-video`;
	const workflow = withAssignment(await imported('nightly-batch'), 'Prompts', 'trigger_url', url);
	const node = workflow.nodes.find(({ name }) => name === 'Pruna Video')!;
	node.retryOnFail = false;
	Object.assign(node.parameters.options as JsonRecord, { timeout: 5 });
	const job = { operation: 'run', kind: 'job' } as const;
	simulator.faults.add({ ...job, match: { prompt: 'heron' }, error: 'no worker' });
	simulator.faults.add({ ...job, match: { prompt: 'train' }, executionTimeMs: 60_000 });
	const night = await run(workflow, 'Every Night');
	expect(itemsOf(night, 'Done').map(({ json }) => json.prompt)).toEqual([
		expect.stringContaining('potter'),
	]);
	const late = jobs().find(({ input }) => /train/.test(String(input.prompt)));
	expect(itemsOf(night, 'Note Failure').map(({ json }) => [json.error, json.job_id])).toEqual([
		[expect.stringContaining('no worker'), ''],
		[expect.stringContaining('was still'), late?.id],
	]);

	simulator.advance(60_000);
	const later = await run(workflow, 'Every 20 Minutes');
	expect(itemsOf(later, 'Late Video').map(({ json }) => json.id)).toEqual([late?.id]);
	expect(jobs()).toHaveLength(3);
	expect(itemsOf(await run(workflow, 'Every 20 Minutes'), 'Open Jobs')).toEqual([]);
});

describe('image to video from a form', () => {
	let page: string;
	let workflowId: string;
	beforeAll(async () => {
		const workflow = await imported('image-to-video-form');
		workflowId = await stage.api.createWorkflow(workflow);
		await stage.api.activate(workflowId);
		page = urlOf(workflow, 'Photo Form', 'form');
	});

	/** Sends the form as the script in n8n's page does; what the last page says. */
	async function fillIn(photo: Blob | undefined): Promise<string> {
		const form = new FormData();
		if (photo) form.append('field-0', photo, 'photo.png');
		form.append('field-1', 'The waves roll in');
		const answer = await fetch(page, { method: 'POST', body: form });
		expect(answer.status).toBe(200);
		const waiting = stringAt(await answer.json(), 'formWaitingUrl');
		const state = new URL(waiting);
		state.pathname += '/n8n-execution-status';
		await until(async () => (await (await fetch(state)).text()) === 'form-waiting');
		const last = await (await fetch(waiting)).text();
		await fetch(waiting, { method: 'POST' });
		return last;
	}

	const PHOTO = Buffer.from('89504e470d0a1a0a', 'hex');
	test.each([
		['a photo', new Blob([PHOTO], { type: 'image/png' }), PHOTO.toString('base64')],
		['no photo', undefined, undefined],
	])('%s: the video comes back', async (_, photo, base64) => {
		expect(await fillIn(photo)).toContain('Your video is ready');
		const input: JsonRecord | undefined = jobs()[0]?.input;
		expect([input?.prompt, input?.image]).toEqual([
			'The waves roll in',
			base64 && `data:image/png;base64,${base64}`,
		]);
		const [id = ''] = await stage.api.executionsOf(workflowId, 1);
		const execution = await stage.api.finishedExecution(id);
		expectSuccess(execution);
		const [video] = itemsOf(execution, 'Pruna Video');
		expect(video?.binary).toMatchObject({ data: { mimeType: 'video/mp4' } });
	});

	test('no video: the last page says why', async () => {
		const page = await fillIn(new Blob(['GIF89a'], { type: 'image/png' }));
		expect(page).toContain('Sorry, there is no video');
		expect(page).toContain('the file is GIF; use jpg, png or webp');
		expect(jobs()).toEqual([]);
	});
});

test.each([
	['Make it', 'the final has the seed of the draft', 'Final'],
	['Drop it', 'nothing more is billed', 'Dropped'],
])('draft, approval, final: "%s": %s', async (decision, _, last) => {
	const { api, simulator } = stage;
	// The note on its canvas advises to send the address before the node that waits.
	const example = await imported('draft-approval-final');
	const mail = fields('Mail', '={{ { url: $execution.resumeFormUrl } }}');
	const workflow = withNodeBetween(example, 'Draft', mail, 'Ask for Approval');
	const id = await api.runWorkflow(await api.createWorkflow(workflow), 'Start');
	const url = await until(async () => {
		const execution = await api.execution(id);
		const item = itemsOf(execution, 'Mail')[0];
		return execution.status === 'waiting' && item ? stringAt(item.json, 'url') : undefined;
	});
	const form = new FormData();
	form.append('field-0', decision);
	expect((await fetch(url, { method: 'POST', body: form })).status).toBe(200);
	const execution = await api.finishedExecution(id);
	expectSuccess(execution);
	expect(itemsOf(execution, last)).toHaveLength(1);

	const inputs = jobs().map(({ input }) => input);
	expect(inputs[0]).toMatchObject({ draft: true, resolution: '720p', seed: expect.any(Number) });
	if (last === 'Dropped') {
		expect(simulator.ledger.total).toBe(0.025);
		return;
	}
	const { seed, prompt } = inputs[0]!;
	expect(inputs.slice(1)).toEqual([
		expect.objectContaining({ draft: false, resolution: '1080p', seed, prompt }),
	]);
	expect(itemsOf(execution, last)[0]?.binary).toMatchObject({ data: { mimeType: 'video/mp4' } });
});

const IMAGE = { image: 'https://example.com/photo.png' };
const LOST = { operation: 'runsync', kind: 'reset', when: 'after' } as const;
test.each<[string, JsonRecord, FaultRule | undefined, version: number]>([
	['no picture: it gets the video', {}, undefined, 1.9],
	['a picture: it gets the video', IMAGE, undefined, 1.9],
	['a lost answer: it must not call again', {}, LOST, 1.9],
	['a lost answer and the newest agent: it must not call again', {}, LOST, 3.1],
])('AI agent: the model calls the tool, with %s', async (_, more, fault, version) => {
	const { api, simulator } = stage;
	if (fault) simulator.faults.add(fault);
	const usual = { prompt: 'A sunrise over a harbour', duration: 3, aspect_ratio: '9:16' };
	const wish: JsonRecord = { ...usual, ...more };
	const model = await startChatModel(wish);
	try {
		const data = { apiKey: 'none', url: model.baseUrl };
		const id = await api.createCredential({ name: 'Stand-in', type: 'openAiApi', data });
		const workflow = await imported('ai-agent');
		const chat = workflow.nodes.find(({ name }) => name === 'Chat Model');
		const agent = workflow.nodes.find(({ name }) => name === 'AI Agent');
		Object.assign(agent!, { typeVersion: version });
		chat!.credentials = { openAiApi: { id, name: 'Stand-in' } };
		const json = { sessionId: 'one', action: 'sendMessage', chatInput: 'Show me a sunrise' };
		const execution = await execute(workflow, { trigger: 'Chat', json });
		expectSuccess(execution);

		const properties = {
			prompt: { type: 'string', description: expect.stringContaining('What the video shows') },
			image: { type: 'string' },
			duration: { type: 'number' },
			aspect_ratio: { type: 'string' },
		};
		expect(at(model.requests[0], 'tools', 0, 'function')).toMatchObject({
			name: 'Make_Video',
			description: expect.stringContaining('Makes a video'),
			parameters: { properties },
		});
		const [job] = jobs();
		const { prompt, duration, image } = wish;
		const shape = image ? { image } : { aspect_ratio: '9:16' };
		expect(job?.input).toMatchObject({ prompt, duration, draft: true, ...shape });
		expect('image' in (job?.input ?? {})).toBe('image' in wish);
		const output = itemsOf(execution, 'AI Agent')[0]?.json.output;
		const again = 'Do not call this tool again for this video: a job may be running';
		expect(output).toContain(fault ? again : simulator.videoUrl(job?.id ?? ''));
	} finally {
		await model.close();
	}
});

describe('submit, then wait', () => {
	async function wait(workflow: Workflow, onceItWaits = () => {}) {
		const { api } = stage;
		const id = await api.runWorkflow(await api.createWorkflow(workflow), 'Start');
		await until(async () => (await api.execution(id)).status !== 'running');
		onceItWaits();
		const execution = await api.finishedExecution(id);
		expectSuccess(execution);
		const [job] = jobs();
		expect(itemsOf(execution, 'Get Video')[0]).toMatchObject({
			json: { id: job?.id, status: 'COMPLETED', cost: 0.1 },
			binary: { data: { mimeType: 'video/mp4' } },
		});
		return job?.webhookTries.map(({ result }) => result);
	}

	test('continues when Runpod calls', async () => {
		const { simulator } = stage;
		simulator.hold('finish');
		expect(await wait(await imported('submit-and-wait'), () => simulator.release())).toEqual([200]);
	});

	test('continues when Runpod calls too early and calls again', async () => {
		// Between the two nodes there is another that takes longer than the job.
		stage.simulator.options.webhookRetryMs = 8_000;
		const workflow = await imported('submit-and-wait');
		const results = await wait(withNodeBetween(workflow, 'Submit', PAUSE, 'Wait for Runpod'));
		// While the execution does not wait yet, n8n refuses the call: 409 and 500 were seen.
		expect([409, 500]).toContain(results?.[0]);
		expect(results?.slice(1)).toEqual([200]);
	});
});

test('trigger: runs for each job that its other half submits', async () => {
	const { api, simulator } = stage;
	const workflow = await imported('trigger');
	const url = urlOf(workflow, 'Job Has Ended', 'webhook', '/pruna-video');
	const id = await api.createWorkflow(withAssignment(workflow, 'Prompts', 'trigger_url', url));
	await api.activate(id);
	const lost = { kind: 'job', error: 'The GPU was lost', match: { prompt: 'noodles' } } as const;
	simulator.faults.add({ operation: 'run', ...lost });
	await api.finishedExecution(await api.runWorkflow(id, 'Start'));

	const found = await executions(id, 4);
	expect(found.flatMap((execution) => itemsOf(execution, 'Video'))).toHaveLength(2);
	const problems = found.flatMap((execution) => itemsOf(execution, 'Problem'));
	expect(problems.map(({ json }) => json)).toEqual([
		expect.objectContaining({ status: 'FAILED', error: 'The GPU was lost' }),
	]);
	expect(simulator.ledger.total).toBe(0.05);
});

describe('webhook to video', () => {
	let url: string;
	beforeAll(async () => {
		const { api, main } = stage;
		await api.activate(await api.createWorkflow(await imported('webhook-to-video')));
		url = `${main.url}/webhook/video`;
	});

	const BODY = { prompt: 'A snail crosses a road', duration: 2 };

	/** Calls again until the answer is another than 409 ("still being submitted"), as a caller that gives up does. */
	async function call(key: string | undefined, body = BODY, giveUpAfterMs = 60_000) {
		let calls = 0;
		return await until(async () => {
			calls++;
			const response = await fetch(url, {
				method: 'POST',
				headers: { 'content-type': 'application/json', ...(key && { 'idempotency-key': key }) },
				body: JSON.stringify(body),
				signal: AbortSignal.timeout(giveUpAfterMs),
			}).catch(() => undefined);
			if (!response || response.status === 409) return undefined;
			return { status: response.status, answer: await response.json(), calls };
		});
	}

	const state = async (statusUrl: string) => await (await fetch(statusUrl)).json();

	test('answers 202 with the ID and a status URL, which returns the video in the end', async () => {
		stage.simulator.hold('finish');
		const first = await call('one');
		const id = jobs()[0]?.id;
		const statusUrl = `${url}?id=${id}`;
		expect(first).toEqual({ status: 202, answer: { id, statusUrl }, calls: 1 });
		expect(await state(statusUrl)).toMatchObject({ id, status: expect.stringMatching(/^IN_/) });
		stage.simulator.release();
		await until(async () => at(await state(statusUrl), 'status') === 'COMPLETED');
		const done = { id, cost: 0.04, video_url: expect.any(String) };
		expect(await state(statusUrl)).toMatchObject(done);

		expect(await call('one')).toEqual(first);
		// Another key, and none, are requests of their own.
		for (const key of ['two', undefined, undefined]) expect((await call(key)).status).toBe(202);
		expect(jobs()).toHaveLength(4);
	});

	test('a caller that gives up during the submission and calls again: one video', async () => {
		stage.simulator.faults.add({ operation: 'run', kind: 'delay', ms: 4_000 });
		const { status, answer, calls } = await call('cut', BODY, 1_000);
		expect(calls).toBeGreaterThan(1);
		expect([status, at(answer, 'id')]).toEqual([202, jobs()[0]?.id]);
		expect(jobs()).toHaveLength(1);
	});

	test('ten calls with one key at the same time: one video', async () => {
		const answers = await Promise.all(Array.from({ length: 10 }, () => call('ten')));
		const [{ id } = { id: undefined }, ...others] = jobs();
		expect(others).toEqual([]);
		expect(answers.map(({ status, answer }) => [status, at(answer, 'id')])).toEqual(
			answers.map(() => [202, id]),
		);
	});

	test('a bad request is told what is wrong, every time', async () => {
		const error = expect.stringContaining(
			"'Duration (Seconds)' must be a whole number from 1 to 10",
		);
		for (let time = 0; time < 2; time++) {
			const { status, answer } = await call('bad', { ...BODY, duration: 99 });
			expect([status, answer]).toEqual([422, { id: null, statusUrl: null, error }]);
		}
		expect(jobs()).toEqual([]);
	});
});

const PAUSE = {
	name: 'Pause',
	type: 'n8n-nodes-base.wait',
	typeVersion: 1.1,
	parameters: { amount: 2, unit: 'seconds' },
};
