import { pickSeed } from '../../../nodes/PrunaVideo/pvideo/input';

test('picked seeds are whole, in range, and differ', () => {
	const seeds = Array.from({ length: 1000 }, pickSeed);
	expect(new Set(seeds).size).toBeGreaterThan(990);
	expect(seeds.every((seed) => Number.isInteger(seed) && seed >= 0)).toBe(true);
	const random = jest.spyOn(Math, 'random');
	const extremes = [0, 1 - 2 ** -53].map((chance) => (random.mockReturnValue(chance), pickSeed()));
	random.mockRestore();
	expect(extremes).toEqual([0, 2147483647]);
});
