/** What p-video takes, ignores, refuses and costs. Source: Runpod's page of the model. */
import { useSimulator } from './client';

const client = useSimulator({ executionTimeMs: 0 });

/** One row per value. */
const rows = (values: Record<string, unknown[]>) =>
	Object.entries(values).flatMap(([field, each]) =>
		each.map((value): [string, unknown] => [field, value]),
	);

const AUDIO = { audio: 'https://example.com/a.mp3' };
const IMAGE = { image: 'https://example.com/a.png' };

test.each(
	rows({
		prompt: ['A cat', ' x ', '🐈', 'x'.repeat(100_000)],
		duration: [1, 5, 10],
		resolution: ['720p', '1080p'],
		fps: [24, 48],
		aspect_ratio: ['16:9', '9:16', '4:3', '3:4', '3:2', '2:3', '1:1'],
		seed: [0, 42, -1, 2147483647, 2147483648, Number.MAX_SAFE_INTEGER],
		draft: [true, false],
		save_audio: [true, false],
		prompt_upsampling: [true, false],
	}),
)('%s may be %j', async (field, value) => {
	const { status, body } = await client.runsync({ [field]: value });
	expect([status, body.status]).toEqual([200, 'COMPLETED']);
	const [job] = client.simulator.ledger.jobs;
	expect(job?.input[field]).toBe(value);
	expect([job?.ignoredFields, job?.unknownFields]).toEqual([[], []]);
});

test.each(
	rows({
		prompt: [undefined, null, '', ' ', '\n\t', '\u00a0', 5, true, ['A cat'], { text: 'A cat' }],
		duration: [0, 11, -1, -5, 1.5, 10.5, 1e9, '5', '', null, true, [5]],
		resolution: ['720', '720P', '480p', '4k', ' 720p', '', 720, null, ['720p']],
		fps: [0, 23, 25, 30, 60, 24.5, '24', '', null, true],
		aspect_ratio: ['5:4', '16/9', '16:9 ', '9:21', '', 'auto', 1.78, null],
		seed: [1.5, '7', '', null, true, 2 ** 53, [1]],
		draft: ['true', 'false', '', 0, 1, null],
		save_audio: ['true', 'false', '', 0, 1, null],
		prompt_upsampling: ['true', 'false', '', 0, 1, null],
		image: [null, '', 5, true, ['https://example.com/a.png'], {}],
		audio: [null, '', 5, true, ['https://example.com/a.mp3'], {}],
	}),
)('%s may not be %j', async (field, value) => {
	const { status, body } = await client.runsync({ [field]: value });
	expect(status).toBe(400);
	expect(body).toMatchObject({ id: expect.stringMatching(/^sync-/), status: 'FAILED' });
	expect(body.error).toMatch(new RegExp(`^${field} (must be|is required)`));
	expect(body).not.toHaveProperty('output');
	expect(client.simulator.ledger.countByStatus()).toEqual({ FAILED: 1 });
	expect(client.simulator.ledger.total).toBe(0);
});

test.each<[object, string | null]>([
	[{ ...AUDIO, duration: 99 }, null],
	[{ ...AUDIO, duration: '5' }, null],
	[{ ...AUDIO, duration: null }, null],
	[{ ...IMAGE, aspect_ratio: 'wide' }, null],
	[{ ...IMAGE, aspect_ratio: null }, null],
	[{ ...IMAGE, ...AUDIO, aspect_ratio: 'wide', duration: 99 }, null],
	[{ ...IMAGE, duration: 99 }, 'duration'],
	[{ ...AUDIO, aspect_ratio: 'wide' }, 'aspect_ratio'],
	[{ ...IMAGE, prompt: ' ' }, 'prompt'],
	[{ ...AUDIO, ...IMAGE, resolution: '4k' }, 'resolution'],
])('beside image or audio, %j is refused for: %s', async (input, field) => {
	const { status, body } = await client.runsync(input);
	expect(status).toBe(field === null ? 200 : 400);
	if (field !== null) expect(body.error).toMatch(new RegExp(`^${field} `));
});

