/** How long a batch takes, with the simulator and n8n's engine in a process each, as Runpod and n8n are. */
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { endChild, nextMessage, startChild } from '../bench/child';
import { freePort } from '../n8n/ports';
import type { Timed } from './timing';

// The wall clock is also other processes': a busy machine gets more chances.
jest.retryTimes(5);

const credentials = { apiKey: 'rpa_simulator_key', baseUrl: '' };
let simulator: ChildProcess;
let engine: ChildProcess;

beforeAll(async () => {
	const port = await freePort();
	credentials.baseUrl = `http://127.0.0.1:${port}/v2`;
	const cli = join(__dirname, '../simulator/cli.ts');
	simulator = spawn(
		process.execPath,
		[
			...['--import', 'tsx', cli, '--quiet', '--port', String(port), '--workers', '400'],
			...['--execution-time', '1000', '--delay-time', '0'],
		],
		{ stdio: ['ignore', 'pipe', 'inherit'] },
	);
	await new Promise<void>((resolve, reject) => {
		simulator.stdout?.once('data', () => resolve());
		simulator.once('exit', () => reject(new Error('The simulator did not start')));
	});
	engine = startChild(join(__dirname, 'timing.ts'));
	// The first execution loads and compiles what the others share.
	await timedBatch();
}, 60_000);
afterAll(async () => {
	await endChild(engine);
	simulator.kill();
});

async function timedBatch(): Promise<Timed> {
	engine.send(credentials);
	return (await nextMessage(engine)) as Timed;
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
