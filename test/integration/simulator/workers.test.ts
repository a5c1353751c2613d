/** Queue and workers: how many, how fast, in what order; and what health tells of it. */
import { useSimulator } from './client';

const client = useSimulator({ executionTimeMs: 10_000, workers: 2 });

const statuses = () => client.simulator.ledger.jobs.map(({ status }) => status);

test('as many jobs as workers are worked on, the others wait their turn', async () => {
	for (let i = 0; i < 5; i++) await client.run();
	expect(client.simulator.ledger.countByStatus()).toEqual({ IN_PROGRESS: 2, IN_QUEUE: 3 });
	client.simulator.advance(10_000);
	expect(statuses()).toEqual(['COMPLETED', 'COMPLETED', 'IN_PROGRESS', 'IN_PROGRESS', 'IN_QUEUE']);
	client.simulator.advance(20_000);
	expect(client.simulator.ledger.countByStatus()).toEqual({ COMPLETED: 5 });
	expect(client.simulator.ledger.jobs.map(({ delayTime }) => (delayTime ?? 0) >= 9000)).toEqual([
		false,
		false,
		true,
		true,
		true,
	]);
});

test('a job that is cancelled frees its worker or its place in the queue', async () => {
	const [first, , third] = [await client.run(), await client.run(), await client.run()];
	const last = await client.run();
	await client.cancel(third ?? '');
	await client.cancel(first ?? '');
	expect(statuses()).toEqual(['CANCELLED', 'IN_PROGRESS', 'CANCELLED', 'IN_PROGRESS']);
	client.simulator.advance(10_000);
	expect(client.simulator.ledger.find(last)?.status).toBe('COMPLETED');
});

test('jobs of low priority come after the others', async () => {
	client.simulator.hold('start');
	for (const lowPriority of [true, true, false, false])
		await client.run({}, { policy: { lowPriority } });
	client.simulator.release();
	expect(statuses()).toEqual(['IN_QUEUE', 'IN_QUEUE', 'IN_PROGRESS', 'IN_PROGRESS']);
});

test('a job waits in the queue for at least delayTimeMs, and says so', async () => {
	client.simulator.options.delayTimeMs = 30_000;
	const id = await client.run();
	client.simulator.advance(20_000);
	expect(statuses()).toEqual(['IN_QUEUE']);
	client.simulator.advance(10_000);
	expect(statuses()).toEqual(['IN_PROGRESS']);
	client.simulator.advance(10_000);
	const { body } = await client.status(id);
	// Within half a second: real time goes on as well.
	const times = {
		delayTime: expect.closeTo(30_000, -3),
		executionTime: expect.closeTo(10_000, -3),
	};
	expect(body).toMatchObject({ status: 'COMPLETED', ...times });
});

test('the time a job takes may depend on its input', async () => {
	client.simulator.options.executionTimeMs = ({ draft }) => (draft === true ? 1000 : 5000);
	await client.run({ draft: true });
	await client.run();
	client.simulator.advance(1000);
	expect(statuses()).toEqual(['COMPLETED', 'IN_PROGRESS']);
});

test('a running job can be called RUNNING', async () => {
	client.simulator.options.runningState = 'RUNNING';
	const id = await client.run();
	expect((await client.status(id)).body.status).toBe('RUNNING');
	expect(statuses()).toEqual(['IN_PROGRESS']);
});

test.each<['start' | 'finish', string]>([
	['start', 'IN_QUEUE'],
	['finish', 'IN_PROGRESS'],
])('a hold of %s keeps jobs %s until the release', async (what, state) => {
	client.simulator.hold(what);
	await client.run();
	client.simulator.advance(60_000);
	expect(statuses()).toEqual([state]);
	client.simulator.release();
	client.simulator.advance(10_000);
	expect(statuses()).toEqual(['COMPLETED']);
});

test('health counts jobs and workers', async () => {
	const health = async () => (await client.call('GET', 'p-video/health')).body;
	const none = { completed: 0, failed: 0, inProgress: 0, inQueue: 0, retried: 0 };
	expect(await health()).toMatchObject({ jobs: none, workers: { idle: 2, running: 0 } });

	await client.run({ duration: 11 });
	client.simulator.advance(0);
	await client.run({}, { policy: { executionTimeout: 5000 } });
	await client.cancel(await client.run());
	client.simulator.advance(5000);
	for (let i = 0; i < 3; i++) await client.run();
	expect(await health()).toMatchObject({
		jobs: { completed: 0, failed: 2, inProgress: 2, inQueue: 1, retried: 0 },
		workers: { idle: 0, running: 2 },
	});
	client.simulator.advance(20_000);
	expect(await health()).toMatchObject({
		jobs: { completed: 3, failed: 2, inProgress: 0, inQueue: 0, retried: 0 },
		workers: { idle: 2, running: 0 },
	});
});
