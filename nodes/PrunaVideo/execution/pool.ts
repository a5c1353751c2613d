import { pause } from '../runpod/time';

/**
 * How many items may start before the event loop gets a turn. A request is only sent when it does, and preparing one
 * takes about a millisecond: without this, no request would be sent before the last one was prepared.
 */
const STARTS_PER_TURN = 40;

/**
 * Runs `work(0)` … `work(count - 1)`, at most `concurrency` at a time, in order of their start. When `work` returns
 * false or throws, nothing new starts, and what is running is awaited. @throws the first error that `work` threw
 */
export async function runPool(
	count: number,
	concurrency: number,
	work: (index: number) => Promise<boolean>,
): Promise<void> {
	let running = 0;
	let goesOn = true;
	let wake = () => {};
	const thrown: unknown[] = [];
	const start = async (index: number) => {
		running++;
		const isFine = await work(index).catch((error: unknown) => {
			thrown.push(error);
			return false;
		});
		if (!isFine) goesOn = false;
		running--;
		wake();
	};
	const untilOneEnds = async () => await new Promise<void>((resolve) => (wake = resolve));
	for (let index = 0; index < count; index++) {
		if (index % STARTS_PER_TURN === STARTS_PER_TURN - 1) await pause(0);
		while (running >= concurrency) await untilOneEnds();
		if (!goesOn) break;
		void start(index);
	}
	while (running > 0) await untilOneEnds();
	if (thrown.length > 0) throw thrown[0];
}
