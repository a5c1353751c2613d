/** `npm run check:live` against the simulator: what it spends, when it stops, and that it does not print the key. */
import { join } from 'node:path';
import execa from 'execa';
import getPort from 'get-port';
import { startSimulator, type FaultRule, type Simulator } from '../tools/simulator';
import { FORBIDDEN_KEY, optionsOf } from '../tools/simulator/options';

const PROGRAM = join(__dirname, '../tools/live/live.ts');

// Each test starts a program.
jest.setTimeout(60_000);

let simulator: Simulator;
beforeEach(async () => (simulator = await startSimulator()));
afterEach(() => simulator.close());

/** Runs it to its end; no terminal, so nobody can be asked. */
async function check(args: string[], key = simulator.apiKey, restricted = '') {
	const node = ['--require', require.resolve('tsx/cjs'), PROGRAM];
	const url = ['--base-url', simulator.baseUrl];
	const env = { RUNPOD_API_KEY: key, RUNPOD_RESTRICTED_API_KEY: restricted };
	const options = { env, stdin: 'ignore', all: true, reject: false } as const;
	const { exitCode, all = '' } = await execa(process.execPath, [...node, ...url, ...args], options);
	expect(all).not.toContain('rpa_simulator');
	return { exitCode, all };
}

test.each(['documented', 'seen'])(
	'a Runpod as %s makes seven drafts below the limit, and it says what they cost',
	async (profile) => {
		Object.assign(simulator.options, optionsOf(profile));
		const port = String(await getPort());
		const webhook = ['--webhook', `http://127.0.0.1:${port}/`, '--port', port];
		const { exitCode, all } = await check(['--yes', ...webhook], undefined, FORBIDDEN_KEY);
		const { jobs, total } = simulator.ledger;
		expect([exitCode, jobs.map(({ status }) => status)]).toEqual([0, Array(7).fill('COMPLETED')]);
		expect(total).toBeGreaterThan(0.09);
		expect(total).toBeLessThanOrEqual(0.15);
		expect(all).toContain(`Spent: $${total}`);
		expect(all).toContain('webhook: POST, application/json, Go-http-client/2.0');
		expect(all).toMatch(/billing\/endpoints\?lastN=1: 200 [^]*"totalAmount":0\}/);
		expect(all).toMatch(/a restricted key submits[^\n]*\n[^\n]*run: 403/);
		for (const { id } of jobs) expect(all).toContain(id);
	},
);

test('spends nothing where nobody can agree', async () => {
	expect((await check([])).exitCode).toBe(0);
	expect(simulator.ledger.jobs).toHaveLength(0);
});

const SECOND = { operation: 'run', match: { prompt: 'ball' }, skip: 1 } as const;

test.each<[string, FaultRule, number]>([
	[
		'a job costs more than it should',
		{ ...SECOND, kind: 'job', price: 0.1, output: { cost: 0.1 } },
		2,
	],
	['the connection breaks', { ...SECOND, kind: 'reset', when: 'after' }, 2],
	['the edge answers 524', { ...SECOND, kind: 'status', status: 524, when: 'after' }, 2],
])('stops where %s', async (_, fault, jobs) => {
	simulator.faults.add(fault);
	const { exitCode, all } = await check(['--yes']);
	expect([exitCode, simulator.ledger.jobs.length]).toEqual([1, jobs]);
	expect(all).toContain('Stopped: It ');
});

test.each([
	['a wrong key', 'rpa_wrong_key'],
	['no key', ''],
])('does nothing with %s', async (_, key) => {
	expect((await check(['--yes'], key)).exitCode).toBe(1);
	expect(simulator.ledger.jobs).toHaveLength(0);
});
