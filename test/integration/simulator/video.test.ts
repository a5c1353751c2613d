/** The video that every job makes: a real MP4, its URL, and what can go wrong with it. */
import { useSimulator } from './client';
import type { FaultRule } from '../../tools/simulator/index';

const client = useSimulator({ executionTimeMs: 0 });

const DAY = 24 * 60 * 60 * 1000;

async function videoUrl(): Promise<string> {
	const { body } = await client.runsync();
	return String((body.output as { video_url: unknown }).video_url);
}

/** The types of the file's boxes; throws where their lengths do not add up. */
function boxes(bytes: Buffer): string[] {
	const types: string[] = [];
	let at = 0;
	for (; at < bytes.length; at += bytes.readUInt32BE(at)) {
		types.push(bytes.toString('latin1', at + 4, at + 8));
	}
	expect(at).toBe(bytes.length);
	return types;
}

test.each([0, 50_000, 200_000, 1_000_000])('of %d bytes is a whole MP4', async (videoBytes) => {
	client.simulator.options.videoBytes = videoBytes;
	const reply = await fetch(await videoUrl());
	const bytes = Buffer.from(await reply.arrayBuffer());
	expect([reply.status, reply.headers.get('content-type')]).toEqual([200, 'video/mp4']);
	expect(reply.headers.get('content-length')).toBe(String(bytes.length));
	if (videoBytes > 0) expect(bytes).toHaveLength(videoBytes);
	expect(boxes(bytes)).toEqual(expect.arrayContaining(['ftyp', 'moov', 'mdat']));
});

test.each<[string, number]>([
	['GET', 200],
	['HEAD', 200],
	['POST', 405],
	['DELETE', 405],
])('by %s is answered %d, without a key', async (method, status) => {
	expect((await fetch(await videoUrl(), { method })).status).toBe(status);
});

test.each([404, 403, 410])('is gone after seven days, with %d', async (expiredVideoStatus) => {
	client.simulator.options.expiredVideoStatus = expiredVideoStatus;
	const url = await videoUrl();
	client.simulator.advance(7 * DAY - 60_000);
	expect((await fetch(url)).status).toBe(200);
	client.simulator.advance(60_000);
	expect((await fetch(url)).status).toBe(expiredVideoStatus);
});

test('is kept longer than its result', async () => {
	const url = await videoUrl();
	client.simulator.advance(DAY);
	expect((await client.status(String(client.simulator.ledger.jobs[0]?.id))).status).toBe(404);
	expect((await fetch(url)).status).toBe(200);
});

test.each(['run', 'nothing'])('of a job that made none is a 404: %s', async (kind) => {
	const id = kind === 'run' ? await client.run({ duration: 11 }) : 'nothing';
	if (kind === 'run') await client.reached(id, 'FAILED');
	const root = client.simulator.baseUrl.replace('/v2', '/video');
	expect((await fetch(`${root}/${id}/output.mp4`)).status).toBe(404);
});

test.each<[string, FaultRule, number]>([
	['an expired one', { operation: 'video', kind: 'status', status: 403 }, 403],
	['an error', { operation: 'video', kind: 'status', status: 500 }, 500],
	['a page', { operation: 'video', kind: 'body', contentType: 'text/html', body: '<h1>' }, 200],
	['nothing', { operation: 'video', kind: 'body', contentType: 'video/mp4', body: '' }, 200],
])('%s can be served once, then the video', async (_, rule, status) => {
	const url = await videoUrl();
	client.simulator.faults.add(rule);
	const corrupt = await fetch(url);
	expect([corrupt.status, (await corrupt.arrayBuffer()).byteLength < 1000]).toEqual([status, true]);
	expect((await (await fetch(url)).arrayBuffer()).byteLength).toBeGreaterThan(1000);
});

test.each<[string, FaultRule]>([
	['truncated', { operation: 'video', kind: 'truncate', bytes: 1000 }],
	['reset', { operation: 'video', kind: 'reset' }],
])('can be %s', async (_, rule) => {
	const url = await videoUrl();
	client.simulator.faults.add(rule);
	const download = async () => await (await fetch(url)).arrayBuffer();
	await expect(download()).rejects.toThrow();
	expect((await download()).byteLength).toBeGreaterThan(1000);
});

test('can trickle, a piece for each step of the clock', async () => {
	const url = await videoUrl();
	client.simulator.faults.add({ operation: 'video', kind: 'trickle', bytes: 1, intervalMs: DAY });
	const reader = (await fetch(url)).body?.getReader();
	for (let i = 0; i < 3; i++) {
		expect((await reader?.read())?.value).toHaveLength(1);
		client.simulator.advance(DAY);
	}
	await reader?.cancel();
});
