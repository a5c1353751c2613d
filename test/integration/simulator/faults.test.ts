/** Faults on request: what each does to the call, and whether the job was accepted all the same. */
import { useSimulator } from './client';
import type { FaultRule } from '../../tools/simulator/index';

const client = useSimulator({ executionTimeMs: 0 });

const add = (rule: FaultRule) => client.simulator.faults.add(rule);

test.each<[object, unknown]>([
	[{ kind: 'status', status: 503 }, [503, '{"error":"Simulated 503"}']],
	[{ kind: 'status', status: 503, body: 'Busy' }, [503, 'Busy']],
	[{ kind: 'body', body: '{"id": "a' }, [200, '{"id": "a']],
	[{ kind: 'redirect', status: 307, location: 'http://127.0.0.1:1/' }, [307, '']],
	[{ kind: 'reset' }, 'broken'],
	[{ kind: 'hang' }, 'broken'],
])('%j, before and after the job is accepted', async (fault, expected) => {
	for (const [jobs, when] of (['before', 'after'] as const).entries()) {
		const added = add({ operation: 'run', when, ...fault } as FaultRule);
		const leave = new AbortController();
		const body = { input: { prompt: 'A cat' } };
		const answer = client
			.call('POST', 'p-video/run', { body, signal: leave.signal })
			.then(({ status, text }) => [status, text])
			.catch(() => 'broken');
		await client.simulator.waitFor(() => added.used === 1);
		if ('kind' in fault && fault.kind === 'hang') leave.abort();
		expect(await answer).toEqual(expected);
		expect([added.used, client.simulator.ledger.jobs.length]).toEqual([1, jobs]);
		client.simulator.faults.clear();
	}
});

test('a trickle and a delay go by the clock; a forgotten job runs on and is billed', async () => {
	add({ operation: 'run', kind: 'delay', ms: 3_600_000 });
	add({ operation: 'run', kind: 'trickle', bytes: 30, intervalMs: 1 });
	add({ operation: 'run', kind: 'forget' });
	const answer = client.run();
	await client.simulator.waitFor((_, requests) => requests[0]?.body !== undefined);
	expect(client.simulator.ledger.jobs).toHaveLength(0);
	client.simulator.advance(3_600_000);
	const id = await answer;
	await client.simulator.waitFor((ledger) => ledger.total === 0.1);
	expect((await client.status(id)).status).toBe(404);
});

test.each<[object, object, number]>([
	[{ error: 'no GPU' }, { status: 'FAILED', error: 'no GPU' }, 0],
	[{ status: 'PONDERING' }, { status: 'PONDERING' }, 0],
	[{ output: null }, { status: 'COMPLETED', output: null }, 0.1],
	[{ error: { code: 1001 }, output: { cost: 0.1 }, price: 0.1 }, { output: { cost: 0.1 } }, 0.1],
])('a job can end by %j', async (ending, body, price) => {
	add({ operation: 'runsync', kind: 'job', ...ending });
	expect((await client.runsync()).body).toEqual(expect.objectContaining(body));
	expect(client.simulator.ledger.total).toBe(price);
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
