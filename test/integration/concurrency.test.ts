/** Items run in parallel up to the bound, and come out in input order; large files wait for one another. */
import {
	CONTINUE,
	generate,
	promptsOf,
	shots,
	simulator,
	submissions,
	useSimulator,
	type Batch,
} from './batch';
import { storeBinary } from './engine';

useSimulator();
jest.setTimeout(120_000);

const openRequests = () => simulator.requests.filter(({ answeredAt }) => answeredAt === undefined);
const openJobs = () => simulator.ledger.count('IN_QUEUE') + simulator.ledger.count('IN_PROGRESS');

/** The largest figure from now on. */
function watch(figure: () => number): { most: number } {
	const seen = { most: 0 };
	simulator.subscribe(() => (seen.most = Math.max(seen.most, figure())));
	return seen;
}

/** Lets no job end before so many are running at once. */
async function released(underWay: number): Promise<void> {
	simulator.hold('finish');
	await simulator.waitFor((ledger) => ledger.count('IN_PROGRESS') >= underWay, 25_000);
	simulator.release();
}

const paired = (count: number) => Array.from({ length: count }, (_, item) => ({ item }));

test.each([
	{ concurrency: 1, count: 20, most: 1 },
	{ concurrency: 400, count: 20, most: 20 },
	{ concurrency: undefined, count: 20, most: 5 },
	{ concurrency: 50, count: 200, most: 50 },
])('of $count items with concurrency $concurrency, $most run at once, in order', async (row) => {
	const { concurrency, count, most } = row;
	const open = watch(openJobs);
	const prompts = shots(count);
	const running = generate(simulator, { prompts, options: { concurrency } });
	await released(most);
	const { items } = await running;

	expect(promptsOf(items, simulator)).toEqual(prompts);
	expect(open.most).toBe(most);
});

test.each(['sync', 'async'])(
	'of two executions that share the limits of Runpod, 200 jobs arrive: %s',
	async (executionMode) => {
		const { rateLimits } = simulator.options;
		simulator.options.executionTimeMs = 300;
		const cap = { requests: 150, concurrent: 50 };
		simulator.options.rateLimits = { ...rateLimits, runsync: cap, run: cap, status: cap };
		const prompts = shots(200);
		const options = { concurrency: 100, executionMode };
		const half = async (from: number) =>
			await generate(simulator, { prompts: prompts.slice(from, from + 100), options });
		const results = await Promise.all([half(0), half(100)]);
		Object.assign(simulator.options, { rateLimits, executionTimeMs: 20 });

		const items = results.flatMap((result) => result.items);
		expect(promptsOf(items, simulator)).toEqual(prompts);
		expect(simulator.ledger.countByStatus()).toEqual({ COMPLETED: 200 });
		expect(submissions(simulator).map(({ status }) => status)).toContain(429);
	},
);

test('the output keeps the input order when the first items take longest', async () => {
	const prompts = shots(20);
	simulator.options.executionTimeMs = ({ prompt }) => 200 - 10 * prompts.indexOf(String(prompt));
	const { items } = await generate(simulator, { prompts, options: { concurrency: 20 } });

	expect(promptsOf(items, simulator)).toEqual(prompts);
	expect(items.map(({ pairedItem }) => pairedItem)).toEqual(paired(20));
});

test.each([1, 3, 7])(
	'of 40 items of which every other one fails before it is sent, %i run at once',
	async (concurrency) => {
		const prompts = shots(40).map((prompt, index) => (index % 2 === 0 ? `bad ${prompt}` : prompt));
		const [open, requests] = [watch(openJobs), watch(() => openRequests().length)];
		const running = generate(simulator, {
			prompts,
			parameters: { prompt: "={{ $json.prompt.includes('bad') ? undefined.x : $json.prompt }}" },
			options: { concurrency },
			settings: CONTINUE,
		});
		await released(concurrency);
		const { items } = await running;

		expect([open.most, requests.most]).toEqual([concurrency, concurrency]);
		// In their order: an error, a video, an error …
		expect(promptsOf(items, simulator)).toEqual(
			prompts.map((prompt, index) => (index % 2 === 0 ? undefined : prompt)),
		);
		expect(items.map(({ pairedItem }) => pairedItem)).toEqual(paired(40));
	},
);

