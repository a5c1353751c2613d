/** What the tests of whole batches share: many items, one simulator, and the questions asked of both. */
import { createRequire } from 'node:module';
import type {
	IDataObject,
	INode,
	INodeExecutionData,
	INodeType,
	NodeOperationError,
} from 'n8n-workflow';
import { request } from 'undici';
import { PrunaVideo } from '../../nodes/PrunaVideo/PrunaVideo.node';
import { startSimulator, type Simulator, type StartOptions } from '../tools/simulator';
import {
	node,
	NODE_NAME,
	prepareEngine,
	runNode,
	simpleDescription,
	type EngineOptions,
	type EngineResult,
} from './engine';

/** That of a test file, once `useSimulator` has started it. */
export let simulator: Simulator;

/** A simulator for the tests of a file: each begins with empty books and with these options. */
export function useSimulator(options: StartOptions = {}): void {
	let usual: Simulator['options'];
	beforeAll(async () => {
		await prepareEngine();
		simulator = await startSimulator(options);
		usual = { ...simulator.options };
	});
	beforeEach(() => {
		simulator.reset();
		Object.assign(simulator.options, usual);
	});
	afterEach(() => jest.restoreAllMocks());
	afterAll(async () => await simulator.close());
}

/** Two more tries, without a pause: n8n takes 0 for its default of 1000 ms. */
export const RETRY: Partial<INode> = { retryOnFail: true, maxTries: 3, waitBetweenTries: 1 };
export const CONTINUE: Partial<INode> = { onError: 'continueRegularOutput' };

export interface Batch extends Omit<Partial<EngineOptions>, 'parameters'> {
	/** One item each. */
	prompts?: readonly string[];
	/** Fields beside the prompt. */
	parameters?: IDataObject;
	/** The collection 'Options'. */
	options?: IDataObject;
}

/** Runs Video > Generate over the prompts. */
export async function generate(
	simulator: Simulator,
	{ prompts = ['a cat'], parameters, options = {}, ...rest }: Batch = {},
): Promise<EngineResult> {
	return await runNode({
		parameters: {
			resource: 'video',
			operation: 'generate',
			prompt: '={{ $json.prompt }}',
			...parameters,
			options,
		},
		items: prompts.map((prompt) => ({ json: { prompt } })),
		credentials: credentialsOf(simulator),
		...rest,
	});
}

/** A workflow that sends the same prompts to the node again and again: in each of `turns`, then on to the end. */
export function inLoop(turns: number, prompts: readonly string[] = ['a cat']): Batch['extra'] {
	let turn = 0;
	const loop: INodeType = {
		description: simpleDescription('loop', 2),
		async execute() {
			const items = prompts.map((prompt) => ({ json: { prompt } }));
			return turn++ < turns ? [[], items] : [items, []];
		},
	};
	const to = (target: string) => [{ node: target, type: 'main' as const, index: 0 }];
	return {
		nodes: [node('Loop', 'loop'), node('Sink', 'sink')],
		types: { loop },
		connections: {
			Source: { main: [to('Loop')] },
			Loop: { main: [to('Sink'), to(NODE_NAME)] },
			[NODE_NAME]: { main: [to('Loop')] },
		},
	};
}

/** Asks a simulator as any client does. */
export async function post({ apiKey, baseUrl }: Simulator, path: string, body: unknown) {
	const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
	const init = { method: 'POST', headers, body: JSON.stringify(body) } as const;
	const answer = await request(`${baseUrl}/${path}`, init);
	return (await answer.body.json()) as IDataObject;
}

export function credentialsOf({ apiKey, baseUrl }: Simulator) {
	return { apiKey, baseUrl };
}

/** `shot 0.`, `shot 1.` …: none is part of another, so that faults can be matched by prompt. */
export function shots(count: number): string[] {
	return Array.from({ length: count }, (_, index) => `shot ${index}.`);
}

/** Requests that ask for a new job, as they reached the simulator. */
export function submissions({ requests }: Simulator): Simulator['requests'] {
	return requests.filter(({ operation }) => operation === 'runsync' || operation === 'run');
}

/** For each output item the prompt of the job that it names. */
export function promptsOf(items: readonly INodeExecutionData[], { ledger }: Simulator): unknown[] {
	return items.map(({ json }) => ledger.find(String(json.id))?.input.prompt);
}

/** Everything that a user can see of an execution, as one text. */
export function shown({ items, errorItems, error, hints }: EngineResult): string {
	const { message, description, context } = error ?? {};
	return JSON.stringify([items, errorItems, message, description, context, hints]);
}

/** The node, and a promise for the end of each of its runs: a stop ends the execution before the node has ended. */
export class WatchedNode extends PrunaVideo {
	readonly runs: Array<Promise<unknown>> = [];
	/** What its runs have thrown, oldest first. */
	readonly errors: NodeOperationError[] = [];

	override execute: PrunaVideo['execute'];

	constructor() {
		super();
		const { execute } = PrunaVideo.prototype;
		const { runs, errors } = this;
		this.execute = function () {
			const run = execute.call(this);
			runs.push(run.catch((error: NodeOperationError) => errors.push(error)));
			return run;
		};
	}
}

/** What all log lines of n8n's engine pass through. */
export function engineLogger(): { log(...line: unknown[]): void } {
	const common = createRequire(require.resolve('n8n-core')).resolve('@n8n/backend-common');
	return jest.requireActual(common).Logger.prototype;
}
