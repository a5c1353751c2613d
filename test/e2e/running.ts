/** Executions of n8n, the workflows that Pruna Video Trigger starts, and who calls them. */

import { fetch } from 'undici';
import { failureOf, itemsOf, type Execution, type Item } from '../tools/n8n/execution';
import { stringAt, type JsonRecord } from '../tools/n8n/json';
import { N8N_VERSION } from '../tools/n8n/install';
import type { Stage } from '../tools/n8n/stage';
import type { Workflow } from '../tools/n8n/workflow';
import type { JobRecord } from '../tools/simulator';
import {
	chain,
	MANUAL_TRIGGER,
	manualTrigger,
	PRUNA_VIDEO_TRIGGER,
	prunaVideoTrigger,
	type Built,
} from './build-workflow';

export const VERSIONS = (process.env.PRUNA_VIDEO_N8N_VERSIONS || N8N_VERSION).split(',');

/** That of a test file, once `useStage` has started it. */
export let stage: Stage;

export function useStage(start: () => Promise<Stage>): void {
	beforeAll(async () => {
		stage = await start();
	}, 20 * 60_000);
	afterAll(async () => await stage?.endings.run());
}

/** Executes it as "Execute workflow" does, to its end. */
export async function execute(
	workflow: Workflow,
	{ trigger = MANUAL_TRIGGER, json }: { trigger?: string; json?: JsonRecord } = {},
): Promise<Execution> {
	const { api } = stage;
	const id = await api.createWorkflow(workflow);
	return await api.finishedExecution(await api.runWorkflow(id, trigger, json));
}

/** Executes the nodes one after the other, started by hand. */
export async function executeNodes(...nodes: Built[]): Promise<Execution> {
	return await execute(chain('Test', [manualTrigger, ...nodes]));
}

export function expectSuccess(execution: Execution): void {
	expect([execution.status, failureOf(execution)]).toEqual(['success', undefined]);
}

/** That the item holds the job's video, byte for byte. */
export async function expectFile(item: Item | undefined, field = 'data') {
	const served = await fetch(String(item?.json.video_url));
	const stored = await stage.api.storedFile(item?.binary?.[field]);
	expect(stored.equals(Buffer.from(await served.arrayBuffer()))).toBe(true);
}

export interface Listening {
	workflowId: string;
	productionUrl: string;
	testUrl: string;
}

let webhooks = 0;

/** A workflow of a trigger, by default ours with these parameters, with an address of its own; not published. */
export async function create(
	parameters: JsonRecord = {},
	triggerAt = (id: string) => prunaVideoTrigger(stage.credential, parameters, id),
): Promise<Listening> {
	const { api, main } = stage;
	const webhookId = `11111111-0000-4000-8000-${String(++webhooks).padStart(12, '0')}`;
	const trigger = triggerAt(webhookId);
	const path = trigger.name === PRUNA_VIDEO_TRIGGER ? `${webhookId}/pruna-video` : webhookId;
	// What comes after hands the file on: n8n has to keep it for both.
	const after = { name: 'After', type: 'n8n-nodes-base.noOp', typeVersion: 1, parameters: {} };
	return {
		workflowId: await api.createWorkflow(chain('Trigger', [trigger, after])),
		productionUrl: `${main.url}/webhook/${path}`,
		testUrl: `${main.url}/webhook-test/${path}`,
	};
}

/** A published workflow. */
export async function listen(...what: Parameters<typeof create>): Promise<Listening> {
	const listening = await create(...what);
	await stage.api.activate(listening.workflowId);
	return listening;
}

/** Submits a job as another program would; its id. */
export async function submit(webhook?: string, endpoint = 'p-video'): Promise<string> {
	const { simulator } = stage;
	const authorization = `Bearer ${simulator.apiKey}`;
	const response = await fetch(`${simulator.baseUrl}/${endpoint}/run`, {
		method: 'POST',
		headers: { authorization, 'content-type': 'application/json' },
		body: JSON.stringify({ input: { prompt: 'A cat' }, webhook }),
	});
	return stringAt(await response.json(), 'id');
}

/** How Runpod's calls for a job were answered, up to the 200. */
export async function answersTo(id: string) {
	const { simulator } = stage;
	const isAnswered = (job?: JobRecord) => job?.webhookTries.at(-1)?.result === 200;
	await simulator.waitFor((ledger) => isAnswered(ledger.find(id)), 60_000);
	return simulator.ledger.find(id)!.webhookTries.map(({ result }) => result);
}

/** Calls as anybody could; the HTTP status of the answer. */
export async function post(
	url: string,
	body: string | JsonRecord,
	headers: Record<string, string> = { 'content-type': 'application/json' },
): Promise<number> {
	const sent = typeof body === 'string' ? body : JSON.stringify(body);
	// As bytes: a text would bring a Content-Type.
	const { status } = await fetch(url, { method: 'POST', headers, body: Buffer.from(sent) });
	return status;
}

export const completed = (id: string) => ({ id, status: 'COMPLETED' });

/** All executions of a workflow, once there are `count` of them and they have ended. */
export async function executions(workflowId: string, count: number): Promise<Execution[]> {
	const ids = await stage.api.executionsOf(workflowId, count);
	expect(ids).toHaveLength(count);
	const found: Execution[] = [];
	// One after another: a hundred questions at once would keep n8n from its work.
	for (const id of ids) found.push(await stage.api.finishedExecution(id));
	return found;
}

/** What a trigger gave in `count` executions; those that it ended give nothing. */
export async function events(workflowId: string, count: number): Promise<Item[]> {
	const found = await executions(workflowId, count);
	return found.flatMap((execution) => itemsOf(execution, PRUNA_VIDEO_TRIGGER));
}
