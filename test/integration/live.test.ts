/** `npm run check:live` against the simulator: what it says, what it spends, and what its record gives away. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { anonymous } from '../tools/live/anonymous';
import { checkLive, type Choices } from '../tools/live/live';
import {
	startSimulator,
	type FaultRule,
	type Simulator,
	type StartOptions,
} from '../tools/simulator';
import { readRecords } from '../tools/simulator/records';
import { replay } from './simulator/replay';

let folder: string;
let simulator: Simulator;
let output: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'check-live-'))));
afterEach(async () => {
	rmSync(folder, { recursive: true });
	await simulator?.close();
});

const start = async (options: StartOptions) =>
	(simulator = await startSimulator({ executionTimeMs: 100, fetchMedia: false, ...options }));

/** The exit status. */
async function check(choices: Partial<Choices> = {}): Promise<number> {
	const lines: string[] = [];
	const { apiKey, baseUrl } = simulator;
	const say = (line: string) => lines.push(line);
	const status = await checkLive({ apiKey, baseUrl, folder, say, ...choices });
	output = lines.join('\n');
	return status;
}

/** The first job is the empty input's. */
function firstDraft(ms: number): () => number {
	let jobs = 0;
	return () => (++jobs === 2 ? ms : 0);
}

const submitted = () => simulator.requests.filter(({ operation }) => /^run/.test(operation));

describe.each([
	[
		'documented',
		['2  documented  health: 200', '7  documented', '11  documented  an empty input: 200'],
		['5  documented  a fresh job: known at once', '1  documented  address: output.video_url'],
	],
	[
		'seen',
		[
			'2  as seen     health: 401',
			'7  as seen     a body',
			'2  as seen     status of a made-up job',
		],
		['5  as seen     a fresh job: unknown for', '1  as seen     address: output.result'],
	],
])('as %s', (profile, free, paid) => {
	test('asks free of charge', async () => {
		await start({ profile });
		expect(await check()).toBe(0);
		for (const line of free) expect(output).toContain(line);
		expect(output).toContain('Spent: $0.00');
		expect(simulator.ledger.total).toBe(0);
		expect(simulator.ledger.jobs.every(({ status }) => status === 'FAILED')).toBe(true);
	});

	test('makes drafts with --spend, and says what they cost', async () => {
		await start({ profile, executionTimeMs: 400 });
		expect(await check({ spend: true })).toBe(0);
		for (const line of [...free, ...paid]) expect(output).toContain(line);
		const { total, jobs } = simulator.ledger;
		expect(total).toBeGreaterThan(0.1);
		expect(total).toBeLessThanOrEqual(0.15);
		expect(output).toContain(`Spent: $${total.toFixed(4)}`);
		for (const { id } of jobs) expect(output).toContain(id);
		expect(readdirSync(folder).filter((name) => name.endsWith('.mp4'))).toHaveLength(8);
		expect(output).not.toContain(simulator.apiKey);
	});

	test('does not record whose key, job or host it was', async () => {
		await start({ profile, errorShape: 'sentence' });
		await check({ spend: true });
		const record = readFileSync(join(folder, 'record.json'), 'utf8');
		const { apiKey, ledger, port } = simulator;
		const workers = ledger.jobs.map(({ workerId }) => workerId ?? apiKey);
		for (const secret of [apiKey, '127.0.0.1', String(port), ...workers]) {
			expect(record).not.toContain(secret);
		}
		for (const { id } of ledger.jobs) expect(record).not.toContain(id);
	});
});

test.each<StartOptions>([
	{ profile: 'documented' },
	{ profile: 'seen' },
	{
		profile: 'seen',
		outputShape: 'videoObject',
		costAs: 'text',
		unknownAtFirst: { looks: 3, ms: 0 },
	},
	{ outputShape: 'none', showsHealth: false, tooLargeStatus: 502 },
	{ statusSync: 404, repeatsInput: true, costAs: 'none' },
	{ statusSync: 501, refusesOddInput: true, cancelledHasTimes: false },
	{ refusesDataUris: true, tooLargeStatus: 400 },
	// The short runsync, and a long look that is over before the job.
	{ executionTimeMs: ({ image }) => (image ? 1200 : 0), idSuffix: '-u2' },
	{ executionTimeMs: firstDraft(1000), timeScale: 0.01 },
])('the record of %j is a case of the simulator', async (options) => {
	await start(options);
	await check({ spend: true });
	const records = readRecords(folder);
	expect(records.length).toBeGreaterThan(10);
	for (const record of records) await replay(record);
});

test.each<[string, Partial<FaultRule>[], number]>([
	['every job costs ten times as much', [{ kind: 'job', price: 0.05, output: { cost: 0.05 } }], 3],
	['every job costs what it should not', [{ kind: 'job', price: 0.14, output: { cost: 0.14 } }], 1],
	['costs are text', [{ kind: 'job', price: 0.07, output: [{ cost: '0.07' }] }], 2],
])('stops before the limit where %s', async (_, faults, jobs) => {
	await start({});
	const paid = { operation: 'run', times: Infinity, match: { prompt: 'ball' } } as const;
	for (const fault of faults) simulator.faults.add({ ...paid, ...fault } as FaultRule);
	expect(await check({ spend: true })).toBe(1);
	expect(output).toContain('Stopped: ');
	expect(simulator.ledger.jobs.filter(({ price }) => price > 0)).toHaveLength(jobs);
	expect(simulator.ledger.total).toBeLessThanOrEqual(0.15);
});

