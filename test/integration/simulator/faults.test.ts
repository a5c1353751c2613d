/** Faults on request: what each does to the call, and whether the job was accepted all the same. */
import { useSimulator } from './client';
import type { FaultRule, Operation } from '../../tools/simulator/index';

const client = useSimulator({ executionTimeMs: 0 });

const jobs = () => client.simulator.ledger.jobs.length;
const add = (rule: FaultRule) => client.simulator.faults.add(rule);

describe.each(['run', 'runsync'] as const)('%s, corrupted', (operation) => {
	const call = (signal?: AbortSignal) =>
		fetch(`${client.simulator.baseUrl}/p-video/${operation}`, {
			method: 'POST',
			headers: {
				authorization: `Bearer ${client.simulator.apiKey}`,
				'content-type': 'application/json',
			},
			body: JSON.stringify({ input: { prompt: 'A cat' } }),
			redirect: 'manual',
			...(signal ? { signal } : {}),
		});

	test.each([200, 204, 400, 401, 402, 403, 404, 408, 413, 418, 429, 500, 502, 503, 504, 599])(
		'by status %d, before and after acceptance',
		async (status) => {
			add({ operation, kind: 'status', status });
			add({ operation, kind: 'status', status, when: 'after' });
			expect([(await call()).status, jobs()]).toEqual([status, 0]);
			expect([(await call()).status, jobs()]).toEqual([status, 1]);
			expect([(await call()).status, jobs()]).toEqual([200, 2]);
		},
	);

	test.each<[string, unknown, string]>([
		['nothing said', undefined, '{"error":"Simulated 503"}'],
		['text', 'Busy', 'Busy'],
		['an object', { message: 'Busy' }, '{"message":"Busy"}'],
		['null', null, '{"error":"Simulated 503"}'],
	])('by a status with %s', async (_, body, expected) => {
		add({ operation, kind: 'status', status: 503, headers: { 'retry-after': '7' }, body });
		const reply = await call();
		expect([await reply.text(), reply.headers.get('retry-after')]).toEqual([expected, '7']);
	});

	test.each([
		['before', 0],
		['after', 1],
	] as const)('by a reset %s acceptance', async (when, accepted) => {
		add({ operation, kind: 'reset', when });
		await expect(call()).rejects.toThrow();
		expect(jobs()).toBe(accepted);
		expect(client.simulator.requests[0]?.status).toBe('reset');
	});

	test.each([
		['before', 0],
		['after', 1],
	] as const)('by a hang %s acceptance', async (when, accepted) => {
		const added = add({ operation, kind: 'hang', when });
		const leave = new AbortController();
		const answer = call(leave.signal);
		await client.simulator.waitFor(() => added.used === 1);
		client.simulator.advance(3_600_000);
		expect(client.simulator.requests[0]?.status).toBe('hang');
		leave.abort();
		await expect(answer).rejects.toThrow();
		expect(jobs()).toBe(accepted);
	});

	test('by broken JSON', async () => {
		add({ operation, kind: 'body', body: '{"id": "a', when: 'after' });
		const reply = await call();
		expect([reply.status, await reply.text(), jobs()]).toEqual([200, '{"id": "a', 1]);
		expect(reply.headers.get('content-type')).toBe('application/json');
	});

	test('by a page instead of JSON', async () => {
		add({ operation, kind: 'body', status: 502, contentType: 'text/html', body: '<h1>Bad' });
		const reply = await call();
		expect([reply.status, reply.headers.get('content-type')]).toEqual([502, 'text/html']);
	});

	test('by a redirect', async () => {
		add({ operation, kind: 'redirect', status: 307, location: 'http://127.0.0.1:1/' });
		const reply = await call();
		expect([reply.status, reply.headers.get('location')]).toEqual([307, 'http://127.0.0.1:1/']);
	});

	test('by a trickle, which delivers the whole answer in the end', async () => {
		add({ operation, kind: 'trickle', bytes: 10, intervalMs: 1 });
		const began = client.simulator.requests.length;
		const reply = await call();
		expect(await reply.json()).toMatchObject({ id: expect.any(String) });
		expect([began, jobs()]).toEqual([0, 1]);
	});

	test('by truncation', async () => {
		add({ operation, kind: 'truncate', bytes: 10 });
		const reply = await call();
		expect(Number(reply.headers.get('content-length'))).toBeGreaterThan(10);
		await expect(reply.text()).rejects.toThrow();
		expect(jobs()).toBe(1);
	});

	test('by a delay, before which nothing happens', async () => {
		add({ operation, kind: 'delay', ms: 3_600_000 });
		const answer = call();
		await client.simulator.waitFor((_, requests) => requests[0]?.body !== undefined);
		expect(jobs()).toBe(0);
		client.simulator.advance(3_600_000);
		expect([(await answer).status, jobs()]).toEqual([200, 1]);
	});

	test('by forgetting: the job runs and is billed, but status does not know it', async () => {
		add({ operation, kind: 'forget' });
		await call();
		await client.simulator.waitFor((ledger) => ledger.countByStatus().COMPLETED === 1);
		const [job] = client.simulator.ledger.jobs;
		expect([(await client.status(job?.id ?? '')).status, job?.price]).toEqual([404, 0.1]);
	});
});

