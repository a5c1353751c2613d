/** What an item costs in CPU and memory when its job takes no time, and how that grows. */

import { median } from './statistics';
import { generate, httpRequest, prompts, undici } from './subjects';
import { withWorker, type Surroundings } from './surroundings';

const PARALLEL = 50;
/** Starts 50 items, and the next ones at once: the least pause that the HTTP Request node can be told. */
const LIKEWISE = { batchSize: PARALLEL, batchInterval: 1 };
const NO_LIMITS = {
	rateLimits: Object.fromEntries(
		['runsync', 'run', 'status', 'cancel'].map((name) => [
			name,
			{ requests: 1e9, concurrent: 1e9 },
		]),
	),
};

/** ms of CPU per item, run by run. */
export interface ItemCosts {
	own: number[];
	/** All at once, as it is unless told otherwise. */
	http: number[];
	/** In batches of as many as this node has in parallel. */
	httpBatched: number[];
	undici: number[];
}

export async function measureItemCosts(
	surroundings: Surroundings,
	{ items: count, repeats }: { items: number; repeats: number },
): Promise<ItemCosts> {
	const items = prompts(count, 0);
	const works = {
		own: generate(items, { concurrency: PARALLEL }),
		http: httpRequest(surroundings, items),
		httpBatched: httpRequest(surroundings, items, LIKEWISE),
		undici: undici(surroundings, items, PARALLEL),
	};
	return await withWorker(surroundings, async (worker) => {
		const costs: ItemCosts = { own: [], http: [], httpBatched: [], undici: [] };
		// The first round warms up.
		for (let round = 0; round <= repeats; round++) {
			for (const name of ['own', 'http', 'httpBatched', 'undici'] as const) {
				await surroundings.simulator.reset(NO_LIMITS);
				const { cpuMs, done, failure } = await worker.run(works[name]);
				if (done !== count) throw new Error(`${name} lost ${count - done} items: ${failure}`);
				if (round > 0) costs[name].push(cpuMs / count);
			}
		}
		return costs;
	});
}

export interface Growth {
	/** ms of CPU for a run of each size, round by round: the median of a round's runs. */
	cpuMs: Record<number, number[]>;
	/** What the largest run took of what a straight line through the two smaller ones says, round by round. */
	ofLine: number[];
}

/** @param sizes of runs, in items; the smaller a size is, the more often it is measured */
export async function measureGrowth(
	surroundings: Surroundings,
	{ sizes, rounds }: { sizes: readonly [number, number, number]; rounds: number },
): Promise<Growth> {
	const [small, middle, large] = sizes;
	return await withWorker(surroundings, async (worker) => {
		const run = async (size: number) => {
			await surroundings.simulator.reset(NO_LIMITS);
			return await worker.run(generate(prompts(size, 0), { concurrency: PARALLEL }));
		};
		const medianOf = async (times: number, size: number) => {
			const runs: number[] = [];
			while (runs.length < times) runs.push((await run(size)).cpuMs);
			return median(runs);
		};
		const cpuMs: Record<number, number[]> = { [small]: [], [middle]: [], [large]: [] };
		const ofLine: number[] = [];
		for (let warmUp = 0; warmUp < 3; warmUp++) await run(middle);
		for (let round = 0; round < rounds; round++) {
			const atSmall = await medianOf(8, small);
			const atMiddle = await medianOf(4, middle);
			const atLarge = await medianOf(1, large);
			cpuMs[small]?.push(atSmall);
			cpuMs[middle]?.push(atMiddle);
			cpuMs[large]?.push(atLarge);
			const slope = (atMiddle - atSmall) / (middle - small);
			ofLine.push(atLarge / (atMiddle + slope * (large - middle)));
		}
		return { cpuMs, ofLine };
	});
}

/** Bytes of live heap per item that a run needs at its peak beyond what its result holds. */
export async function measureItemMemory(
	surroundings: Surroundings,
	count: number,
): Promise<{ own: number; http: number }> {
	const items = prompts(count, 0);
	const works = {
		own: generate(items, { concurrency: PARALLEL }),
		http: httpRequest(surroundings, items, LIKEWISE),
	};
	const beyondOutput = async (name: keyof typeof works) =>
		await withWorker(surroundings, async (worker) => {
			await surroundings.simulator.reset(NO_LIMITS);
			await worker.run({ ...works[name], items: items.slice(0, 200) });
			const { heap } = await worker.run({ ...works[name], heapEveryMs: 250 });
			return ((heap?.peak ?? NaN) - (heap?.end ?? NaN)) / count;
		});
	return { own: await beyondOutput('own'), http: await beyondOutput('http') };
}
