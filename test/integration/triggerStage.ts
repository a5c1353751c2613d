/**
 * Pruna Video Trigger behind a real socket, in n8n's own webhook context and engine, beside a simulator. As n8n does it,
 * a call whose job starts the workflow is answered at once, and executed then.
 */
import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';
import express, { type Request, type Response } from 'express';
import {
	DataDeduplicationService,
	ExecutionLifecycleHooks,
	WebhookContext,
	WorkflowExecute,
} from 'n8n-core';
import {
	createRunExecutionData,
	Workflow,
	type ICheckProcessedContextData,
	type ICredentialDataDecryptedObject,
	type IDataDeduplicator,
	type IDataObject,
	type INodeExecutionData,
	type IWebhookData,
	type WorkflowExecuteMode,
} from 'n8n-workflow';
import { request } from 'undici';
import { PrunaVideoTrigger } from '../../nodes/PrunaVideo/PrunaVideoTrigger.node';
import { listen as listenTo } from '../tools/listen';
import type { JobRecord } from '../tools/simulator';
import { credentialsOf, post as postTo, simulator, useSimulator } from './batch';
import { additionalData, node, nodeTypes } from './engine';
import { hurry } from './hurry';

const TRIGGER = 'n8n-nodes-pruna-video.prunaVideoTrigger';
/** The node's pauses pass so many times as fast. */
export const FASTER = 20;
/** On a busy machine hundreds of jobs take their time. */
const LONG_MS = 60_000;

export { simulator };
const closing: Array<() => Promise<unknown>> = [];

/** A simulator for the tests of a file; the triggers of each are ended. */
export function useStage(): void {
	// A job that is unknown at first has tests of its own.
	useSimulator({ webhookRetryMs: 20, unknownAtFirst: 0 });
	afterEach(async () => {
		await Promise.all(closing.splice(0).map(async (close) => await close()));
	});
	hurry(FASTER, Infinity);
}

export interface TriggerOptions {
	parameters?: IDataObject;
	credentials?: ICredentialDataDecryptedObject;
	/** `manual` is the editor's "Listen for test event". */
	mode?: Extract<WorkflowExecuteMode, 'webhook' | 'manual'>;
	/** Each trigger of a test is one of its own, unless it says the id of an earlier one. */
	workflowId?: string;
}

/** In place of n8n's table of processed items, by workflow and node: reads, then writes, with no lock in between. */
class ProcessedItems implements IDataDeduplicator {
	readonly items = new Map<string, string[]>();

	async checkProcessedAndRecord(
		items: Array<string | number>,
		_scope: string,
		{ workflow, node }: ICheckProcessedContextData,
		{ maxEntries }: { maxEntries?: number },
	) {
		const name = `${workflow.id}/${node?.id ?? ''}`;
		const known = this.items.get(name) ?? [];
		await new Promise(setImmediate);
		const isKnown = (item: string | number) => known.includes(String(item));
		const isNew = (item: string | number) => !isKnown(item);
		const answer = { new: items.filter(isNew), processed: items.filter(isKnown) };
		this.items.set(name, [...known, ...answer.new.map(String)].slice(-(maxEntries ?? 0)));
		return answer;
	}

	async removeProcessed() {}

	async clearAllProcessedItems() {}

	async getProcessedDataCount() {
		return this.items.size;
	}
}

export const processed = new ProcessedItems();
let database: Promise<void> | undefined;
let workflows = 0;

/** The body as n8n reads it by itself (2.41, webhook-helpers, for nodes above version 1): JSON and texts only. */
async function readAsN8n(call: Request): Promise<void> {
	let rawBody: Buffer | undefined;
	const readRawBody = async () => {
		rawBody ??= await buffer(call);
		Object.assign(call, { rawBody });
	};
	Object.assign(call, { readRawBody });
	const [type = ''] = (call.headers['content-type'] ?? '').split(';');
	if (!['application/json', 'text/plain'].includes(type)) return;
	await readRawBody();
	const text = String(rawBody).replace(/^\ufeff/, '');
	if (type === 'application/json' && text !== '') JSON.parse(text);
}

