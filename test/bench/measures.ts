/** The measures by name: how large each is, and what its lines in the table say. */

import { measureBatches } from './batches';
import { measureGrowth, measureItemCosts, measureItemMemory } from './costs';
import { measureDownloads, measureUploads } from './files';
import { measureLoading } from './loading';
import { atLeast, atMost, type Row } from './row';
import { mean, median, ratios, spread } from './statistics';
import type { Surroundings } from './surroundings';
import { measureFairness, measureLatency, POLL_INTERVAL_SECONDS } from './waiting';

export type Measure = (surroundings: Surroundings, isQuick: boolean) => Promise<Row[]>;

const MEGABYTE = 1e6;

/** Values in a larger unit. */
function per(values: readonly number[], unit: number): number[] {
	return values.map((value) => value / unit);
}

async function batch(surroundings: Surroundings, isQuick: boolean): Promise<Row[]> {
	const size = { jobs: 200, jobMs: 1000, parallel: 50, repeats: isQuick ? 2 : 7 };
	const { idealMs, own, http } = await measureBatches(surroundings, size, 'alike');
	const measure = '200 jobs of 1 s, 50 in parallel';
	const ours = `${spread(per(own, 1000))} s`;
	return [
		{
			measure,
			own: ours,
			against: `ideal: ${idealMs / 1000} s`,
			values: per(own, idealMs),
			isRatio: true,
			target: atMost(1.05, { guard: 1.25 }),
		},
		{
			measure,
			own: ours,
			against: `HTTP Request, 50 a second: ${spread(per(http, 1000))} s`,
			values: ratios(own, http),
			isRatio: true,
			target: atMost(1, { guard: 1.2 }),
		},
	];
}

async function burst(surroundings: Surroundings, isQuick: boolean): Promise<Row[]> {
	const rows: Row[] = [];
	// At one second a job the machine's work on a thousand requests shows; at two, as in a draft, it is waited out.
	for (const seconds of [1, 2]) {
		const size = {
			...{ jobs: 1000, jobMs: 1000 * seconds, parallel: 400 },
			repeats: isQuick ? 1 : 5,
		};
		const { idealMs, own, http, lost } = await measureBatches(surroundings, size, 'default');
		const share = (count: number) => `${(count / own.length).toFixed(0)} of ${size.jobs}`;
		const measure = `1000 jobs of ${seconds} s where 400 at once are allowed`;
		rows.push(
			{
				measure: `${measure}: items lost`,
				own: share(lost.own),
				against: `HTTP Request, all at once: ${share(lost.http)}`,
				values: [lost.own],
				isRatio: false,
				target: atMost(0, { guard: 0 }),
			},
			{
				measure: `${measure}: wall time`,
				own: `${spread(per(own, 1000))} s`,
				against: `ideal: ${idealMs / 1000} s; HTTP Request: ${spread(per(http, 1000))} s`,
				values: per(own, idealMs),
				isRatio: true,
				target: atMost(1.1, { guard: 1.6 }),
			},
		);
	}
	return rows;
}

async function cpu(surroundings: Surroundings, isQuick: boolean): Promise<Row[]> {
	const size = isQuick ? { items: 1000, repeats: 2 } : { items: 5000, repeats: 7 };
	const { own, http, httpBatched, undici } = await measureItemCosts(surroundings, size);
	const line = (against: string, other: number[], target?: Row['target']): Row => ({
		measure: `CPU per item, ${size.items} items, jobs that take no time`,
		own: `${spread(own)} ms`,
		against: `${against}: ${spread(other)} ms`,
		values: ratios(own, other),
		isRatio: true,
		target,
	});
	return [
		line('HTTP Request, all at once', http, atMost(1, { guard: 1.3 })),
		line('HTTP Request, 50 at once', httpBatched),
		line('bare undici', undici),
	];
}

async function growth(surroundings: Surroundings, isQuick: boolean): Promise<Row[]> {
	const size = isQuick
		? { sizes: [100, 500, 2500] as const, rounds: 1 }
		: { sizes: [100, 1000, 10_000] as const, rounds: 5 };
	const { cpuMs, ofLine } = await measureGrowth(surroundings, size);
	const [small, middle, large] = size.sizes;
	const perItem = (items: number) => spread(per(cpuMs[items] ?? [], items));
	return [
		{
			measure: `CPU per item, ${large} items`,
			own: `${perItem(large)} ms`,
			against: `${small} items: ${perItem(small)} ms; ${middle} items: ${perItem(middle)} ms`,
			values: ofLine,
			isRatio: true,
			target: atMost(1.05, { guard: 1.3 }),
		},
	];
}

async function memory(surroundings: Surroundings, isQuick: boolean): Promise<Row[]> {
	const items = isQuick ? 1000 : 5000;
	const { own, http } = await measureItemMemory(surroundings, items);
	return [
		{
			measure: `Memory per item beyond its output, ${items} items`,
			own: `${(own / 1000).toFixed(1)} kB`,
			against: `HTTP Request, 50 at once: ${(http / 1000).toFixed(1)} kB`,
			values: [own / 1000],
			isRatio: false,
			target: atMost(4, { unit: 'kB', guard: 8 }),
		},
	];
}

