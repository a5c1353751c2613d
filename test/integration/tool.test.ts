/** The node as an agent's tool, called by n8n's own code for tools: several calls at once, with Retry On Fail. */
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ExecutionLifecycleHooks, SupplyDataContext } from 'n8n-core';
import { Workflow, type IDataObject, type INode } from 'n8n-workflow';
import { formatDollars } from '../../nodes/PrunaVideo/money';
import { PrunaVideo } from '../../nodes/PrunaVideo/PrunaVideo.node';
import { estimateCost } from '../../nodes/PrunaVideo/pvideo/input';
import type { FaultRule } from '../tools/simulator';
import { CONTINUE, credentialsOf, RETRY, simulator, useSimulator } from './batch';
import { additionalData, node, NODE_NAME, nodeTypes } from './engine';

type Call = (toolArguments: IDataObject) => Promise<string>;

/** n8n-core keeps it to itself. */
const PLACE = 'execution-engine/node-execution-context/utils/get-input-connection-data.js';
const { makeHandleToolInvocation } = jest.requireActual(
	join(dirname(require.resolve('n8n-core')), PLACE),
);

useSimulator();

/** The tool of one execution: what an agent calls, and what stays in the node's context. */
function startTool(parameters: IDataObject, settings: Partial<INode>) {
	const TYPE = 'n8n-nodes-pruna-video.prunaVideoTool';
	const type = new PrunaVideo();
	const prompt = "={{ $fromAI('prompt') }}";
	const tool: INode = {
		...node(NODE_NAME, TYPE),
		parameters: { resource: 'video', operation: 'generate', prompt, ...parameters } as never,
		credentials: { prunaVideoRunpodApi: { id: '1', name: 'Runpod' } },
		...settings,
	};
	const workflow = new Workflow({
		active: false,
		nodes: [tool],
		connections: {},
		nodeTypes: nodeTypes({ [TYPE]: type }),
	});
	const hooks = new ExecutionLifecycleHooks('manual', 'execution-1', workflow as never);
	const contextData: Record<string, IDataObject> = {};
	const runData = {
		resultData: { runData: {} },
		executionData: {
			...{ contextData, nodeExecutionStack: [], metadata: {} },
			...{ waitingExecution: {}, waitingExecutionSource: {} },
		},
		startData: {},
	};
	const surroundings = {
		...additionalData(credentialsOf(simulator), hooks),
		currentNodeExecutionIndex: 0,
	};
	const contextOf = (runIndex: number) => {
		const run = [workflow, tool, surroundings, 'manual', runData, runIndex, [], {}, 'ai_tool'];
		const input = { data: { main: [] }, node: tool, source: null };
		const all: unknown[] = [...run, input, [], undefined, tool];
		return new SupplyDataContext(...(all as ConstructorParameters<typeof SupplyDataContext>));
	};
	return {
		call: makeHandleToolInvocation(contextOf, tool, type, runData) as Call,
		context: () => contextData[`node:${NODE_NAME}`] ?? {},
	};
}

test('its description tells a model when to use it and what it costs', () => {
	const { usableAsTool } = new PrunaVideo().description;
	const { description } = (typeof usableAsTool === 'object' && usableAsTool.replacements) || {};
	expect(description).toContain('Use it when');
	for (const resolution of ['720p', '1080p']) {
		const { pricePerSecond } = estimateCost({ resolution });
		expect(description).toMatch(
			new RegExp(`\\${formatDollars(pricePerSecond ?? NaN)}( per second)? at ${resolution}`),
		);
	}
	expect(estimateCost({ draft: true }).pricePerSecond).toBe(0.02 / 4);
	expect(description).toContain('a quarter of that in draft mode');
});

