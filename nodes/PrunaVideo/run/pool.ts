import { pause } from '../runpod/timing';

/** So many items may start before the event loop gets its turn. */
const STARTS_PER_TURN = 5;

/**
 * Runs `work(0)` … `work(count - 1)`, at most `concurrency` at a time, in order of their start.
 *
 * `work` must not throw; when it gives false, nothing new starts, and what is under way is awaited.
 */
export async function runPool(
	count: number,
	concurrency: number,
	work: (index: number) => Promise<boolean>,
): Promise<void> {
	let next = 0;
	let goesOn = true;
	const turnstile = new Turnstile();
	const worker = async () => {
		while (goesOn && next < count) {
			const index = next++;
			await turnstile.pass();
			if (goesOn && !(await work(index))) goesOn = false;
		}
	};
	await Promise.all(Array.from({ length: Math.min(concurrency, count) }, worker));
}

/**
 * Lets a few through at a time. A request goes on the wire only when the event loop has its turn, and a millisecond of
 * work comes before that. Items that start together, or whose predecessors ended together, would hold each other up:
 * none would be sent before the last was ready, in every wave of the batch again.
 */
class Turnstile {
	private queue: Promise<void> = Promise.resolve();
	private left = STARTS_PER_TURN;

	/** In the order of the calls. */
	async pass(): Promise<void> {
		this.queue = this.queue.then(async () => {
			if (this.left === 0) {
				await pause(0);
				this.left = STARTS_PER_TURN;
			}
			this.left--;
		});
		await this.queue;
	}
}