test.each<[object, string[]]>([
	[{ ...AUDIO, duration: 5 }, ['duration']],
	[{ ...IMAGE, aspect_ratio: '1:1' }, ['aspect_ratio']],
	[{ ...AUDIO, ...IMAGE, duration: 5, aspect_ratio: '1:1' }, ['duration', 'aspect_ratio']],
	[{ ...AUDIO, ...IMAGE }, []],
	[{ duration: 5, aspect_ratio: '1:1' }, []],
])('%j is sent in vain: %j, says the ledger', async (input, ignored) => {
	await client.runsync(input);
	expect(client.simulator.ledger.jobs[0]?.ignoredFields).toEqual(ignored);
});

test('fields that the page does not name are ignored, and in the ledger', async () => {
	const { status, body } = await client.runsync({ brand_new: 1, Duration: 99, output: {} });
	expect([status, body.status]).toEqual([200, 'COMPLETED']);
	const [job] = client.simulator.ledger.jobs;
	expect(job?.unknownFields).toEqual(['brand_new', 'Duration', 'output']);
	expect(job?.price).toBe(0.1);
});

test.each<[object, number, number]>([
	[{}, 5, 0.1],
	[{ draft: false }, 5, 0.1],
	[{ duration: 1 }, 1, 0.02],
	[{ duration: 3 }, 3, 0.06],
	[{ duration: 10 }, 10, 0.2],
	[{ resolution: '1080p' }, 5, 0.2],
	[{ resolution: '1080p', duration: 1 }, 1, 0.04],
	[{ resolution: '1080p', duration: 10 }, 10, 0.4],
	[{ draft: true }, 5, 0.025],
	[{ draft: true, duration: 1 }, 1, 0.005],
	[{ draft: true, duration: 10 }, 10, 0.05],
	[{ draft: true, resolution: '1080p' }, 5, 0.05],
	[{ draft: true, resolution: '1080p', duration: 10 }, 10, 0.1],
	[{ draft: true, resolution: '1080p', duration: 1 }, 1, 0.01],
	[{ fps: 48, save_audio: false, prompt_upsampling: false, seed: 1, aspect_ratio: '1:1' }, 5, 0.1],
	[{ ...IMAGE, duration: 2 }, 2, 0.04],
	[{ ...AUDIO, duration: 2 }, 7, 0.14],
	[{ ...AUDIO, resolution: '1080p', draft: true }, 7, 0.07],
])('%j makes %d s for $%d', async (input, seconds, cost) => {
	client.simulator.options.defaultAudioSeconds = 7;
	const { body } = await client.runsync(input);
	expect(body.output).toEqual({ video_url: expect.stringMatching(/^http:.*\.mp4$/), cost });
	expect(client.simulator.ledger.jobs[0]).toMatchObject({ seconds, price: cost });
	expect(client.simulator.ledger.total).toBe(cost);
});

test('many prices add up without the dust of floating point', async () => {
	for (const duration of [1, 2, 3, 1, 2]) await client.runsync({ duration, draft: true });
	expect(client.simulator.ledger.total).toBe(0.045);
});

test.each<[number, boolean, RegExp]>([
	[400, false, /^duration must be an integer from 1 to 10$/],
	[200, false, /^duration must be/],
	[400, true, /^Error submitting task: 400, \{"code":400,"message":"duration must be/],
])('a refused runsync is answered %d; nested error: %s', async (wanted, nestErrors, error) => {
	Object.assign(client.simulator.options, { failedRunsyncStatus: wanted, nestErrors });
	const { status, body } = await client.runsync({ duration: 11 });
	expect(status).toBe(wanted);
	expect(body).toMatchObject({ status: 'FAILED', error: expect.stringMatching(error) });
});

test('what run accepted fails later, and status tells it with 200', async () => {
	const id = await client.run({ duration: 11 });
	await client.reached(id, 'FAILED');
	const { status, body } = await client.status(id);
	expect(status).toBe(200);
	expect(body).toMatchObject({ id, status: 'FAILED', error: expect.stringContaining('duration') });
});
