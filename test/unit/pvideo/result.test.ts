/** What a finished job gives. */
import {
	expiryOf,
	readCost,
	readVideoResult,
	simplifyJob,
} from '../../../nodes/PrunaVideo/pvideo/result';

const videoUrl = 'https://video.runpod.ai/abc123/output.mp4';

test.each<[string, unknown, unknown]>([
	['as the page says', { video_url: videoUrl, cost: 0.1 }, { videoUrl, cost: 0.1 }],
	['free', { video_url: videoUrl, cost: 0 }, { videoUrl, cost: 0 }],
	[
		'more than the page says',
		{ video_url: videoUrl, cost: 0.1, frames: 1 },
		{ videoUrl, cost: 0.1 },
	],
	['no cost', { video_url: videoUrl }, { videoUrl }],
	['a cost that is no number', { video_url: videoUrl, cost: '0.1' }, { videoUrl }],
	['a cost below zero', { video_url: videoUrl, cost: -1 }, { videoUrl }],
	['a cost of NaN', { video_url: videoUrl, cost: NaN }, { videoUrl }],
	['no video', { cost: 0.1 }, undefined],
	['an empty address', { video_url: '', cost: 0.1 }, undefined],
	['an address of another kind', { video_url: 'file:///etc/passwd' }, undefined],
	['an address that is no text', { video_url: [videoUrl] }, undefined],
	['a text', videoUrl, undefined],
	['a list', [{ video_url: videoUrl }], undefined],
	['null', null, undefined],
	['nothing', undefined, undefined],
])('output: %s', (_, output, expected) => {
	expect(readVideoResult(output)).toEqual(expected);
});

test('a cost counts without a video too', () => {
	expect(readCost({ cost: 0.1 })).toBe(0.1);
	expect(readCost('0.1')).toBeUndefined();
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
		output: { video_url: videoUrl, cost: 0.1 },
	};
	expect(
		simplifyJob(job, { videoUrl, cost: 0.1 }, { seed: 0, expiresAt, input: { prompt: 'A cat' } }),
	).toEqual({
		video_url: videoUrl,
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
	expect(simplifyJob({}, { videoUrl }, { expiresAt })).toEqual({
		video_url: videoUrl,
		cost: null,
		delayTime: null,
		executionTime: null,
		id: null,
		status: null,
		expiresAt,
	});
});
