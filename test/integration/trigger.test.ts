/** Pruna Video Trigger: what the workflow starts with, and when. */
import { request } from 'undici';
import { readBinary } from './engine';
import { listen, runJob, simulator, useStage } from './triggerStage';

useStage();

test("Runpod's call starts the workflow with the video", async () => {
	const trigger = await listen();
	const job = await runJob(trigger.url);

	expect(job.webhookTries.map(({ result }) => result)).toEqual([200]);
	const [item, ...others] = await trigger.starts();
	expect([others, item?.pairedItem]).toEqual([[], { item: 0 }]);
	expect(Object.entries(item?.json ?? {})).toEqual([
		['video_url', simulator.videoUrl(job.id)],
		['cost', 0.1],
		['status', 'COMPLETED'],
		['delayTime', expect.any(Number)],
		['executionTime', expect.any(Number)],
		['id', job.id],
		['expiresAt', expect.stringMatching(/^\d{4}-\d\d-\d\dT/)],
	]);
});

test("without Simplify it is Runpod's own answer", async () => {
	const trigger = await listen({ parameters: { simplify: false } });
	const { id, output } = await runJob(trigger.url);
	expect((await trigger.starts())[0]?.json).toMatchObject({ id, status: 'COMPLETED', output });
});

test('the call is answered before the file is downloaded, under the name that was asked for', async () => {
	simulator.faults.add({ operation: 'video', kind: 'delay', ms: 60_000 });
	const options = { fileName: 'fox', binaryPropertyName: 'video' };
	const trigger = await listen({ parameters: { download: true, options } });
	await runJob(trigger.url);
	await simulator.waitFor((_, requests) => requests.at(-1)?.operation === 'video');
	expect(trigger.started).toEqual([]);
	simulator.advance(60_000);
	const [item] = await trigger.starts();
	const served = await request(String(item?.json.video_url));
	expect(item?.binary?.video).toMatchObject({ mimeType: 'video/mp4', fileName: 'fox.mp4' });
	expect(await readBinary(item!, 'video')).toEqual(Buffer.from(await served.body.arrayBuffer()));
});

test('a download that fails does not lose the event', async () => {
	simulator.faults.add({ operation: 'video', kind: 'status', status: 410 });
	const trigger = await listen({ parameters: { download: true } });
	const { id } = await runJob(trigger.url);
	expect((await trigger.starts()).map(({ json }) => json)).toEqual([
		expect.objectContaining({
			id,
			status: 'COMPLETED',
			cost: 0.1,
			video_url: simulator.videoUrl(id),
			error: 'The video could not be downloaded: its host answered HTTP 410: Simulated 410',
		}),
	]);
});

describe('a job without a video is data', () => {
	test.each([
		['FAILED', { error: 'The GPU was lost' }, 'The GPU was lost'],
		['TIMED_OUT', {}, undefined],
		['CANCELLED', {}, undefined],
		['COMPLETED', { output: null }, 'instead of a video'],
		['COMPLETED', { output: { cost: 0.25 } }, 'instead of a video'],
	])('%s %j', async (status, fault, error) => {
		simulator.faults.add({ operation: 'run', kind: 'job', status, ...fault } as never);
		const trigger = await listen();
		const { id } = await runJob(trigger.url);
		const [item, ...others] = await trigger.starts();
		expect([item?.json, others]).toEqual([expect.objectContaining({ id, status }), []]);
		if (error !== undefined) expect(JSON.stringify(item?.json.error)).toContain(error);
	});
});

describe('Events', () => {
	test.each([
		[['completed'], 0],
		[['failed', 'timedOut'], 1],
	])('%j: a failed job starts the workflow %d times', async (events, times) => {
		simulator.faults.add({ operation: 'run', kind: 'job', status: 'FAILED' });
		const trigger = await listen({ parameters: { events } });
		const { webhookTries } = await runJob(trigger.url);
		expect(webhookTries.map(({ result }) => result)).toEqual([200]);
		expect(await trigger.starts()).toHaveLength(times);
	});
});
