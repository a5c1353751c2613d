/** Every workflow of examples/, imported into a real n8n and executed there, against the simulator. */

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { failureOf, itemsOf, type Execution } from '../n8n/execution';
import { N8N_VERSION } from '../n8n/install';
import { at, isRecord, stringAt, type JsonRecord } from '../n8n/json';
import {
	readWorkflow,
	withAssignment,
	withCredential,
	type Workflow,
	type WorkflowNode,
} from '../n8n/workflow';
import { startChatModel } from './chat-model';
import { removeTarball, startFixture, type Fixture } from './fixture';

const FOLDER = join(__dirname, '../../examples');
/** `trigger` and `submit-and-wait` are executed in trigger.e2e.test.ts. */
const EXAMPLES = [
	'ai-agent',
	'batch-from-table',
	'draft-approval-final',
	'image-to-video-form',
	'scheduled-content-pipeline',
	'submit-and-wait',
	'text-to-video',
	'trigger',
	'webhook-to-video',
];

const isNote = ({ type }: WorkflowNode) => type === 'n8n-nodes-base.stickyNote';

let fixture: Fixture;
let files: string;

beforeAll(async () => {
	files = await mkdtemp(join(tmpdir(), 'pruna-video-examples-'));
	fixture = await startFixture(N8N_VERSION, {
		N8N_RESTRICT_FILE_ACCESS_TO: files,
		N8N_COMMUNITY_PACKAGES_ALLOW_TOOL_USAGE: 'true',
	});
}, 20 * 60_000);
afterAll(async () => {
	await fixture?.endings.run();
	await rm(files, { recursive: true, force: true });
	await removeTarball();
});
beforeEach(() => fixture.simulator.reset());

async function read(name: string): Promise<Workflow> {
	return await readWorkflow(join(FOLDER, `${name}.json`));
}

/** As a user has it after importing it and choosing the credential. */
async function imported(name: string): Promise<Workflow> {
	return withCredential(await read(name), 'runpodApi', fixture.credential);
}

async function run(workflow: Workflow, trigger: string): Promise<Execution> {
	const { api } = fixture;
	return await api.finishedExecution(
		await api.runWorkflow(await api.createWorkflow(workflow), trigger),
	);
}

async function until<T>(get: () => Promise<T | undefined>): Promise<T> {
	const deadline = Date.now() + 60_000;
	for (;;) {
		const found = await get();
		if (found !== undefined) return found;
		if (Date.now() > deadline) throw new Error('It did not come true within a minute');
		await sleep(100);
	}
}

/** The one execution of a workflow that something outside started, once it has ended. */
async function startedExecution(workflowId: string): Promise<Execution> {
	const filter = encodeURIComponent(JSON.stringify({ workflowId }));
	const id = await until(async () => {
		const found = at(
			await fixture.api.call('GET', `/rest/executions?filter=${filter}`),
			'results',
			0,
		);
		return isRecord(found) ? stringAt(found, 'id') : undefined;
	});
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
	beforeAll(async () => (workflow = await read(name)));

	test('says on the canvas what to change, and brings nobody’s secrets', () => {
		const notes = workflow.nodes.filter(isNote).map(({ parameters }) => parameters.content);
		expect(notes.join('\n')).toMatch(/\*\*Change:\*\*\n- \*\*/);
		const ids = workflow.nodes.flatMap(({ credentials = {} }) =>
			Object.values(credentials).map(({ id }) => id ?? ''),
		);
		expect(ids.every((id) => id === '')).toBe(true);
		expect(workflow.pinData ?? {}).toEqual({});
	});

	test('names in its notes only nodes that are there', () => {
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

	test('has notes that cover no node', () => {
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

test('batch from a table: the bad row leaves by the error output, the others are videos', async () => {
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

test('webhook to video: a request in, the MP4 out; a bad one is told what is wrong', async () => {
	const { api, main, simulator } = fixture;
	await api.activate(await api.createWorkflow(await imported('webhook-to-video')));
	const post = async (body: JsonRecord) =>
		await fetch(`${main.url}/webhook/video`, {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify(body),
		});
	const good = await post({ prompt: 'A snail crosses a road', duration: 2 });
	expect([good.status, good.headers.get('content-type')]).toEqual([200, 'video/mp4']);
	expect(good.headers.get('x-video-cost')).toBe('0.04');
	expect(isMp4(Buffer.from(await good.arrayBuffer()))).toBe(true);

	const bad = await post({ prompt: 'A snail', duration: 99 });
	expect(bad.status).toBe(422);
	expect(await bad.json()).toMatchObject({
		error: expect.stringContaining("'Duration (Seconds)' must be a whole number from 1 to 10"),
	});
	expect(simulator.ledger.jobs).toHaveLength(1);
});

test('image to video from a form: the photo that was uploaded begins the video', async () => {
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
	await until(async () =>
		(await (await fetch(state)).text()) === 'form-waiting' ? true : undefined,
	);
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
	['Drop it', 'nothing more is paid for', 'Dropped'],
])('draft, approval, final: "%s": %s', async (decision, _, last) => {
	const { api, simulator } = fixture;
	// The note on its canvas advises to send the address before the node that waits.
	const workflow = sending(await imported('draft-approval-final'), 'Draft', 'Ask for Approval');
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

test('AI agent: the model calls the tool and hears of the video', async () => {
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
		const { video_url: video } = simulator.ledger.jobs[0]?.output as { video_url: string };
		expect(itemsOf(execution, 'AI Agent')[0]?.json.output).toContain(video);
	} finally {
		await model.close();
	}
});

/** The workflow with a node between two others that stands for a mail with the form's address in it. */
function sending(workflow: Workflow, before: string, after: string): Workflow {
	const assignment = {
		id: 'url',
		name: 'url',
		type: 'string',
		value: '={{ $execution.resumeFormUrl }}',
	};
	const send: WorkflowNode = {
		id: 'send',
		name: 'Send',
		type: 'n8n-nodes-base.set',
		typeVersion: 3.4,
		position: [0, 400],
		parameters: {
			assignments: { assignments: [assignment] },
			includeOtherFields: true,
			options: {},
		},
	};
	const to = (node: string) => ({ main: [[{ node, type: 'main', index: 0 }]] });
	const connections = { ...workflow.connections, [before]: to('Send'), Send: to(after) };
	return { ...workflow, nodes: [...workflow.nodes, send], connections };
}
