/** Every workflow of examples/, imported into a real n8n and executed there, against the simulator. */

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { failureOf, itemsOf, type Execution } from '../tools/n8n/execution';
import { at, stringAt, type JsonRecord } from '../tools/n8n/json';
import { until } from '../tools/n8n/program';
import { startStage, type Stage } from '../tools/n8n/stage';
import {
	EXAMPLES as FOLDER,
	readExample,
	withAssignment,
	withCredential,
	withNodeBetween,
	type Workflow,
	type WorkflowNode,
} from '../tools/n8n/workflow';
import { startChatModel } from './chat-model';

/** `trigger` and `submit-and-wait` are executed in trigger.e2e.test.ts, `webhook-to-video` in callers.e2e.test.ts. */
const EXAMPLES = [
	'ai-agent',
	'batch-from-table',
	'draft-approval-final',
	'image-to-video-form',
	'nightly-batch',
	'scheduled-content-pipeline',
	'several-shots',
	'submit-and-wait',
	'text-to-video',
	'trigger',
	'webhook-to-video',
];

const isNote = ({ type }: WorkflowNode) => type === 'n8n-nodes-base.stickyNote';

let fixture: Stage;
let files: string;

beforeAll(async () => {
	files = await mkdtemp(join(tmpdir(), 'pruna-video-examples-'));
	fixture = await startStage({
		env: {
			N8N_RESTRICT_FILE_ACCESS_TO: files,
			N8N_COMMUNITY_PACKAGES_ALLOW_TOOL_USAGE: 'true',
		},
	});
}, 20 * 60_000);
afterAll(async () => {
	await fixture?.endings.run();
	await rm(files, { recursive: true, force: true });
});
beforeEach(() => fixture.simulator.reset());

/** As a user has it after importing it and choosing the credential. */
async function imported(name: string): Promise<Workflow> {
	return withCredential(await readExample(name), fixture.credential);
}

async function run(workflow: Workflow, trigger: string): Promise<Execution> {
	const { api } = fixture;
	return await api.finishedExecution(
		await api.runWorkflow(await api.createWorkflow(workflow), trigger),
	);
}

/** The one execution of a workflow that something outside started, once it has ended. */
async function startedExecution(workflowId: string): Promise<Execution> {
	const [id = ''] = await fixture.api.executionsOf(workflowId, 1);
	return await fixture.api.finishedExecution(id);
}

const succeeded = (execution: Execution) =>
	expect([execution.status, failureOf(execution)]).toEqual(['success', undefined]);
const prompts = () => fixture.simulator.ledger.jobs.map(({ input }) => input.prompt);
const isMp4 = (bytes: Buffer) => bytes.subarray(4, 8).toString() === 'ftyp';

test('every file of examples/ is among these tests', async () => {
	expect((await readdir(FOLDER)).sort()).toEqual(EXAMPLES.map((name) => `${name}.json`));
});

describe.each(EXAMPLES)('%s', (name) => {
	let workflow: Workflow;
	beforeAll(async () => (workflow = await readExample(name)));

	test('says on the canvas what to change, and contains no secrets', () => {
		const notes = workflow.nodes.filter(isNote).map(({ parameters }) => parameters.content);
		expect(notes.join('\n')).toMatch(/\*\*Change:\*\*\n- \*\*/);
		const ids = workflow.nodes.flatMap(({ credentials = {} }) =>
			Object.values(credentials).map(({ id }) => id ?? ''),
		);
		expect(ids.every((id) => id === '')).toBe(true);
		expect(workflow.pinData ?? {}).toEqual({});
	});

	test('only names existing nodes in its notes', () => {
		const names = workflow.nodes.map((node) => node.name);
		const named = workflow.nodes
			.filter(isNote)
			.flatMap(({ parameters }) =>
				[
					...String(parameters.content).matchAll(/^- \*\*([^*]+)\*\*(?: and \*\*([^*]+)\*\*)?/gm),
				].flatMap(([, first, second]) => [first, second].filter((part) => part !== undefined)),
			);
		expect(named.length).toBeGreaterThan(0);
		expect(named.filter((part) => !names.includes(part))).toEqual([]);
	});

	test('has notes that do not cover a node', () => {
		const boxes = workflow.nodes.map((node) => {
			const [x = 0, y = 0] = node.position as number[];
			const size = isNote(node)
				? { width: Number(node.parameters.width), height: Number(node.parameters.height) }
				: { width: 100, height: 140 };
			return { x, y, ...size, isNote: isNote(node) };
		});
		for (const note of boxes.filter((box) => box.isNote)) {
			const covered = boxes.filter(
				(box) =>
					box !== note &&
					box.x < note.x + note.width &&
					note.x < box.x + box.width &&
					box.y < note.y + note.height &&
					note.y < box.y + box.height,
			);
			expect(covered).toEqual([]);
		}
	});
});

