/** How jobs are waited for: the long look, polling where it is missing, odd answers in between, and the time limit. */
import type { IDataObject } from 'n8n-workflow';
import { startSimulator, type Simulator } from '../tools/simulator';
import { generate, submissions } from './batch';
import { runNode, type EngineResult } from './engine';
import { reply, startScripted, type Script, type Scripted } from './scripted';

let simulator: Simulator;
let usual: Simulator['options'];
let server: Scripted | undefined;
beforeAll(async () => {
	// A job that is unknown at first has tests of its own.
	simulator = await startSimulator({ unknownAtFirst: { looks: 0, ms: 0 } });
	usual = { ...simulator.options };
});
beforeEach(() => {
	simulator.reset();
	Object.assign(simulator.options, usual);
});
afterEach(async () => {
	jest.restoreAllMocks();
	await server?.close();
	server = undefined;
});
afterAll(async () => await simulator.close());

const ASYNC = { executionMode: 'async', timeout: 20, pollInterval: 30 };

const looksAt = (operation: string) =>
	simulator.requests.filter((request) => request.operation === operation).length;

/** Makes a video of a server's own. */
async function generateAt(script: Script, options: IDataObject = {}): Promise<EngineResult> {
	server = await startScripted(script);
	return await runNode({
		parameters: { resource: 'video', operation: 'generate', prompt: 'a cat', options },
		credentials: server.credentials,
	});
}

/** Lets the node's pauses pass fifty times as fast; time limits of requests stay. */
function hurryPauses(): void {
	const timeout = AbortSignal.timeout.bind(AbortSignal);
	jest
		.spyOn(AbortSignal, 'timeout')
		.mockImplementation((ms) => timeout(ms < 9_000 ? Math.ceil(ms / 50) : ms));
}

const seconds = (begin: number) => (performance.now() - begin) / 1000;
const JOB = { id: 'job-1-u1' };
const OPEN = { ...JOB, status: 'IN_PROGRESS' };
const DONE = {
	...JOB,
	status: 'COMPLETED',
	output: { result: 'https://v.example/a.mp4', cost: 0.1 },
};
const PROBLEM = { status: 404, title: 'Not Found' };

describe('long status checks (status-sync)', () => {
	test.each([
		['async', ASYNC],
		['a runsync that did not finish', { ...ASYNC, executionMode: 'sync', syncWait: 1 }],
	])('%s: the end is seen at once, in few requests', async (_, options) => {
		simulator.options.timeScale = 0.15;
		simulator.options.executionTimeMs = 1_500;
		let latency = Infinity;
		// The wall clock is also other processes': a busy machine gets more chances.
		for (let round = 0; round < 3 && latency >= 100; round++) {
			simulator.reset();
			const { items } = await generate(simulator, { options });
			const [job] = simulator.ledger.jobs;
			// By the simulator's clock.
			latency = performance.timeOrigin + performance.now() - (job?.history.at(-1)?.at ?? 0);
			expect(items[0]?.json).toMatchObject({ id: job?.id, status: 'COMPLETED' });
			expect(looksAt('status-sync')).toBe(1);
			expect(looksAt('status')).toBe(0);
			expect(submissions(simulator)).toHaveLength(1);
		}
		expect(latency).toBeLessThan(100);
	});

	test.each<[string, (looks: number) => [number, unknown]]>([
		['404 without words', () => [404, '']],
		['404 of a page', () => [404, '<h1>404 page not found</h1>']],
		['404 that knows no such endpoint', () => [404, { ...PROBLEM, detail: 'endpoint not found' }]],
		['405', () => [405, 'method not allowed']],
		['501', () => [501, 'not implemented']],
		['an answer at once', () => [200, OPEN]],
	])('an endpoint without it: %s', async (_, answer) => {
		hurryPauses();
		let looks = 0;
		const { items } = await generateAt(
			(operation, response) => {
				if (operation === 'run') reply(response, 200, { ...JOB, status: 'IN_QUEUE' });
				else if (operation.startsWith('status-sync')) reply(response, ...answer(looks));
				else reply(response, 200, ++looks < 3 ? OPEN : DONE);
			},
			{ ...ASYNC, pollInterval: 1 },
		);
		expect(items[0]?.json).toMatchObject({ id: JOB.id, status: 'COMPLETED' });
		const { requests = [] } = server ?? {};
		expect(requests.filter((request) => request.includes('status-sync'))).toHaveLength(1);
		expect(requests.filter((request) => request === 'POST run')).toHaveLength(1);
	});

	test.each<[string, number, unknown]>([
		['does not know a job that /status knows', 404, { ...PROBLEM, detail: 'job not found' }],
		['is refused', 403, '<h1>Forbidden</h1>'],
		['takes no such wait', 400, 'bad request'],
		['fails', 500, 'oops'],
	])('one that %s is not used again after the second time', async (_, status, body) => {
		hurryPauses();
		let looks = 0;
		const { items } = await generateAt(
			(operation, response) => {
				if (operation === 'run') reply(response, 200, { ...JOB, status: 'IN_QUEUE' });
				else if (operation.startsWith('status-sync')) reply(response, status, body);
				else reply(response, 200, ++looks < 4 ? OPEN : DONE);
			},
			{ ...ASYNC, pollInterval: 1 },
		);
		expect(items[0]?.json).toMatchObject({ id: JOB.id, status: 'COMPLETED' });
		expect(server?.requests.filter((request) => request.includes('status-sync'))).toHaveLength(2);
	});
});

