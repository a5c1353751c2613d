/** Many jobs at once: wall time, and what is lost where Runpod allows less than is wanted. */

import type { Surroundings } from './surroundings';
import { withWorker } from './surroundings';
import { ratios, spread, type Row } from './table';
import { generate, httpRequest, prompts } from './task';

interface BatchSize {
	jobs: number;
	jobMs: number;
	/** Items in parallel. */
	parallel: number;
	repeats: number;
}

/**
 * The batch with this node, and with the HTTP Request node, run by run; wall time in ms. `alike` lets that start as many
 * at once and the next ones after a job's time, `default` is what it does when nobody sets its batching: all at once.
 */
async function measureBatches(
	surroundings: Surroundings,
	{ jobs, jobMs, parallel, repeats }: BatchSize,
	batching: 'alike' | 'default',
) {
	const { simulator, credentials } = surroundings;
	const items = prompts(jobs, jobMs);
	const alike = batching === 'alike' ? { batchSize: parallel, batchInterval: jobMs } : undefined;
	const warmUp = prompts(parallel, 0);
	return await withWorker(surroundings, async (run) => {
		await run(generate(warmUp, { concurrency: parallel }));
		await run(httpRequest(credentials.baseUrl, warmUp));
		const batches = { own: [] as number[], http: [] as number[], ownLost: 0, httpLost: 0 };
		for (let round = 0; round < repeats; round++) {
			await simulator.call('reset', {});
			const ownTask = generate(items, { concurrency: parallel });
			const own = await run({ ...ownTask, continueOnFail: true });
			await simulator.call('reset', {});
			const httpTask = httpRequest(credentials.baseUrl, items, alike);
			const http = await run({ ...httpTask, continueOnFail: true });
			batches.own.push(own.wallMs);
			batches.http.push(http.wallMs);
			batches.ownLost += jobs - own.done;
			batches.httpLost += jobs - http.done;
		}
		return batches;
	});
}

export async function batch(surroundings: Surroundings, isQuick: boolean): Promise<Row[]> {
	const size = { jobs: 200, jobMs: 1000, parallel: 50, repeats: isQuick ? 2 : 7 };
	const { own, http } = await measureBatches(surroundings, size, 'alike');
	const row = {
		measure: '200 jobs of 1 s, 50 in parallel',
		own: `${spread(own, 2, 1000)} s`,
		isRatio: true,
	};
	return [
		{
			...row,
			against: 'ideal: 4 s',
			values: own.map((ms) => ms / 4000),
			target: { bound: 1.05, guard: 1.25 },
		},
		{
			...row,
			against: `HTTP Request, 50 a second: ${spread(http, 2, 1000)} s`,
			values: ratios(own, http),
			target: { bound: 1, guard: 1.2 },
		},
	];
}

export async function burst(surroundings: Surroundings, isQuick: boolean): Promise<Row[]> {
	const rows: Row[] = [];
	// At one second a job the machine's work on a thousand requests shows; at two, as in a draft, it is waited out.
	for (const seconds of [1, 2]) {
		const jobMs = 1000 * seconds;
		const size = { jobs: 1000, jobMs, parallel: 400, repeats: isQuick ? 1 : 5 };
		const { own, http, ownLost, httpLost } = await measureBatches(surroundings, size, 'default');
		const share = (count: number) => `${(count / size.repeats).toFixed(0)} of 1000`;
		const measure = `1000 jobs of ${seconds} s where 400 at once are allowed`;
		rows.push(
			{
				measure: `${measure}: items lost`,
				own: share(ownLost),
				against: `HTTP Request, all at once: ${share(httpLost)}`,
				values: [ownLost],
				target: { bound: 0, guard: 0 },
			},
			{
				measure: `${measure}: wall time`,
				own: `${spread(own, 2, 1000)} s`,
				against: `ideal: ${3 * seconds} s; HTTP Request: ${spread(http, 2, 1000)} s`,
				values: own.map((ms) => ms / (3 * jobMs)),
				isRatio: true,
				target: { bound: 1.1, guard: 1.6 },
			},
		);
	}
	return rows;
}

/** Two executions that know nothing of one another share Runpod's limit: each wants as much as there is. */
export async function rivals(surroundings: Surroundings, isQuick: boolean): Promise<Row[]> {
	const { simulator } = surroundings;
	const seconds = isQuick ? 10 : 30;
	const task = { ...generate(prompts(1000, 1000 * seconds), { concurrency: 400 }), executions: 2 };
	return await withWorker(surroundings, async (run) => {
		await run(generate(prompts(400, 0), { concurrency: 400 }));
		await simulator.call('reset', {});
		const { done, wallMs, failure } = await run({ ...task, continueOnFail: true });
		const jobs = await simulator.call('jobs');
		const videos = jobs.filter(({ status }) => status === 'COMPLETED').length;
		const measure = `1000 jobs of ${seconds} s by two executions at once, 400 jobs allowed`;
		return [
			{
				measure: `${measure}: items lost`,
				own: `${1000 - done} of 1000${failure === undefined ? '' : `: ${failure}`}`,
				values: [1000 - done],
				target: { bound: 0, guard: 0 },
			},
			{
				measure: `${measure}: jobs beyond the videos`,
				own: `${jobs.length} jobs, ${videos} videos`,
				values: [Math.abs(jobs.length - 1000) + Math.abs(videos - 1000)],
				target: { bound: 0, guard: 0 },
			},
			{
				measure: `${measure}: wall time`,
				own: `${(wallMs / 1000).toFixed(1)} s`,
				against: `ideal: ${3 * seconds} s`,
				values: [wallMs / (3000 * seconds)],
				isRatio: true,
				target: { bound: 1.3, guard: 1.8 },
			},
		];
	});
}
