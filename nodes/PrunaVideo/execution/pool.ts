import { pause } from '../runpod/time';

/** How many items may start before the event loop gets a turn. */
const STARTS_PER_TURN = 5;

/**
 * Runs `work(0)` … `work(count - 1)`, at most `concurrency` at a time, in order of their start.
 *
 * When `work` returns false or throws, nothing new starts, and what is running is awaited.
 *
 * @throws the first error that `work` threw
 */
export async function runPool(
	count: number,
	concurrency: number,
	work: (index: number) => Promise<boolean>,
): Promise<void> {
	let next = 0;
	let goesOn = true;
	const thrown: unknown[] = [];
	const fail = (error: unknown) => {
		thrown.push(error);
		return false;
	};
	const turnstile = new Turnstile();
	const worker = async () => {
		while (goesOn && next < count) {
			const index = next++;
			await turnstile.pass();
			if (goesOn && !(await work(index).catch(fail))) goesOn = false;
		}
	};
	await Promise.all(Array.from({ length: Math.min(concurrency, count) }, worker));
	if (thrown.length > 0) throw thrown[0];
}

/**
 * Lets a few through at a time. A request is only sent when the event loop gets a turn, and preparing it takes about
 * a millisecond. Without this, items that start at the same time would delay each other: no request would be sent
 * before the last one was prepared.
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
