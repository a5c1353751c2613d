/** Retry from the list of executions, as the editor's menu asks for it: what was billed is not bought again. */

import { failureOf, itemsOf } from '../tools/n8n/execution';
import { N8N_VERSION } from '../tools/n8n/install';
import { startStage, type Stage } from '../tools/n8n/stage';
import {
	chain,
	MANUAL_TRIGGER,
	manualTrigger,
	onePerPrompt,
	PRUNA_VIDEO,
	prunaVideo,
} from './build-workflow';

const VERSIONS = (process.env.PRUNA_VIDEO_N8N_VERSIONS || N8N_VERSION).split(',');
const PROMPTS = ['first', 'second', 'third'];

describe.each(VERSIONS)('n8n %s', (version) => {
	let stage: Stage;
	beforeAll(async () => (stage = await startStage({ version })), 20 * 60_000);
	afterAll(async () => await stage?.endings.run());
	beforeEach(() => stage.simulator.reset());

	test.each([
		['with the currently saved workflow', 'sync', true],
		['with the original workflow', 'sync', false],
		['with the currently saved workflow', 'async', true],
		['with the original workflow', 'async', false],
	])('%s, %s: three videos are billed in total', async (_, executionMode, loadWorkflow) => {
		const { api, simulator, credential } = stage;
		const operation = executionMode === 'sync' ? 'runsync' : 'run';
		simulator.faults.add({ operation, kind: 'job', error: 'Lost', match: { prompt: 'second' } });
		const node = prunaVideo(
			{ prompt: '={{ $json.prompt }}', options: { executionMode } },
			credential,
		);
		const workflow = chain('Retry', [manualTrigger, ...onePerPrompt(PROMPTS), node]);
		const workflowId = await api.createWorkflow(workflow);
		const id = await api.runWorkflow(workflowId, MANUAL_TRIGGER);
		const failed = await api.finishedExecution(id);
		expect(failed.status).toBe('error');
		expect(failureOf(failed)).toContain('Lost');
		expect(simulator.ledger.countByStatus()).toEqual({ COMPLETED: 2, FAILED: 1 });

		await api.retryExecution(id, loadWorkflow);
		const retried = (await api.executionsOf(workflowId, 2)).find((other) => other !== id);
		const execution = await api.finishedExecution(retried ?? '');
		expect([execution.status, failureOf(execution)]).toEqual(['success', undefined]);
		const made = itemsOf(execution, PRUNA_VIDEO).map(({ json }) => {
			return simulator.ledger.find(String(json.id))?.input.prompt;
		});
		expect(made).toEqual(PROMPTS);
		expect(simulator.ledger.countByStatus()).toEqual({ COMPLETED: 3, FAILED: 1 });
		expect(simulator.ledger.total).toBe(0.3);
	});
});
