/** Large files: videos that are downloaded to disk, and an image that is uploaded from there. */

import { execFile } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { generate, httpDownload, prompts } from './subjects';
import { withWorker, type Surroundings } from './surroundings';
import type { Task } from './task';

export interface DownloadSize {
	videos: number;
	videoBytes: number;
	repeats: number;
}

/** Of one client, run by run. */
export interface Download {
	bytesPerSecond: number[];
	/** Bytes. */
	memoryGrowth: number[];
}

/** The files of n8n's default: on disk. Each run has a process of its own, since memory is measured by its peak. */
export async function measureDownloads(
	surroundings: Surroundings,
	{ videos, videoBytes, repeats }: DownloadSize,
): Promise<{ own: Download; http: Download; curl?: Download }> {
	const { simulator } = surroundings;
	const own: Download = { bytesPerSecond: [], memoryGrowth: [] };
	const http: Download = { bytesPerSecond: [], memoryGrowth: [] };
	const curl: Download = { bytesPerSecond: [], memoryGrowth: [] };
	const total = videos * videoBytes;

	const fetchWith = async (result: Download, work: Omit<Task, 'credentials'>, warmUp: number) =>
		await withWorker(surroundings, async (worker) => {
			await worker.run({ ...work, items: work.items.slice(0, warmUp) });
			const { wallMs, memoryGrowth, done, failure } = await worker.run({
				...work,
				watchesMemory: true,
			});
			if (done !== videos) throw new Error(`Of ${videos} videos ${done} were had: ${failure}`);
			result.bytesPerSecond.push(total / (wallMs / 1000));
			result.memoryGrowth.push(memoryGrowth);
		});

	for (let run = 0; run < repeats; run++) {
		await simulator.reset({ videoBytes });
		await fetchWith(own, generate(prompts(videos, 0), {}, { download: true }), 2);
		const urls = (await videoUrls(surroundings)).slice(-videos);
		const items = urls.map((url) => ({ url }));
		await fetchWith(http, httpDownload(items), 2);
		const seconds = await curlSeconds(surroundings, urls);
		if (seconds !== undefined) curl.bytesPerSecond.push(total / seconds);
	}
	await simulator.reset();
	return { own, http, ...(curl.bytesPerSecond.length > 0 && { curl }) };
}

async function videoUrls({ simulator }: Surroundings): Promise<string[]> {
	const { jobs } = (await simulator.control('ledger')) as {
		jobs: Array<{ output?: { video_url: string } }>;
	};
	return jobs.flatMap(({ output }) => (output ? [output.video_url] : []));
}

/** curl with as many downloads in parallel as this node has unless told otherwise; undefined where there is none. */
async function curlSeconds(
	{ folder }: Surroundings,
	urls: readonly string[],
): Promise<number | undefined> {
	const target = join(folder, 'curl');
	await mkdir(target, { recursive: true });
	const files = urls.flatMap((url, index) => [url, '-o', join(target, `${index}.mp4`)]);
	const began = performance.now();
	try {
		await promisify(execFile)('curl', ['-s', '-f', '-Z', '--parallel-max', '5', ...files]);
		return (performance.now() - began) / 1000;
	} catch {
		return undefined;
	} finally {
		await rm(target, { recursive: true, force: true });
	}
}

/** Peak growth of memory for one image from n8n's binary storage, in multiples of the image, run by run. */
export async function measureUploads(
	surroundings: Surroundings,
	{ imageBytes, repeats }: { imageBytes: number; repeats: number },
): Promise<number[]> {
	const image = { imageSource: 'binary', imageBinaryField: 'data' };
	const work = generate(prompts(1, 0), { executionMode: 'sync' }, image);
	const growths: number[] = [];
	for (let run = 0; run < repeats; run++) {
		await surroundings.simulator.reset();
		await withWorker(surroundings, async (worker) => {
			await worker.run({ ...work, imageBytes: 1000 });
			const measured = await worker.run({ ...work, imageBytes, watchesMemory: true });
			if (measured.done !== 1) throw new Error(`The upload failed: ${measured.failure}`);
			growths.push(measured.memoryGrowth / imageBytes);
		});
	}
	return growths;
}
