/** Clients that were not written here, from the submission to the result: Runpod's own SDK, and its provider for Vercel's AI SDK. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startSimulator, type Simulator, type StartOptions } from '../../tools/simulator';
import { isRecord } from '../../tools/simulator/json';

async function callsOf(simulator: Simulator, only = ''): Promise<Record<string, unknown>> {
	const program = join(__dirname, 'clients.mjs');
	const args = [program, simulator.baseUrl, simulator.apiKey, only];
	const { stdout } = await promisify(execFile)(process.execPath, args);
	const results: unknown = JSON.parse(stdout.split('\n').at(-1) ?? '');
	return isRecord(results) ? results : {};
}

async function withSimulator(options: StartOptions, use: (simulator: Simulator) => Promise<void>) {
	const executionTimeMs = ({ prompt }: Record<string, unknown>) => (prompt === 'Slow' ? 1300 : 30);
	const simulator = await startSimulator({ executionTimeMs, ...options });
	await use(simulator).finally(() => simulator.close());
}

const URL_OF_VIDEO = expect.stringMatching(/^http.*\.mp4$/);
const COMPLETED = { status: 'COMPLETED', completed: true, succeeded: true };

/** Each as its users call it: see clients.mjs. */
describe.each<[string, object, unknown, unknown]>([
	[
		'documented',
		{ video_url: URL_OF_VIDEO, cost: 0.1 },
		{ thrown: expect.stringContaining('400') },
		{ jobs: expect.objectContaining({ completed: expect.any(Number) }) },
	],
	[
		'seen',
		{ result: URL_OF_VIDEO, cost: 0.1 },
		{ status: 'FAILED', completed: true, error: expect.stringContaining('fps must be') },
		{ thrown: expect.stringContaining('401') },
	],
])('as %s', (profile, output, failed, health) => {
	test('runpod-sdk makes videos with each of its calls', async () => {
		await withSimulator({ profile }, async (simulator) => {
			expect(await callsOf(simulator)).toMatchObject({
				runSync: { ...COMPLETED, output },
				longRunSync: { ...COMPLETED, output },
				runAndPoll: { ...COMPLETED, output },
				failed,
				cancelQueued: { status: 'CANCELLED' },
				health,
			});
			const operations = new Set(simulator.requests.map(({ operation }) => operation));
			expect([...operations]).toEqual(expect.arrayContaining(['status-sync', 'status']));
		});
	});

	test("Runpod's AI-SDK provider downloads a video, billed by its size", async () => {
		// It asks for the status at once, and takes a 404 for the end.
		await withSimulator({ profile, unknownAtFirst: 0 }, async (simulator) => {
			const { aiSdk } = await callsOf(simulator, 'aiSdk');
			expect(aiSdk).toEqual({ mediaType: 'video/mp4', bytes: expect.any(Number) });
			expect(simulator.ledger.total).toBe(profile === 'seen' ? 0.12 : 0.06);
		});
	});
});
