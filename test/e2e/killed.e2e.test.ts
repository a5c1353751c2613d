/** `kill -9` of n8n at every stage of an item, then Job > Get and Retry in the list of executions: see docs/costs.md. */

import { itemsOf } from '../tools/n8n/execution';
import { until } from '../tools/n8n/program';
import { startStage } from '../tools/n8n/stage';
import type { Fault } from '../tools/simulator';
import {
	chain,
	manualTrigger,
	onePerPrompt,
	PRUNA_VIDEO,
	prunaVideo,
	webhookTrigger,
} from './build-workflow';
import { executeNodes, executions, expectFile, post, stage, useStage } from './running';

const env = { N8N_DEFAULT_BINARY_DATA_MODE: 'filesystem' };
useStage(async () => await startStage({ env }));

/** What holds an item where n8n dies. */
const HOLDS = {
	'before Runpod accepts': { kind: 'hang' },
	'before the answer': { kind: 'hang', when: 'after' },
	'while the second runs': { kind: 'job', executionTimeMs: 60_000 },
	'while it downloads': { kind: 'trickle', bytes: 100, intervalMs: 1000 },
} satisfies Record<string, Fault>;

const BOTH = ['first', 'second'];
/** What starts it (saved: n8n saves its progress), when n8n dies; whose jobs Runpod has then, whose IDs the log has. */
type Case = ['sync' | 'async', 'call' | 'hand' | 'hand, saved', keyof typeof HOLDS, ...string[][]];
const ROWS: Case[] = [
	['sync', 'call', 'before Runpod accepts', [], []],
	['async', 'call', 'before Runpod accepts', [], []],
	['sync', 'call', 'before the answer', BOTH, []],
	['async', 'call', 'before the answer', BOTH, []],
	['sync', 'call', 'while the second runs', BOTH, ['first']],
	['async', 'call', 'while the second runs', BOTH, BOTH],
	['sync', 'call', 'while it downloads', BOTH, BOTH],
	['async', 'call', 'while it downloads', BOTH, BOTH],
	['async', 'hand', 'while the second runs', BOTH, BOTH],
	['async', 'hand, saved', 'while the second runs', BOTH, BOTH],
];
const CASES = ROWS.map(([executionMode, by, when, accepted = [], logged = []], index) => {
	const named = (prompts: string[]) => prompts.map((prompt) => `#${index} ${prompt}`).sort();
	const jobs = () =>
		stage.simulator.ledger.jobs.filter(({ input }) => `${input.prompt}`.startsWith(`#${index} `));
	const inLog = () => jobs().filter(({ id }) => stage.main.logs.includes(`job ${id} accepted`));
	return { executionMode, by, when, accepted, logged, named, jobs, inLog, workflowId: '', id: '' };
});

async function start(killed: (typeof CASES)[number]): Promise<void> {
	const { api, main, credential } = stage;
	const { executionMode, by, named } = killed;
	const parameters = { prompt: '={{ $json.prompt }}', download: true, options: { executionMode } };
	const path = `killed-${CASES.indexOf(killed)}`;
	const trigger = by === 'call' ? webhookTrigger(path) : manualTrigger;
	const nodes = [trigger, ...onePerPrompt(named(BOTH)), prunaVideo(parameters, credential)];
	const settings = { saveExecutionProgress: by === 'hand, saved' };
	const workflowId = (killed.workflowId = await api.createWorkflow(chain(path, nodes, settings)));
	if (by === 'call') {
		await api.activate(workflowId);
		await until(async () => (await post(`${main.url}/webhook/${path}`, {})) === 200);
	} else await api.runWorkflow(workflowId, manualTrigger.name);
	killed.id = (await api.executionsOf(workflowId, 1))[0]!;
}

beforeAll(async () => {
	const { main, simulator } = stage;
	// A restart may take longer than the minute for which Runpod keeps a result of Sync.
	simulator.options.timeScale = 10;
	for (const { executionMode, when, named } of CASES) {
		const submission = executionMode === 'sync' ? 'runsync' : 'run';
		const operation = when === 'while it downloads' ? 'video' : submission;
		const held = named(when === 'while the second runs' ? ['second'] : BOTH);
		const fault = { operation, ...HOLDS[when] } as const;
		for (const prompt of held) simulator.faults.add({ ...fault, match: { prompt } });
	}
	for (const killed of CASES) await start(killed);
	await simulator.waitFor(() => simulator.faults.left === 0, 60_000);
	await until(async () => CASES.every(({ inLog, logged }) => inLog().length >= logged.length));
	await main.crashAndRestart();
	simulator.advance(HOLDS['while the second runs'].executionTimeMs);
}, 20 * 60_000);

test.each(CASES)('$executionMode, started by $by, killed $when', async (killed) => {
	const { api, credential } = stage;
	const { by, accepted, logged, named, jobs, inLog, workflowId, id } = killed;
	const expectMade = (...prompts: string[]) => {
		const made = jobs().map(({ input, price }) => `${input.prompt} $${price}`);
		expect(made.sort()).toEqual(named(prompts).map((prompt) => `${prompt} $0.1`));
	};
	expect((await api.finishedExecution(id)).status).toBe('crashed');
	expectMade(...accepted);
	expect(
		inLog()
			.map(({ input }) => input.prompt)
			.sort(),
	).toEqual(named(logged));

	for (const { id: jobId } of inLog()) {
		const get = { resource: 'job', operation: 'get', jobId, download: true };
		const got = await executeNodes(prunaVideo(get, credential));
		await expectFile(itemsOf(got, PRUNA_VIDEO)[0]);
	}
	expectMade(...accepted);

	const retry = api.retryExecution(id, true);
	if (by === 'hand') return await expect(retry).rejects.toThrow('so it cannot be retried');
	await retry;
	const ended = await executions(workflowId, 2);
	expect(ended.map(({ status }) => status).sort()).toEqual(['crashed', 'success']);
	expectMade(...accepted, ...BOTH);
});
