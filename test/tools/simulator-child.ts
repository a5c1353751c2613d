/** The simulator in a process of its own, so that its work does not count where time is measured. */

import { serve, type Child } from './child';
import { startSimulator, type SimulatorOptions } from './simulator';

const simulator = startSimulator({ executionTimeMs: executionTime, recordRequests: false });
const usual = simulator.then(({ options }) => ({ ...options }));

/** A prompt such as "A cat, 250 ms" says how long its job takes; without one it takes no time. */
function executionTime({ prompt }: Record<string, unknown>): number {
	return Number(/(\d+) ms/.exec(String(prompt))?.[1] ?? 0);
}

const methods = {
	access: async () => {
		const { baseUrl, apiKey } = await simulator;
		return { baseUrl, apiKey };
	},
	/** Forgets all jobs and takes these options. */
	reset: async (changes: Partial<SimulatorOptions>) => {
		const { options, reset } = await simulator;
		reset();
		Object.assign(options, await usual, changes);
	},
	/** As `reset`, with rate limits that nobody reaches. */
	resetWithoutLimits: async () => {
		const { options } = await simulator;
		const none = { requests: 1e9, concurrent: 1e9 };
		const names = Object.keys((await usual).rateLimits);
		await methods.reset({});
		Object.assign(options, { rateLimits: Object.fromEntries(names.map((name) => [name, none])) });
	},
	jobs: async () => [...(await simulator).ledger.jobs],
	requests: async () =>
		(await simulator).requests.map(({ operation, jobId, status }) => ({
			operation,
			jobId,
			status,
		})),
};

export type SimulatorChild = Child<typeof methods>;
serve(methods);
