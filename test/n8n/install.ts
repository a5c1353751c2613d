/** A whole n8n of a given version in the cache, with a Node that it runs on. */

import { mkdir, readFile, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cachedFolder, cacheRoot } from './cache';
import { at, stringAt } from './json';
import { nodeFor, nodeRange, type NodeRuntime } from './node-runtime';
import { runNpm } from './npm';
import { runProgram } from './program';
import { SetupProblem } from './setup-problem';
import { builtSqlite, copyDriver } from './sqlite';

/** What the demo and the end-to-end tests run on unless told otherwise (2.41.3 lacks a dependency). */
export const N8N_VERSION = '2.41.1';

export interface InstalledN8n {
	version: string;
	nodePath: string;
	/** Of that Node, e.g. `24.21.0`. */
	nodeVersion: string;
	/** The script to give to that Node. */
	n8nBin: string;
}

/** Hears about once a second what is being done, and for how long this step has taken. */
export type OnProgress = (step: string, seconds: number) => void;

const NEEDED_BYTES = 3.5e9;

/**
 * n8n 1.x wants a version of `xlsx` that is only on that project's own server; its spreadsheet nodes, which no test
 * uses, work with the registry's too.
 */
const MANIFEST = { private: true, overrides: { xlsx: '0.18.5' } };

/** Throws a SetupProblem where network, disk space or compiler are missing. Minutes the first time. */
export async function installN8n(
	version: string = N8N_VERSION,
	{ onProgress = () => {} }: { onProgress?: OnProgress } = {},
): Promise<InstalledN8n> {
	const begin = stepTimer(onProgress);
	const onWait = () => begin('waiting for another run that is installing');
	try {
		const fill = (folder: string) => fillFolder(folder, version, begin, onWait);
		const folder = await cachedFolder(`n8n-${version}`, fill, onWait);
		const n8n = join(folder, 'node_modules', 'n8n');
		const manifest: unknown = JSON.parse(await readFile(join(n8n, 'package.json'), 'utf8'));
		const node = await nodeFor(nodeRange(stringAt(manifest, 'engines', 'node')), onWait);
		const { nodePath, version: nodeVersion } = node;
		return { version, nodePath, nodeVersion, n8nBin: join(n8n, 'bin', 'n8n') };
	} finally {
		begin(undefined);
	}
}

async function fillFolder(
	folder: string,
	version: string,
	begin: (step: string) => void,
	onWait: () => void,
): Promise<void> {
	await checkDisk();
	begin(`asking the npm registry for n8n ${version}`);
	const needs = await needsOf(version, folder);
	begin('fetching the Node that it runs on');
	const node = await nodeFor(nodeRange(needs.node), onWait);
	begin(`installing n8n ${version} and building its database driver (2 GB, takes minutes)`);
	const sqliteFolder = await besides(installModules(folder, version, node), () =>
		builtSqlite(needs.sqlite, node, onWait),
	);
	await copyDriver(sqliteFolder, folder);
	begin('trying it');
	const n8nBin = join(folder, 'node_modules', 'n8n', 'bin', 'n8n');
	const said = await runProgram(node.nodePath, [n8nBin, '--version'], { cwd: folder });
	if (said.stdout.trim() !== version) {
		throw new SetupProblem(`n8n ${version} does not start:\n${said.stderr.slice(-500)}`);
	}
}

/** Also finds out within seconds, not minutes, that there is no network. */
async function needsOf(version: string, cwd: string): Promise<{ node: string; sqlite: string }> {
	const fields = ['engines.node', 'dependencies.sqlite3'];
	const view = ['view', `n8n@${version}`, ...fields, '--json', '--fetch-retries=1'];
	const { stdout } = await runNpm(view, { cwd });
	const answer: unknown = stdout.trim() ? JSON.parse(stdout) : undefined;
	const node = at(answer, 'engines.node');
	const sqlite = at(answer, 'dependencies.sqlite3');
	if (typeof node === 'string' && typeof sqlite === 'string') return { node, sqlite };
	throw new SetupProblem(`There is no n8n ${version} that this driver can install.`);
}

/** Work that ends when its signal is aborted. */
type Abortable = (signal: AbortSignal) => Promise<unknown>;

function installModules(folder: string, version: string, { nodePath }: NodeRuntime): Abortable {
	// What the pinned version installs is known to fit; for any other npm has to find it by the peers, which takes longer.
	const peers = `--legacy-peer-deps=${version === N8N_VERSION}`;
	const flags = ['--ignore-scripts', peers, '--no-package-lock', '--omit=dev'];
	const args = ['install', `n8n@${version}`, ...flags, '--prefix', folder];
	return async (signal) => {
		await writeFile(join(folder, 'package.json'), JSON.stringify(MANIFEST, null, 2));
		await runNpm(args, { cwd: folder, node: nodePath, signal });
	};
}

/** Both at once. When `main` fails (no compiler …), the longer one is ended and not waited for. */
async function besides<T>(longer: Abortable, main: () => Promise<T>): Promise<T> {
	const abort = new AbortController();
	const running = longer(abort.signal);
	try {
		const [result] = await Promise.all([main(), running]);
		return result;
	} catch (error) {
		abort.abort();
		await running.catch(() => {});
		throw error;
	}
}

async function checkDisk(): Promise<void> {
	await mkdir(cacheRoot(), { recursive: true });
	const { bavail, bsize } = await statfs(cacheRoot());
	if (bavail * bsize >= NEEDED_BYTES) return;
	throw new SetupProblem(
		`n8n needs ${NEEDED_BYTES / 1e9} GB, and ${cacheRoot()} has ${((bavail * bsize) / 1e9).toFixed(1)} GB left. ` +
			'Make room, or point PRUNA_VIDEO_CACHE to another disk.',
	);
}

function stepTimer(onProgress: OnProgress): (step: string | undefined) => void {
	let ticking: NodeJS.Timeout | undefined;
	return (step) => {
		clearInterval(ticking);
		if (step === undefined) return;
		const began = Date.now();
		onProgress(step, 0);
		ticking = setInterval(() => onProgress(step, Math.round((Date.now() - began) / 1000)), 1000);
	};
}
