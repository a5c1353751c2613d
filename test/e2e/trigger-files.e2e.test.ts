/**
 * The trigger keeps its events and their files: a real n8n with binary data on disk, calls at once, downloads that take
 * longer than a caller waits, and an n8n that is killed in between.
 */

import { createHash } from 'node:crypto';
import { lt } from 'semver';
import { itemsOf, type Execution } from '../tools/n8n/execution';
import { N8N_VERSION } from '../tools/n8n/install';
import { until } from '../tools/n8n/program';
import { startStage, type Stage } from '../tools/n8n/stage';
import { PRUNA_VIDEO_TRIGGER } from './build-workflow';
import { answersTo, executions, listen, submit } from './listening';

const VERSIONS = (process.env.PRUNA_VIDEO_N8N_VERSIONS || N8N_VERSION).split(',');
const ON_DISK = { N8N_DEFAULT_BINARY_DATA_MODE: 'filesystem' };

describe.each(VERSIONS)('n8n %s', (version) => {
	let fixture: Stage;
	// What a call starts while n8n itself starts, n8n up to 2.0 runs twice: the second run finds the event recorded and
	// gives nothing, and it is its record that n8n keeps.
	const runsTwice = lt(version, '2.1.0');
	beforeAll(async () => (fixture = await startStage({ version, env: ON_DISK })), 20 * 60_000);
	afterAll(async () => await fixture?.endings.run());
	beforeEach(() => {
		fixture.simulator.reset();
		const usual = { webhookRetryMs: 500, webhookTries: 3, videoBytes: 0 };
		Object.assign(fixture.simulator.options, usual);
	});

	/** That both nodes' items hold the job's video, byte for byte. */
	async function expectFile(execution: Execution, field: string): Promise<void> {
		const { api } = fixture;
		expect(execution.status).toBe('success');
		for (const node of [PRUNA_VIDEO_TRIGGER, 'After']) {
			const [item] = itemsOf(execution, node);
			const served = await fetch(String(item?.json.video_url));
			const stored = await api.storedFile(item?.binary?.[field]);
			expect(digest(stored)).toBe(digest(Buffer.from(await served.arrayBuffer())));
		}
	}

	test.each(['data', 'video'])('ten calls at once keep their files, field "%s"', async (field) => {
		const { simulator } = fixture;
		simulator.options.videoBytes = 3_000_000;
		const parameters = { download: true, binaryPropertyName: field };
		const { workflowId, productionUrl } = await listen(fixture, parameters);
		simulator.hold('finish');
		const ids = await Promise.all(
			Array.from({ length: 10 }, async () => await submit(fixture, productionUrl)),
		);
		simulator.release();
		const answers = await Promise.all(ids.map(async (id) => await answersTo(fixture, id)));
		expect(answers).toEqual(ids.map(() => [200]));
		const found = await executions(fixture, workflowId, 10);
		const jobs = found.map((execution) => itemsOf(execution, PRUNA_VIDEO_TRIGGER)[0]?.json.id);
		expect(jobs.sort()).toEqual(ids.sort());
		for (const execution of found) await expectFile(execution, field);
	});

	test('a download that takes longer than a caller waits continues: 503, then 200, one execution', async () => {
		const { simulator } = fixture;
		simulator.faults.add({ operation: 'video', kind: 'delay', ms: 12_000 });
		const { workflowId, productionUrl } = await listen(fixture, { download: true });
		const id = await submit(fixture, productionUrl);
		expect(await answersTo(fixture, id)).toEqual([503, 200]);
		const [execution] = await executions(fixture, workflowId, 1);
		await expectFile(execution!, 'data');
		expect(simulator.requests.filter(({ operation }) => operation === 'status')).toHaveLength(1);
	});

	test('a download that outlasts all of its calls still starts the workflow', async () => {
		const { simulator } = fixture;
		simulator.options.webhookTries = 1;
		simulator.faults.add({ operation: 'video', kind: 'delay', ms: 12_000 });
		const { workflowId, productionUrl } = await listen(fixture, { download: true });
		const id = await submit(fixture, productionUrl);
		const [execution] = await executions(fixture, workflowId, 1);
		await expectFile(execution!, 'data');
		const { webhookTries } = simulator.ledger.find(id)!;
		expect(webhookTries.map(({ result }) => result)).toEqual([503]);
	});

	test('an n8n that is killed during the download starts the workflow at the next call', async () => {
		const { simulator, main, api } = fixture;
		simulator.options.webhookTries = Infinity;
		simulator.faults.add({ operation: 'video', kind: 'hang' });
		const { workflowId, productionUrl } = await listen(fixture, { download: true });
		const id = await submit(fixture, productionUrl);
		await simulator.waitFor(
			(_, requests) => requests.some(({ operation }) => operation === 'video'),
			60_000,
		);
		const isLost = { operation: 'webhook', kind: 'reset', times: Infinity } as const;
		const lost = runsTwice ? simulator.faults.add(isLost) : undefined;
		await main.crashAndRestart();
		lost?.remove();

		const answers = await answersTo(fixture, id);
		expect(answers.filter((answer) => answer === 200)).toHaveLength(1);
		// The killed execution may be listed as crashed beside it.
		const succeeded = async () => {
			const ids = await api.executionsOf(workflowId, 1);
			const found = await Promise.all(ids.map((executionId) => api.execution(executionId)));
			return found.filter(({ status }) => status === 'success');
		};
		await until(async () => (await succeeded()).length > 0);
		const [success, ...others] = await succeeded();
		expect(others).toEqual([]);
		await expectFile(success!, 'data');
	}, 180_000);
});

function digest(bytes: Buffer): string {
	return createHash('sha256').update(bytes).digest('hex');
}
