/**
 * Pruna Video Trigger behind a real socket, in n8n's own webhook context. As in n8n, every call gets a workflow of its
 * own with the static data that was saved last, and data is saved when the node has returned.
 */
import type { AddressInfo } from 'node:net';
import express, { type Request, type Response } from 'express';
import { ExecutionLifecycleHooks, WebhookContext } from 'n8n-core';
import {
	Workflow,
	type ICredentialDataDecryptedObject,
	type IDataObject,
	type INodeExecutionData,
	type IWebhookData,
	type WorkflowExecuteMode,
} from 'n8n-workflow';
import { PrunaVideoTrigger } from '../../nodes/PrunaVideo/PrunaVideoTrigger.node';
import { additionalData, node, nodeTypes, prepareEngine } from './engine';

const TRIGGER = 'n8n-nodes-pruna-video.prunaVideoTrigger';

export interface TriggerOptions {
	parameters?: IDataObject;
	credentials?: ICredentialDataDecryptedObject;
	/** `manual` is the editor's "Listen for test event". */
	mode?: Extract<WorkflowExecuteMode, 'webhook' | 'manual'>;
	/** Each trigger of a test is one of its own, unless it says the id of an earlier one. */
	workflowId?: string;
	/** What n8n had saved before it was started again. */
	staticData?: IDataObject;
}

export interface TriggerServer {
	/** What a job's `webhook` is to be. */
	url: string;
	/** What each start of the workflow began with. */
	starts: INodeExecutionData[];
	/** Errors that n8n would keep as failed executions. */
	errors: Error[];
	/** Resolves when no call is at work any more: an answer comes before the node has returned. */
	idle(): Promise<void>;
	/** As n8n's database has it. */
	readonly staticData: IDataObject;
	/** Calls it as anybody could; HTTP status and message of the answer. */
	call(body: unknown): Promise<{ status: number; message: string }>;
	close(): Promise<void>;
}

let workflows = 0;

export async function startTrigger(options: TriggerOptions = {}): Promise<TriggerServer> {
	await prepareEngine();
	const workflowId = options.workflowId ?? `trigger-${++workflows}`;
	let staticData: IDataObject = options.staticData ?? {};
	const starts: INodeExecutionData[] = [];
	const errors: Error[] = [];
	const app = express();
	app.use(express.json({ limit: '16mb', strict: false }));
	const atWork = new Set<Promise<void>>();
	app.post('/webhook', (request, response) => {
		const call = receive(request, response).finally(() => atWork.delete(call));
		atWork.add(call);
	});
	async function receive(request: Request, response: Response): Promise<void> {
		const type = new PrunaVideoTrigger();
		const workflow = new Workflow({
			id: workflowId,
			active: true,
			nodes: [
				{
					...node('Trigger', TRIGGER),
					parameters: (options.parameters ?? {}) as never,
					credentials: { runpodApi: { id: '1', name: 'Runpod' } },
				},
			],
			connections: {},
			nodeTypes: nodeTypes({ [TRIGGER]: type }),
			staticData: structuredClone(staticData),
		});
		const mode = options.mode ?? 'webhook';
		const hooks = new ExecutionLifecycleHooks(mode, 'execution-1', workflow as never);
		const context = new WebhookContext(
			workflow,
			workflow.getNode('Trigger')!,
			{
				...additionalData(options.credentials ?? {}, hooks),
				httpRequest: request,
				httpResponse: response,
			},
			mode,
			{ webhookDescription: type.description.webhooks![0]! } as IWebhookData,
			[],
			null,
		);
		try {
			const { workflowData } = await type.webhook.call(context);
			starts.push(...(workflowData?.[0] ?? []));
		} catch (error) {
			errors.push(error as Error);
			if (!response.headersSent) response.status(500).json({ message: 'could not be started' });
		}
		staticData = JSON.parse(JSON.stringify(workflow.staticData)) as IDataObject;
	}
	const server = app.listen(0, '127.0.0.1');
	await new Promise((resolve) => server.once('listening', resolve));
	const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhook`;
	return {
		url,
		starts,
		errors,
		idle: async () => {
			while (atWork.size > 0) await Promise.all(atWork);
		},
		get staticData() {
			return (staticData['node:Trigger'] ?? {}) as IDataObject;
		},
		call: async (body) => {
			const response = await fetch(url, {
				method: 'POST',
				headers: { 'content-type': 'application/json' },
				body: JSON.stringify(body),
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