/** A published workflow that begins with the trigger; by default it may ask the simulator. */
export async function listen(options: TriggerOptions = {}) {
	await (database ??= DataDeduplicationService.init(processed));
	const { mode = 'webhook', workflowId = `trigger-${++workflows}`, parameters = {} } = options;
	const started: INodeExecutionData[] = [];
	const errors: unknown[] = [];
	const type = new PrunaVideoTrigger();
	const atWork = new Set<Promise<unknown>>();
	let last: INodeExecutionData[][] = [];

	const workflow = new Workflow({
		id: workflowId,
		active: true,
		nodes: [
			{
				...node('Trigger', TRIGGER),
				parameters: parameters as never,
				credentials: { prunaVideoRunpodApi: { id: '1', name: 'Runpod' } },
			},
		],
		connections: {},
		nodeTypes: nodeTypes({ [TRIGGER]: type }),
	});
	const trigger = workflow.getNode('Trigger')!;
	const surroundings = (runMode: WorkflowExecuteMode) =>
		additionalData(
			options.credentials ?? credentialsOf(simulator),
			new ExecutionLifecycleHooks(runMode, 'execution-1', workflow as never),
		);

	async function receive(httpRequest: Request, httpResponse: Response): Promise<void> {
		await readAsN8n(httpRequest);
		const more = { ...surroundings(mode), httpRequest, httpResponse };
		const [webhookDescription] = type.description.webhooks!;
		const data = { webhookDescription } as IWebhookData;
		const context = new WebhookContext(workflow, trigger, more, mode, data, [], null);
		const { workflowData } = await type.webhook.call(context);
		if (workflowData === undefined) return;
		expect(webhookDescription).toMatchObject({ responseMode: 'onReceived' });
		httpResponse.json({ message: 'Workflow was started' });
		last = workflowData;
		await execute(mode);
	}

	async function execute(runMode: WorkflowExecuteMode): Promise<void> {
		const stack = [{ node: trigger, data: { main: last }, source: null }];
		const data = createRunExecutionData({ executionData: { nodeExecutionStack: stack } });
		const execution = new WorkflowExecute(surroundings(runMode), runMode, data);
		const { runData, error } = (await execution.processRunExecutionData(workflow)).data.resultData;
		if (error) throw error;
		started.push(...(runData.Trigger?.[0]?.data?.main?.[0] ?? []));
	}

	function track(work: Promise<void>): void {
		const tracked = work.catch((error) => errors.push(error)).finally(() => atWork.delete(tracked));
		atWork.add(tracked);
	}

	const app = express();
	app.post('/webhook', (call, response) => track(receive(call, response)));
	const { url: origin, close } = await listenTo(createServer(app));
	const url = `${origin}/webhook`;
	closing.push(close);
	return {
		/** What a job's `webhook` is to be. */
		url,
		/** What the node threw: n8n keeps failed executions of it. */
		errors,
		/** What executions have gone on with so far … */
		started,
		/** … and once none is at work any more. */
		starts: async () => {
			while (atWork.size > 0) await Promise.all(atWork);
			return started;
		},
		/** Calls it as anybody could; HTTP status of the answer. */
		call: async (body: unknown, contentType = 'application/json') => {
			const answer = await request(url, {
				method: 'POST',
				headers: contentType === '' ? {} : { 'content-type': contentType },
				body: typeof body === 'string' ? body : JSON.stringify(body),
			});
			expect(await answer.body.json()).toEqual({ message: expect.any(String) });
			return { status: answer.statusCode };
		},
		/** Retries the last execution from n8n's list. */
		retry: () => track(execute('retry')),
	};
}

export const post = async (path: string, body: unknown) => await postTo(simulator, path, body);

/** Submits a job that calls `webhook`, and waits until it has ended and a call was answered 200. */
export async function runJob(webhook?: string, endpoint = 'p-video'): Promise<JobRecord> {
	const { id } = await post(`${endpoint}/run`, { input: { prompt: 'A cat' }, webhook });
	await simulator.waitFor(({ jobs }) => jobs.some((job) => job.id === id && isOver(job)), LONG_MS);
	return simulator.ledger.find(String(id))!;
}

function isOver({ status, webhook, webhookTries }: JobRecord): boolean {
	const hasEnded = !['IN_QUEUE', 'IN_PROGRESS'].includes(status);
	return hasEnded && (!webhook || webhookTries.at(-1)?.result === 200);
}

/** What a caller says of a job. */
export const completed = (id: string, more: IDataObject = {}) => ({
	id,
	status: 'COMPLETED',
	...more,
});

/** How often Runpod has been asked for a job. */
export const looks = () =>
	simulator.requests.filter(({ operation }) => operation === 'status').length;
