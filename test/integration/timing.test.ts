/** How long a batch takes, with the simulator and n8n's engine in a process each, as Runpod and n8n are. */

import { join } from 'node:path';
import { startChild, type Child } from '../tools/child';
import type { SimulatorChild } from '../tools/simulator-child';
import type { TimingMethods } from './timing';

// The wall clock is also other processes': a busy machine gets more chances.
jest.retryTimes(5);

let simulator: SimulatorChild;
let engine: Child<TimingMethods>;

beforeAll(async () => {
	simulator = startChild(join(__dirname, '../tools/simulator-child.ts'));
	engine = startChild(join(__dirname, 'timing.ts'));
	// The first execution loads and compiles what the others share.
	await timedBatch();
}, 60_000);
afterAll(async () => {
	await engine?.end();
	await simulator?.end();
});

async function timedBatch() {
	return await engine.call('run', await simulator.call('access'));
}

test('200 items of 1 s at 50 in parallel take at most 1.1 × the ideal 4 s', async () => {
	const { seconds, cpuSeconds, completed, error } = await timedBatch();
	process.stderr.write(
		`200 items of 1 s at 50 in parallel: ${seconds.toFixed(2)} s, ${cpuSeconds.toFixed(2)} s of CPU\n`,
	);
	expect([completed, error]).toEqual([200, undefined]);
	// A slow machine takes longer than 0.4 s for n8n's own work on 200 items, which cannot be done while it waits.
	expect(seconds).toBeLessThanOrEqual(4 + Math.max(0.4, 1.25 * cpuSeconds));
});
