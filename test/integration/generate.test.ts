/** Video > Generate: what comes out, in which order and under which names, and how the node waits for it. */
import type { INodeExecutionData } from 'n8n-workflow';
import { startSimulator, type Simulator } from '../tools/simulator';
import { CONTINUE, generate, promptsOf, RETRY, shots } from './batch';
import { readBinary } from './engine';
import { hurry } from './hurry';
import { reply, startScripted } from './scripted';

let simulator: Simulator;
beforeAll(async () => {
	simulator = await startSimulator({ repeatsInput: false, unknownAtFirst: { looks: 0, ms: 0 } });
});
beforeEach(() => {
	simulator.reset();
	simulator.options.timeScale = 1;
	simulator.options.executionTimeMs = 20;
	simulator.options.runningState = 'IN_PROGRESS';
	simulator.options.statusSync = 'waits';
});
afterAll(async () => await simulator.close());

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

const operations = () => simulator.requests.map(({ operation }) => operation);
const ASYNC = { executionMode: 'async' };

describe('output', () => {
	test('one prompt becomes one video, and its file, in a field of any name', async () => {
		const { items, error, hints } = await generate(simulator, {
			parameters: { download: true },
			options: { binaryPropertyName: ' film ' },
		});
		expect(error).toBeUndefined();
		expect(items).toEqual([{ ...simplified(), binary: { film: expect.anything() } }]);
		expect((await readBinary(items[0]!, 'film')).subarray(4, 8).toString()).toBe('ftyp');
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

	test('what Runpod leaves out is null', async () => {
		simulator.faults.add({
			operation: 'runsync',
			kind: 'job',
			output: { video_url: 'https://a.example/b.mp4' },
			omit: ['delayTime', 'executionTime', 'workerId'],
		});
		const { items, hints } = await generate(simulator);
		const video_url = 'https://a.example/b.mp4';
		expect(items[0]?.json).toMatchObject({
			video_url,
			cost: null,
			delayTime: null,
			executionTime: null,
		});
		expect(hints[0]?.message).toBe('1 video for $0.00 and 1 unknown cost');
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

	test('in input order with pairedItem, whichever ends first', async () => {
		simulator.options.executionTimeMs = ({ prompt }) => (prompt === 'shot 7.' ? 5 : 700);
		const { items } = await generate(simulator, { prompts: shots(8), options: { concurrency: 8 } });

		const ended = simulator.requests.map(({ answeredAt, jobId }) => ({ answeredAt, jobId }));
		ended.sort((a, b) => Number(a.answeredAt) - Number(b.answeredAt));
		expect(ended.at(-1)?.jobId).not.toBe(items.at(-1)?.json.id);
		expect(promptsOf(items, simulator)).toEqual(shots(8));
		const paired = items.map(({ pairedItem }) => pairedItem);
		expect(paired).toEqual(shots(8).map((_, item) => ({ item })));
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

describe('waiting', () => {
	hurry(20);

	test.each([
		['IN_QUEUE', 'both', 'IN_PROGRESS'],
		['IN_PROGRESS', 'finish', 'IN_PROGRESS'],
		['RUNNING', 'finish', 'RUNNING'],
	] as const)('a runsync that answers %s is followed by polling', async (_state, held, running) => {
		Object.assign(simulator.options, { runningState: running, timeScale: 0.01, statusSync: 405 });
		simulator.hold(held);
		const execution = generate(simulator);
		await simulator.waitFor(
			() => operations().filter((operation) => operation === 'status').length >= 3,
		);
		const seen = operations();
		simulator.release();
		const { items, error } = await execution;

		expect(error).toBeUndefined();
		// It tries the long look, and polls where the endpoint lacks it.
		expect(seen.slice(0, 2)).toEqual(['runsync', 'status-sync']);
		expect(items).toEqual([simplified()]);
		expect(simulator.ledger.countByStatus()).toEqual({ COMPLETED: 1 });
	});

	test('Async submits, and lets Runpod answer when the job has ended', async () => {
		simulator.options.executionTimeMs = 700;
		const { items } = await generate(simulator, { options: ASYNC });
		expect(items).toEqual([simplified()]);
		expect(operations()).toEqual(['run', 'status-sync']);
		expect(simulator.ledger.jobs).toMatchObject([{ operation: 'run' }]);
	});

	test.each([
		['sync', {}, 'IN_QUEUE', 'both', 'billed once it runs'],
		['async', ASYNC, 'IN_PROGRESS', 'finish', 'is billed'],
	] as const)(
		'%s %j: a job still %s at the timeout is named, and goes on',
		async (_, mode, state, held, said) => {
			simulator.options.timeScale = 0.01;
			simulator.hold(held);
			const { error } = await generate(simulator, { options: { ...mode, timeout: 1 } });
			const [job] = simulator.ledger.jobs;

			expect(error?.message).toBe(`Job ${job?.id} was still ${state} after 1 s`);
			expect(error?.description).toContain('Job > Get');
			expect(error?.description).toContain(said);
			expect(error?.context).toMatchObject({ id: job?.id, status: state, itemIndex: 0 });
			expect(operations()).not.toContain('cancel');
			simulator.release();
			await simulator.waitFor((ledger) => ledger.count('COMPLETED') === 1);
		},
	);
});

test.each([
	// An error whose reason cannot be read leaves a submission uncertain: it is not sent again.
	[500, { detail: [{ loc: [{ toString: 1 }], msg: 'boom' }] }, 'the job may be running'],
	// The ID of the request is not taken for that of a job: its reason is not lost.
	[400, { id: 'request-1', error: 'property input is required' }, 'property input is required'],
])('an odd %d is sent once', async (status, body, message) => {
	const server = await startScripted((_operation, response) => reply(response, status, body));
	const { credentials } = server;
	const { error } = await generate(simulator, {
		credentials,
		settings: RETRY,
		options: { timeout: 3 },
	});
	await server.close();

	expect(server.requests.slice(0, status === 500 ? 3 : 1)).toEqual(['POST runsync']);
	expect(error?.message).toContain(message);
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

test.each([
	'={{ ["AC/DC live", "AC-DC live", "ac-dc live.mp4", "AC/DC live.MP4 "][$itemIndex] }}',
	`={{ "${'é'.repeat(150)}" + $itemIndex }}`,
])('names that only differ in spelling or far behind stay distinct: %s', async (fileName) => {
	const names = namesOf(await generate(simulator, { prompts: shots(4), ...download(fileName) }));
	expect(new Set(names.map((name) => name?.toLowerCase())).size).toBe(4);
	expect(names.every((name) => name?.endsWith('.mp4'))).toBe(true);
});

test('without a name the files are named after their jobs', async () => {
	const result = await generate(simulator, { prompts: shots(2), ...download('') });
	expect(namesOf(result)).toEqual(result.items.map(({ json }) => `pruna-video-${json.id}.mp4`));
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
