/** The simulator in a process of its own, so that its work does not count where time is measured. */

import { serve, type Child } from './child';
import { startSimulator, type SimulatorOptions } from './simulator';

/** A prompt such as "A cat, 250 ms" says how long its job takes; without one it takes no time. */
const executionTimeMs = ({ prompt }: Record<string, unknown>) =>
	Number(/(\d+) ms/.exec(String(prompt))?.[1] ?? 0);
const simulator = startSimulator({ executionTimeMs, recordRequests: false });

const methods = {
	access: () => simulator.then(({ baseUrl, apiKey }) => ({ baseUrl, apiKey })),
	/** Forgets all jobs and takes these options. */
	reset: async (changes: Partial<SimulatorOptions>) => {
		const { options, reset } = await simulator;
		reset();
		Object.assign(options, changes);
	},
	jobs: async () => [...(await simulator).ledger.jobs],
	requests: async () => (await simulator).requests.map(({ jobId, status }) => ({ jobId, status })),
};

export type SimulatorChild = Child<typeof methods>;
serve(methods);
