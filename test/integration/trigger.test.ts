/** Pruna Video Trigger: what the workflow starts with, and when. */
import { readBinary } from './engine';
import { listen, looks, post, runJob, completed, simulator, useStage } from './triggerStage';

useStage();

test("Runpod's call starts the workflow with the video", async () => {
	const trigger = await listen();
	const job = await runJob(trigger.url);

	expect(job.webhookTries.map(({ result }) => result)).toEqual([200]);
	expect(await trigger.starts()).toEqual([
		{
			pairedItem: { item: 0 },
			json: {
				video_url: expect.stringMatching(/^http.*\.mp4$/),
				cost: 0.1,
				delayTime: expect.any(Number),
				executionTime: expect.any(Number),
				id: job.id,
				status: 'COMPLETED',
				expiresAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
			},
		},
	]);
});

test("without Simplify it is Runpod's own answer", async () => {
	const trigger = await listen({ parameters: { simplify: false } });
	const job = await runJob(trigger.url);
	expect((await trigger.starts())[0]?.json).toMatchObject({ id: job.id, output: { cost: 0.1 } });
});

test('with Download Video the file comes too, under the name that was asked for', async () => {
	const trigger = await listen({
		parameters: { download: true, binaryPropertyName: 'video', options: { fileName: 'fox' } },
	});
	await runJob(trigger.url);
	const [item] = await trigger.starts();
	const served = await fetch(String(item?.json.video_url));
	expect(item?.binary?.video).toMatchObject({ mimeType: 'video/mp4', fileName: 'fox.mp4' });
	expect(await readBinary(item!, 'video')).toEqual(Buffer.from(await served.arrayBuffer()));
});

test('a download that fails loses neither the video nor the call', async () => {
	simulator.faults.add({ operation: 'video', kind: 'status', status: 403 });
	const trigger = await listen({ parameters: { download: true } });
	const job = await runJob(trigger.url);
	expect(job.webhookTries.map(({ result }) => result)).toEqual([200]);
	expect((await trigger.starts())[0]?.json).toMatchObject({
		id: job.id,
		status: 'COMPLETED',
		cost: 0.1,
		video_url: expect.stringContaining('.mp4'),
		error: expect.stringContaining('could not be downloaded'),
	});
});

describe("the video is found anywhere in Runpod's answer", () => {
	const V = 'https://a.example/b.mp4';
	test.each([
		[{ cost: 0.1, video_url: V }, 0.1],
		[{ cost: 0.1, result: V }, 0.1],
		[{ cost: '0.1', url: V }, 0.1],
		[V, null],
		[[V], null],
	])('output %j', async (output, cost) => {
		simulator.faults.add({ operation: 'run', kind: 'job', status: 'COMPLETED', output });
		const trigger = await listen();
		await runJob(trigger.url);
		expect((await trigger.starts())[0]?.json).toMatchObject({ video_url: V, cost });
	});
});

describe('a job that did not complete is data', () => {
	test.each([
		['FAILED', { status: 'FAILED', error: 'The GPU was lost' }],
		['TIMED_OUT', { status: 'TIMED_OUT', error: 'too slow' }],
		['CANCELLED', { status: 'CANCELLED' }],
	])('%s', async (status, fault) => {
		simulator.faults.add({ operation: 'run', kind: 'job', ...fault });
		const trigger = await listen();
		const { id } = await runJob(trigger.url);
		expect((await trigger.starts()).map(({ json }) => json)).toEqual([
			expect.objectContaining({ id, ...fault, status }),
		]);
	});

	test('COMPLETED without a video', async () => {
		simulator.faults.add({ operation: 'run', kind: 'job', output: null });
		const trigger = await listen();
		const { id } = await runJob(trigger.url);
		expect((await trigger.starts())[0]?.json).toMatchObject({
			id,
			status: 'COMPLETED',
			error: expect.stringContaining('instead of a video'),
		});
	});
});

describe('Events', () => {
	test.each([
		[['completed'], 0],
		[['failed', 'timedOut'], 1],
		[['cancelled'], 0],
	])('%j: a failed job starts the workflow %d times', async (events, times) => {
		simulator.faults.add({ operation: 'run', kind: 'job', status: 'FAILED' });
		const trigger = await listen({ parameters: { events } });
		const job = await runJob(trigger.url);
		expect(job.webhookTries.map(({ result }) => result)).toEqual([200]);
		expect(await trigger.starts()).toHaveLength(times);
	});

	test.each([[[]], [['done']]])('%j cannot be meant: the user is told', async (events) => {
		const trigger = await listen({ parameters: { events } });
		const { id } = await runJob();
		expect((await trigger.call(completed(id))).status).toBe(500);
		expect(trigger.errors[0]?.message).toContain("'Events' must be one or more of completed");
	});
});

describe('a download that takes longer than the caller waits', () => {
	beforeEach(() => {
		simulator.options.webhookTries = 1;
		simulator.faults.add({ operation: 'video', kind: 'delay', ms: 1_500 });
	});

	test('503, then 200 to the next call, which waits for it: one start, one status check', async () => {
		simulator.options.webhookTries = 4;
		const trigger = await listen({ parameters: { download: true } });
		const { id } = await post('p-video/run', { input: { prompt: 'A cat' }, webhook: trigger.url });
		const tries = () => simulator.ledger.find(String(id))?.webhookTries ?? [];
		await simulator.waitFor(() => tries().at(-1)?.result === 200);
		const results = tries().map(({ result }) => result);
		expect([results[0], results.at(-1)]).toEqual([503, 200]);
		const starts = await trigger.starts();
		expect(starts).toHaveLength(1);
		expect(starts[0]?.binary?.data).toMatchObject({ mimeType: 'video/mp4' });
		expect(looks()).toBe(1);
	});

	test('no further call: the workflow still starts', async () => {
		const trigger = await listen({ parameters: { download: true } });
		const job = await runJob(trigger.url);
		expect(job.webhookTries.map(({ result }) => result)).toEqual([503]);
		expect((await trigger.starts())[0]?.binary?.data).toMatchObject({ mimeType: 'video/mp4' });
	});

	test('calls meanwhile: 503 to all, one start', async () => {
		simulator.faults.clear();
		simulator.faults.add({ operation: 'video', kind: 'delay', ms: 12_000 });
		const trigger = await listen({ parameters: { download: true } });
		const { id } = await runJob(trigger.url);
		expect((await trigger.call(completed(id))).status).toBe(503);
		expect(await trigger.starts()).toHaveLength(1);
	});
});

test('what n8n could not start is started by the next call', async () => {
	let isBroken = true;
	const trigger = await listen({ isBroken: () => isBroken });
	const { id } = await runJob();
	expect((await trigger.call(completed(id))).status).toBe(500);
	isBroken = false;
	expect((await trigger.call(completed(id))).status).toBe(200);
	expect(await trigger.starts()).toHaveLength(1);
});