async function download(surroundings: Surroundings, isQuick: boolean): Promise<Row[]> {
	const videoBytes = 50 * MEGABYTE;
	const size = { videos: isQuick ? 10 : 50, videoBytes, repeats: isQuick ? 1 : 5 };
	const { own, http, curl } = await measureDownloads(surroundings, size);
	const measure = `${size.videos} videos of 50 MB to disk`;
	const rate = (values: readonly number[]) => `${spread(per(values, MEGABYTE), 0)} MB/s`;
	const others = `HTTP Request: ${rate(http.bytesPerSecond)}`;
	return [
		{
			measure: `${measure}: peak memory`,
			own: `${spread(per(own.memoryGrowth, MEGABYTE), 0)} MB`,
			against: `HTTP Request: ${spread(per(http.memoryGrowth, MEGABYTE), 0)} MB`,
			values: per(own.memoryGrowth, MEGABYTE),
			isRatio: false,
			target: atMost(64, { unit: 'MB', guard: 100 }),
		},
		{
			measure: `${measure}: rate`,
			own: rate(own.bytesPerSecond),
			against: curl ? `${others}; curl: ${rate(curl.bytesPerSecond)}` : others,
			values: ratios(own.bytesPerSecond, http.bytesPerSecond),
			isRatio: true,
			target: atLeast(0.95, { guard: 0.5 }),
		},
	];
}

async function upload(surroundings: Surroundings, isQuick: boolean): Promise<Row[]> {
	const imageBytes = 14.9 * MEGABYTE;
	const multiples = await measureUploads(surroundings, { imageBytes, repeats: isQuick ? 2 : 7 });
	return [
		{
			measure: 'Image of 15 MB from disk: peak memory',
			own: `${spread(
				multiples.map((multiple) => (multiple * imageBytes) / MEGABYTE),
				0,
			)} MB`,
			against: 'its size',
			values: multiples,
			isRatio: true,
			target: atMost(4, { guard: 5 }),
		},
	];
}

async function asynchronous(surroundings: Surroundings, isQuick: boolean): Promise<Row[]> {
	const size = { jobs: isQuick ? 20 : 100, jobMs: 10_000 };
	const { latencies, polls } = await measureLatency(surroundings, size);
	const interval = POLL_INTERVAL_SECONDS;
	const intervals = per(latencies, interval * 1000);
	return [
		{
			measure: 'Async, from the end of a job to the return (mean)',
			own: `${(mean(latencies) / 1000).toFixed(2)} s (${(Math.min(...latencies) / 1000).toFixed(2)}–${(Math.max(...latencies) / 1000).toFixed(2)})`,
			against: `poll interval: ${interval} s`,
			values: [mean(intervals)],
			isRatio: true,
			target: atMost(0.5, { guard: 0.75 }),
		},
		{
			measure: 'Async, polls for a job of 10 s',
			own: spread(polls, 0),
			against: '',
			values: [Math.max(...polls)],
			isRatio: false,
			target: atMost(10, { guard: 10 }),
		},
	];
}

async function load(surroundings: Surroundings, isQuick: boolean): Promise<Row[]> {
	const { own, empty, starter } = await measureLoading(surroundings, {
		repeats: isQuick ? 5 : 25,
	});
	return [
		{
			measure: 'Loading the node, over an empty one',
			own: `${spread(own, 1)} ms`,
			against: `empty: ${spread(empty, 1)} ms; n8n's starter: ${spread(starter, 1)} ms`,
			values: own.map((time, index) => time - (empty[index] ?? NaN)),
			isRatio: false,
			target: atMost(10, { unit: 'ms', guard: 25 }),
		},
		{
			measure: 'Package, packed',
			own: `${(surroundings.tarballBytes / 1000).toFixed(1)} kB`,
			against: '',
			values: [surroundings.tarballBytes / 1000],
			isRatio: false,
			target: atMost(100, { unit: 'kB', guard: 100 }),
		},
	];
}

async function fairness(surroundings: Surroundings, isQuick: boolean): Promise<Row[]> {
	const size = { items: 400, jobMs: isQuick ? 5_000 : 20_000, repeats: isQuick ? 1 : 3 };
	const { polling, idle } = await measureFairness(surroundings, size);
	return [
		{
			measure: 'Delay of the event loop while 400 items poll (p99)',
			own: `${spread(polling.p99, 1)} ms, most ${median(polling.max).toFixed(0)} ms`,
			against: `idle engine: ${spread(idle.p99, 1)} ms, most ${median(idle.max).toFixed(0)} ms`,
			values: polling.p99,
			isRatio: false,
			target: atMost(20, { unit: 'ms' }),
		},
	];
}

export const MEASURES: Readonly<Record<string, Measure>> = {
	load,
	batch,
	burst,
	cpu,
	growth,
	memory,
	download,
	upload,
	async: asynchronous,
	fairness,
};
