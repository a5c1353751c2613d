/** The log of requests, what is told of changes, and the end. */
import { useSimulator } from './client';

const client = useSimulator({ executionTimeMs: 0, maxRecordedBodyBytes: 1000 });

test('the log has every request, refused ones too, with what was answered', async () => {
	await client.runsync({ seed: 1 });
	await client.call('POST', 'p-video/run', { key: 'rpa_wrong', body: { input: {} } });
	await client.call('GET', 'nowhere/at/all');
	expect(client.simulator.requests).toMatchObject([
		{ method: 'POST', path: '/v2/p-video/runsync', operation: 'runsync', status: 200 },
		{ method: 'POST', operation: 'run', status: 401, body: { input: {} }, jobId: undefined },
		{ method: 'GET', path: '/v2/nowhere/at/all', operation: 'unknown', status: 404 },
	]);
	const [first] = client.simulator.requests;
	expect(first?.body).toEqual({ input: { prompt: 'A cat', seed: 1 } });
	expect(first?.jobId).toBe(client.simulator.ledger.jobs[0]?.id);
	expect(first?.answeredAt).toBeGreaterThanOrEqual(first?.at ?? Infinity);
});

test('long bodies are counted but not kept, in the log or the ledger', async () => {
	const prompt = 'x'.repeat(2000);
	await client.runsync({ prompt });
	expect(client.simulator.requests[0]).toMatchObject({ body: undefined });
	expect(client.simulator.requests[0]?.bytes).toBeGreaterThan(2000);
	expect(client.simulator.ledger.jobs[0]?.input.prompt).toMatch(/^x{64}… \(2000 characters\)$/);
});

test('a long input is still whole when a failed job is retried', async () => {
	client.simulator.faults.add({ operation: 'run', kind: 'job', error: 'busy' });
	const prompt = 'x'.repeat(2000);
	const id = await client.run({ prompt });
	await client.reached(id, 'FAILED');
	expect(client.simulator.ledger.find(id)?.input.prompt).toBe(prompt);
	await client.retry(id);
	await client.reached(id, 'COMPLETED');
});

test('a log that is turned off stays empty', async () => {
	client.simulator.options.recordRequests = false;
	await client.runsync();
	expect(client.simulator.requests).toHaveLength(0);
});

test('a subscriber is notified of requests and jobs until it unsubscribes', async () => {
	const heard: string[] = [];
	const unsubscribe = client.simulator.subscribe((change) =>
		heard.push(change.kind === 'job' ? change.job.status : change.kind),
	);
	await client.runsync();
	expect(heard).toEqual(
		expect.arrayContaining(['request', 'IN_QUEUE', 'IN_PROGRESS', 'COMPLETED']),
	);
	unsubscribe();
	const before = heard.length;
	await client.runsync();
	expect(heard).toHaveLength(before);
});

test('waiting for something that does not happen is an error', async () => {
	await expect(client.simulator.waitFor(() => false, 10)).rejects.toThrow('Not met within 10 ms');
});

test('closing ends every connection, and closing twice does no harm', async () => {
	client.simulator.hold();
	const waiting = expect(client.runsync()).rejects.toThrow();
	await client.simulator.waitFor((ledger) => ledger.jobs.length === 1);
	await client.simulator.close();
	await waiting;
	await client.simulator.close();
	await expect(client.call('GET', 'p-video/health')).rejects.toThrow();
});
