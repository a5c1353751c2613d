/** The parts of the driver that need no n8n. */

import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cachedFolder } from '../tools/n8n/cache';
import { majorFor } from '../tools/n8n/node-runtime';
import { runProgram, stopProgram, until } from '../tools/n8n/program';
import { readExample, withAssignment, withCredential } from '../tools/n8n/workflow';

let folder: string;

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), 'driver-test-'));
	process.env.PRUNA_VIDEO_CACHE = folder;
});
afterEach(async () => {
	delete process.env.PRUNA_VIDEO_CACHE;
	await rm(folder, { recursive: true });
});

it.each([
	['>=24.0.0', 20, 24],
	['>=24.0.0', 26, 26],
	['>=20.19 <= 24.x', 25, 24],
	['>=18 <23', 23, 22],
])('an n8n that needs Node.js %s gets, on Node.js %s, Node.js %s', (range, own, expected) => {
	expect(majorFor(range, own)).toBe(expected);
});

it('fills a folder in the cache once, also for two at once, and anew where that failed', async () => {
	const broken = async (empty: string) => {
		await writeFile(join(empty, 'half'), '');
		throw new Error('no network');
	};
	await expect(cachedFolder('x', broken)).rejects.toThrow('no network');
	let fills = 0;
	const fill = async (empty: string) => {
		fills++;
		await new Promise((done) => setTimeout(done, 100));
		await writeFile(join(empty, 'all'), '');
	};
	const [path] = await Promise.all([cachedFolder('x', fill), cachedFolder('x', fill)]);
	await cachedFolder('x', fill);
	expect(fills).toBe(1);
	expect([existsSync(join(path, 'half')), existsSync(join(path, 'all'))]).toEqual([false, true]);
});

it('ends a program with its children, even those that do not listen', async () => {
	const deaf = "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('up');";
	// The child holds the same pipes, so that they close only once it has ended too.
	const script = `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(deaf)}],
		{ stdio: 'inherit' }); ${deaf}`;
	const program = runProgram(process.execPath, ['-e', script]);
	let said = '';
	program.stdout?.on('data', (text) => (said += text));
	await until(async () => said === 'up\nup\n');
	await stopProgram(program, 100);
	expect(await program).toMatchObject({ signal: 'SIGKILL', failed: true });
});

it('sets an example up as its user would', async () => {
	const example = await readExample('text-to-video');
	const own = withCredential(example, { id: '7', name: 'mine' });
	const text = JSON.stringify(withAssignment(own, 'Settings', 'folder', '/videos'));
	expect(text).toContain('{"id":"7","name":"mine"}');
	expect(text).toContain('"value":"/videos"');
	expect(JSON.stringify(example)).not.toContain('/videos');
	expect(() => withAssignment(example, 'Settings', 'colour', 'red')).toThrow(/no field 'colour'/);
});