describe('one unexpected answer does not end the wait for a known job', () => {
	beforeEach(hurryPauses);

	test.each<[string, (response: Parameters<Script>[1]) => unknown]>([
		...[400, 401, 402, 403, 404, 429, 451, 500, 502, 503].map(
			(status): [string, (response: Parameters<Script>[1]) => unknown] => [
				`HTTP ${status} with a page`,
				(response) => reply(response, status, '<h1>Sorry</h1>'),
			],
		),
		['HTTP 200 with a page', (response) => reply(response, 200, '<h1>Sign in</h1>')],
		['HTTP 200 without words', (response) => reply(response, 200)],
		['another job', (response) => reply(response, 200, { ...DONE, id: 'job-2-u1' })],
		['a reset', (response) => response.destroy()],
	])('%s', async (_, odd) => {
		let looks = 0;
		const { items, error } = await generateAt(
			(operation, response) => {
				if (operation === 'run') reply(response, 200, { ...JOB, status: 'IN_QUEUE' });
				else if (operation.startsWith('status-sync')) reply(response, 405);
				else if (++looks === 2) odd(response);
				else reply(response, 200, looks < 4 ? OPEN : DONE);
			},
			{ ...ASYNC, pollInterval: 1 },
		);
		expect(error).toBeUndefined();
		expect(items[0]?.json).toMatchObject({ id: JOB.id, video_url: DONE.output.result, cost: 0.1 });
		expect(server?.requests.filter((request) => request === 'POST run')).toHaveLength(1);
	});
});

