/** How jobs are waited for: the long look, polling where it is missing, jobs that are not found, and the time limit. */
import type { IDataObject } from 'n8n-workflow';
import type { FaultRule } from '../tools/simulator';
import {
	CONTINUE,
	generate,
	shots,
	simulator,
	submissions,
	useSimulator,
	type Batch,
} from './batch';
import { runNode, type EngineResult } from './engine';
import { hurry } from './hurry';
import { reply, startScripted, type Script, type Scripted } from './scripted';

// A job that is unknown at first has tests of its own.
useSimulator({ unknownAtFirst: 0 });
// Ends an outage that costs one timeout an item, which is 80 s.
jest.setTimeout(60_000);
let server: Scripted | undefined;
afterEach(async () => {
	await server?.close();
	server = undefined;
});

const ASYNC = { executionMode: 'async', timeout: 20 };
const JOB = { id: 'job-1-u1' };
const OPEN = { ...JOB, status: 'IN_PROGRESS' };
const DONE = { ...JOB, status: 'COMPLETED', output: { result: 'https://v.example/a.mp4' } };
const QUEUED = { ...JOB, status: 'IN_QUEUE' };
const problem = (detail: string) => ({ status: 404, title: 'Not Found', detail });

const looksAt = (operation: string) =>
	simulator.requests.filter((request) => request.operation === operation).length;
/** Requests to the server of one's own whose method and path contain this. */
const sent = (part: string) =>
	(server?.requests ?? []).filter((request) => request.includes(part)).length;

/** Makes a video of a server's own, or does what `parameters` say. */
async function generateAt(
	script: Script,
	options: IDataObject = {},
	parameters: IDataObject = { resource: 'video', operation: 'generate', prompt: 'a cat' },
): Promise<EngineResult> {
	server = await startScripted(script);
	const { credentials } = server;
	return await runNode({ parameters: { ...parameters, options }, credentials });
}

/** A server that accepts the job and then answers looks like this. */
const accepting =
	(then: Script): Script =>
	(operation, response, request) => {
		if (operation.startsWith('run')) reply(response, 200, QUEUED);
		else then(operation, response, request);
	};

describe('long status checks (status-sync)', () => {
	test.each([
		['async', { ...ASYNC, timeout: 600 }, { timeScale: 0.15, executionTimeMs: 1_500 }],
		['a runsync that did not finish', {}, { timeScale: 0.02, executionTimeMs: 2_300 }],
	])('%s: the end is seen by one request', async (_, options, how) => {
		Object.assign(simulator.options, how);
		const { items } = await generate(simulator, { options });

		expect(items[0]?.json).toMatchObject({ id: simulator.ledger.jobs[0]?.id, status: 'COMPLETED' });
		expect([looksAt('status-sync'), looksAt('status')]).toEqual([1, 0]);
		// Proxies end what is open for a minute.
		const wait = /status-sync.*wait=(\d+)/.exec(simulator.requests.map(({ path }) => path).join());
		expect(Number(wait?.[1])).toBeLessThanOrEqual(50_000);
		expect(submissions(simulator)).toHaveLength(1);
	});

	describe('an endpoint without them', () => {
		hurry(50);
		test.each<[string, number, unknown, number]>([
			['404 without words', 404, '', 1],
			['404 of a page', 404, '<h1>404 page not found</h1>', 1],
			['404 that knows no such endpoint', 404, problem('endpoint not found'), 1],
			['405', 405, 'method not allowed', 1],
			['501', 501, 'not implemented', 1],
			['an answer at once', 200, OPEN, 1],
			['a refusal', 403, '<h1>Forbidden</h1>', 1],
			['400: no such wait', 400, 'bad request', 1],
			['a failure', 500, 'oops', 1],
			['a job that only /status knows', 404, problem('job not found'), 3],
		])('%s', async (_, status, body, longLooks) => {
			let looks = 0;
			const { items } = await generateAt(
				accepting((operation, response) => {
					if (operation.startsWith('status-sync')) reply(response, status, body);
					else reply(response, 200, ++looks < 3 ? OPEN : DONE);
				}),
				{ ...ASYNC, timeout: 60 },
			);
			expect(items[0]?.json).toMatchObject({ id: JOB.id, status: 'COMPLETED' });
			expect([sent('POST'), sent('status-sync')]).toEqual([1, longLooks]);
		});
	});
});

