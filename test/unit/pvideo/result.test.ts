/** What a finished job gives: the video wherever Runpod puts it. The shapes that were seen are in answers.test.ts. */
import { expiryOf, readVideoResult, simplifyJob } from '../../../nodes/PrunaVideo/pvideo/result';

const V = 'https://video.runpod.ai/abc123/output.mp4';
const W = 'https://video.runpod.ai/abc123/other.mp4';
const LONG = `${V}?${'x'.repeat(3000)}`;

test.each<[output: unknown, videoUrl: string | undefined, cost?: number]>([
	[{ video: { url: V, cost: 0.3 } }, V, 0.3],
	[{ result: [V], cost: 0.1 }, V, 0.1],
	[{ result: { video_url: V, cost: 0.1 } }, V, 0.1],
	...[null, '', 'pending'].map((video_url): [unknown, string] => [{ video_url, result: V }, V]),
	[{ url: W, video_url: V }, V],
	[{ url: W, result: V }, V],
	[[null, {}, { url: V }, { url: W }], V],
	[{ result: JSON.stringify({ url: V }), cost: 0.1 }, V, 0.1],
	[JSON.stringify(V), V],
	[{ video_url: 'http://10.0.0.1/a.mp4' }, 'http://10.0.0.1/a.mp4'],
	[{ video_url: LONG }, LONG],
	[{ cost: 0.25 }, undefined, 0.25],
	...['file:///etc/passwd', 'ftp://a.test/v', 'data:video/mp4;base64,AAAA', `see ${V}`].map(
		(video_url): [unknown, undefined] => [{ video_url }, undefined],
	),
	...[{ webhook: V }, '{"video_url":', [[[[[[V]]]]]], 7, null, undefined].map(
		(output): [unknown, undefined] => [output, undefined],
	),
])('the output %.80j', (...[output, videoUrl, cost]) => {
	expect(readVideoResult(output)).toEqual({ videoUrl, cost });
});

test.each<[cost: number | undefined, values: unknown[]]>([
	[0.1, [0.1, '0.1', ' $0.10 ', '$ 0.10', '1e-1']],
	[0, [0, '0']],
	[undefined, [-1, '-1', NaN, Infinity, '', 'free', '0,1', '0x1', null, true, { usd: 1 }]],
])('a cost of %s', (cost, values) => {
	for (const value of values) expect(readVideoResult({ result: V, cost: value }).cost).toBe(cost);
});

test.each<[unknown, number | undefined]>([
	[42, 42],
	[0, 0],
	[1.5, undefined],
	['42', undefined],
])('a seed of %j is %s', (seed, expected) => {
	for (const output of [{ seed }, [{ result: V, seed }]]) {
		expect(readVideoResult(output).seed).toBe(expected);
	}
});

const finishedAt = Date.UTC(2025, 1, 25, 12);
const expiresAt = '2025-03-04T12:00:00.000Z';

test('a simplified job, in the order of the contract; what Runpod does not say is null', () => {
	expect(expiryOf(finishedAt)).toBe(expiresAt);
	const times = { delayTime: 15, executionTime: 8542 };
	const job = { ...times, id: 'sync-1-u1', status: 'COMPLETED', workerId: 'w1', output: {} };
	const known = { prompt: 'A cat', seed: 0, finishedAt };
	const simplified = simplifyJob(job, { videoUrl: V, cost: 0.1 }, known);
	expect(JSON.stringify(simplified)).toBe(
		`{"video_url":"${V}","cost":0.1,"status":"COMPLETED","prompt":"A cat","seed":0,"delayTime":15,` +
			`"executionTime":8542,"id":"sync-1-u1","expiresAt":"${expiresAt}"}`,
	);
	const nothing = { cost: null, status: null, delayTime: null, executionTime: null, id: null };
	expect(simplifyJob({}, { videoUrl: V }, { finishedAt })).toEqual({
		...{ ...nothing, video_url: V, expiresAt },
	});
});