test.each<[string, object, number, object, number]>([
	['an error', { error: 'no GPU' }, 400, { status: 'FAILED', error: 'no GPU' }, 0],
	['a state', { status: 'TIMED_OUT' }, 200, { status: 'TIMED_OUT' }, 0],
	['an unknown state', { status: 'PONDERING' }, 200, { status: 'PONDERING' }, 0],
	['another output', { output: { url: 'x' } }, 200, { output: { url: 'x' } }, 0.1],
	['no output', { output: null }, 200, { status: 'COMPLETED', output: null }, 0.1],
	['an HTTP status', { error: 'no', httpStatus: 500 }, 500, { status: 'FAILED' }, 0],
])('a job can end with %s', async (_, ending, status, body, price) => {
	add({ operation: 'runsync', kind: 'job', ...ending });
	const reply = await client.runsync();
	expect([reply.status, reply.body]).toEqual([status, expect.objectContaining(body)]);
	expect(client.simulator.ledger.total).toBe(price);
});

test('fields of a finished job can be left out', async () => {
	add({ operation: 'runsync', kind: 'job', omit: ['output', 'workerId'] });
	const { body } = await client.runsync();
	expect(Object.keys(body).sort()).toEqual(['delayTime', 'executionTime', 'id', 'status']);
});

test('skip, times and match choose the calls', async () => {
	const fault = { operation: 'runsync', kind: 'status', status: 500 } as const;
	const added = add({ ...fault, skip: 1, times: 2, match: { prompt: 'dog' } });
	const statuses: number[] = [];
	for (const prompt of ['cat', 'dog', 'a dog', 'cat', 'dogs', 'dog']) {
		statuses.push((await client.runsync({ prompt })).status);
	}
	expect(statuses).toEqual([200, 200, 500, 200, 500, 200]);
	expect(added.used).toBe(2);
});

test('a match by job spares the others, a removed fault all', async () => {
	const [first, second] = [await client.run(), await client.run()];
	const fault = { operation: 'status', kind: 'status', status: 500, times: Infinity } as const;
	const added = add({ ...fault, match: { jobId: first ?? '' } });
	const statuses = async () => [
		(await client.status(first)).status,
		(await client.status(second)).status,
	];
	expect(await statuses()).toEqual([500, 200]);
	added.remove();
	expect(await statuses()).toEqual([200, 200]);
});

test.each<[string, Partial<FaultRule> & { operation?: Operation | '*' }]>([
	['a job that ends by status', { operation: 'status', kind: 'job', error: 'x' }],
	['a cancel that forgets', { operation: 'cancel', kind: 'forget' }],
	['a webhook with a status', { operation: 'webhook', kind: 'status', status: 500 }],
	['no time at all', { kind: 'hang', times: 0 }],
	['half a time', { kind: 'hang', times: 1.5 }],
	['a negative skip', { kind: 'hang', skip: -1 }],
	['a job that ends in the queue', { kind: 'job', status: 'IN_QUEUE' }],
	['a job that ends at work', { kind: 'job', status: 'RUNNING' }],
])('%s is not a valid fault', (_, rule) => {
	expect(() => add({ operation: 'run', ...rule } as FaultRule)).toThrow();
});
