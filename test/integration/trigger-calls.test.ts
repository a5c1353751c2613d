/** Pruna Video Trigger: which calls it believes, and what the caller is answered. */
import { credentialsOf, engineLogger } from './batch';
import { listen, looks, post, runJob, completed, simulator, useStage } from './triggerStage';

useStage();

describe('what starts nothing', () => {
	test.each([
		['nothing', undefined],
		['a text', '"hello"'],
		['a list', [1]],
		['no id', { status: 'COMPLETED' }],
		['no id, but a result', { status: 'FAILED', error: 'Out of memory' }],
		['an id that leads elsewhere', completed('../health')],
		['an id that leads elsewhere, and a result', completed('..', { output: 'x' })],
		['no state', { id: 'job-1' }],
		['a job that goes on', { id: 'job-1', status: 'IN_PROGRESS' }],
	])('%s: 400', async (_, body) => {
		const trigger = await listen();
		const answer = await trigger.call(body);
		expect([answer.status, await trigger.starts(), trigger.errors]).toEqual([400, [], []]);
	});

	test('a job that Runpod does not know: 503, since it may be new', async () => {
		const trigger = await listen();
		expect((await trigger.call(completed('job-1'))).status).toBe(503);
		expect([await trigger.starts(), trigger.errors, looks()]).toEqual([[], [], 3]);
	});

	test('a job of another endpoint: 503; with that Endpoint ID it is accepted', async () => {
		simulator.options.endpoints = ['p-video', 'other'];
		const { id } = await runJob(undefined, 'other');
		const trigger = await listen();
		expect((await trigger.call(completed(id))).status).toBe(503);
		expect(await trigger.starts()).toEqual([]);

		const other = await listen({ parameters: { options: { endpointId: 'other' } } });
		expect((await other.call(completed(id))).status).toBe(200);
		expect(await other.starts()).toHaveLength(1);
	});

	test('a job that is still running: 503 after one status check, so that a real call comes again', async () => {
		simulator.hold();
		const { id } = await post('p-video/run', { input: { prompt: 'A cat' } });
		const trigger = await listen();
		expect((await trigger.call(completed(String(id)))).status).toBe(503);
		expect([await trigger.starts(), looks()]).toEqual([[], 1]);
	});

	test('status checks that find no finished job are limited: 600 a minute, then 503 without one', async () => {
		// With shortened time limits a busy machine would break looks off and make more of them.
		jest.restoreAllMocks();
		simulator.hold();
		const { id } = await post('p-video/run', { input: { prompt: 'A cat' } });
		const trigger = await listen();
		for (let round = 0; round < 62; round++) {
			const calls = Array.from(
				{ length: 10 },
				async () => await trigger.call(completed(String(id))),
			);
			expect(new Set((await Promise.all(calls)).map(({ status }) => status))).toEqual(
				new Set([503]),
			);
		}
		expect(looks()).toBe(600);
	});
});

test('a job that Runpod shows only after a moment is waited for', async () => {
	const { id } = await runJob();
	simulator.faults.add({ operation: 'status', kind: 'status', status: 404, times: 2 });
	const trigger = await listen();
	expect((await trigger.call(completed(id))).status).toBe(200);
	expect([(await trigger.starts()).length, looks()]).toEqual([1, 3]);
});

test('if Endpoint ID is wrong, the log names it: one status check, 503', async () => {
	const log = jest.spyOn(engineLogger(), 'log');
	const { id } = await runJob();
	const trigger = await listen({ parameters: { options: { endpointId: 'gone' } } });
	expect((await trigger.call(completed(id))).status).toBe(503);
	const lines = log.mock.calls.filter((line) => line[0] === 'warn').map((line) => line[1]);
	expect(lines).toEqual([expect.stringContaining("'gone'")]);
	expect(looks()).toBe(1);
});

