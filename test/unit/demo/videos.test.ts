import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSimulator, type Simulator } from '../../tools/simulator';
import { findFaults, table, usd, type MadeVideo } from '../../tools/demo/videos';

let simulator: Simulator;
let folder: string;
let videos: MadeVideo[];

beforeEach(async () => {
	simulator = await startSimulator();
	folder = await mkdtemp(join(tmpdir(), 'demo-test-'));
	videos = await Promise.all([makeVideo('a fox'), makeVideo('a boat')]);
});

afterEach(async () => {
	await simulator.close();
	await rm(folder, { recursive: true });
});

/** What n8n would have given and saved, had it been asked for one video. */
async function makeVideo(prompt: string): Promise<MadeVideo> {
	const response = await fetch(`${simulator.baseUrl}/p-video/runsync`, {
		method: 'POST',
		headers: { authorization: `Bearer ${simulator.apiKey}`, 'content-type': 'application/json' },
		body: JSON.stringify({ input: { prompt } }),
	});
	const job = (await response.json()) as {
		id: string;
		status: string;
		output: { video_url: string; cost: number };
	};
	const { id, status, output } = job;
	const path = join(folder, `${id}.mp4`);
	await writeFile(path, await served(output.video_url));
	return { prompt, id, status, url: output.video_url, cost: output.cost, seconds: 1, path };
}

async function served(url: string): Promise<Buffer> {
	return Buffer.from(await (await fetch(url)).arrayBuffer());
}

async function saveAs(video: MadeVideo | undefined, change: (file: Buffer) => Buffer) {
	if (video) await writeFile(video.path, change(await served(video.url)));
}

it('finds no fault when files, jobs and the bill agree', async () => {
	expect(await findFaults(videos, 2, simulator)).toEqual([]);
});

it.each<[string, RegExp, () => unknown]>([
	['a video too few', /1 videos instead of 2/, () => videos.pop()],
	['a job that no item shows', /took 3 jobs/, async () => await makeVideo('a stowaway')],
	['a wrong cost', /cost \$0.1, not \$0.2/, () => Object.assign(videos[0] ?? {}, { cost: 0.2 })],
	['a wrong total', /billed \$0.2, not/, () => Object.assign(videos[0] ?? {}, { cost: 0.2 })],
	[
		'an unfinished item',
		/is IN_QUEUE/,
		() => Object.assign(videos[1] ?? {}, { status: 'IN_QUEUE' }),
	],
	['an unknown job', /unknown at the simulator/, () => Object.assign(videos[1] ?? {}, { id: 'x' })],
	['no file', /there is no file/, async () => await rm(videos[0]?.path ?? '')],
	['half a file', /not what its URL serves/, () => saveAs(videos[0], (file) => file.subarray(99))],
	['a dead URL', /its URL answers 404/, () => simulator.advance(8 * 24 * 3600 * 1000)],
	[
		'a shared file',
		/share a file/,
		() => Object.assign(videos[1] ?? {}, { path: videos[0]?.path }),
	],
])('finds %s', async (_name, fault, spoil) => {
	await spoil();
	expect(await findFaults(videos, 2, simulator)).toContainEqual(expect.stringMatching(fault));
});

it('prints amounts as money', () => {
	expect([0.1, 0.025, 0.3, 12, 0.1 + 0.2].map(usd)).toEqual([
		'$0.10',
		'$0.025',
		'$0.30',
		'$12.00',
		'$0.30',
	]);
});

it('fits into 100 columns, but for addresses', () => {
	const long = { ...(videos[0] as MadeVideo), prompt: 'word '.repeat(50) };
	const lines = table([long]).filter((line) => !/^ {4}(video|file)/.test(line));
	expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
});
