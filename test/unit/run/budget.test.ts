/** The sum that one execution may spend, in USD. */
import { Budget } from '../../../nodes/PrunaVideo/run/budget';

test('three times ten cents fit into thirty, a fourth does not', () => {
	const budget = new Budget(0.3, { spent: 0, reserved: 0 });
	expect([0.1, 0.1, 0.1, 0.1].map((amount) => budget.reserve(amount) !== undefined)).toEqual([
		true,
		true,
		true,
		false,
	]);
	expect(budget.committed).toBe(0.3);
});

test.each<[string, number | undefined, number]>([
	['cost nothing', 0, 0],
	['less than estimated', 0.05, 0.05],
	['more than estimated', 0.2, 0.2],
	['an amount that nobody told', undefined, 0.1],
])('a reservation of ten cents that came to %s', (_, actual, committed) => {
	const budget = new Budget(1, { spent: 0, reserved: 0 });
	budget.settle(budget.reserve(0.1)!, actual);
	expect(budget.committed).toBe(committed);
});

test.each<[number | undefined, number, number | null, boolean]>([
	[undefined, 1000, 1000, true],
	[0.3, 0.2, 0.1, true],
	[0.3, 0.2, 0.11, false],
	[0.3, 0.2, null, true],
	[0.3, 0.3, null, false],
	[0.3, 0.3, 0, true],
	[0, 0, 0.01, false],
])('of a limit of %p, %d spent: %p allowed: %s', (limit, spent, amount, allowed) => {
	expect(new Budget(limit, { spent: spent, reserved: 0 }).allows(amount)).toBe(allowed);
});

test('the job of an earlier try counts once', () => {
	const budget = new Budget(0.3, { spent: 0.2, reserved: 0 });
	const reopened = budget.reopen(0.2);
	expect(budget.committed).toBe(0.2);
	budget.settle(reopened, 0.1);
	expect(budget.committed).toBe(0.1);
});