test('text to video: three videos, three files', async () => {
	const workflow = withAssignment(await imported('text-to-video'), 'Settings', 'folder', files);
	const execution = await run(workflow, 'When clicking ‘Execute workflow’');
	succeeded(execution);
	const names = itemsOf(execution, 'Save Video').map(({ json }) => stringAt(json, 'fileName'));
	expect(names).toHaveLength(3);
	for (const file of names) expect(isMp4(await readFile(file))).toBe(true);
	expect(fixture.simulator.ledger.total).toBe(0.3);
});

test('batch from a table: the bad row goes to the error output, the others become videos', async () => {
	const execution = await run(await imported('batch-from-table'), 'Start');
	succeeded(execution);
	expect(itemsOf(execution, 'Done').map(({ json }) => json.prompt)).toEqual([
		expect.stringContaining('hummingbird'),
		expect.stringContaining('cat'),
		expect.stringContaining('skateboarder'),
	]);
	expect(itemsOf(execution, 'Failed').map(({ json }) => json)).toEqual([
		{ prompt: '', error: expect.stringContaining("'Prompt'"), id: '' },
	]);
	expect(fixture.simulator.ledger.total).toBe(0.045);
});

test('scheduled content pipeline: saved files and a log of costs', async () => {
	const workflow = withAssignment(
		await imported('scheduled-content-pipeline'),
		'Settings',
		'folder',
		files,
	);
	const execution = await run(workflow, 'Every Morning');
	succeeded(execution);
	const ids = fixture.simulator.ledger.jobs.map(({ id }) => id);
	expect(ids).toHaveLength(2);
	for (const id of ids) expect(isMp4(await readFile(join(files, `${id}.mp4`)))).toBe(true);
	const lines = (await readFile(join(files, 'costs.csv'), 'utf8')).trim().split('\n');
	expect(lines).toHaveLength(2);
	for (const id of ids) expect(lines.some((line) => line.endsWith(`,0.1,${id}.mp4`))).toBe(true);
});

test('several shots: one style and one seed, and a playlist in the order of the list', async () => {
	const execution = await run(await imported('several-shots'), 'Start');
	succeeded(execution);
	const { jobs, total } = fixture.simulator.ledger;
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
	const { simulator, main } = fixture;
	const example = withAssignment(
		await imported('nightly-batch'),
		'Prompts',
		'trigger_url',
		`${main.url}/webhook/none/pruna-video`,
	);
	const workflow = {
		...example,
		nodes: example.nodes.map((node) =>
			node.name === 'Pruna Video'
				? {
						...node,
						retryOnFail: false,
						parameters: {
							...node.parameters,
							options: { ...(node.parameters.options as JsonRecord), timeout: 5 },
						},
					}
				: node,
		),
	};
	const job = { operation: 'run', kind: 'job' } as const;
	simulator.faults.add({ ...job, match: { prompt: 'heron' }, error: 'no worker' });
	simulator.faults.add({ ...job, match: { prompt: 'train' }, executionTimeMs: 60_000 });
	const night = await run(workflow, 'Every Night');
	succeeded(night);
	expect(itemsOf(night, 'Done').map(({ json }) => json.prompt)).toEqual([
		expect.stringContaining('potter'),
	]);
	const late = simulator.ledger.jobs.find(({ input }) => /train/.test(String(input.prompt)));
	expect(itemsOf(night, 'Note Failure').map(({ json }) => [json.error, json.job_id])).toEqual([
		[expect.stringContaining('no worker'), ''],
		[expect.stringContaining('was still'), late?.id],
	]);

	simulator.advance(60_000);
	const later = await run(workflow, 'Every 20 Minutes');
	succeeded(later);
	expect(itemsOf(later, 'Late Video').map(({ json }) => json.id)).toEqual([late?.id]);
	expect(simulator.ledger.jobs).toHaveLength(3);
	expect(itemsOf(await run(workflow, 'Every 20 Minutes'), 'Open Jobs')).toEqual([]);
});

