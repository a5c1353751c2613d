/**
 * n8n's own engine (`WorkflowExecute` of n8n-core) around one node, so that Retry On Fail, Continue On Fail, paired
 * items, binary data and a stop behave as in production. Nothing of the node's surroundings is mocked but the database.
 */
import 'reflect-metadata';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Container } from '@n8n/di';
import {
	BinaryDataConfig,
	BinaryDataService,
	ExecutionLifecycleHooks,
	InstanceSettings,
	WorkflowExecute,
} from 'n8n-core';
import {
	NodeConnectionTypes,
	Workflow,
	type ICredentialDataDecryptedObject,
	type IDataObject,
	type IExecuteFunctions,
	type INode,
	type INodeExecutionData,
	type INodeType,
	type INodeTypes,
	type IRun,
	type IRunExecutionData,
	type IWorkflowExecuteAdditionalData,
	type IWorkflowSettings,
	type NodeExecutionHint,
} from 'n8n-workflow';
import { PrunaVideoRunpodApi } from '../../credentials/PrunaVideoRunpodApi.credentials';
import { PrunaVideo } from '../../nodes/PrunaVideo/PrunaVideo.node';

export const NODE_NAME = 'Pruna Video';
const PRUNA_VIDEO = 'n8n-nodes-pruna-video.prunaVideo';

/** Gives the items that the test wants, as a trigger would. */
function source(items: INodeExecutionData[]): INodeType {
	return { description: simpleDescription('source'), execute: async () => [items] };
}

/** Takes what comes, so that an output has somewhere to go. */
const sink: INodeType = {
	description: simpleDescription('sink'),
	async execute(this: IExecuteFunctions) {
		return [this.getInputData()];
	},
};

export function simpleDescription(name: string, outputs = 1): INodeType['description'] {
	return {
		displayName: name,
		name,
		group: ['transform'],
		version: 1,
		description: '',
		defaults: {},
		inputs: [NodeConnectionTypes.Main],
		outputs: Array.from({ length: outputs }, () => NodeConnectionTypes.Main),
		properties: [],
	};
}

export interface EngineOptions {
	parameters: IDataObject;
	/** Default: one empty item. */
	items?: INodeExecutionData[];
	credentials?: ICredentialDataDecryptedObject;
	/** Node settings such as `retryOnFail`, `maxTries`, `waitBetweenTries`, `onError`. */
	settings?: Partial<INode>;
	/** More nodes and how all are connected, for loops; default: source → Pruna Video. */
	extra?: {
		nodes: INode[];
		types: Record<string, INodeType>;
		connections: ConstructorParameters<typeof Workflow>[0]['connections'];
	};
	/** Settings of the workflow such as `binaryMode`. */
	workflowSettings?: IWorkflowSettings;
	/** In place of the node as it is, for a test that listens in. */
	type?: INodeType;
	/** Fires to stop the execution, as the user's Stop button does. */
	stop?: AbortSignal;
	/** A failed execution of the same workflow that is retried from the list of executions; `items` are not used then. */
	retryOf?: IRun;
}

export interface EngineResult {
	run: IRun;
	/** Items of the node's first output in its last run. */
	items: INodeExecutionData[];
	/** Items of the error output. */
	errorItems: INodeExecutionData[];
	error?: Error & { description?: string | null; httpCode?: string | null; context?: IDataObject };
	hints: NodeExecutionHint[];
	/** What stays in the node's context. */
	context: IDataObject;
}

/** Runs Pruna Video in the engine. */
export async function runNode(options: EngineOptions): Promise<EngineResult> {
	await prepareEngine();
	const { parameters, items = [{ json: {} }], settings = {}, extra } = options;
	const types: Record<string, INodeType> = {
		source: source(items),
		sink: sink,
		[PRUNA_VIDEO]: options.type ?? new PrunaVideo(),
		...extra?.types,
	};
	const workflow = new Workflow({
		id: 'test',
		name: 'Test',
		active: false,
		nodes: [
			node('Source', 'source'),
			{
				...node(NODE_NAME, PRUNA_VIDEO),
				parameters: parameters as INode['parameters'],
				credentials: { prunaVideoRunpodApi: { id: '1', name: 'Runpod' } },
				...settings,
			},
			...(extra?.nodes ?? [node('Sink', 'sink')]),
		],
		connections: extra?.connections ?? {
			Source: { main: [[{ node: NODE_NAME, type: 'main', index: 0 }]] },
			[NODE_NAME]: { main: [[{ node: 'Sink', type: 'main', index: 0 }]] },
		},
		nodeTypes: nodeTypes(types),
		settings: { executionOrder: 'v1', ...options.workflowSettings },
	});
	const executionId = `execution-${1 + (executionsUntil.get(options.retryOf) ?? 0)}`;
	const hooks = new ExecutionLifecycleHooks('manual', executionId, workflow as never);
	const surroundings = { ...additionalData(options.credentials ?? {}, hooks), executionId };
	const retried = options.retryOf && retryDataOf(options.retryOf, workflow);
	const engine = new WorkflowExecute(surroundings, retried ? 'retry' : 'manual', retried);
	const execution = retried
		? engine.processRunExecutionData(workflow)
		: engine.run({ workflow, startNode: workflow.getNode('Source') ?? undefined });
	options.stop?.addEventListener('abort', () => execution.cancel());
	if (options.stop?.aborted) execution.cancel();
	const run = await execution;
	executionsUntil.set(run, 1 + (executionsUntil.get(options.retryOf) ?? 0));
	return readResult(run);
}

