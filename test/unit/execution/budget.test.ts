/** The sum that one execution may spend, in USD, and whose turn it is where costs are not known beforehand. */
import { Budget } from '../../../nodes/PrunaVideo/execution/budget';

test('three times ten cents fit into thirty cents, a fourth does not', () => {
	const budget = new Budget(0.3, { total: 0, unknown: 0 });
	const taken = [0.1, 0.1, 0.1, 0.1].filter((amount) => {
		const isAllowed = budget.allows(amount);
		if (isAllowed) budget.add(amount);
		return isAllowed;
	});
	expect(taken).toHaveLength(3);
	expect(budget.committed).toBe(0.3);
});

test.each<[number | undefined, number, number | null, boolean]>([
	[undefined, 1000, 1000, true],
	[0.3, 0.2, 0.1, true],
	[0.3, 0.2, 0.11, false],
	[0.3, 0.2, null, true],
	[0.3, 0.3, null, false],
	[0.3, 0.3, 0, true],
	[0, 0, 0.01, false],
])('of a limit of %p, %d spent: %p allowed: %s', (limit, total, amount, allowed) => {
	expect(new Budget(limit, { total, unknown: 0 }).allows(amount)).toBe(allowed);
});

describe('turns', () => {
	/** Takes a turn and notes its name in `order`; gives what ends it. */
	const taker = (budget: Budget, order: string[], stop?: AbortSignal) => async (name: string) => {
		const end = await budget.takeTurn(stop);
		order.push(name);
		return end;
	};
	const settled = async () => await new Promise<void>((resolve) => setImmediate(resolve));

	test('come one after another, in the order in which they were asked for', async () => {
		const order: string[] = [];
		const take = taker(new Budget(1, { total: 0, unknown: 0 }), order);
		const ends = ['a', 'b', 'c'].map(take);
		await settled();
		expect(order).toEqual(['a']);
		(await ends[0])?.();
		await settled();
		expect(order).toEqual(['a', 'b']);
		(await ends[1])?.();
		(await ends[2])?.();
		expect(order).toEqual(['a', 'b', 'c']);
	});

	test('are shared by executions that spend together, as the parallel calls of an agent do', async () => {
		const order: string[] = [];
		const spending = { total: 0, unknown: 0 };
		const end = await taker(new Budget(1, spending), order)('a');
		const second = taker(new Budget(1, spending), order)('b');
		await settled();
		expect(order).toEqual(['a']);
		end();
		await second;
		expect(order).toEqual(['a', 'b']);
	});

	test('end for one that is stopped while it waits, which does not block others and leaves no listener', async () => {
		const order: string[] = [];
		const budget = new Budget(1, { total: 0, unknown: 0 });
		const stop = new AbortController();
		const removed = jest.spyOn(stop.signal, 'removeEventListener');
		const added = jest.spyOn(stop.signal, 'addEventListener');
		const end = await taker(budget, order, stop.signal)('a');
		const waiting = taker(budget, order, stop.signal)('b');
		const last = taker(budget, order)('c');
		stop.abort();
		await expect(waiting).rejects.toThrow('The execution was stopped');
		end();
		await last;
		expect(order).toEqual(['a', 'c']);
		expect(removed.mock.calls.map(([, listener]) => listener)).toEqual(
			expect.arrayContaining(added.mock.calls.map(([, listener]) => listener)),
		);
	});
});
