/**
 * Pruna Video Trigger behind a real socket, in n8n's own webhook context and engine: what the trigger hands over is
 * executed, and the execution answers the call.
 */
import type { AddressInfo } from 'node:net';
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
import { PrunaVideoTrigger } from '../../nodes/PrunaVideo/PrunaVideoTrigger.node';
import { isJsonObject } from '../../nodes/PrunaVideo/json';
import { additionalData, node, nodeTypes, prepareEngine } from './engine';

const TRIGGER = 'n8n-nodes-pruna-video.prunaVideoTrigger';

export interface TriggerOptions {
	parameters?: IDataObject;
	credentials?: ICredentialDataDecryptedObject;
	/** `manual` is the editor's "Listen for test event". */
	mode?: Extract<WorkflowExecuteMode, 'webhook' | 'manual'>;
	/** Each trigger of a test is one of its own, unless it says the id of an earlier one. */
	workflowId?: string;
	/** The node as another process of n8n's has it: without what this one remembers. */
	type?: PrunaVideoTrigger;
	/** Whether n8n cannot start executions, so that it answers 500: asked at each call. */
	isBroken?: () => boolean | Promise<boolean>;
}

export interface TriggerServer {
	/** What a job's `webhook` is to be. */
	url: string;
	/** What each execution began with, once no call is at work any more. */
	starts(): Promise<INodeExecutionData[]>;
	/** Errors that n8n would keep as failed executions. */
	errors: Error[];
	/** Calls it as anybody could; HTTP status and message of the answer. */
	call(body: unknown): Promise<{ status: number; message: string }>;
	close(): Promise<void>;
}

/** In place of n8n's table of processed items: by workflow and node. */
/** Like n8n's own: reads, then writes, with no lock in between. */
class ProcessedItems implements IDataDeduplicator {
	private readonly items = new Map<string, string[]>();

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

let database: Promise<void> | undefined;
let workflows = 0;

export async function startTrigger(options: TriggerOptions = {}): Promise<TriggerServer> {
	await prepareEngine();
	await (database ??= DataDeduplicationService.init(new ProcessedItems()));
	const { mode = 'webhook', isBroken = () => false } = options;
	const workflowId = options.workflowId ?? `trigger-${++workflows}`;
	const starts: INodeExecutionData[] = [];
	const errors: Error[] = [];
	const { type = new PrunaVideoTrigger() } = options;
	const atWork = new Set<Promise<void>>();

	const newWorkflow = () =>
		new Workflow({
			id: workflowId,
			active: true,
			nodes: [
				{
					...node('Trigger', TRIGGER),
					parameters: (options.parameters ?? {}) as never,
					credentials: { prunaVideoRunpodApi: { id: '1', name: 'Runpod' } },
				},
			],
			connections: {},
			nodeTypes: nodeTypes({ [TRIGGER]: type }),
		});

	async function receive(request: Request, response: Response): Promise<void> {
		const workflow = newWorkflow();
		const hooks = new ExecutionLifecycleHooks(mode, 'execution-1', workflow as never);
		const surroundings = {
			...additionalData(options.credentials ?? {}, hooks),
			httpRequest: request,
			httpResponse: response,
		};
		const webhookData = { webhookDescription: type.description.webhooks![0]! } as IWebhookData;
		const trigger = workflow.getNode('Trigger')!;
		try {
			const context = new WebhookContext(
				workflow,
				trigger,
				surroundings,
				mode,
				webhookData,
				[],
				null,
			);
			const { workflowData } = await type.webhook.call(context);
			if (workflowData === undefined) return;
			if (await isBroken()) throw new Error('the database is gone');

			hooks.addHandler('sendResponse', (answer) => {
				if (!isJsonObject(answer)) throw new Error('The answer is no JSON');
				response.status(Number(answer.statusCode)).json(answer.body);
			});
			const stack = [{ node: trigger, data: { main: workflowData }, source: null }];
			const data = createRunExecutionData({ executionData: { nodeExecutionStack: stack } });
			const execution = new WorkflowExecute(surroundings, mode, data);
			const run = await execution.processRunExecutionData(newWorkflow());
			const { runData, error } = run.data.resultData;
			if (error) throw error;
			starts.push(...(runData.Trigger?.[0]?.data?.main?.[0] ?? []));
		} catch (error) {
			errors.push(error as Error);
			if (!response.headersSent) response.status(500).json({ message: 'could not be started' });
		}
	}

	const app = express();
	app.use(express.json({ limit: '16mb', strict: false }));
	app.post('/webhook', (request, response) => {
		const call = receive(request, response).finally(() => atWork.delete(call));
		atWork.add(call);
	});
	const server = app.listen(0, '127.0.0.1');
	await new Promise((resolve) => server.once('listening', resolve));
	const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhook`;
	return {
		url,
		errors,
		starts: async () => {
			while (atWork.size > 0) await Promise.all(atWork);
			return starts;
		},
		call: async (body) => {
			const response = await fetch(url, {
				method: 'POST',
				headers: { 'content-type': 'application/json' },
				body: typeof body === 'string' ? body : JSON.stringify(body),
			});
			const { message } = (await response.json()) as { message: string };
			return { status: response.status, message };
		},
		close: async () => {
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
		},
	};
}
