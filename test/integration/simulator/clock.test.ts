/** The simulator's time. */
import { Clock } from '../../tools/simulator/clock';

let clock: Clock;
beforeEach(() => {
	clock = new Clock();
});
afterEach(() => clock.clear());

const HOUR = 3_600_000;

test('timers that are due run in order, each at its own time', () => {
	const began = clock.now();
	const ran: Array<[string, number]> = [];
	const plan = (name: string, hours: number) =>
		clock.after(hours * HOUR, () => ran.push([name, Math.round((clock.now() - began) / HOUR)]));
	plan('c', 3);
	plan('a', 1);
	plan('b', 2);
	plan('b again', 2);
	plan('later', 5);
	clock.after(HOUR, () => plan('planned on the way', 1));
	clock.advance(4 * HOUR);
	expect(ran).toEqual([
		['a', 1],
		['b', 2],
		['b again', 2],
		['planned on the way', 2],
		['c', 3],
	]);
	expect(clock.now() - began).toBeGreaterThanOrEqual(4 * HOUR);
});

test('cancelled timers do not run, others do', () => {
	const ran: number[] = [];
	const timers = Array.from({ length: 50 }, (_, i) =>
		clock.after(((i * 37) % 50) * HOUR, () => ran.push((i * 37) % 50)),
	);
	timers.filter((_, i) => i % 3 === 0).forEach((timer) => timer.cancel());
	timers[0]?.cancel();
	clock.advance(50 * HOUR);
	expect(ran).toHaveLength(33);
	expect(ran).toEqual([...ran].sort((a, b) => a - b));
});

test('time passes by itself', async () => {
	const began = performance.now();
	await clock.sleep(30);
	expect(performance.now() - began).toBeGreaterThanOrEqual(29);
});

test('a negative advance moves nothing', () => {
	const before = clock.now();
	clock.advance(-HOUR);
	expect(clock.now()).toBeGreaterThanOrEqual(before);
});

test('after a clear nothing runs', () => {
	let ran = 0;
	clock.after(HOUR, () => ran++);
	clock.clear();
	clock.advance(2 * HOUR);
	expect(ran).toBe(0);
});
