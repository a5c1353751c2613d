/** Items run in parallel up to the bound, and come out in input order. */
import { startSimulator, type Simulator } from '../simulator';
import { generate, promptsOf, shots } from './batch';

let simulator: Simulator;
beforeAll(async () => {
	simulator = await startSimulator();
	// The first executions load and compile what all others share.
	await generate(simulator, { prompts: shots(200), options: { concurrency: 50 } });
});
beforeEach(() => simulator.reset());
afterAll(async () => await simulator.close());

/** The largest number of jobs that were open at once, from now on. */
function watchOpenJobs(): { most: number } {
	const seen = { most: 0 };
	simulator.subscribe(() => {
		const { ledger } = simulator;
		seen.most = Math.max(seen.most, ledger.count('IN_QUEUE') + ledger.count('IN_PROGRESS'));
	});
	return seen;
}

/** Lets no job end before so many are under way at once. */
async function released(underWay: number): Promise<void> {
	simulator.hold('finish');
	await simulator.waitFor((ledger) => ledger.count('IN_PROGRESS') >= underWay, 20_000);
	simulator.release();
}

test('of 200 items at 50 in parallel never more than 50 are under way, and their order is kept', async () => {
	const open = watchOpenJobs();
	const prompts = shots(200);
	const running = generate(simulator, { prompts, options: { concurrency: 50 } });
	await released(50);
	const { items } = await running;

	expect(promptsOf(items, simulator)).toEqual(prompts);
	expect(open.most).toBe(50);
});

test.each([
	{ concurrency: 1, most: 1 },
	{ concurrency: 7, most: 7 },
	{ concurrency: 400, most: 20 },
	{ concurrency: undefined, most: 5 },
])('of 20 items with concurrency $concurrency, $most are under way at once', async (row) => {
	const open = watchOpenJobs();
	const { concurrency } = row;
	const options = concurrency ? { concurrency } : {};
	const running = generate(simulator, { prompts: shots(20), options });
	await released(row.most);
	await running;

	expect(simulator.ledger.count('COMPLETED')).toBe(20);
	expect(open.most).toBe(row.most);
});

test('the output keeps the input order when the first items take longest', async () => {
	const prompts = shots(20);
	simulator.options.executionTimeMs = ({ prompt }) => 200 - 10 * prompts.indexOf(String(prompt));
	const { items } = await generate(simulator, { prompts, options: { concurrency: 20 } });

	expect(promptsOf(items, simulator)).toEqual(prompts);
	expect(items.map(({ pairedItem }) => pairedItem)).toEqual(prompts.map((_, item) => ({ item })));
});