describe('a job that is not found', () => {
	beforeEach(hurryPauses);

	test.each([
		['run', { executionMode: 'async' }],
		['runsync', { executionMode: 'sync' }],
	])('passes while it is new, after %s', async (_, options) => {
		let looks = 0;
		const { items } = await generateAt(
			(operation, response) => {
				if (operation.startsWith('run')) reply(response, 200, { ...JOB, status: 'IN_QUEUE' });
				else if (++looks < 6) reply(response, 404, { ...PROBLEM, detail: 'job not found' });
				else reply(response, 200, DONE);
			},
			{ ...ASYNC, ...options, pollInterval: 1 },
		);
		expect(items[0]?.json).toMatchObject({ id: JOB.id, status: 'COMPLETED' });
	});

	/** Looks that do not know the job until the node gives up, after `known` that do; the clock stands `aheadMs` ahead. */
	async function missingFrom(known: number, body: unknown, aheadMs = 0, options: IDataObject = {}) {
		let looks = 0;
		const { now } = Date;
		return await generateAt(
			(operation, response) => {
				if (operation === 'run') reply(response, 200, { ...JOB, status: 'IN_QUEUE' });
				else if (operation.startsWith('status-sync')) reply(response, 405);
				else if (++looks <= known) reply(response, 200, OPEN);
				else {
					jest.spyOn(Date, 'now').mockImplementation(() => now() + aheadMs);
					reply(response, 404, body);
				}
			},
			{ ...ASYNC, timeout: 300, pollInterval: 1, ...options },
		);
	}
	const looks = () => server?.requests.filter((request) => request.includes('status/')).length;

	test('after a minute, three in a row end it', async () => {
		const { error } = await missingFrom(0, { ...PROBLEM, detail: 'job not found' }, 61_000);
		expect(error?.message).toBe(`Job ${JOB.id} was not found on Runpod. It may have expired`);
		expect(looks()).toBe(3);
	});

	test('three in a row end it, once it was there; Time to Live is named', async () => {
		const { error } = await missingFrom(1, 'job not found', 0, { ttl: 60 });
		expect(error?.message).toBe(`Job ${JOB.id} was not found on Runpod. It may have expired`);
		expect(error?.description).toContain("'Time to Live' removes a job 60 s after its submission");
		expect(error?.context).toMatchObject({ id: JOB.id, status: 'IN_PROGRESS' });
		expect(looks()).toBe(4);
	});

	test('an endpoint that is gone is not an expired job', async () => {
		const { error } = await missingFrom(1, { ...PROBLEM, detail: 'endpoint not found' });
		expect(error?.message).toBe("The endpoint 'p-video' was not found: endpoint not found");
		expect(error?.context).toMatchObject({ id: JOB.id });
		expect(looks()).toBe(4);
	});
});

test.each(['EXPIRED', 'ERROR', 'CANCELED', 'Canceled'])(
	'a job that stays %s is not said to be running',
	async (status) => {
		const { error } = await generateAt(
			(operation, response) =>
				reply(response, operation.startsWith('status-sync') ? 405 : 200, {
					...JOB,
					status,
					error: 'gone',
				}),
			{ ...ASYNC, timeout: 1, pollInterval: 1 },
		);
		expect(error?.message).toBe(
			`Runpod reports the state ${status} for job ${JOB.id} after 1 s: gone`,
		);
		expect(error?.description).not.toMatch(/keeps running/);
	},
);

test('the last reason that a job reported is shown at the timeout', async () => {
	const output = { status: 'error', error: { message: 'CUDA out of memory' } };
	const { error } = await generateAt(
		(operation, response) => {
			if (operation.startsWith('status-sync')) reply(response, 405);
			else
				reply(
					response,
					200,
					operation === 'run' ? { ...JOB, status: 'IN_QUEUE' } : { ...OPEN, output },
				);
		},
		{ ...ASYNC, timeout: 1, pollInterval: 1 },
	);
	expect(error?.message).toBe(`Job ${JOB.id} was still IN_PROGRESS after 1 s: CUDA out of memory`);
});

