/** A completed job's response as it is kept for the next try. */
import { keptResponse } from '../../../nodes/PrunaVideo/execution/entry';

const KNOWN = { videoUrl: 'https://a.example/b.mp4', cost: 0.1, seed: 7 };
const raw = (more: object) => ({ id: 'job-1', status: 'COMPLETED', executionTime: 9, ...more });
const keep = (response: ReturnType<typeof raw>) =>
	keptResponse({ id: 'job-1', status: 'COMPLETED', raw: response as never }, KNOWN);

test('an ordinary response is kept as it is', () => {
	const response = raw({ output: { result: KNOWN.videoUrl }, workerId: 'w' });
	expect(keep(response)).toBe(response);
});

test('of a long response, only what the node reads is kept', () => {
	const output = { result: KNOWN.videoUrl, echo: 'x'.repeat(20_000) };
	expect(keep(raw({ output }))).toEqual(
		raw({ output: { video_url: KNOWN.videoUrl, cost: 0.1, seed: 7 } }),
	);
});
