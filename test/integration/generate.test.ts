/** Video > Generate: what comes out and under which names. */
import type { INodeExecutionData } from 'n8n-workflow';
import { CONTINUE, generate, shots, simulator, useSimulator } from './batch';
import { readBinary } from './engine';

useSimulator({ repeatsInput: false, unknownAtFirst: 0 });

const WEEK_MS = 7 * 24 * 60 * 60 * 1000;

/** The simplified item of the one job in the ledger; `expiresAt` is checked apart. */
function simplified(prompt = 'a cat'): INodeExecutionData {
	const [job] = simulator.ledger.jobs;
	return {
		json: {
			video_url: `http://127.0.0.1:${simulator.port}/video/${job?.id}/output.mp4`,
			cost: 0.1,
			status: 'COMPLETED',
			prompt,
			seed: job?.input.seed as number,
			delayTime: job?.delayTime,
			executionTime: job?.executionTime,
			id: job?.id,
			expiresAt: expect.any(String) as unknown as string,
		},
		pairedItem: { item: 0 },
	};
}

describe('output', () => {
	test.each([
		[' film ', 'film'],
		['={{ $json.nothing }}', 'data'],
	])('one prompt becomes one video, and its file: in the field %j', async (name, field) => {
		const { items, error, hints } = await generate(simulator, {
			parameters: { download: true },
			options: { binaryPropertyName: name },
		});
		expect(error).toBeUndefined();
		expect(items).toEqual([{ ...simplified(), binary: { [field]: expect.anything() } }]);
		expect((await readBinary(items[0]!, field)).subarray(4, 8).toString()).toBe('ftyp');
		expect(hints).toEqual([{ message: '1 video for $0.10', location: 'outputPane' }]);
	});

	test('simplified: in the order of the contract, with prompt and seed as they were sent', async () => {
		const began = Date.now();
		const additionalFields = { seed: '0', additionalInput: { prompt: 'a dog' } };
		const { items } = await generate(simulator, { parameters: { additionalFields } });
		const ended = Date.now();

		expect(items).toEqual([simplified('a dog')]);
		expect(items[0]).not.toHaveProperty('binary');
		expect(items[0]?.json.seed).toBe(0);
		expect(Object.keys(items[0]!.json)).toEqual(Object.keys(simplified().json));
		const expiresAt = String(items[0]?.json.expiresAt);
		expect(new Date(expiresAt).toISOString()).toBe(expiresAt);
		expect(Date.parse(expiresAt)).toBeGreaterThanOrEqual(began + WEEK_MS);
		expect(Date.parse(expiresAt)).toBeLessThanOrEqual(ended + WEEK_MS);
	});

	test("not simplified: Runpod's response as it came", async () => {
		const { items } = await generate(simulator, { options: { simplify: false } });
		const { id, delayTime, executionTime, output, workerId } = simulator.ledger.jobs[0]!;
		const json = { id, status: 'COMPLETED', delayTime, executionTime, output, workerId };
		expect(items).toEqual([{ json, pairedItem: { item: 0 } }]);
	});

	test('a failed item has the error first, then what to do, the prompt and the job', async () => {
		simulator.faults.add({ operation: 'runsync', kind: 'job', error: 'too violent' });
		const { items } = await generate(simulator, { settings: CONTINUE });
		expect(Object.entries(items[0]!.json)).toEqual([
			['error', 'Runpod could not make the video: too violent'],
			['hint', expect.stringContaining('not billed')],
			['prompt', 'a cat'],
			['id', simulator.ledger.jobs[0]?.id],
			['status', 'FAILED'],
			...(items[0]?.json.httpCode === undefined ? [] : [['httpCode', 400]]),
		]);
	});

	test('every item gets its own seed, and sending it again makes the same request', async () => {
		const first = await generate(simulator, { prompts: shots(3) });
		const seeds = first.items.map(({ json }) => json.seed);
		expect(new Set(seeds).size).toBe(3);
		const inputs = simulator.ledger.jobs.map(({ input }) => input);

		simulator.reset();
		const parameters = { additionalFields: { seed: seeds[1] as number } };
		await generate(simulator, { prompts: ['shot 1.'], parameters });
		expect(inputs).toContainEqual({ ...simulator.ledger.jobs[0]?.input });
	});
});

const EXPIRY = expect.stringMatching(
	/^Video URLs expire on \d{4}-\d\d-\d\d \(UTC\)\. To keep the files, turn on 'Download Video'\.$/,
);
const mute = { audio: 'https://example.com/a.mp3', additionalFields: { saveAudio: false } };

test.each<[string, Parameters<typeof generate>[1], number, string[]]>([
	['three videos', { prompts: shots(3) }, 0, ['3 videos for $0.30', EXPIRY]],
	['downloaded', { parameters: { download: true } }, 0, ['1 video for $0.10']],
	['a draft', { parameters: { draft: true } }, 0, ['1 video for $0.025', EXPIRY]],
	['two and one failed', { prompts: shots(3) }, 1, ['2 videos for $0.20, 1 failed', EXPIRY]],
	['all failed', { prompts: shots(2) }, 2, []],
	[
		'audio that is not in the video',
		{ parameters: mute },
		0,
		[
			'1 video for $0.10',
			"'Save Audio' is off, so the videos do not contain the audio that they were made from.",
			EXPIRY,
		],
	],
])('hints: %s', async (_, batch, times, expected) => {
	if (times > 0) simulator.faults.add({ operation: 'runsync', kind: 'job', error: 'no', times });
	const { hints } = await generate(simulator, { ...batch, settings: CONTINUE });
	expect(hints.map(({ message }) => message)).toEqual(expected);
	expect(hints.every(({ location }) => location === 'outputPane')).toBe(true);
});

// A batch of equal names does not overwrite its own files when it is saved.
const download = (fileName: string) => ({
	parameters: { download: true },
	options: { fileName, concurrency: 10 },
});
const namesOf = ({ items }: Awaited<ReturnType<typeof generate>>) =>
	items.map(({ binary }) => binary?.data?.fileName);

test('the same name fifty times becomes fifty names, in the order of the items', async () => {
	const names = namesOf(await generate(simulator, { prompts: shots(50), ...download('Ad v1.25') }));
	expect(names).toEqual([
		'Ad v1.25.mp4',
		...Array.from({ length: 49 }, (_, index) => `Ad v1.25 (${index + 2}).mp4`),
	]);
});

test('a failed item does not change the names of the others', async () => {
	const match = { prompt: 'shot 1.' };
	simulator.faults.add({ operation: 'runsync', kind: 'job', error: 'no', match });
	const batch = { prompts: shots(3), ...download('fox.mp4'), settings: CONTINUE };
	const result = await generate(simulator, batch);
	expect(namesOf(result)).toEqual(['fox.mp4', undefined, 'fox (3).mp4']);
});

test('Job > Get keeps file names distinct too', async () => {
	const submitted = await generate(simulator, {
		prompts: shots(2),
		parameters: { resource: 'job', operation: 'submit' },
	});
	await simulator.waitFor((ledger) => ledger.count('COMPLETED') === 2);
	const jobId = '={{ $json.id }}';
	const got = await generate(simulator, {
		parameters: { resource: 'job', operation: 'get', jobId, download: true },
		options: { fileName: 'fox' },
		items: submitted.items,
	});
	expect(namesOf(got)).toEqual(['fox.mp4', 'fox (2).mp4']);
});
