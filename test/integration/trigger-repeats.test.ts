/** Pruna Video Trigger: one start for each end of a job, however often and wherever it is called. */
import type { PrunaVideoTrigger } from '../../nodes/PrunaVideo/PrunaVideoTrigger.node';
import { listen, looks, post, runJob, completed, simulator, useStage } from './triggerStage';

useStage();

describe('Skip Duplicates', () => {
	test("Runpod's repeated calls start one execution", async () => {
		const trigger = await listen();
		const { id } = await runJob(trigger.url);
		const answers = await Promise.all([1, 2, 3].map(async () => await trigger.call(completed(id))));
		expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
		expect(await trigger.starts()).toHaveLength(1);
	});

	test('calls at the same time start one execution', async () => {
		const { id } = await runJob();
		const trigger = await listen();
		await Promise.all(Array.from({ length: 20 }, async () => await trigger.call(completed(id))));
		expect(await trigger.starts()).toHaveLength(1);
	});

	test('of calls that waited for a start that failed, one starts the workflow', async () => {
		const { id } = await runJob();
		let fail = (_isBroken: boolean) => {};
		let starts = 0;
		const isBroken = async () =>
			++starts === 1 && (await new Promise<boolean>((resolve) => (fail = resolve)));
		const trigger = await listen({ isBroken });
		const before = looks();
		const first = trigger.call(completed(id));
		await simulator.waitFor(() => looks() === before + 1);
		const waiting = [1, 2, 3].map(async () => await trigger.call(completed(id)));
		await simulator.waitFor(() => looks() === before + 4);
		fail(true);
		const answers = await Promise.all([first, ...waiting]);
		expect(answers.map(({ status }) => status)).toEqual([500, 200, 200, 200]);
		expect(starts).toBe(2);
	});

	test("n8n's record holds for its other processes, and after a restart", async () => {
		const { id } = await runJob();
		const workflowId = 'shared';
		const first = await listen({ workflowId });
		await first.call(completed(id));
		expect(await first.starts()).toHaveLength(1);
		const second = await listen({ workflowId, type: freshTrigger() });
		expect((await second.call(completed(id))).status).toBe(200);
		expect(await second.starts()).toEqual([]);
		const other = await listen();
		await other.call(completed(id));
		expect(await other.starts()).toHaveLength(1);
	});

	test('jobs that finish together are all in the record', async () => {
		const workflowId = 'together';
		const first = await listen({ workflowId });
		const jobs = await Promise.all(Array.from({ length: 20 }, async () => await runJob()));
		const all = jobs.map(({ id }) => id);
		await Promise.all(all.map(async (id) => await first.call(completed(id))));
		expect(await first.starts()).toHaveLength(20);
		const second = await listen({ workflowId, type: freshTrigger() });
		for (const id of all) await second.call(completed(id));
		expect(await second.starts()).toEqual([]);
	});

	test('a repeated call costs no status check', async () => {
		const trigger = await listen();
		const job = await runJob(trigger.url);
		const before = looks();
		const { delayTime, executionTime } = job as never;
		await trigger.call(completed(job.id, { delayTime, executionTime }));
		expect(looks()).toBe(before);
	});

	test('a retried job starts the workflow once more', async () => {
		simulator.faults.add({ operation: 'run', kind: 'job', status: 'FAILED', executionTimeMs: 5 });
		const trigger = await listen();
		const job = await runJob(trigger.url);
		await post(`p-video/retry/${job.id}`, {});
		await simulator.waitFor(() => job.webhookTries.length === 2);
		expect((await trigger.starts()).map(({ json }) => json.status)).toEqual([
			'FAILED',
			'COMPLETED',
		]);
	});

	test('can be turned off', async () => {
		const { id } = await runJob();
		const trigger = await listen({ parameters: { skipDuplicates: false } });
		await trigger.call(completed(id));
		await trigger.call(completed(id));
		expect(await trigger.starts()).toHaveLength(2);
	});

	test("in the editor's test every call counts", async () => {
		const { id } = await runJob();
		const trigger = await listen({ mode: 'manual' });
		await trigger.call(completed(id));
		await trigger.call(completed(id));
		expect(await trigger.starts()).toHaveLength(2);
	});

	test('100 jobs, each announced twice and in any order, start 100 executions', async () => {
		// A hundred requests at once may take their time on a busy machine.
		jest.restoreAllMocks();
		const trigger = await listen();
		const jobs = await Promise.all(
			Array.from({ length: 100 }, async () => await runJob(trigger.url)),
		);
		await Promise.all(jobs.reverse().map(async ({ id }) => await trigger.call(completed(id))));
		expect((await trigger.starts()).map(({ json }) => json.id).sort()).toEqual(
			jobs.map(({ id }) => id).sort(),
		);
	}, 60_000);
});

/** The node without what this process remembers. */
function freshTrigger(): PrunaVideoTrigger {
	let trigger: PrunaVideoTrigger | undefined;
	jest.isolateModules(() => {
		const path = '../../nodes/PrunaVideo/PrunaVideoTrigger.node';
		const module = jest.requireActual<{ PrunaVideoTrigger: new () => PrunaVideoTrigger }>(path);
		trigger = new module.PrunaVideoTrigger();
	});
	return trigger!;
}