describe('what Runpod repeats or never sends does not reach n8n at its full size', () => {
	const LONG = 'x'.repeat(3_000_000);
	test.each([
		[
			'a data URI',
			{ input: { image: `data:image/png;base64,${LONG}` } },
			'"data:image/png (2.1 MB)"',
		],
		['a query', { webhook: 'https://a.example/hook?key=secret' }, '"https://a.example/hook"'],
		['lists within lists', { deep: 'DEEP' }, '"…"'],
		['a long text', { text: LONG }, '…"'],
		['a long list', { list: Array.from({ length: 100_000 }, () => 1) }, '[1,1,'],
	])('%s', async (_, more, expected) => {
		const trigger = await listen({ parameters: { verify: false, simplify: false } });
		const output = { video_url: 'https://a.example/b.mp4', cost: 0.2 };
		// JSON.stringify cannot write as deep as a server may send.
		const deep = '['.repeat(10_000) + ']'.repeat(10_000);
		const body = JSON.stringify(completed('job-1', { ...more, output })).replace('"DEEP"', deep);
		expect((await trigger.call(body)).status).toBe(200);
		const [item] = await trigger.starts();
		expect(item?.json).toMatchObject({ id: 'job-1', output });
		const text = JSON.stringify(item);
		expect(text).toContain(expected);
		expect(text.length).toBeLessThan(30_000);
		expect(text).not.toContain('secret');
	});
});

test('what a forged call says of a real job is not believed', async () => {
	const { id } = await runJob();
	const trigger = await listen();
	const lie = { output: { video_url: 'https://evil.example/a.mp4', cost: 99 } };
	expect((await trigger.call(completed(id, lie))).status).toBe(200);
	expect((await trigger.starts())[0]?.json).toMatchObject({ id, cost: 0.1 });
	expect(JSON.stringify(await trigger.starts())).not.toContain('evil');
});

test('without Verify the call itself is believed, and Runpod is not asked', async () => {
	const trigger = await listen({ parameters: { verify: false }, credentials: {} });
	const said = completed('job-1', { output: { video_url: 'https://a.example/b.mp4', cost: 0.2 } });
	expect((await trigger.call(said)).status).toBe(200);
	expect((await trigger.starts())[0]?.json).toMatchObject({ id: 'job-1', cost: 0.2 });
	expect(simulator.requests).toEqual([]);
});

test('when Runpod cannot be asked the answer is 503, and the next call starts the workflow', async () => {
	const trigger = await listen();
	const stuck = simulator.faults.add({
		operation: 'status',
		kind: 'status',
		status: 500,
		times: Infinity,
	});
	const { id } = await runJob();
	expect((await trigger.call(completed(id))).status).toBe(503);
	expect(await trigger.starts()).toEqual([]);
	stuck.remove();
	expect((await trigger.call(completed(id))).status).toBe(200);
	expect(await trigger.starts()).toHaveLength(1);
}, 20_000);

test('a fault that passes quickly is waited out', async () => {
	simulator.faults.add({ operation: 'status', kind: 'status', status: 502, times: 2 });
	const trigger = await listen();
	const job = await runJob(trigger.url);
	expect(job.webhookTries.map(({ result }) => result)).toEqual([200]);
	expect(await trigger.starts()).toHaveLength(1);
});

test.each([
	['a wrong key', { apiKey: 'rpa_wrong_key_123' }, 'Runpod did not accept this API key'],
	['no address', { baseUrl: 'nowhere' }, "'Base URL' is not a URL"],
])('%s is an error that is shown to the user', async (_, wrong, message) => {
	const credentials = { ...credentialsOf(simulator), ...wrong };
	const trigger = await listen({ credentials });
	const { id } = await runJob();
	expect((await trigger.call(completed(id))).status).toBe(500);
	expect(trigger.errors.map((error) => error.message)).toEqual([expect.stringContaining(message)]);
	expect(JSON.stringify(trigger.errors)).not.toContain(credentials.apiKey);
});
