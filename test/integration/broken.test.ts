/** Ways in which money or a job could be lost, each of which once was one. */
import type { INodeType } from 'n8n-workflow';
import { execute } from '../../nodes/PrunaVideo/execution/execute';
import { keptResponse } from '../../nodes/PrunaVideo/execution/entry';
import { runPool } from '../../nodes/PrunaVideo/execution/pool';
import { startSimulator, type Simulator } from '../tools/simulator';
import { CONTINUE, generate, RETRY, shots, submissions, WatchedNode } from './batch';
import { runNode, simpleDescription } from './engine';
import { reply, startScripted } from './scripted';

let simulator: Simulator;
beforeAll(async () => {
	simulator = await startSimulator({ executionTimeMs: 20 });
});
beforeEach(() => simulator.reset());
afterAll(async () => await simulator.close());

const ASYNC = { executionMode: 'async', pollInterval: 1 };

test('an error whose reason cannot be read leaves a submission uncertain: it is not sent again', async () => {
	const server = await startScripted((_operation, response) =>
		reply(response, 500, { detail: [{ loc: [{ toString: 1 }], msg: 'boom' }] }),
	);
	const { error } = await generate(simulator, {
		credentials: server.credentials,
		settings: RETRY,
	});
	await server.close();

	expect(server.requests).toEqual(['POST runsync']);
	expect(error?.message).toContain('the job may be running');
});

describe('with a limit and audio of unknown length', () => {
	const audio = { audioSource: 'url', audioUrl: 'https://example.com/a.mp3' };

	// Today all are submitted: an unknown cost counts as 0 until it is known.
	test.each([
		['generate', 'video', { ...ASYNC, timeout: 1 }],
		['submit', 'job', {}],
	])(
		'%s: after a job whose cost was not reported, none is submitted',
		async (operation, resource, options) => {
			simulator.hold('finish');
			await generate(simulator, {
				prompts: shots(3),
				parameters: { ...audio, resource, operation },
				options: { ...options, maxCostPerExecution: 0.05 },
				settings: CONTINUE,
			});

			expect(submissions(simulator)).toHaveLength(1);
		},
	);

	// Today they are: an item that waits for its turn counts as started.
	test('after a failure, no item that is waiting for its turn is submitted', async () => {
		simulator.faults.add({ operation: 'runsync', kind: 'job', error: 'no worker' });
		const { error } = await generate(simulator, {
			prompts: shots(5),
			parameters: audio,
			options: { maxCostPerExecution: 5, concurrency: 5 },
		});

		expect(error?.message).toContain('no worker');
		expect(submissions(simulator)).toHaveLength(1);
	});
});

describe('a stop', () => {
	test('also ends the checking of items', async () => {
		const stop = new AbortController();
		const planned: number[] = [];
		let ended: Promise<unknown> | undefined;
		const type: INodeType = {
			description: simpleDescription('prunaVideo'),
			execute() {
				const run = execute(
					this,
					{
						async plan({ index }) {
							planned.push(index);
							if (index === 2) stop.abort();
							return {};
						},
						perform: async (item) => item.returns({}),
					},
					{
						readSettings: () => ({ concurrency: 1, cancelOnStop: true }),
						readResult: () => ({}),
					},
				);
				ended = run.catch(() => undefined);
				return run.then((items) => [items]);
			},
		};
		await runNode({
			parameters: {},
			items: shots(10).map((prompt) => ({ json: { prompt } })),
			type,
			stop: stop.signal,
		});
		await ended;

		expect(planned).toEqual([0, 1, 2]);
	});

	test('of Job > Submit says which submitted jobs were cancelled, and does not call them finished', async () => {
		simulator.hold('finish');
		simulator.faults.add({ operation: 'run', kind: 'delay', ms: 300, skip: 2, times: Infinity });
		const stop = new AbortController();
		const type = new WatchedNode();
		const execution = generate(simulator, {
			prompts: shots(4),
			parameters: { resource: 'job', operation: 'submit' },
			options: { concurrency: 1 },
			type,
			stop: stop.signal,
		});
		const runs = () => simulator.requests.filter(({ operation }) => operation === 'run');
		await simulator.waitFor(() => runs().length === 3);
		stop.abort();
		await execution;
		await Promise.all(type.runs);

		expect(simulator.ledger.countByStatus()).toEqual({ CANCELLED: 3 });
		const { description = '' } = type.errors[0] ?? {};
		const [, cancelled = ''] = /Cancelled on Runpod: ([^.]*)\./.exec(String(description)) ?? [];
		expect(cancelled.split(', ').sort()).toEqual(simulator.ledger.jobs.map(({ id }) => id).sort());
		expect(description).not.toContain('Finished');
	});
});

test('a pool whose work throws still waits for the rest, and starts nothing new', async () => {
	const ended: number[] = [];
	const pool = runPool(3, 2, async (index) => {
		await new Promise((resolve) => setImmediate(resolve));
		if (index === 0) throw new Error('unforeseen');
		await new Promise((resolve) => setImmediate(resolve));
		ended.push(index);
		return true;
	});

	await expect(pool).rejects.toThrow('unforeseen');
	expect(ended).toEqual([1]);
});

test.each<Record<string, string>>([
	{ id: 'x'.repeat(1e6) },
	{ delayTime: 'x'.repeat(1e6) },
	{ output: 'https://example.com/' + 'x'.repeat(1e6) },
])('what is kept of a response is small, whichever of its fields is large (%#)', (large) => {
	const raw = { id: 'job-1', status: 'COMPLETED', ...large };
	const videoUrl = large.output === undefined ? {} : { videoUrl: large.output };
	const kept = keptResponse({ id: 'job-1', status: 'COMPLETED', raw }, { cost: 0.1, ...videoUrl });

	expect(JSON.stringify(kept).length).toBeLessThan(25_000);
});

// Today it is followed as a job, and Runpod's reason is lost.
test('a refusal with the ID of the request is not taken for a job', async () => {
	const server = await startScripted((_operation, response) =>
		reply(response, 400, { id: 'request-1', error: 'property input is required' }),
	);
	const { error } = await generate(simulator, {
		credentials: server.credentials,
		options: { timeout: 3 },
	});
	await server.close();

	expect(server.requests).toEqual(['POST runsync']);
	expect(error?.message).toContain('property input is required');
});
