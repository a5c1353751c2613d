/** What an item costs in CPU and memory when its job takes no time, and how that grows. */

import { runAll, withWorker, type Run, type Surroundings } from './surroundings';
import { median, ratios, spread, type Row } from './table';
import { generate, httpRequest, prompts, type Task } from './task';

const PARALLEL = 50;
/** Starts 50 items, and the next ones at once: the least pause that the HTTP Request node can be told. */
const LIKEWISE = { batchSize: PARALLEL, batchInterval: 1 };

/** ms of CPU. */
async function cpuOf({ simulator }: Surroundings, run: Run, task: Task): Promise<number> {
	await simulator.call('resetWithoutLimits');
	return (await runAll(run, task)).cpuMs;
}

export async function cpu(surroundings: Surroundings, isQuick: boolean): Promise<Row[]> {
	const [count, repeats] = isQuick ? [1000, 2] : [5000, 7];
	const items = prompts(count, 0);
	const tasks = {
		own: generate(items, { concurrency: PARALLEL }),
		http: httpRequest(surroundings.credentials.baseUrl, items),
	};
	const costs = { own: [] as number[], http: [] as number[] };
	await withWorker(surroundings, async (run) => {
		// The first round warms up.
		for (let round = 0; round <= repeats; round++) {
			for (const name of ['own', 'http'] as const) {
				const ms = await cpuOf(surroundings, run, tasks[name]);
				if (round > 0) costs[name].push(ms / count);
			}
		}
	});
	return [
		{
			measure: `CPU per item, ${count} items, jobs that take no time`,
			own: `${spread(costs.own)} ms`,
			against: `HTTP Request, all at once: ${spread(costs.http)} ms`,
			values: ratios(costs.own, costs.http),
			isRatio: true,
			target: { bound: 1, guard: 1.3 },
		},
	];
}

/** What the largest run takes of what a straight line through two smaller ones says. */
export async function growth(surroundings: Surroundings, isQuick: boolean): Promise<Row[]> {
	const [small, middle, large] = isQuick ? [100, 500, 2500] : [100, 1000, 10_000];
	const rounds = isQuick ? 1 : 5;
	const cpuMs = { small: [] as number[], middle: [] as number[], large: [] as number[] };
	const ofLine: number[] = [];
	await withWorker(surroundings, async (run) => {
		const once = async (size: number) =>
			await cpuOf(surroundings, run, generate(prompts(size, 0), { concurrency: PARALLEL }));
		const medianOf = async (times: number, size: number) => {
			const runs: number[] = [];
			while (runs.length < times) runs.push(await once(size));
			return median(runs);
		};
		await medianOf(3, middle);
		for (let round = 0; round < rounds; round++) {
			const atSmall = await medianOf(8, small);
			const atMiddle = await medianOf(4, middle);
			const atLarge = await once(large);
			cpuMs.small.push(atSmall / small);
			cpuMs.middle.push(atMiddle / middle);
			cpuMs.large.push(atLarge / large);
			const slope = (atMiddle - atSmall) / (middle - small);
			ofLine.push(atLarge / (atMiddle + slope * (large - middle)));
		}
	});
	return [
		{
			measure: `CPU per item, ${large} items`,
			own: `${spread(cpuMs.large)} ms`,
			against: `${small} items: ${spread(cpuMs.small)} ms; ${middle} items: ${spread(cpuMs.middle)} ms`,
			values: ofLine,
			isRatio: true,
			target: { bound: 1.05, guard: 1.3 },
		},
	];
}

/** Live heap per item that a run needs at its peak beyond what its result holds. */
export async function memory(surroundings: Surroundings, isQuick: boolean): Promise<Row[]> {
	const count = isQuick ? 1000 : 5000;
	const items = prompts(count, 0);
	const kilobytes = async (task: Task) =>
		await withWorker(surroundings, async (run) => {
			await surroundings.simulator.call('resetWithoutLimits');
			await run({ ...task, items: items.slice(0, 200) });
			const { heap } = await run({ ...task, heapEveryMs: 250 });
			return ((heap?.peak ?? NaN) - (heap?.end ?? NaN)) / count / 1000;
		});
	const own = await kilobytes(generate(items, { concurrency: PARALLEL }));
	const http = await kilobytes(httpRequest(surroundings.credentials.baseUrl, items, LIKEWISE));
	return [
		{
			measure: `Memory per item beyond its output, ${count} items`,
			own: `${own.toFixed(1)} kB`,
			against: `HTTP Request, 50 at once: ${http.toFixed(1)} kB`,
			values: [own],
			target: { bound: 4, unit: 'kB', guard: 8 },
		},
	];
}
