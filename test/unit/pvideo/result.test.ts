/** What a finished job gives: the video wherever Runpod puts it. */
import { expiryOf, readVideoResult, simplifyJob } from '../../../nodes/PrunaVideo/pvideo/result';

const V = 'https://video.runpod.ai/abc123/output.mp4';
const W = 'https://video.runpod.ai/abc123/other.mp4';

describe('the address and the cost', () => {
	test.each<[string, unknown, string | undefined, number | undefined]>([
		['as the page says', { video_url: V, cost: 0.1 }, V, 0.1],
		['result', { cost: 0.1, result: V }, V, 0.1],
		['url', { url: V, cost: 0.1 }, V, 0.1],
		['the address itself', V, V, undefined],
		['a list of one', [{ result: V, cost: 0.02 }], V, 0.02],
		['a list of addresses', [V], V, undefined],
		['video', { video: V }, V, undefined],
		['an object in video', { video: { url: V } }, V, undefined],
		['an object in video, cost beside it', { video: { url: V }, cost: 0.3 }, V, 0.3],
		['a cost within', { video: { url: V, cost: 0.3 } }, V, 0.3],
		['videos', { videos: [V] }, V, undefined],
		['objects in videos', { videos: [{ url: V }] }, V, undefined],
		['an output in the output', { output: { video_url: V, cost: 0.1 } }, V, 0.1],
		['a list in result', { result: [V], cost: 0.1 }, V, 0.1],
		['an object in result', { result: { video_url: V, cost: 0.1 } }, V, 0.1],
		['null, then the address', { video_url: null, result: V }, V, undefined],
		['empty, then the address', { video_url: '', url: V }, V, undefined],
		['no address, then one', { video_url: 'pending', result: V }, V, undefined],
		['the likeliest of two', { url: W, video_url: V }, V, undefined],
		['result before url', { url: W, result: V }, V, undefined],
		['the first of a list', [null, {}, { url: V }, { url: W }], V, undefined],
		['JSON as text', JSON.stringify({ video_url: V, cost: 0.1 }), V, 0.1],
		['JSON as text within', { result: JSON.stringify({ url: V }), cost: 0.1 }, V, 0.1],
		['an address as JSON', JSON.stringify(V), V, undefined],
		['spaces around it', { video_url: ` \n${V} ` }, V, undefined],
		['http', { video_url: 'http://10.0.0.1/a.mp4' }, 'http://10.0.0.1/a.mp4', undefined],
		['long', { video_url: `${V}?${'x'.repeat(3000)}` }, `${V}?${'x'.repeat(3000)}`, undefined],
		['more than the page says', { video_url: V, cost: 0.1, frames: 1 }, V, 0.1],
		['no video, but a cost', { cost: 0.25 }, undefined, 0.25],
		['an address of another kind', { video_url: 'file:///etc/passwd' }, undefined, undefined],
		['a data URI', { video_url: 'data:video/mp4;base64,AAAA' }, undefined, undefined],
		['an address within words', { video_url: `see ${V}` }, undefined, undefined],
		['an address of something else', { webhook: V }, undefined, undefined],
		['broken JSON', '{"video_url":', undefined, undefined],
		['too deep', [[[[[[V]]]]]], undefined, undefined],
		['a number', 7, undefined, undefined],
		['null', null, undefined, undefined],
		['nothing', undefined, undefined, undefined],
	])('%s', (_, output, videoUrl, cost) => {
		const result = readVideoResult(output);
		expect(result.videoUrl).toBe(videoUrl);
		expect(result.cost).toBe(cost);
	});
});

test('costs that are long texts do not take long', () => {
	const began = performance.now();
	const part = { cost: `${' '.repeat(20_000)}x`, result: V };
	expect(readVideoResult(Array.from({ length: 100 }, () => part)).videoUrl).toBe(V);
	expect(performance.now() - began).toBeLessThan(2_000);
});

test.each<[unknown, number | undefined]>([
	[0.1, 0.1],
	[0, 0],
	['0.1', 0.1],
	[' $0.10 ', 0.1],
	['$ 0.10', 0.1],
	['1e-2', 0.01],
	[-1, undefined],
	['-1', undefined],
	[NaN, undefined],
	[Infinity, undefined],
	['', undefined],
	['free', undefined],
	['0,1', undefined],
	['0x1', undefined],
	[null, undefined],
	[true, undefined],
	[{ usd: 1 }, undefined],
])('a cost of %j is %s', (cost, expected) => {
	expect(readVideoResult({ video_url: V, cost }).cost).toBe(expected);
});

test.each<[unknown, number | undefined]>([
	[42, 42],
	[0, 0],
	[1.5, undefined],
	['42', undefined],
	[null, undefined],
])('a seed of %j is %s', (seed, expected) => {
	expect(readVideoResult({ result: V, seed }).seed).toBe(expected);
	expect(readVideoResult([{ result: V, seed }]).seed).toBe(expected);
});

test('a video expires after seven days', () => {
	expect(expiryOf(Date.UTC(2025, 1, 25, 12))).toBe('2025-03-04T12:00:00.000Z');
});

const expiresAt = '2025-03-04T12:00:00.000Z';

test('a job simplified: the names are Runpod’s', () => {
	const job = {
		id: 'sync-1-u1',
		status: 'COMPLETED',
		delayTime: 15,
		executionTime: 8542,
		workerId: 'w1',
		output: { video_url: V, cost: 0.1 },
	};
	expect(
		simplifyJob(
			job,
			{ videoUrl: V, cost: 0.1 },
			{ seed: 0, expiresAt, input: { prompt: 'A cat' } },
		),
	).toEqual({
		video_url: V,
		cost: 0.1,
		delayTime: 15,
		executionTime: 8542,
		id: 'sync-1-u1',
		status: 'COMPLETED',
		seed: 0,
		expiresAt,
		input: { prompt: 'A cat' },
	});
});

test('what Runpod does not say is null; what the node does not know is left out', () => {
	expect(simplifyJob({}, { videoUrl: V }, { expiresAt })).toEqual({
		video_url: V,
		cost: null,
		delayTime: null,
		executionTime: null,
		id: null,
		status: null,
		expiresAt,
	});
});
