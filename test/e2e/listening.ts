/** Workflows that Pruna Video Trigger starts, and who calls them. */

import type { Execution } from '../tools/n8n/execution';
import { stringAt, type JsonRecord } from '../tools/n8n/json';
import type { Stage } from '../tools/n8n/stage';
import type { CredentialRef } from '../tools/n8n/workflow';
import type { JobRecord } from '../tools/simulator';
import { chain, prunaVideoTrigger } from './build-workflow';

export interface Listening {
	workflowId: string;
	productionUrl: string;
	testUrl: string;
}

let webhooks = 0;

/** A trigger with an address of its own. */
export function newTrigger(
	credential: CredentialRef,
	parameters: JsonRecord = {},
): ReturnType<typeof prunaVideoTrigger> {
	const webhookId = `11111111-0000-4000-8000-${String(++webhooks).padStart(12, '0')}`;
	return prunaVideoTrigger(credential, parameters, webhookId);
}

/** A workflow that is not published. */
export async function create(
	{ api, main, credential }: Stage,
	parameters: JsonRecord = {},
): Promise<Listening> {
	const trigger = newTrigger(credential, parameters);
	// What comes after hands the file on: n8n has to keep it for both.
	const after = { name: 'After', type: 'n8n-nodes-base.noOp', typeVersion: 1, parameters: {} };
	const workflowId = await api.createWorkflow(chain('Trigger', [trigger, after]));
	const path = `${trigger.webhookId}/pruna-video`;
	return {
		workflowId,
		productionUrl: `${main.url}/webhook/${path}`,
		testUrl: `${main.url}/webhook-test/${path}`,
	};
}

/** A published workflow. */
export async function listen(stage: Stage, parameters: JsonRecord = {}): Promise<Listening> {
	const listening = await create(stage, parameters);
	await stage.api.activate(listening.workflowId);
	return listening;
}

/** Submits a job as another program would; its id. */
export async function submit(
	{ simulator }: Stage,
	webhook?: string,
	endpoint = 'p-video',
): Promise<string> {
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

export async function finishedJob({ simulator }: Stage, id: string): Promise<JobRecord> {
	await simulator.waitFor((ledger) => ledger.find(id)?.status === 'COMPLETED', 20_000);
	return simulator.ledger.find(id)!;
}

/** How Runpod's calls for a job were answered, up to the 200. */
export async function answersTo(
	{ simulator }: Stage,
	id: string,
): Promise<Array<JobRecord['webhookTries'][number]['result']>> {
	const isAnswered = (job?: JobRecord) => job?.webhookTries.at(-1)?.result === 200;
	await simulator.waitFor((ledger) => isAnswered(ledger.find(id)), 60_000);
	return simulator.ledger.find(id)!.webhookTries.map(({ result }) => result);
}

/** Calls as anybody could; the HTTP status of the answer. */
export async function post(url: string, body: string | JsonRecord): Promise<number> {
	const { status } = await fetch(url, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: typeof body === 'string' ? body : JSON.stringify(body),
	});
	return status;
}

/** All executions of a workflow, once there are `count` of them and they have ended. */
export async function executions(
	{ api }: Pick<Stage, 'api'>,
	workflowId: string,
	count: number,
): Promise<Execution[]> {
	const ids = await api.executionsOf(workflowId, count);
	expect(ids).toHaveLength(count);
	const found: Execution[] = [];
	// One after another: a hundred questions at once would keep n8n from its work.
	for (const id of ids) found.push(await api.finishedExecution(id));
	return found;
}
