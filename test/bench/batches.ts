/** Many jobs at once: how close wall time comes to the ideal, and whether items are lost. */

import { generate, httpRequest, prompts } from './subjects';
import { withWorker, type Surroundings } from './surroundings';

export interface BatchSize {
	jobs: number;
	jobMs: number;
	/** Items in parallel. */
	parallel: number;
	repeats: number;
}

export interface Batches {
	idealMs: number;
	/** Wall time in ms, run by run. */
	own: number[];
	http: number[];
	/** Items without a video, over all runs. */
	lost: { own: number; http: number };
	/** What the first lost item of the HTTP Request node said. */
	httpFailure?: string;
}

/**
 * The batch with this node, and with the HTTP Request node: `alike` lets it start as many at once and the next ones
 * after a job's time, `default` is what it does when nobody sets its batching: all at once.
 */
export async function measureBatches(
	surroundings: Surroundings,
	{ jobs, jobMs, parallel, repeats }: BatchSize,
	batching: 'alike' | 'default',
): Promise<Batches> {
	const items = prompts(jobs, jobMs);
	const ownWork = { ...generate(items, { concurrency: parallel }), continueOnFail: true };
	const alike = { batchSize: parallel, batchInterval: jobMs };
	const httpWork = {
		...httpRequest(surroundings, items, batching === 'alike' ? alike : undefined),
		continueOnFail: true,
	};
	return await withWorker(surroundings, async (worker) => {
		const { simulator } = surroundings;
		await worker.run(generate(prompts(parallel, 0), { concurrency: parallel }));
		await worker.run(httpRequest(surroundings, prompts(parallel, 0)));
		const idealMs = Math.ceil(jobs / parallel) * jobMs;
		const batches: Batches = { idealMs, own: [], http: [], lost: { own: 0, http: 0 } };
		for (let run = 0; run < repeats; run++) {
			await simulator.reset();
			const own = await worker.run(ownWork);
			await simulator.reset();
			const http = await worker.run(httpWork);
			batches.own.push(own.wallMs);
			batches.http.push(http.wallMs);
			batches.lost.own += jobs - own.done;
			batches.lost.http += jobs - http.done;
			batches.httpFailure ??= http.failure;
		}
		return batches;
	});
}