describe('a job that is not found', () => {
	hurry(50);

	/** Looks that know the job until it is not found any more, and the end; the clock stands `aheadMs` ahead then. */
	const missing = async (
		{ known = 0, misses = Infinity, body, aheadMs = 0 }: Row,
		options: IDataObject = {},
	) => {
		let looks = 0;
		const now = performance.now.bind(performance);
		return await generateAt(
			accepting((operation, response) => {
				if (operation.startsWith('status-sync')) reply(response, 405);
				else if (++looks <= known) reply(response, 200, OPEN);
				else if (looks > known + misses) reply(response, 200, DONE);
				else {
					jest.spyOn(performance, 'now').mockImplementation(() => now() + aheadMs);
					reply(response, 404, body);
				}
			}),
			{ ...ASYNC, timeout: 300, ...options },
		);
	};
	interface Row {
		known?: number;
		misses?: number;
		body: unknown;
		aheadMs?: number;
	}
	const looks = () => sent('status/');

	test.each<[string, Row, IDataObject]>([
		['after run', { misses: 6, body: problem('job not found') }, {}],
		['after runsync', { misses: 6, body: problem('job not found') }, { executionMode: 'sync' }],
		['that was found once', { known: 1, misses: 6, body: 'job not found' }, {}],
		['of an endpoint', { misses: 6, body: 'job x not found for endpoint p-video' }, {}],
		['for 55 s', { misses: 6, body: 'job not found', aheadMs: 55_000 }, {}],
	])('passes while it is new: %s', async (_, row, options) => {
		const { items } = await missing(row, options);
		expect(items[0]?.json).toMatchObject({ id: JOB.id, status: 'COMPLETED' });
		expect(sent('POST')).toBe(1);
	});

	test('passes for Job > Get without Wait, too', async () => {
		let looks = 0;
		const script = accepting((_, response) => {
			if (++looks <= 6) reply(response, 404, problem('job not found'));
			else reply(response, 200, OPEN);
		});
		await generateAt(script, {}, { resource: 'job', operation: 'submit', prompt: 'a cat' });
		const parameters = { resource: 'job', operation: 'get', jobId: JOB.id };
		const { items } = await runNode({ parameters, credentials: server!.credentials });
		expect(items[0]?.json).toEqual(OPEN);
	});

	const EXPIRED = `Job ${JOB.id} was not found on Runpod. It may have expired`;
	const GONE = "The endpoint 'p-video' was not found: endpoint not found";
	test.each<[string, Row, string, number]>([
		['a minute old', { body: 'job not found', aheadMs: 61_000 }, EXPIRED, 3],
		['once it was there', { known: 1, body: 'job not found', aheadMs: 61_000 }, EXPIRED, 4],
		['if the endpoint is gone', { known: 1, body: problem('endpoint not found') }, GONE, 4],
	])('ends the wait after three in a row: %s', async (_, row, message, count) => {
		const { error } = await missing(row);
		expect(error?.message).toBe(message);
		expect(error?.context).toMatchObject({ id: JOB.id });
		expect(looks()).toBe(count);
	});

	test('is given up by Job > Get with Wait at once if it was never there', async () => {
		const script: Script = (_, response) => reply(response, 404, problem('job not found'));
		const get = { resource: 'job', operation: 'get', jobId: 'never-there', wait: true };
		const { error } = await generateAt(script, { timeout: 600 }, get);
		expect(error?.message).toMatch(/^Job never-there was not found on Runpod/);
		expect(server?.requests).toHaveLength(3);
	});

	test('a result that comes 8 s after COMPLETED is taken', async () => {
		const now = performance.now.bind(performance);
		const EMPTY = { ...DONE, output: {} };
		// The wait begins with the first look.
		let looks = -1;
		jest.spyOn(performance, 'now').mockImplementation(() => now() + 2_000 * Math.max(0, looks));
		const { items } = await generateAt(
			accepting((_, response) => reply(response, 200, ++looks < 5 ? EMPTY : DONE)),
			ASYNC,
		);
		expect([items[0]?.json.status, looks]).toEqual(['COMPLETED', 5]);
	});
});

