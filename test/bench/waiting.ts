/** Asynchronous jobs: how soon their end is seen, how often Runpod is asked, and whether n8n stays responsive. */

import { generate, prompts } from './subjects';
import { withWorker, type Surroundings } from './surroundings';

export const POLL_INTERVAL_SECONDS = 2;

export interface Latency {
	/** From a job's end to the return of its execution, in ms. */
	latencies: number[];
	/** Requests for each job's state. */
	polls: number[];
}

/** Jobs of about `jobMs`, each in an execution of its own, their ends spread over a poll interval. */
export async function measureLatency(
	surroundings: Surroundings,
	{ jobs, jobMs }: { jobs: number; jobMs: number },
): Promise<Latency> {
	const { simulator } = surroundings;
	const intervalMs = POLL_INTERVAL_SECONDS * 1000;
	const items = Array.from({ length: jobs }, (_, index) => {
		const ms = jobMs + Math.round((index / jobs - 0.5) * intervalMs);
		return prompts(1, ms)[0] ?? {};
	});
	const options = { executionMode: 'async', pollInterval: POLL_INTERVAL_SECONDS };
	return await withWorker(surroundings, async (worker) => {
		await simulator.reset();
		await worker.run({ ...generate(prompts(20, 0), {}), isSplit: true });
		await simulator.reset({ recordRequests: true });
		const {
			done,
			failure,
			returnedAt = {},
		} = await worker.run({
			...generate(items, options),
			isSplit: true,
		});
		if (done !== jobs) throw new Error(`Of ${jobs} jobs ${done} were done: ${failure}`);
		const ledger = (await simulator.control('ledger')) as { jobs: FinishedJob[] };
		const requests = (await simulator.control('requests')) as StatusRequest[];
		const ids = ledger.jobs.map(({ id }) => id);
		return {
			latencies: ledger.jobs.map((job) => (returnedAt[job.id] ?? NaN) - endOf(job)),
			polls: ids.map((id) => requests.filter((request) => isPoll(request, id)).length),
		};
	});
}

interface FinishedJob {
	id: string;
	history: Array<{ status: string; at: number }>;
}

interface StatusRequest {
	operation: string;
	jobId?: string;
}

function endOf({ history }: FinishedJob): number {
	return history.at(-1)?.at ?? NaN;
}

function isPoll({ operation, jobId }: StatusRequest, id: string): boolean {
	return operation === 'status' && jobId === id;
}

/** How late the event loop was, in ms, run by run. */
export interface Fairness {
	polling: { p99: number[]; max: number[] };
	idle: { p99: number[]; max: number[] };
}

/** Items that poll at the same time, within Runpod's documented rate limits, against an engine that does nothing. */
export async function measureFairness(
	surroundings: Surroundings,
	{ items, jobMs, repeats }: { items: number; jobMs: number; repeats: number },
): Promise<Fairness> {
	const fairness: Fairness = {
		polling: { p99: [], max: [] },
		idle: { p99: [], max: [] },
	};
	const options = {
		executionMode: 'async',
		pollInterval: POLL_INTERVAL_SECONDS,
		concurrency: items,
	};
	return await withWorker(surroundings, async (worker) => {
		await worker.run(generate(prompts(items, 0), { concurrency: 50 }));
		for (let run = 0; run < repeats; run++) {
			const idle = await worker.run({ subject: 'nobody', items: [], restMs: jobMs / 2 });
			await surroundings.simulator.reset();
			const polling = await worker.run(generate(prompts(items, jobMs), options));
			if (polling.done !== items) {
				throw new Error(`Of ${items} jobs ${polling.done} were done: ${polling.failure}`);
			}
			for (const name of ['p99', 'max'] as const) {
				fairness.idle[name].push(idle.loopDelay[name]);
				fairness.polling[name].push(polling.loopDelay[name]);
			}
		}
		return fairness;
	});
}
