/** Jobs that are submitted, then waited for: how soon their end is seen, with how many requests, and what n8n notices. */

import { runAll, withWorker, type Surroundings } from './surroundings';
import { mean, median, spread, type Row } from './table';
import { generate, prompts } from './task';

const ASYNC = { executionMode: 'async' };
const JOB_MS = 10_000;

/** Jobs of about 10 s whose ends are spread over two seconds, each in an execution of its own; then 400 in one. */
export async function asynchronous(surroundings: Surroundings, isQuick: boolean): Promise<Row[]> {
	const { simulator } = surroundings;
	const count = isQuick ? 20 : 100;
	const items = Array.from({ length: count }, (_, index) => {
		return prompts(1, Math.round(JOB_MS + (index / count - 0.5) * 2000))[0] ?? {};
	});
	return await withWorker(surroundings, async (run) => {
		await run({ ...generate(prompts(20, 0), {}), executions: 20 });
		await simulator.call('reset', { recordRequests: true });
		const split = { ...generate(items, ASYNC), executions: count };
		const { returnedAt = {} } = await runAll(run, split);
		const jobs = await simulator.call('jobs');
		const latencies = jobs.map(
			({ id, history }) => ((returnedAt[id] ?? NaN) - (history.at(-1)?.at ?? NaN)) / 1000,
		);

		await simulator.call('reset', { recordRequests: true });
		await runAll(run, generate(prompts(400, JOB_MS), { ...ASYNC, concurrency: 400 }));
		const requests = await simulator.call('requests');
		const refused = requests.filter(({ status }) => status === 429).length;
		const ofJob = new Map<string | undefined, number>();
		for (const { jobId } of requests) ofJob.set(jobId, (ofJob.get(jobId) ?? 0) + 1);
		return [
			{
				measure: `Async, from the end of a job to the return (mean of ${count} executions)`,
				own: `${mean(latencies).toFixed(3)} s, most ${Math.max(...latencies).toFixed(3)} s`,
				values: [mean(latencies)],
				target: { bound: 0.1, unit: 's', guard: 0.3 },
			},
			{
				measure: 'Async, requests for each of 400 jobs of 10 s at once',
				own: spread([...ofJob.values()], 0),
				values: [Math.max(...ofJob.values())],
				target: { bound: 3, guard: 4 },
			},
			{
				measure: "Async, requests of these beyond Runpod's limits",
				own: `${refused} of ${requests.length}`,
				values: [refused],
				target: { bound: 0, guard: 0 },
			},
		];
	});
}

/** Items that wait at the same time, within Runpod's documented rate limits, against an engine that does nothing. */
export async function fairness(surroundings: Surroundings, isQuick: boolean): Promise<Row[]> {
	const [items, jobMs, repeats] = [400, isQuick ? 5_000 : 20_000, isQuick ? 1 : 3];
	return await withWorker(surroundings, async (run) => {
		await run(generate(prompts(items, 0), { concurrency: 50 }));
		const idle = { p99: [] as number[], max: [] as number[] };
		const waiting = { p99: [] as number[], max: [] as number[] };
		for (let round = 0; round < repeats; round++) {
			const rest = await run({ subject: 'nobody', items: [], restMs: jobMs / 2 });
			await surroundings.simulator.call('reset', {});
			const task = generate(prompts(items, jobMs), { ...ASYNC, concurrency: items });
			const busy = await runAll(run, task);
			for (const name of ['p99', 'max'] as const) {
				idle[name].push(rest.loopDelay[name]);
				waiting[name].push(busy.loopDelay[name]);
			}
		}
		return [
			{
				measure: 'Delay of the event loop while 400 items wait (p99)',
				own: `${spread(waiting.p99, 1)} ms, most ${median(waiting.max).toFixed(0)} ms`,
				against: `idle engine: ${spread(idle.p99, 1)} ms, most ${median(idle.max).toFixed(0)} ms`,
				values: waiting.p99,
				target: { bound: 20, unit: 'ms' },
			},
		];
	});
}
