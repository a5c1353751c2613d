/** Large files on their way from and to the disk, and what this package itself adds to n8n's disk and start. */

import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runProgram } from '../n8n/program';
import { runAll, withWorker, type Surroundings } from './surroundings';
import { ratios, spread, type Row } from './table';
import { generate, httpDownload, prompts, type Task } from './task';

const MEGABYTE = 1e6;

/** Each run has a process of its own, since memory is measured by its peak. */
export async function download(surroundings: Surroundings, isQuick: boolean): Promise<Row[]> {
	const { simulator } = surroundings;
	const [count, repeats] = isQuick ? [10, 1] : [50, 5];
	const own = { rate: [] as number[], growth: [] as number[] };
	const http = { rate: [] as number[], growth: [] as number[] };
	const fetchWith = async (result: typeof own, task: Task) =>
		await withWorker(surroundings, async (run) => {
			await run({ ...task, items: task.items.slice(0, 2) });
			const { wallMs, memoryGrowth } = await runAll(run, { ...task, watchesMemory: true });
			result.rate.push((count * 50) / (wallMs / 1000));
			result.growth.push(memoryGrowth / MEGABYTE);
		});

	for (let round = 0; round < repeats; round++) {
		await simulator.call('reset', { videoBytes: 50 * MEGABYTE });
		await fetchWith(own, generate(prompts(count, 0), {}, { download: true }));
		const urls = (await simulator.call('jobs')).map(({ id }) => videoUrl(surroundings, id));
		await fetchWith(http, httpDownload(urls.slice(-count).map((url) => ({ url }))));
	}
	const measure = `${count} videos of 50 MB to disk`;
	return [
		{
			measure: `${measure}: peak memory`,
			own: `${spread(own.growth, 0)} MB`,
			against: `HTTP Request: ${spread(http.growth, 0)} MB`,
			values: own.growth,
			target: { bound: 64, unit: 'MB', guard: 100 },
		},
		{
			measure: `${measure}: rate`,
			own: `${spread(own.rate, 0)} MB/s`,
			against: `HTTP Request: ${spread(http.rate, 0)} MB/s`,
			values: ratios(own.rate, http.rate),
			isRatio: true,
			target: { bound: 0.95, isLeast: true, guard: 0.5 },
		},
	];
}

function videoUrl({ credentials }: Surroundings, id: string): string {
	return new URL(`/video/${id}/output.mp4`, credentials.baseUrl).href;
}

/** Peak growth of memory for one image from n8n's binary storage. */
export async function upload(surroundings: Surroundings, isQuick: boolean): Promise<Row[]> {
	const imageBytes = 14.9 * MEGABYTE;
	const image = { imageSource: 'binary', imageBinaryField: 'data' };
	const task = generate(prompts(1, 0), { executionMode: 'sync' }, image);
	const growths: number[] = [];
	for (let round = 0; round < (isQuick ? 2 : 7); round++) {
		await surroundings.simulator.call('reset', {});
		await withWorker(surroundings, async (run) => {
			await run({ ...task, imageBytes: 1000 });
			growths.push((await runAll(run, { ...task, imageBytes, watchesMemory: true })).memoryGrowth);
		});
	}
	return [
		{
			measure: 'Image of 15 MB from disk: peak memory',
			own: `${spread(growths, 0, MEGABYTE)} MB`,
			against: 'its size',
			values: growths.map((bytes) => bytes / imageBytes),
			isRatio: true,
			target: { bound: 4, guard: 5 },
		},
	];
}

const EMPTY_NODE = `
const { NodeConnectionTypes } = require('n8n-workflow');
exports.Empty = class Empty {
	description = {
		displayName: 'Empty', name: 'empty', group: ['transform'], version: 1, description: '', defaults: {},
		inputs: [NodeConnectionTypes.Main], outputs: [NodeConnectionTypes.Main], properties: [],
	};
};`;

/** n8n-workflow and crypto are there already when n8n comes to its nodes. */
const STOPWATCH = `
require('n8n-workflow');
require('node:crypto');
const began = performance.now();
const [Node] = Object.values(require(process.argv[1]));
new Node();
console.log(performance.now() - began);`;

/** ms to load a node in a process of its own: this one, and one without any field. */
export async function load(surroundings: Surroundings, isQuick: boolean): Promise<Row[]> {
	const { n8n, n8nModules, packageFolder, folder, tarballBytes } = surroundings;
	const files = {
		own: join(packageFolder, 'dist/nodes/PrunaVideo/PrunaVideo.node.js'),
		empty: join(folder, 'empty/Empty.node.js'),
	};
	await mkdir(dirname(files.empty), { recursive: true });
	await writeFile(files.empty, EMPTY_NODE);
	const env = { ...process.env, NODE_PATH: n8nModules };
	const times = { own: [] as number[], empty: [] as number[] };
	// The first round brings the files into the disk's cache.
	for (let round = 0; round <= (isQuick ? 5 : 25); round++) {
		for (const name of ['own', 'empty'] as const) {
			const args = ['-e', STOPWATCH, files[name]];
			const { stdout } = await runProgram(n8n.nodePath, args, { env, cwd: folder });
			if (round > 0) times[name].push(Number(stdout || NaN));
		}
	}
	return [
		{
			measure: 'Loading the node, over an empty one',
			own: `${spread(times.own, 1)} ms`,
			against: `empty: ${spread(times.empty, 1)} ms`,
			values: times.own.map((time, index) => time - (times.empty[index] ?? NaN)),
			target: { bound: 10, unit: 'ms', guard: 25 },
		},
		{
			measure: 'Package, packed',
			own: `${(tarballBytes / 1000).toFixed(1)} kB`,
			values: [tarballBytes / 1000],
			target: { bound: 100, unit: 'kB', guard: 100 },
		},
	];
}
