/** n8n's log: a worker that is killed leaves its jobs there, and whoever waits finds out why. */
import { inspect } from 'node:util';
import { engineLogger, generate, shots, simulator, useSimulator } from './batch';
import { hurry } from './hurry';

useSimulator();
hurry(20);
let lines: string[] = [];
beforeEach(() => {
	lines = [];
	jest.spyOn(engineLogger(), 'log').mockImplementation((level, message) => {
		if (String(message).startsWith('Pruna Video: ')) lines.push(`${inspect(level)} ${message}`);
	});
});

test.each([{ executionMode: 'sync' }, { executionMode: 'async' }])(
	'names each job once, with its item and endpoint: %j',
	async (options) => {
		await generate(simulator, { prompts: shots(3), options });

		for (const { id, input } of simulator.ledger.jobs) {
			const item = shots(3).indexOf(String(input.prompt));
			expect(lines.filter((line) => line.includes(id))).toEqual([
				`'info' Pruna Video: job ${id} accepted (item ${item}, endpoint p-video)`,
			]);
		}
	},
);

test('names a job the moment it is accepted, before it has ended', async () => {
	simulator.hold('finish');
	const execution = generate(simulator, { options: { executionMode: 'async' } });
	await simulator.waitFor(() => lines.length > 0);
	expect(lines.join()).toContain(simulator.ledger.jobs[0]?.id);
	expect(simulator.ledger.count('IN_PROGRESS')).toBe(1);
	simulator.release();
	await execution;
});

test('says of each repeat what is sent again, when and why, never with the key', async () => {
	simulator.faults.add({
		...{ operation: 'runsync', kind: 'status', status: 429, times: 2 },
		headers: { 'retry-after': '7' },
		body: { error: `slow down, ${simulator.apiKey}` },
	});
	await generate(simulator);

	const repeats = lines.filter((line) => line.includes('will be sent again'));
	expect(repeats).toHaveLength(2);
	const said = /POST runsync will be sent again in [789]\.\d s: Runpod is limiting requests/;
	for (const line of repeats) expect(line).toMatch(said);
	expect(lines.join()).not.toContain(simulator.apiKey);
});

test('has the stack of an error that nobody foresaw, without the key; the user is asked to report it', async () => {
	jest.spyOn(Math, 'random').mockImplementation(() => {
		throw new TypeError(`no ${simulator.apiKey}`);
	});
	const { error } = await generate(simulator);
	expect(`${error?.message}. ${error?.description}`).toMatch('no ***. This is a bug. Please');
	expect(lines.join()).toMatch(/'error' .* unexpected error \(item 0\): TypeError: no \*\*\*\n/);
});