describe('the timeout limits everything', () => {
	const silent: Script = () => undefined;
	const trickling: Script = (_, response) => {
		response.writeHead(200);
		const timer = setInterval(() => response.write(' '), 100);
		response.once('close', () => clearInterval(timer));
	};
	const accepting =
		(then: Script): Script =>
		(operation, response, request) => {
			if (operation === 'run') reply(response, 200, { ...JOB, status: 'IN_QUEUE' });
			else then(operation, response, request);
		};
	const busy =
		(status: number, headers = {}): Script =>
		(_, response) => {
			response.writeHead(status, headers).end();
		};
	const MAY_RUN = 'the job may be running';

	test.each<[string, Script, IDataObject, string, number]>([
		['a silent server, sync', silent, { executionMode: 'sync' }, MAY_RUN, 1],
		['a silent server, async', silent, {}, MAY_RUN, 1],
		['an answer that trickles, sync', trickling, { executionMode: 'sync' }, MAY_RUN, 1],
		['an answer that trickles, async', trickling, {}, MAY_RUN, 1],
		['silence while waiting', accepting(silent), {}, `job ${JOB.id}`, 1],
		['answers that trickle while waiting', accepting(trickling), {}, `job ${JOB.id}`, 1],
		['429 for good', busy(429), {}, 'Runpod is limiting requests', Infinity],
		['503 for good', busy(503), {}, 'Runpod is not available', Infinity],
		['Retry-After beyond it', busy(429, { 'retry-after': '9' }), {}, 'limiting requests', 1],
		['429 while waiting', accepting(busy(429)), {}, JOB.id, 1],
		[
			'a long Retry-After while waiting',
			accepting(busy(429, { 'retry-after': '90' })),
			{},
			JOB.id,
			1,
		],
	])('%s', async (_, script, options, message, posts) => {
		const begin = performance.now();
		const { error } = await generateAt(script, { ...ASYNC, timeout: 4, ...options });
		expect(seconds(begin)).toBeLessThan(4.9);
		expect(error?.message).toContain(message);
		const sent = server?.requests.filter((request) => request.startsWith('POST')).length;
		if (posts === Infinity) expect(sent).toBeGreaterThan(3);
		else expect(sent).toBe(posts);
	});
});

test('after a long refusal runsync waits no longer than the item has time', async () => {
	const waits: number[] = [];
	const { items } = await generateAt(
		(operation, response, request) => {
			waits.push(Number(new URL(request.url ?? '', 'http://a').searchParams.get('wait')));
			if (operation !== 'runsync') reply(response, 200, DONE);
			else if (waits.length > 1) reply(response, 200, { ...JOB, status: 'IN_QUEUE' });
			else response.writeHead(429, { 'retry-after': '3' }).end();
		},
		{ timeout: 5 },
	);
	expect(items[0]?.json).toMatchObject({ id: JOB.id });
	expect(waits[0]).toBeGreaterThan(3_500);
	expect(waits[1]).toBeLessThan(2_000);
});

test('with too little time for a long status check, the job is polled with pauses', async () => {
	simulator.hold('finish');
	const { error } = await generate(simulator, { options: { ...ASYNC, timeout: 1 } });
	expect(error?.message).toMatch(/was still IN_(QUEUE|PROGRESS) after 1 s/);
	// At once, and as late as it can be.
	expect([looksAt('status-sync'), looksAt('status')]).toEqual([0, 2]);
});

test('with the shortest timeout, a synchronous job is named', async () => {
	Object.assign(simulator.options, { executionTimeMs: 5_000, timeScale: 0.5 });
	const { error } = await generate(simulator, { options: { timeout: 1 } });
	expect(error?.context).toMatchObject({ id: simulator.ledger.jobs[0]?.id });
	expect(submissions(simulator)).toHaveLength(1);
});

test('refusals are waited out as long as the item has time', async () => {
	hurryPauses();
	let refusals = 0;
	const { items, error, hints } = await generateAt(
		(operation, response) => {
			if (operation !== 'run') reply(response, 200, DONE);
			else if (++refusals <= 12) reply(response, refusals % 2 === 0 ? 503 : 429);
			else reply(response, 200, { ...JOB, status: 'IN_QUEUE' });
		},
		{ ...ASYNC, timeout: 600 },
	);
	expect(error).toBeUndefined();
	expect(items[0]?.json).toMatchObject({ id: JOB.id });
	expect(server?.requests.filter((request) => request === 'POST run')).toHaveLength(13);
	expect(hints.map(({ message }) => message).join()).toContain('for Runpod to accept the request');
});