describe('the timeout limits everything', () => {
	const silent: Script = () => undefined;
	const trickling: Script = (_, response) => {
		response.writeHead(200);
		const timer = setInterval(() => response.write(' '), 100);
		response.once('close', () => clearInterval(timer));
	};
	const busy =
		(status: number, headers = {}): Script =>
		(_, response) => {
			response.writeHead(status, headers).end('{"error":"busy"}');
		};
	const MAY_RUN = 'the job may be running';
	const SYNC = { executionMode: 'sync' };

	test.each<[string, Script, IDataObject, string, number]>([
		['a silent server, sync', silent, SYNC, MAY_RUN, 1],
		['a silent server, async', silent, {}, MAY_RUN, 1],
		['an answer that trickles, sync', trickling, SYNC, MAY_RUN, 1],
		['an answer that trickles, async', trickling, {}, MAY_RUN, 1],
		['silence while waiting', accepting(silent), {}, `job ${JOB.id}`, 1],
		['answers that trickle while waiting', accepting(trickling), {}, `job ${JOB.id}`, 1],
		['429 for good', busy(429), {}, 'Runpod is limiting requests', Infinity],
		['503 for good', busy(503), {}, 'Runpod is not available', Infinity],
		['Retry-After beyond it', busy(429, { 'retry-after': '90' }), {}, 'limiting requests', 1],
		['429 while waiting', accepting(busy(429)), {}, JOB.id, 1],
		['Retry-After while waiting', accepting(busy(429, { 'retry-after': '90' })), {}, JOB.id, 1],
	])('%s', async (_, script, options, message, posts) => {
		const waits = jest.spyOn(AbortSignal, 'timeout');
		const { error } = await generateAt(script, { ...ASYNC, timeout: 4, ...options });
		// Each request and each pause has what is left of it.
		for (const [ms] of waits.mock.calls) expect(ms).toBeLessThanOrEqual(4_000);
		expect(error?.message).toContain(message);
		if (posts === Infinity) expect(sent('POST')).toBeGreaterThan(2);
		else expect(sent('POST')).toBe(posts);
	});

	test('after a long refusal runsync waits no longer than the item has time', async () => {
		const waits: number[] = [];
		const { items } = await generateAt(
			(operation, response, request) => {
				waits.push(Number(new URL(request.url ?? '', 'http://a').searchParams.get('wait')));
				if (operation !== 'runsync') reply(response, 200, DONE);
				else if (waits.length > 1) reply(response, 200, QUEUED);
				else response.writeHead(429, { 'retry-after': '3' }).end();
			},
			{ timeout: 6 },
		);
		expect(items[0]?.json).toMatchObject({ id: JOB.id });
		expect((waits[0] ?? 0) - (waits[1] ?? 0)).toBeGreaterThan(1_000);
	});

	test('the shortest: polled at once and as late as it can be, and a synchronous job is named', async () => {
		simulator.hold('finish');
		const { error } = await generate(simulator, { options: { ...ASYNC, timeout: 1 } });
		expect(error?.message).toMatch(/was still IN_(QUEUE|PROGRESS) after 1 s/);
		expect([looksAt('status-sync'), looksAt('status')]).toEqual([0, 2]);

		simulator.options.timeScale = 0.5;
		const sync = await generate(simulator, { options: { timeout: 1 } });
		expect(sync.error?.context).toMatchObject({ id: simulator.ledger.jobs[1]?.id });
		expect(submissions(simulator)).toHaveLength(2);
	});
});

describe('an outage costs one timeout, not one an item, and each item says why', () => {
	const COUNT = 1_000;
	const through = async (rule: Partial<FaultRule>, batch: Batch = {}) => {
		simulator.faults.add({ operation: '*', times: Infinity, ...rule } as FaultRule);
		const { items } = await generate(simulator, {
			prompts: shots(COUNT),
			...batch,
			options: { timeout: 2, ...batch.options },
			settings: CONTINUE,
		});
		return items.map(({ json }) => String(json.error));
	};
	const all = (reason: string) => Array<unknown>(COUNT).fill(expect.stringContaining(reason));

	test.each<[string, number, number, string]>([
		['a wrong key', 401, 5, 'Runpod did not accept this API key'],
		['no credit', 402, 5, 'There is no credit left'],
		// The first five use their time; of the others each asks once.
		['Runpod is down', 503, 5 * 8 + COUNT, 'Runpod is not available'],
		['Runpod limits requests', 429, 5 * 8 + COUNT, 'Runpod is limiting requests'],
	])('%s (%i)', async (_, status, most, reason) => {
		expect(await through({ kind: 'status', status })).toEqual(all(reason));
		expect(simulator.requests.length).toBeLessThanOrEqual(most);
		expect(simulator.ledger.jobs).toHaveLength(0);
	});

	test('Runpod is out of reach', async () => {
		server = await startScripted(() => undefined);
		const { credentials } = server;
		await server.close();
		expect(await through({ kind: 'status', status: 500 }, { credentials })).toEqual(
			all('Runpod could not be reached'),
		);
	});

	test.each<[string, Partial<FaultRule>]>([
		['Runpod is silent', { kind: 'hang' }],
		['an edge ends each request', { kind: 'job', operation: 'runsync', executionTimeMs: 60_000 }],
	])('%s: after three items no other is submitted', async (_, rule) => {
		simulator.options.edge = { afterMs: 5_300, status: 524 };
		const errors = await through(rule, { options: { timeout: 7 } });
		const refused = 'Not submitted: Runpod did not respond to the last 3 items';
		expect(new Set(errors.slice(10))).toEqual(new Set([refused]));
		// Two more may begin before the third of the first five has waited.
		expect(simulator.requests.length).toBeLessThan(10);
	});

	test('ends with it: once Runpod accepts a job, refusals are waited out again', async () => {
		// The first uses its time, two ask once; after the one that is accepted the last is sent again.
		const faults = { kind: 'status', status: 503 } as const;
		simulator.faults.add({ operation: '*', ...faults, times: Infinity, match: { prompt: 'down' } });
		simulator.faults.add({ operation: '*', ...faults, match: { prompt: 'last' } });
		const { items } = await generate(simulator, {
			prompts: ['down 1', 'down 2', 'down 3', 'up', 'last'],
			options: { timeout: 2, concurrency: 1 },
			settings: CONTINUE,
		});

		const isMade = items.map(({ json }) => json.status === 'COMPLETED');
		expect(isMade).toEqual([false, false, false, true, true]);
		const prompts = submissions(simulator).map(
			({ body }) => (body as { input: IDataObject }).input.prompt,
		);
		expect(prompts.filter((prompt) => prompt === 'down 3')).toHaveLength(1);
		expect(prompts.filter((prompt) => prompt === 'last')).toHaveLength(2);
	});
});