describe('a limit holds over all calls of an execution', () => {
	test.each([[{}], [{ resource: 'job', operation: 'submit' }]])(
		'at the same time and later, the same call again too: %j',
		async (parameters) => {
			const { call } = startTool({ ...parameters, options: { maxCostPerExecution: 0.25 } }, {});
			const prompts = ['a', 'a', 'b', 'c', 'a'];
			const calls = await Promise.all(prompts.map((prompt) => call({ prompt })));
			const later = await Promise.all(['a', 'd'].map((prompt) => call({ prompt })));

			const refused = (said: string) => said.includes('Not submitted');
			expect(calls.filter(refused)).toHaveLength(3);
			expect(later.filter(refused)).toHaveLength(2);
			expect(simulator.ledger.jobs).toHaveLength(2);
		},
	);

	test.each<[string, Partial<FaultRule>, number]>([
		['a download that failed', { operation: 'video', kind: 'status', status: 410 }, 1],
		['an uncertain submission', { operation: 'runsync', kind: 'reset', when: 'after' }, 1],
		['a failed job, which is free,', { operation: 'runsync', kind: 'job', error: 'no' }, 4],
	])('after %s, with Continue On Fail, where n8n does not call again', async (_, rule, jobs) => {
		simulator.faults.add({ ...rule, times: Infinity } as FaultRule);
		const options = { maxCostPerExecution: 0.1 };
		const { call } = startTool({ download: true, options }, { ...RETRY, ...CONTINUE });
		for (const prompt of ['a', 'b', 'a', 'c']) await call({ prompt });

		expect(simulator.ledger.jobs).toHaveLength(jobs);
	});
});

test('the same call made twice at once makes two jobs; over a retry each finds its own', async () => {
	simulator.hold('finish');
	const options = { executionMode: 'async', timeout: 1, maxCostPerExecution: 0.2 };
	const { call, context } = startTool({ options }, { ...RETRY, waitBetweenTries: 500 });
	const calls = Promise.all([call({ prompt: 'a' }), call({ prompt: 'a' })]);
	// Both first tries have given up waiting; both jobs are kept for the next.
	const keptJobs = () => JSON.stringify(context()).split('"endpointId"').length - 1;
	for (let polls = 0; keptJobs() < 2 && polls < 1_000; polls++) await sleep(10);
	simulator.release();
	const answers = (await calls).join();

	expect(simulator.ledger.countByStatus()).toEqual({ COMPLETED: 2 });
	for (const { id } of simulator.ledger.jobs) expect(answers).toContain(id);
	expect(context()).toEqual({ prunaVideoSpent: 0.2 });
});

test('an uncertain call is not remembered with Continue On Fail: the same call later is another one', async () => {
	simulator.faults.add({ operation: 'runsync', kind: 'status', status: 500 });
	const { call, context } = startTool({}, { ...RETRY, ...CONTINUE });

	expect(await call({ prompt: 'a' })).toContain('the job may be running');
	expect(context()).toEqual({ prunaVideoSpent: 0.1 });
	expect(await call({ prompt: 'a' })).toContain('COMPLETED');
});

test.each<[FaultRule, string]>([
	[{ operation: 'runsync', kind: 'reset', when: 'after' }, 'a job may be running'],
	[{ operation: 'run', kind: 'job', executionTimeMs: 60_000 }, 'ID may be running'],
	[{ operation: '*', kind: 'status', status: 401, skip: 1 }, 'ID may be running'],
	[{ operation: 'video', kind: 'status', status: 410 }, 'it is finished: http'],
	[{ operation: 'runsync', kind: 'status', status: 402 }, ''],
])('an error tells a model whether to call again: %j', async (rule, why) => {
	simulator.faults.add({ ...rule, times: Infinity });
	const executionMode = rule.operation === 'runsync' ? 'sync' : 'async';
	const { call } = startTool({ download: true, options: { executionMode, timeout: 1 } }, {});
	const [{ error }] = JSON.parse(await call({ prompt: 'a' }));

	const [, told = ''] = String(error).split('. Do not call this tool again for this video: ');
	expect(told).toMatch(new RegExp(`^${why.replace('ID', simulator.ledger.jobs[0]?.id ?? '')}`));
	expect(told === '').toBe(why === '');
});
