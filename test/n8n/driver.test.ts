/** The parts of the driver that need no n8n. */

import { existsSync } from 'node:fs';
import { mkdtemp, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { cachedFolder } from './cache';
import { itemsOf, readPrintedExecution } from './execution';
import { parseFlatted } from './flatted';
import { withLock } from './lock';
import { fits, nodeRange } from './node-runtime';
import { freePort, requireFreePort } from './ports';
import { startProgram } from './program';
import { readWorkflow, withAssignment, withCredential } from './workflow';

let folder: string;
const ends: Array<() => unknown> = [];
const onEnd = (end: () => unknown) => ends.push(end);

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), 'driver-test-'));
	process.env.PRUNA_VIDEO_CACHE = folder;
});
afterEach(async () => {
	for (const end of ends.splice(0)) end();
	delete process.env.PRUNA_VIDEO_CACHE;
	await rm(folder, { recursive: true });
});

it.each([
	['>=24.0.0', '20.20.2', false],
	['>=24.0.0', '24.0.0', true],
	['>=24.0.0', '26.1.0', true],
	['>=20.19 <= 24.x', '20.18.9', false],
	['>=20.19 <= 24.x', '20.19.0', true],
	['>=20.19 <= 24.x', '24.21.0', true],
	['>=20.19 <= 24.x', '25.0.0', false],
	['>=18.10', '22.0.0', true],
	['>=18 <23', '23.0.0', false],
])('an n8n that needs Node %s may run on %s: %s', (engines, version, expected) => {
	expect(fits(nodeRange(engines), version)).toBe(expected);
});

describe('a folder in the cache', () => {
	it('is filled once, also by two at once', async () => {
		let fills = 0;
		const fill = async (empty: string) => {
			fills++;
			await new Promise((done) => setTimeout(done, 100));
			await writeFile(join(empty, 'done'), '');
		};
		const found = await Promise.all([cachedFolder('x', fill), cachedFolder('x', fill)]);
		await cachedFolder('x', fill);
		expect(fills).toBe(1);
		expect(found.map((path) => existsSync(join(path, 'done')))).toEqual([true, true]);
	});

	it('is not there when filling it failed, and is filled anew', async () => {
		const broken = async (empty: string) => {
			await writeFile(join(empty, 'half'), '');
			throw new Error('no network');
		};
		await expect(cachedFolder('x', broken)).rejects.toThrow('no network');
		const path = await cachedFolder('x', async (empty) => await writeFile(join(empty, 'all'), ''));
		expect([existsSync(join(path, 'half')), existsSync(join(path, 'all'))]).toEqual([false, true]);
	});
});

it('takes over a lock whose holder died', async () => {
	const lock = join(folder, 'lock');
	await writeFile(lock, '');
	const long = new Date(Date.now() - 60_000);
	await utimes(lock, long, long);
	expect(
		await withLock(
			lock,
			() => {},
			async () => (await stat(lock)).isFile(),
		),
	).toBe(true);
	expect(existsSync(lock)).toBe(false);
});

it('says which port is taken', async () => {
	const port = await freePort();
	const server = createServer();
	await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
	onEnd(() => server.close());
	await expect(requireFreePort(port, 'n8n')).rejects.toThrow(
		`n8n cannot listen on port ${port}: it is taken by another program.`,
	);
});

it('ends a program with its children, even those that do not listen', async () => {
	const deaf = "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('up');";
	// The child holds the same pipes, so that they close only once it has ended too.
	const script = `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(deaf)}],
		{ stdio: 'inherit' }); ${deaf}`;
	const program = await startProgram(process.execPath, ['-e', script]);
	while (program.stdout !== 'up\nup\n') await new Promise((done) => setTimeout(done, 20));
	await program.stop(100);
	expect(await program.exited).toBe('SIGKILL');
});

it('reads the flatted form, circles included', () => {
	const parsed = parseFlatted('[{"a":"1","self":"0","n":3,"list":"2"},"text",["1",null,true]]');
	expect(parsed).toMatchObject({ a: 'text', n: 3, list: ['text', null, true] });
	expect((parsed as { self: unknown }).self).toBe(parsed);
});

it('finds the execution between the log lines of the command line', () => {
	const record = {
		status: 'success',
		data: {
			resultData: {
				runData: { Node: [{ data: { main: [[{ json: { a: 1 } }]] } }] },
			},
		},
	};
	const printed = `Starting\n${JSON.stringify(record, null, 2)}\nStopping\n`;
	const execution = readPrintedExecution(printed);
	expect(execution?.status).toBe('success');
	expect(execution && itemsOf(execution, 'Node')).toEqual([{ json: { a: 1 } }]);
	expect(readPrintedExecution('It failed')).toBeUndefined();
});

it('sets an example up as its user would', async () => {
	const example = await readWorkflow(resolve(__dirname, '../../examples/text-to-video.json'));
	const ready = withAssignment(
		withCredential(example, 'runpodApi', { id: '7', name: 'mine' }),
		'Settings',
		'folder',
		'/videos',
	);
	const text = JSON.stringify(ready);
	expect(text).toContain('{"runpodApi":{"id":"7","name":"mine"}}');
	expect(text).toContain('"value":"/videos"');
	expect(JSON.stringify(example)).not.toContain('/videos');
	expect(() => withAssignment(example, 'Settings', 'colour', 'red')).toThrow(/no field 'colour'/);
});
