/** Ways in which money or a job could be lost, each of which once was one. */
import type { INodeType } from 'n8n-workflow';
import { execute } from '../../nodes/PrunaVideo/execution/execute';
import { runPool } from '../../nodes/PrunaVideo/execution/pool';
import { startSimulator, type Simulator } from '../tools/simulator';
import { generate, RETRY, shots } from './batch';
import { runNode, simpleDescription } from './engine';
import { reply, startScripted } from './scripted';

let simulator: Simulator;
beforeAll(async () => {
	simulator = await startSimulator({ executionTimeMs: 20 });
});
beforeEach(() => simulator.reset());
afterAll(async () => await simulator.close());

test.each([
	// An error whose reason cannot be read leaves a submission uncertain: it is not sent again.
	[500, { detail: [{ loc: [{ toString: 1 }], msg: 'boom' }] }, 'the job may be running'],
	// The ID of the request is not taken for that of a job: its reason is not lost.
	[400, { id: 'request-1', error: 'property input is required' }, 'property input is required'],
])('an odd %d is sent once', async (status, body, message) => {
	const server = await startScripted((_operation, response) => reply(response, status, body));
	const { credentials } = server;
	const { error } = await generate(simulator, {
		credentials,
		settings: RETRY,
		options: { timeout: 3 },
	});
	await server.close();

	expect(server.requests.slice(0, status === 500 ? 3 : 1)).toEqual(['POST runsync']);
	expect(error?.message).toContain(message);
});

test('a stop also ends the checking of items', async () => {
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
				() => ({ concurrency: 1, cancelOnStop: true }),
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
