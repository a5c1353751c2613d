/** Items run in parallel up to the bound, and come out in input order. */
import { startSimulator, type Simulator } from '../tools/simulator';
import { CONTINUE, generate, promptsOf, shots, submissions } from './batch';

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

/** Lets no job end before so many are running at once. */
async function released(underWay: number): Promise<void> {
	simulator.hold('finish');
	await simulator.waitFor((ledger) => ledger.count('IN_PROGRESS') >= underWay, 20_000);
	simulator.release();
}

test('of 200 items at 50 in parallel never more than 50 are running, and their order is kept', async () => {
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
])('of 20 items with concurrency $concurrency, $most are running at once', async (row) => {
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

/** The largest number of requests that were running at once, from now on. */
function watchRequests(): { most: number } {
	const seen = { most: 0 };
	simulator.subscribe(() => {
		const open = simulator.requests.filter(({ answeredAt }) => answeredAt === undefined);
		seen.most = Math.max(seen.most, open.length);
	});
	return seen;
}

describe('of 40 items of which every other one fails before it is sent', () => {
	const THROW = "{{ $json.prompt.includes('bad') ? undefined.x : $json.prompt }}";
	const prompts = shots(40).map((prompt, index) => (index % 2 === 0 ? `bad ${prompt}` : prompt));

	test.each([1, 3, 7])('%i at a time are running at once', async (concurrency) => {
		const open = watchOpenJobs();
		const requests = watchRequests();
		const running = generate(simulator, {
			prompts,
			parameters: { prompt: `=${THROW}` },
			options: { concurrency },
			settings: CONTINUE,
		});
		await released(concurrency);
		const { items } = await running;

		expect(open.most).toBe(concurrency);
		expect(requests.most).toBe(concurrency);
		// In their order: an error, a video, an error …
		expect(items.map(({ json }) => json.status)).toEqual(
			prompts.map((_, index) => (index % 2 === 0 ? undefined : 'COMPLETED')),
		);
		expect(promptsOf(items, simulator)).toEqual(
			prompts.map((prompt, index) => (index % 2 === 0 ? undefined : prompt)),
		);
		expect(items.map(({ pairedItem }) => pairedItem)).toEqual(prompts.map((_, item) => ({ item })));
	});
});

test.each([1, 4, 20])(
	'of 60 items that are refused at once no more than %i at a time are running',
	async (concurrency) => {
		simulator.faults.add({ operation: 'runsync', kind: 'delay', ms: 5, times: Infinity });
		simulator.faults.add({ operation: 'runsync', kind: 'status', status: 400, times: Infinity });
		const requests = watchRequests();
		const { items } = await generate(simulator, {
			prompts: shots(60),
			options: { concurrency },
			settings: CONTINUE,
		});

		expect(requests.most).toBeGreaterThan(0);
		expect(requests.most).toBeLessThanOrEqual(concurrency);
		expect(submissions(simulator)).toHaveLength(60);
		expect(items.map(({ pairedItem }) => pairedItem)).toEqual(
			Array.from({ length: 60 }, (_, item) => ({ item })),
		);
	},
);

test('Job > Get asks about no more jobs at once than Items in Parallel', async () => {
	simulator.faults.add({ operation: 'status', kind: 'delay', ms: 50, times: Infinity });
	const requests = watchRequests();
	await generate(simulator, {
		items: Array.from({ length: 30 }, (_, index) => ({ json: { id: `job-${index}` } })),
		parameters: { resource: 'job', operation: 'get', jobId: '={{ $json.id }}' },
		options: { concurrency: 3 },
		settings: CONTINUE,
	});

	expect(simulator.requests).toHaveLength(30);
	expect(requests.most).toBe(3);
});

test('once an item has failed no other begins, and those that are running are awaited', async () => {
	const match = { prompt: 'shot 5.' };
	simulator.faults.add({ operation: 'runsync', kind: 'status', status: 400, match });
	simulator.hold('finish');
	const running = generate(simulator, { prompts: shots(20), options: { concurrency: 6 } });
	await simulator.waitFor(
		(ledger, requests) =>
			ledger.count('IN_PROGRESS') === 5 && requests.some(({ status }) => status === 400),
	);
	// What the node has been sent before this answer, it has read.
	await generate(simulator, { parameters: { resource: 'endpoint', operation: 'getHealth' } });
	simulator.release();
	const { error } = await running;

	expect(submissions(simulator)).toHaveLength(6);
	expect(simulator.ledger.countByStatus()).toEqual({ COMPLETED: 5 });
	expect(error?.message).toMatch(/Simulated 400 \(5 of 20 items finished\)$/);
	for (const { id } of simulator.ledger.jobs) expect(error?.description).toContain(id);
});
