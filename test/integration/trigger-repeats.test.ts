/** Pruna Video Trigger: one start for each end of a job, however often and wherever it is called. */
import type { JobRecord } from '../tools/simulator';
import {
	completed,
	listen,
	looks,
	post,
	processed,
	runJob,
	simulator,
	type TriggerOptions,
	useStage,
} from './triggerStage';

useStage();

test('calls at the same time, and those that follow, start one execution', async () => {
	const trigger = await listen();
	const { id } = await runJob(trigger.url);
	const calls = Array.from({ length: 20 }, async () => await trigger.call(completed(id)));
	for (const { status } of await Promise.all(calls)) expect(status).toBe(200);
	expect(await trigger.starts()).toHaveLength(1);
});

test("n8n's record holds for its other processes and after a restart, and for one workflow", async () => {
	const jobs = await Promise.all(Array.from({ length: 20 }, async () => await runJob()));
	const starts = async (workflowId: string) => {
		const trigger = await listen({ workflowId });
		await Promise.all(jobs.map(async ({ id }) => await trigger.call(completed(id))));
		return await trigger.starts();
	};
	expect(await starts('shared')).toHaveLength(20);
	expect(await starts('shared')).toEqual([]);
	expect(await starts('other')).toHaveLength(20);
});

test('the record is bounded', async () => {
	const record = Array.from({ length: 1_000 }, (_, index) => `job-${index}`);
	processed.items.set('bounded/Trigger', record);
	const trigger = await listen({ workflowId: 'bounded' });
	const { id } = await runJob(trigger.url);
	expect(await trigger.starts()).toHaveLength(1);
	const kept = processed.items.get('bounded/Trigger') ?? [];
	expect([kept.length, kept[0], kept.at(-1)]).toEqual([
		1_000,
		'job-1',
		expect.stringContaining(id),
	]);
});

test('where it cannot be recorded, starting twice is better than losing the event', async () => {
	jest.spyOn(processed, 'checkProcessedAndRecord').mockRejectedValueOnce(new Error('locked'));
	const trigger = await listen();
	await runJob(trigger.url);
	expect([(await trigger.starts()).length, trigger.errors]).toEqual([1, []]);
});

test('a retried job starts the workflow once more', async () => {
	simulator.faults.add({ operation: 'run', kind: 'job', status: 'FAILED', executionTimeMs: 5 });
	const trigger = await listen();
	const job = await runJob(trigger.url);
	await post(`p-video/retry/${job.id}`, {});
	await simulator.waitFor(() => job.webhookTries.length === 2);
	const states = (await trigger.starts()).map(({ json }) => json.status);
	expect(states).toEqual(['FAILED', 'COMPLETED']);
});

test.each<[string, TriggerOptions]>([
	['without Skip Duplicates', { parameters: { skipDuplicates: false } }],
	["in the editor's test", { mode: 'manual' }],
])('%s every call counts', async (_, options) => {
	const trigger = await listen(options);
	const { id } = await runJob();
	await trigger.call(completed(id));
	await trigger.call(completed(id));
	expect(await trigger.starts()).toHaveLength(2);
});

test("an execution that is retried from n8n's list runs again", async () => {
	const trigger = await listen();
	await runJob(trigger.url);
	await trigger.starts();
	trigger.retry();
	expect(await trigger.starts()).toHaveLength(2);
});

test('400 jobs that end together, which Runpod shows open for 6 s more, all arrive, and once', async () => {
	// The node's own pauses; on a busy machine calls take longer than Runpod waits, so there are more of them.
	jest.restoreAllMocks();
	const patient = { webhookTries: 50, webhookRetryMs: 5_000 };
	Object.assign(simulator.options, { booksLagMs: 6_000, ...patient });
	simulator.options.rateLimits.run.concurrent = 400;
	simulator.hold();
	const { url, call, starts, errors } = await listen();
	const job = { input: { prompt: 'A cat' }, webhook: url };
	await Promise.all(Array.from({ length: 400 }, async () => await post('p-video/run', job)));
	simulator.release();
	const { jobs } = simulator.ledger;
	const hasArrived = ({ webhookTries }: JobRecord) => webhookTries.at(-1)?.result === 200;
	await simulator.waitFor(() => jobs.every(hasArrived), 170_000);
	const atFirst = jobs.filter(({ webhookTries }) => webhookTries.length === 1).length;
	process.stderr.write(`400 jobs that end together: ${atFirst} arrive by their first call\n`);
	const calls = jobs.reduce((sum, { webhookTries }) => sum + webhookTries.length, 0);
	expect(looks()).toBeGreaterThan(calls);
	const ids = jobs.map(({ id }) => id);
	await Promise.all(ids.slice(-50).map(async (id) => await call(completed(id))));
	expect((await starts()).map(({ json }) => json.id).sort()).toEqual(ids.sort());
	expect(errors).toEqual([]);
}, 180_000);