test.each<[string, Omit<FaultRule, 'operation'>]>([
	['the connection breaks', { kind: 'reset', when: 'after' } as FaultRule],
	['the edge answers 524', { kind: 'status', status: 524, when: 'after' } as FaultRule],
	['the answer has no id', { kind: 'body', body: '{}', when: 'after' } as FaultRule],
	['the answer is cut off', { kind: 'truncate', bytes: 5 } as FaultRule],
	[
		'it redirects',
		{ kind: 'redirect', status: 307, location: '/v2/p-video/run', when: 'after' } as FaultRule,
	],
])('submits nothing again, and nothing more, where %s', async (_, fault) => {
	await start({});
	simulator.faults.add({ operation: 'run', match: { prompt: 'ball' }, ...fault } as FaultRule);
	expect(await check({ spend: true })).toBe(1);
	expect(output).toContain('it may have been accepted');
	expect(output).toContain('$0.005 at most');
	expect(simulator.ledger.jobs.filter(({ price }) => price > 0).length).toBeLessThanOrEqual(1);
	expect(
		submitted().filter(({ body }) => JSON.stringify(body ?? '').includes('ball')),
	).toHaveLength(1);
});

test('checks again if status requests fail', async () => {
	await start({});
	simulator.faults.add({
		operation: 'status',
		kind: 'reset',
		match: (r) => !/-u1$/.test(r.path),
		times: 2,
	});
	simulator.faults.add({
		operation: 'status-sync',
		kind: 'status',
		status: 502,
		skip: 2,
		times: 2,
	});
	expect(await check({ spend: true })).toBe(0);
});

test.each<[string, Partial<Choices>, StartOptions, string]>([
	['a wrong key', { apiKey: 'rpa_wrong' }, {}, 'Runpod refuses this key'],
	['no key', { apiKey: undefined }, {}, 'Set RUNPOD_API_KEY'],
	['a key with a line break', { apiKey: 'rpa_a\nb' }, {}, 'Set RUNPOD_API_KEY'],
	['an endpoint that is gone', {}, { endpoints: [] }, 'no endpoint p-video'],
	[
		'an endpoint that is gone, as seen',
		{},
		{ endpoints: [], profile: 'seen' },
		'no endpoint p-video',
	],
	['an address that nobody answers at', { baseUrl: 'http://127.0.0.1:2/v2' }, {}, 'ECONNREFUSED'],
	['an address without TLS', { baseUrl: 'http://example.com/v2' }, {}, 'https://'],
])('%s: no job, no record, status 1', async (_, choices, options, said) => {
	await start(options);
	expect(await check({ spend: true, ...choices })).toBe(1);
	expect(output).toContain(said);
	expect(output).not.toContain('rpa_');
	expect(simulator.ledger.jobs).toHaveLength(0);
	expect(existsSync(join(folder, 'record.json'))).toBe(false);
});

test('a key without credit spends nothing', async () => {
	await start({});
	expect(await check({ spend: true, apiKey: simulator.noCreditKey })).toBe(1);
	expect(output).toContain(' 8  ');
	expect(simulator.ledger.total).toBe(0);
});

test.each<[unknown, unknown]>([
	[
		{ id: 'abc-u1', userId: 'u', balance: 3, n: 3 },
		{ id: '{job}', userId: 'text', balance: 0, n: 3 },
	],
	[{ error: 'No credit left for jo@example.com' }, { error: 'No credit left for …' }],
	[{ error: 'see https://a.b/c?k=1, or 10.1.2.3:80' }, { error: 'see https://example.com, or …' }],
	[{ error: 'worker s9fk2lqp0zx3 and key KEY failed' }, { error: 'worker … and key … failed' }],
	[
		{ error: '{"error_type":"<class \'V\'>","host":"pod"}' },
		{ error: '{"error_type":"<class \'V\'>","host":"text"}' },
	],
	[
		{ output: [{ result: ' https://a.b/c.mp4 ', cost: '0.1' }] },
		{ output: [{ result: 'https://example.com/output.mp4', cost: 'text' }] },
	],
	['<!doctype html><p>Ray 1.2.3.4', '<html></html>'],
])('%j becomes %j', (value, clean) => {
	expect(anonymous(value, { secrets: ['KEY'], jobId: 'abc-u1' }, 'message')).toEqual(clean);
});

test('the program says how to use it, and asks for a key', () => {
	const run = (...args: string[]) => {
		const program = join(__dirname, '../tools/live/live.ts');
		const env = { ...process.env, RUNPOD_API_KEY: '' };
		const node = [
			process.execPath,
			['--require', require.resolve('tsx/cjs'), program, ...args],
		] as const;
		return execFileSync(...node, { env, encoding: 'utf8' });
	};
	expect(run('--help')).toContain('never above $0.15');
	expect(() => run()).toThrow('Command failed');
});