/** How many executions led to a run. */
const executionsUntil = new Map<IRun | undefined, number>();

/**
 * What n8n makes of a saved execution when it is retried with the currently saved workflow (`ExecutionService.retry`,
 * n8n 1.100 to 2.41).
 */
function retryDataOf(run: IRun, workflow: Workflow): IRunExecutionData {
	const data = JSON.parse(JSON.stringify(run.data)) as IRunExecutionData;
	const { resultData } = data;
	delete resultData.error;
	const last = resultData.runData[resultData.lastNodeExecuted ?? ''];
	if (last?.at(-1)?.error !== undefined) last.pop();
	for (const waiting of data.executionData?.nodeExecutionStack ?? []) {
		waiting.node = workflow.getNode(waiting.node.name) ?? waiting.node;
	}
	return data;
}

function readResult(run: IRun): EngineResult {
	const taskData = run.data.resultData.runData[NODE_NAME]?.at(-1);
	const outputs = taskData?.data?.main ?? [];
	return {
		run,
		items: outputs[0] ?? [],
		errorItems: outputs[1] ?? [],
		error: taskData?.error ?? run.data.resultData.error,
		hints: taskData?.hints ?? [],
		context: run.data.executionData?.contextData[`node:${NODE_NAME}`] ?? {},
	};
}

export function node(name: string, type: string): INode {
	return { id: name, name, type, typeVersion: 1, position: [0, 0], parameters: {} };
}

export function nodeTypes(types: Record<string, INodeType>): INodeTypes {
	const find = (name: string) => {
		const type = types[name];
		if (type === undefined) throw new Error(`No node type ${name}`);
		return type;
	};
	return { getByName: find, getByNameAndVersion: find, getKnownTypes: () => ({}) };
}

/** What n8n gives every execution; the credential is decrypted already and its own `authenticate` signs requests. */
export function additionalData(
	credentials: ICredentialDataDecryptedObject,
	hooks: ExecutionLifecycleHooks,
): IWorkflowExecuteAdditionalData {
	const type = new PrunaVideoRunpodApi();
	return {
		executionId: 'execution-1',
		hooks,
		currentNodeParameters: undefined,
		variables: {},
		restApiUrl: 'http://localhost/rest',
		instanceBaseUrl: 'http://localhost',
		webhookBaseUrl: 'http://localhost/webhook',
		webhookWaitingBaseUrl: 'http://localhost/waiting',
		webhookTestBaseUrl: 'http://localhost/test',
		formWaitingBaseUrl: 'http://localhost/waiting',
		setExecutionStatus: () => undefined,
		credentialsHelper: {
			getParentTypes: () => [],
			isCredentialUsableByNode: () => true,
			getDecrypted: async () => ({ ...credentials }),
			preAuthentication: async () => undefined,
			authenticate: async (data: ICredentialDataDecryptedObject, _type: string, request: never) =>
				typeof type.authenticate === 'function' ? await type.authenticate(data, request) : request,
		},
	} as unknown as IWorkflowExecuteAdditionalData;
}

let prepared: Promise<void> | undefined;

/** Binary data on disk, as n8n keeps it by default from 2.0 on. */
export async function prepareEngine(): Promise<void> {
	prepared ??= (async () => {
		const folder = mkdtempSync(join(tmpdir(), 'pruna-engine-'));
		process.env.N8N_USER_FOLDER ??= folder;
		Container.get(InstanceSettings);
		const config = Container.get(BinaryDataConfig);
		config.localStoragePath = join(folder, 'binary');
		config.mode = binaryMode;
		await Container.get(BinaryDataService).init();
	})();
	await prepared;
}

let binaryMode: 'filesystem' | 'default' = 'filesystem';

/** Stores files in memory (`default`) or on disk from now on. */
export async function useBinaryMode(mode: typeof binaryMode): Promise<void> {
	binaryMode = mode;
	await prepareEngine();
	Container.get(BinaryDataConfig).mode = mode;
	await Container.get(BinaryDataService).init();
}

/** The bytes of a file in an output item. */
export async function readBinary(item: INodeExecutionData, field = 'data'): Promise<Buffer> {
	const binary = item.binary?.[field];
	if (binary === undefined) throw new Error(`No file in ${field}`);
	return binary.id === undefined
		? Buffer.from(binary.data, 'base64')
		: await Container.get(BinaryDataService).getAsBuffer(binary);
}

/** Puts a file where n8n keeps binary data, as an earlier node would. */
export async function storeBinary(
	content: Buffer,
	mimeType: string,
	fileName?: string,
): Promise<NonNullable<INodeExecutionData['binary']>[string]> {
	await prepareEngine();
	return await Container.get(BinaryDataService).store(
		{ type: 'execution', workflowId: 'test', executionId: 'execution-1' } as never,
		content,
		{ data: '', mimeType, ...(fileName !== undefined && { fileName }) },
	);
}
