import { Turn } from '../runpod/timing';

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
	const worker = async () => {
		while (goesOn && next < count) {
			const index = next++;
			if (!(await work(index))) goesOn = false;
		}
	};
	const workers: Array<Promise<void>> = [];
	const turn = new Turn();
	while (workers.length < Math.min(concurrency, count)) {
		workers.push(worker());
		if (turn.isOver) await turn.pass();
	}
	await Promise.all(workers);
}
