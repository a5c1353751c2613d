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
		prompt: [undefined, null, '', '\n\t', 5, ['A cat']],
		duration: [0, 11, -1, 1.5, '5', null],
		resolution: ['720', '4k', '', 720, null],
		fps: [0, 25, '24', null],
		aspect_ratio: ['5:4', '16:9 ', '', 1.78, null],
		seed: [1.5, '7', null, 2 ** 53],
		draft: ['true', 0, null],
		save_audio: ['true', 0, null],
		prompt_upsampling: ['true', 0, null],
		image: [null, '', 5, {}],
		audio: [null, '', 5, {}],
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
	[{ ...IMAGE, aspect_ratio: 'wide' }, null],
	[{ ...IMAGE, ...AUDIO, aspect_ratio: 'wide', duration: 99 }, null],
	[{ ...IMAGE, duration: 99 }, 'duration'],
	[{ ...AUDIO, aspect_ratio: 'wide' }, 'aspect_ratio'],
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
])('%j: the ledger lists %j as ignored', async (input, ignored) => {
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
	[{ duration: 1 }, 1, 0.02],
	[{ duration: 10 }, 10, 0.2],
	[{ resolution: '1080p' }, 5, 0.2],
	[{ resolution: '1080p', duration: 10 }, 10, 0.4],
	[{ draft: true }, 5, 0.025],
	[{ draft: true, duration: 1 }, 1, 0.005],
	[{ draft: true, resolution: '1080p' }, 5, 0.05],
	[{ draft: true, resolution: '1080p', duration: 10 }, 10, 0.1],
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

test('many prices add up without floating-point errors', async () => {
	for (const duration of [1, 2, 3, 1, 2]) await client.runsync({ duration, draft: true });
	expect(client.simulator.ledger.total).toBe(0.045);
});

test('what run accepted fails later, and status returns that with 200', async () => {
	const id = await client.run({ duration: 11 });
	await client.reached(id, 'FAILED');
	const { status, body } = await client.status(id);
	expect(status).toBe(200);
	expect(body).toMatchObject({ id, status: 'FAILED', error: expect.stringContaining('duration') });
});
