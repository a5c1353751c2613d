/** The simulator in a process of its own, so that its work does not count. It ends with its parent. */

import { startSimulator } from '../simulator';

/** A prompt such as "A cat, 250 ms" says how long its job takes; without one it takes no time. */
function executionTime({ prompt }: Record<string, unknown>): number {
	return Number(/(\d+) ms/.exec(String(prompt))?.[1] ?? 0);
}

async function main(): Promise<void> {
	const simulator = await startSimulator({ executionTimeMs: executionTime, recordRequests: false });
	process.on('disconnect', () => void simulator.close().then(() => process.exit(0)));
	process.send?.({ baseUrl: simulator.baseUrl, apiKey: simulator.apiKey });
}

main().catch((error: unknown) => {
	console.error(error);
	process.exit(1);
});
