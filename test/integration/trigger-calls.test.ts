/** Pruna Video Trigger: which calls it believes, and what the caller is answered. */
import type { IDataObject } from 'n8n-workflow';
import { credentialsOf, engineLogger } from './batch';
import { hurryClock } from './hurry';
import {
	completed,
	FASTER,
	listen,
	looks,
	post,
	processed,
	runJob,
	simulator,
	type TriggerOptions,
	useStage,
} from './triggerStage';

useStage();

let log: jest.SpyInstance;
beforeEach(() => (log = jest.spyOn(engineLogger(), 'log')));
const warnings = () => log.mock.calls.filter(([level]) => level === 'warn').map(([, line]) => line);

describe('a job is read whatever type its call has', () => {
	test.each([
		'',
		'text/plain; charset=utf-8',
		'application/vnd.runpod+json; charset=utf-8',
		'application/octet-stream',
		'application/x-www-form-urlencoded',
		'application/json',
	])('%j', async (type) => {
		const { id } = await runJob();
		for (const mark of ['', '\ufeff']) {
			const trigger = await listen();
			const body = mark + JSON.stringify(completed(id));
			expect((await trigger.call(body, type)).status).toBe(200);
			expect((await trigger.starts()).map(({ json }) => json.id)).toEqual([id]);
		}
	});
});

describe('what is no finished job: 400, without a request to Runpod', () => {
	test.each([
		['hello', ''],
		['<x/>', 'application/xml'],
		['{"id":', 'text/plain'],
		['', ''],
		['"hello"', 'application/json'],
		[[1], 'application/json'],
		[{ status: 'COMPLETED' }, 'application/json'],
		[{ status: 'FAILED', error: 'Out of memory' }, 'application/json'],
		[completed('../health'), 'application/json'],
		[completed('..', { output: 'x' }), 'application/json'],
		[{ id: 'job-1' }, 'application/json'],
		[{ id: 'job-1', status: 'IN_PROGRESS' }, 'application/json'],
		[`{"id":"job-1","status":"COMPLETED","a":[${'{},'.repeat(30_000)}0]}`, 'application/json'],
	])('%#', async (body, type) => {
		const trigger = await listen();
		const { status } = await trigger.call(body, type);
		expect([status, await trigger.starts(), trigger.errors]).toEqual([400, [], []]);
		expect(simulator.requests).toEqual([]);
	});
});

describe('503, so that Runpod calls again, and a line in the log', () => {
	const always = { operation: 'status', kind: 'status', times: Infinity } as const;
	const inOptions = (options: IDataObject) => () => ({ parameters: { options } });
	const onEvents = (events: unknown[]) => () => ({ parameters: { events } as never });
	const withKey = (wrong: object) => () => ({
		credentials: { ...credentialsOf(simulator), ...wrong },
	});
	const answering = (status: number) => () => void simulator.faults.add({ ...always, status });
	const endpoints = () => void (simulator.options.endpoints = ['other', 'p-video']);
	test.each<[string, number, string, () => TriggerOptions | void]>([
		['a job that is still running', 3, 'its status is IN_', () => simulator.hold()],
		['a job of another endpoint', 3, 'ob not found', endpoints],
		['an endpoint that is gone', 1, "'gone'", inOptions({ endpointId: 'gone' })],
		['Runpod is down', 3, 'HTTP 500', answering(500)],
		['Runpod refuses', 1, 'HTTP 400', answering(400)],
		['a wrong key', 1, 'did not accept this API key', withKey({ apiKey: 'rpa_wrong_key' })],
		['no address', 0, "'Base URL' is not a URL", withKey({ baseUrl: 'nowhere' })],
		['no events', 0, "'Events' must be one or more of completed", onEvents([])],
		['an unknown event', 0, "'Events' must be one or more of completed", onEvents(['done'])],
	])('%s: %d status checks', async (_, times, line, arrange) => {
		const trigger = await listen(arrange() ?? {});
		const [endpoint] = simulator.options.endpoints;
		const { id } = await post(`${endpoint}/run`, { input: { prompt: 'A cat' } });
		const { status } = await trigger.call(completed(String(id)));
		expect([status, looks()]).toEqual([503, times]);
		expect([await trigger.starts(), trigger.errors]).toEqual([[], []]);
		expect(warnings()).toEqual([expect.stringContaining(line)]);
		expect(JSON.stringify(log.mock.calls)).not.toMatch(/rpa_(wrong|simulator)/);
	});
});

describe('what Runpod tells a moment later is waited for, with three status checks at most', () => {
	const late = { operation: 'status', kind: 'status', times: 2 } as const;
	test.each<[string, () => unknown]>([
		['a 404 twice', () => simulator.faults.add({ ...late, status: 404 })],
		['a 502 twice', () => simulator.faults.add({ ...late, status: 502 })],
		['a 429 twice', () => simulator.faults.add({ ...late, status: 429 })],
		['6 s open', () => (simulator.options.booksLagMs = 6_000 / FASTER)],
		['COMPLETED without its output twice', () => (simulator.options.lateOutput = { looks: 2 })],
	])('%s', async (_, arrange) => {
		arrange();
		const trigger = await listen();
		const { webhookTries } = await runJob(trigger.url);
		expect(webhookTries.map(({ result }) => result)).toEqual([200]);
		expect((await trigger.starts())[0]?.json).toMatchObject({ cost: 0.1 });
		expect(looks()).toBeLessThanOrEqual(3);
	});
});