test.each<[string, Batch, number]>([
	['60 items that are refused at once', {}, 1],
	['60 items that are refused at once', {}, 20],
	['60 calls of Job > Get', { parameters: { resource: 'job', operation: 'get' } }, 3],
])('%s, %j: never more than %i requests at once', async (_, { parameters }, concurrency) => {
	simulator.faults.add({ operation: '*', kind: 'delay', ms: 5, times: Infinity });
	simulator.faults.add({ operation: '*', kind: 'status', status: 400, times: Infinity });
	const requests = watch(() => openRequests().length);
	const { items } = await generate(simulator, {
		prompts: shots(60),
		parameters: { ...parameters, jobId: '={{ "job-" + $itemIndex }}' },
		options: { concurrency },
		settings: CONTINUE,
	});

	expect(requests.most).toBeGreaterThan(0);
	expect(requests.most).toBeLessThanOrEqual(concurrency);
	expect(simulator.requests).toHaveLength(60);
	expect(items.map(({ pairedItem }) => pairedItem)).toEqual(paired(60));
});

test('two executions in one process share no limit, no parallel items and no stop', async () => {
	simulator.hold('finish');
	const stop = new AbortController();
	const options = { executionMode: 'async', concurrency: 2, maxCostPerExecution: 0.3 };
	const one = { prompts: shots(3).map((shot) => `one ${shot}`), options, stop: stop.signal };
	const other = { prompts: shots(3).map((shot) => `other ${shot}`), options };
	const running = [one, other].map(async (batch) => await generate(simulator, batch));
	await simulator.waitFor((ledger) => ledger.count('IN_PROGRESS') === 4);
	stop.abort();
	await simulator.waitFor((ledger) => ledger.count('CANCELLED') === 2);
	simulator.release();
	const [stopped, { items } = { items: [] }] = await Promise.all(running);

	expect(stopped?.items).toEqual([]);
	expect(promptsOf(items, simulator)).toEqual(other.prompts);
	expect(simulator.ledger.countByStatus()).toEqual({ CANCELLED: 2, COMPLETED: 3 });
});

describe('bodies with files', () => {
	/** As data URI in its request three of them are 56 MB, and four 75 MB. */
	const image = async (megabytes = 14) =>
		await storeBinary(
			Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(megabytes * 1e6)]),
			'image/png',
		);
	const withImages = async (count: number, batch: Batch = {}) => {
		const data = await image();
		return await generate(simulator, {
			items: shots(count).map((prompt) => ({ json: { prompt }, binary: { data } })),
			parameters: { image: 'data' },
			...batch,
			options: { concurrency: 400, ...batch.options },
		});
	};

	test('of 12 images of 14 MB, 400 in parallel, three are under way; the others wait', async () => {
		const open = watch(() => openRequests().length);
		// A refusal, a failed job and a lost one let the next go on as well.
		simulator.faults.add({ operation: 'runsync', kind: 'status', status: 400, skip: 1 });
		simulator.faults.add({ operation: 'runsync', kind: 'job', error: 'no', skip: 2 });
		simulator.faults.add({ operation: 'runsync', kind: 'reset', when: 'after', skip: 3 });
		// An item's time begins with its turn.
		const running = withImages(12, { options: { timeout: 60 }, settings: CONTINUE });
		simulator.hold('finish');
		await simulator.waitFor(() => openRequests().length === 3, 60_000);
		simulator.release();
		const { items } = await running;

		expect(open.most).toBe(3);
		expect(submissions(simulator)).toHaveLength(12);
		expect(items.filter(({ json }) => json.status === 'COMPLETED')).toHaveLength(9);
	}, 240_000);

	test('wait no longer once the execution fails or is stopped, and are not sent then', async () => {
		simulator.hold('finish');
		const stop = new AbortController();
		const stopped = withImages(6, { stop: stop.signal });
		await simulator.waitFor(() => openJobs() === 3, 60_000);
		stop.abort();
		await stopped;
		expect(submissions(simulator)).toHaveLength(3);

		simulator.reset();
		simulator.faults.add({ operation: 'runsync', kind: 'status', status: 400, times: Infinity });
		const { error } = await withImages(6);
		expect(error?.message).toContain('Simulated 400');
		expect(submissions(simulator)).toHaveLength(3);
	});

	test('of jobs that are followed make room as soon as Runpod has accepted the job', async () => {
		simulator.hold('finish');
		const data = await image(6);
		const running = generate(simulator, {
			items: shots(12).map((prompt) => ({ json: { prompt }, binary: { data } })),
			parameters: { image: 'data' },
			options: { concurrency: 12, executionMode: 'async' },
		});
		await simulator.waitFor(() => openJobs() === 12, 60_000);
		simulator.release();
		expect((await running).items).toHaveLength(12);
	});
});
