/** Everything is checked before anything is spent. */
import type { INodeType } from 'n8n-workflow';
import { getHealth } from '../../nodes/PrunaVideo/actions/endpoint/getHealth';
import { execute } from '../../nodes/PrunaVideo/execution/execute';
import { runPool } from '../../nodes/PrunaVideo/execution/pool';
import { CONTINUE, generate, promptsOf, shots, simulator, useSimulator } from './batch';
import { runNode, simpleDescription } from './engine';

useSimulator();

/** Ten items of which number 7 asks for eleven seconds. */
const oneBadOfTen = {
	prompts: shots(10),
	parameters: { duration: '={{ $itemIndex === 7 ? 11 : 5 }}' },
};

const DURATION = "'Duration (Seconds)' must be a whole number from 1 to 10, but is 11";

test('one bad item of ten: nothing is sent', async () => {
	const { error } = await generate(simulator, oneBadOfTen);
	expect(error?.message).toBe(DURATION);
	expect(error?.context).toMatchObject({ itemIndex: 7 });
	expect(simulator.requests).toHaveLength(0);
});

test('with Continue On Fail: nine jobs and one error item', async () => {
	const { items, error } = await generate(simulator, { ...oneBadOfTen, settings: CONTINUE });

	expect(error).toBeUndefined();
	expect(simulator.ledger.countByStatus()).toEqual({ COMPLETED: 9 });
	const expected: unknown[] = shots(10);
	expected[7] = undefined;
	expect(promptsOf(items, simulator)).toEqual(expected);
	expect(items[7]?.json).toEqual({
		prompt: 'shot 7.',
		error: DURATION,
		hint: 'If the value comes from an expression, check what it evaluates to for this item.',
	});
});

test('with an error output: nine videos on one, the bad item on the other', async () => {
	const { items, errorItems } = await generate(simulator, {
		...oneBadOfTen,
		settings: { onError: 'continueErrorOutput' },
	});

	expect(simulator.ledger.countByStatus()).toEqual({ COMPLETED: 9 });
	expect(items).toHaveLength(9);
	expect(errorItems.map(({ pairedItem }) => pairedItem)).toEqual([{ item: 7 }]);
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
					...getHealth,
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
