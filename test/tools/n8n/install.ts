/** A whole n8n of a given version in the cache, with a Node that it runs on. */

import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { cachedFolder } from './cache';
import { at, stringAt } from './json';
import { nodeFor, type NodeRuntime } from './node-runtime';
import { runNpm } from './package';
import { killPrograms, runProgram, SetupProblem } from './program';

/** What the demo and the end-to-end tests run on unless told otherwise (2.41.3 lacks a dependency). */
export const N8N_VERSION = '2.41.1';

export type InstalledN8n = Awaited<ReturnType<typeof installN8n>>;

/** Hears what is being done. */
export type OnProgress = (step: string) => void;

const DRIVER = join('node_modules', 'sqlite3', 'build', 'Release', 'node_sqlite3.node');

/**
 * n8n 1.x wants a version of `xlsx` that is only on that project's own server; its spreadsheet nodes, which no test
 * uses, work with the registry's too.
 */
const MANIFEST = { private: true, overrides: { xlsx: '0.18.5' } };

const NO_COMPILER =
	"n8n's database driver (sqlite3) has to be compiled here, which needs Python 3, make and a C++ compiler, e.g. on " +
	'Debian and Ubuntu: apt-get install -y build-essential python3; on macOS: xcode-select --install.';

/** Throws a SetupProblem where network, disk space or compiler are missing. Minutes the first time. */
export async function installN8n(version: string = N8N_VERSION, onProgress: OnProgress = () => {}) {
	const fill = (folder: string) => fillFolder(folder, version, onProgress);
	const n8n = join(await cachedFolder(`n8n-${version}`, fill), 'node_modules', 'n8n');
	const manifest: unknown = JSON.parse(await readFile(join(n8n, 'package.json'), 'utf8'));
	const { nodePath, version: nodeVersion } = await nodeFor(stringAt(manifest, 'engines', 'node'));
	// The last is the script to give to that Node.
	return { version, nodePath, nodeVersion, n8nBin: join(n8n, 'bin', 'n8n') };
}

async function fillFolder(folder: string, version: string, begin: OnProgress): Promise<void> {
	begin(`asking the npm registry for n8n ${version}`);
	const needs = await needsOf(version, folder);
	begin('fetching the Node that it runs on');
	const node = await nodeFor(needs.node);
	begin(`installing n8n ${version} and building its database driver (2 GB, takes minutes)`);
	const name = `sqlite3-${needs.sqlite}-node-${node.version.split('.')[0]}`;
	const build = (empty: string) => buildSqlite(empty, needs.sqlite, node);
	const both = Promise.all([cachedFolder(name, build), installModules(folder, version, node)]);
	// Where there is no compiler, nobody waits for the modules.
	const [built] = await both.catch(async (error: unknown) => {
		await killPrograms();
		throw error;
	});
	await mkdir(dirname(join(folder, DRIVER)), { recursive: true });
	await copyFile(join(built, DRIVER), join(folder, DRIVER));
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
	const answer: unknown = JSON.parse((await runNpm(view, cwd)) || '{}');
	const node = at(answer, 'engines.node');
	const sqlite = at(answer, 'dependencies.sqlite3');
	if (typeof node === 'string' && typeof sqlite === 'string') return { node, sqlite };
	throw new SetupProblem(`There is no n8n ${version} that this driver can install.`);
}

async function installModules(folder: string, version: string, node: NodeRuntime): Promise<void> {
	await writeFile(join(folder, 'package.json'), JSON.stringify(MANIFEST, null, 2));
	// What the pinned version installs is known to fit; for any other npm has to find it by the peers, which takes longer.
	const peers = `--legacy-peer-deps=${version === N8N_VERSION}`;
	const flags = ['--ignore-scripts', peers, '--no-package-lock', '--omit=dev', '--prefix', folder];
	await runNpm(['install', `n8n@${version}`, ...flags], folder, { node: node.nodePath });
}

/**
 * n8n's database driver is native: fetched ready-made where that is possible, else compiled, which takes more than a
 * minute. Away from n8n's own modules npm's node-gyp does that; the one that would be found there fails with
 * Python 3.12 and later.
 */
async function buildSqlite(folder: string, version: string, node: NodeRuntime): Promise<void> {
	const PATH = [dirname(node.nodePath), process.env.PATH].join(delimiter);
	// `nodedir` is what node-gyp compiles against; as a flag, npm 11 would not know it.
	const env = { ...process.env, PATH, npm_config_nodedir: node.prefix };
	const options = { env, node: node.nodePath };
	const flags = ['--no-package-lock', '--omit=optional', '--prefix', folder];
	await runNpm(['install', `sqlite3@${version}`, '--ignore-scripts', ...flags], folder, options);
	const scripts = ['--ignore-scripts=false', '--foreground-scripts', '--prefix', folder];
	await runNpm(['rebuild', 'sqlite3', ...scripts], folder, options).catch(({ message }: Error) => {
		throw new SetupProblem(`${NO_COMPILER}\n${message}`);
	});
	const loads = await runProgram(node.nodePath, ['-e', "require('sqlite3')"], { cwd: folder });
	if (!loads.failed) return;
	throw new SetupProblem(`n8n's database driver does not load:\n${loads.stderr.slice(-500)}`);
}