test('beside 200 forged calls, each with three status checks at most, 20 real ones arrive', async () => {
	const trigger = await listen();
	const forged = Array.from(
		{ length: 200 },
		async (_, index) => await trigger.call(completed(`forged-${index}`)),
	);
	const jobs = await Promise.all(Array.from({ length: 20 }, async () => await runJob(trigger.url)));
	for (const { status } of await Promise.all(forged)) expect(status).toBe(503);
	const started = (await trigger.starts()).map(({ json }) => json.id);
	expect([started.sort(), trigger.errors]).toEqual([jobs.map(({ id }) => id).sort(), []]);
	const asked = new Map<unknown, number>();
	for (const { jobId } of simulator.requests) asked.set(jobId, (asked.get(jobId) ?? 0) + 1);
	asked.delete(undefined);
	expect([asked.size, Math.max(...asked.values())]).toEqual([220, 3]);
});

test('while Runpod does not answer, a caller has its 503 after 9 s', async () => {
	const trigger = await listen();
	simulator.faults.add({ operation: 'status', kind: 'hang', times: Infinity });
	hurryClock(5);
	const began = performance.now();
	expect((await trigger.call(completed('job-1'))).status).toBe(503);
	expect(performance.now() - began).toBeLessThan(12_000);
});

test('a job of another endpoint is found with its Endpoint ID', async () => {
	simulator.options.endpoints = ['p-video', 'other'];
	const trigger = await listen({ parameters: { options: { endpointId: 'other' } } });
	const { id } = await runJob(trigger.url, 'other');
	expect((await trigger.starts()).map(({ json }) => json.id)).toEqual([id]);
});

test('what a forged call says of a real job is not believed', async () => {
	const { id } = await runJob();
	const trigger = await listen();
	const lie = { output: { video_url: 'https://evil.example/a.mp4', cost: 99 } };
	expect((await trigger.call(completed(id, lie))).status).toBe(200);
	expect((await trigger.starts())[0]?.json).toMatchObject({ id, cost: 0.1 });
	expect(JSON.stringify(await trigger.starts())).not.toContain('evil');
});

/** Lists or objects within one another, deeper than JSON.stringify can write. */
const deep = (open: string, close: string) => `${open.repeat(10_000)}1${close.repeat(10_000)}`;

describe('whatever a stranger sends, nothing throws, and with Verify on nothing is kept', () => {
	test.each([
		`"delayTime":${deep('[', ']')}`,
		`"executionTime":${deep('{"a":', '}')}`,
		`"output":${deep('[', ']')}`,
		`"error":${deep('{"error":', '}')}`,
		'"delayTime":{"toString":null},"executionTime":[[],{}]',
		'"output":{"video_url":{"toString":1},"cost":{"valueOf":2},"result":[null,7]}',
		'"output":[],"error":{"message":{"loc":[{}]}},"webhook":{},"input":[]',
		'"__proto__":{"status":1},"constructor":{"prototype":{}},"output":{"__proto__":[]}',
		`"error":"${'x'.repeat(5_000_000)}"`,
		`"output":"http://a${'.'.repeat(200_000)}b"`,
		`"input":{"image":"data:image/png;base64,${'x'.repeat(3_000_000)}"}`,
	])('%#', async (more) => {
		const body = `{"id":"job-1","status":"COMPLETED",${more}}`;
		const kept = processed.items.size;
		const verified = await listen();
		expect((await verified.call(body)).status).toBe(503);
		expect([await verified.starts(), verified.errors]).toEqual([[], []]);
		expect([looks(), processed.items.size]).toEqual([3, kept]);

		for (const simplify of [true, false]) {
			const parameters = { verify: false, download: true, simplify };
			const believed = await listen({ parameters, credentials: {} });
			expect((await believed.call(body)).status).toBe(200);
			const [item] = await believed.starts();
			expect([item?.json.id, believed.errors]).toEqual(['job-1', []]);
			expect(JSON.stringify(item).length).toBeLessThan(5_100_000);
		}
		expect(Object.prototype).not.toHaveProperty('status');
	});
});

describe('without Verify the call itself is believed, and Runpod is not asked', () => {
	const believe = async (more: IDataObject) => {
		const parameters = { verify: false, simplify: false, download: true };
		const trigger = await listen({ parameters, credentials: {} });
		expect((await trigger.call(completed('job-1', more))).status).toBe(200);
		return trigger;
	};

	test.each([
		['http://localhost:PORT/a.mp4', 'the machine itself (localhost)'],
		['http://n8n:5678/a.mp4', 'a host name without a domain (n8n)'],
	])('but nothing is downloaded from %s', async (address, network) => {
		const url = address.replace('PORT', String(simulator.port));
		const trigger = await believe({ output: { video_url: url, cost: 0.2 } });
		const [item] = await trigger.starts();
		expect(item).not.toHaveProperty('binary');
		expect(item?.json).toMatchObject({ id: 'job-1', video_url: url, cost: 0.2 });
		const problem = `its URL, which anyone could have sent, points to ${network}`;
		expect(item?.json.error).toContain(problem);
		expect(simulator.requests).toEqual([]);
	});

	test('files and tokens that Runpod repeats are not passed on', async () => {
		const input = { image: `data:image/png;base64,${'x'.repeat(3_000_000)}` };
		const trigger = await believe({ input, webhook: 'https://a.example/hook?key=secret' });
		expect((await trigger.starts())[0]?.json).toMatchObject({
			input: { image: 'data:image/png (2.1 MB)' },
			webhook: 'https://a.example/hook',
		});
	});
});