test('image to video from a form: the video starts from the uploaded photo', async () => {
	const { api, main, simulator } = fixture;
	const workflow = await imported('image-to-video-form');
	const id = await api.createWorkflow(workflow);
	await api.activate(id);
	const { webhookId } = workflow.nodes.find(({ name }) => name === 'Photo Form')!;
	const photo = Buffer.from('89504e470d0a1a0a', 'hex');
	const form = new FormData();
	form.append('field-0', new Blob([photo], { type: 'image/png' }), 'photo.png');
	form.append('field-1', 'The waves roll in');
	const page = `${main.url}/form/${String(webhookId)}`;
	const answer = await fetch(page, {
		method: 'POST',
		body: form,
		signal: AbortSignal.timeout(30_000),
	});
	expect(answer.status).toBe(200);

	await simulator.waitFor(({ jobs }) => jobs.length === 1, 30_000);
	expect(simulator.ledger.jobs[0]?.input).toMatchObject({
		prompt: 'The waves roll in',
		image: `data:image/png;base64,${photo.toString('base64')}`,
	});
	// From here on as the script in n8n's page does it.
	const waiting = stringAt(await answer.json(), 'formWaitingUrl');
	const state = new URL(waiting);
	state.pathname += '/n8n-execution-status';
	await until(async () => (await (await fetch(state)).text()) === 'form-waiting');
	expect(await (await fetch(waiting)).text()).toContain('Your video is ready');
	await fetch(waiting, { method: 'POST' });
	const execution = await startedExecution(id);
	succeeded(execution);
	expect(itemsOf(execution, 'Pruna Video')[0]?.binary).toMatchObject({
		data: { mimeType: 'video/mp4' },
	});
});

test.each([
	['Make it', 'the final has the seed of the draft', 'Final'],
	['Drop it', 'nothing more is billed', 'Dropped'],
])('draft, approval, final: "%s": %s', async (decision, _, last) => {
	const { api, simulator } = fixture;
	// The note on its canvas advises to send the address before the node that waits.
	const example = await imported('draft-approval-final');
	const workflow = withNodeBetween(example, 'Draft', send, 'Ask for Approval');
	const id = await api.runWorkflow(await api.createWorkflow(workflow), 'Start');
	const url = await until(async () => {
		const execution = await api.execution(id);
		const item = itemsOf(execution, 'Send')[0];
		return execution.status === 'waiting' && item ? stringAt(item.json, 'url') : undefined;
	});
	const form = new FormData();
	form.append('field-0', decision);
	expect((await fetch(url, { method: 'POST', body: form })).status).toBe(200);
	const execution = await api.finishedExecution(id);
	succeeded(execution);
	expect(itemsOf(execution, last)).toHaveLength(1);

	const inputs = simulator.ledger.jobs.map(({ input }) => input);
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

test('AI agent: the model calls the tool and gets the video', async () => {
	const { api, simulator } = fixture;
	const wish = { prompt: 'A sunrise over a harbour', duration: 3, aspect_ratio: '9:16' };
	const model = await startChatModel(wish);
	try {
		const openAi = await api.createCredential({
			name: 'Stand-in',
			type: 'openAiApi',
			data: { apiKey: 'none', url: model.baseUrl },
		});
		const example = await imported('ai-agent');
		const workflow = {
			...example,
			nodes: example.nodes.map((node) =>
				node.name === 'Chat Model'
					? { ...node, credentials: { openAiApi: { id: openAi, name: 'Stand-in' } } }
					: node,
			),
		};
		const id = await api.createWorkflow(workflow);
		const said = { sessionId: 'one', action: 'sendMessage', chatInput: 'Show me a sunrise' };
		const execution = await api.finishedExecution(await api.runWorkflow(id, 'Chat', said));
		succeeded(execution);

		const tool = at(model.requests[0], 'tools', 0, 'function');
		expect(tool).toMatchObject({
			name: 'Make_Video',
			description: expect.stringContaining('Makes a video'),
			parameters: {
				properties: {
					prompt: { type: 'string', description: expect.stringContaining('What the video shows') },
					duration: { type: 'number' },
					aspect_ratio: { type: 'string' },
				},
			},
		});
		expect(prompts()).toEqual([wish.prompt]);
		expect(simulator.ledger.jobs[0]?.input).toMatchObject({
			duration: 3,
			aspect_ratio: '9:16',
			draft: true,
		});
		const video = simulator.videoUrl(simulator.ledger.jobs[0]?.id ?? '');
		expect(itemsOf(execution, 'AI Agent')[0]?.json.output).toContain(video);
	} finally {
		await model.close();
	}
});

/** Stands for a mail with the form's address in it. */
const send = {
	name: 'Send',
	type: 'n8n-nodes-base.set',
	typeVersion: 3.4,
	parameters: {
		assignments: {
			assignments: [
				{ id: 'url', name: 'url', type: 'string', value: '={{ $execution.resumeFormUrl }}' },
			],
		},
		includeOtherFields: true,
		options: {},
	},
};
