import { runPool } from '../../../nodes/PrunaVideo/execution/pool';

/**
 * Runs `count` pieces of work and tells what was seen.
 *
 * @param last the piece that ends the rest
 * @param together the first pieces end only once so many are running
 */
async function watch(count: number, concurrency: number, { last = NaN, together = 0 } = {}) {
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
	[1, 5],
	[3, 7],
])(
	'nothing starts after one that ends it; of %i at a time at most %i start',
	async (concurrency, most) => {
		const { started } = await watch(10, concurrency, { last: 4 });
		expect(started).toEqual(upTo(started.length));
		expect(started).toContain(4);
		expect(started.length).toBeLessThanOrEqual(most);
	},
);

test('an error that was thrown comes out once the running items have ended', async () => {
	const running = new Set<number>();
	const aTurn = async () => await new Promise((resolve) => setImmediate(resolve));
	let started = 0;
	const pool = runPool(10, 3, async (index) => {
		started++;
		running.add(index);
		await aTurn();
		if (index !== 1) await aTurn();
		running.delete(index);
		if (index === 1) throw new Error('no');
		return true;
	});
	await expect(pool).rejects.toThrow('no');
	expect(running).toEqual(new Set());
	expect(started).toBeLessThan(10);
});
