import { runPool } from '../../../nodes/PrunaVideo/execution/pool';

/**
 * Runs `count` pieces of work and tells what was seen.
 *
 * @param last the piece that ends the rest
 * @param together the first pieces end only once so many are running
 */
async function watch(
	count: number,
	concurrency: number,
	{ last, together = 0 }: { last?: number; together?: number } = {},
) {
	const started: number[] = [];
	let underWay = 0;
	let most = 0;
	let open: () => void = () => {};
	const gate = new Promise<void>((resolve) => (open = resolve));
	await runPool(count, concurrency, async (index) => {
		started.push(index);
		most = Math.max(most, ++underWay);
		if (underWay >= together) open();
		await gate;
		underWay--;
		return index !== last;
	});
	expect(underWay).toBe(0);
	return { started, most };
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

test.each([
	[10, 3, 3],
	[10, 1, 1],
	[2, 5, 2],
	[0, 5, 0],
	[1000, 400, 400],
])('%i items, %i at a time: at most %i', async (count, concurrency, most) => {
	const seen = await watch(count, concurrency, { together: most });
	expect(seen).toEqual({ started: upTo(count), most });
});

test.each([
	['one at a time', 1, 4, 5],
	['three at a time: those that have begun are awaited', 3, 4, 7],
])('nothing starts after one that ends it, %s', async (_, concurrency, last, most) => {
	const { started } = await watch(10, concurrency, { last });
	expect(started).toEqual(upTo(started.length));
	expect(started).toContain(last);
	expect(started.length).toBeLessThanOrEqual(most);
});

test('an error that was thrown comes out once the running items have ended', async () => {
	const running = new Set<number>();
	let started = 0;
	const pool = runPool(10, 3, async (index) => {
		started++;
		running.add(index);
		await new Promise((resolve) => setImmediate(resolve));
		if (index !== 1) await new Promise((resolve) => setImmediate(resolve));
		running.delete(index);
		if (index === 1) throw new Error('no');
		return true;
	});
	await expect(pool).rejects.toThrow('no');
	expect(running).toEqual(new Set());
	expect(started).toBeLessThan(10);
});

test('only a few start before the event loop gets a turn, so that their requests are sent', async () => {
	// The node's own pause of 0 ms lasts exactly one turn, however busy the machine is.
	jest.spyOn(AbortSignal, 'timeout').mockImplementation(() => {
		const timer = new AbortController();
		setImmediate(() => timer.abort());
		return timer.signal;
	});
	let turn = 0;
	const count = () => {
		turn++;
		turning = setImmediate(count);
	};
	let turning = setImmediate(count);
	const starts = new Map<number, number>();
	await runPool(100, 100, async () => {
		starts.set(turn, (starts.get(turn) ?? 0) + 1);
		return true;
	});
	clearImmediate(turning);
	jest.restoreAllMocks();
	expect(Math.max(...starts.values())).toBe(5);
	expect(starts.size).toBe(20);
});
