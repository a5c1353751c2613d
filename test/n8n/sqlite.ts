/** n8n's database driver is native: fetched ready-made where that is possible, else compiled. */

import { spawnSync } from 'node:child_process';
import { copyFile, mkdir } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { cachedFolder } from './cache';
import type { NodeRuntime } from './node-runtime';
import { runNpm } from './npm';
import { runProgram } from './program';
import { SetupProblem } from './setup-problem';

const DRIVER = join('node_modules', 'sqlite3', 'build', 'Release', 'node_sqlite3.node');

/**
 * The folder of a working `sqlite3`, built in the cache once per version and Node, since that takes more than
 * a minute. Away from n8n's own modules it is compiled by npm's node-gyp; the one that would be found
 * there fails with Python 3.12 and later.
 */
export async function builtSqlite(
	version: string,
	node: NodeRuntime,
	onWait: () => void,
): Promise<string> {
	const name = `sqlite3-${version}-node-${node.version.split('.')[0]}`;
	return await cachedFolder(name, (folder) => build(folder, version, node), onWait);
}

/** Gives an installed n8n the driver that `builtSqlite` made. */
export async function copyDriver(sqliteFolder: string, n8nFolder: string): Promise<void> {
	await mkdir(dirname(join(n8nFolder, DRIVER)), { recursive: true });
	await copyFile(join(sqliteFolder, DRIVER), join(n8nFolder, DRIVER));
}

async function build(folder: string, version: string, node: NodeRuntime): Promise<void> {
	const path = [dirname(node.nodePath), process.env.PATH].join(delimiter);
	// `nodedir` is what node-gyp compiles against; as a flag, npm 11 would not know it.
	const env = { ...process.env, PATH: path, npm_config_nodedir: node.prefix };
	const options = { cwd: folder, env, node: node.nodePath };
	const flags = ['--no-package-lock', '--omit=optional', '--prefix', folder];
	await runNpm(['install', `sqlite3@${version}`, '--ignore-scripts', ...flags], options);
	try {
		const scripts = ['--ignore-scripts=false', '--foreground-scripts'];
		await runNpm(['rebuild', 'sqlite3', ...scripts, '--prefix', folder], options);
	} catch (error) {
		const missing = missingTools();
		if (missing.length === 0) throw error;
		throw new SetupProblem(
			`n8n's database driver (sqlite3) has to be compiled here, and ${missing.join(' and ')} ` +
				`${missing.length > 1 ? 'are' : 'is'} missing. ${howToGetThem()}`,
		);
	}
	const loads = await runProgram(node.nodePath, ['-e', "require('sqlite3')"], { cwd: folder });
	if (loads.status !== 0) {
		const why = loads.stderr.trim().slice(-500);
		throw new SetupProblem(`n8n's database driver (sqlite3) does not load:\n${why}`);
	}
}

function missingTools(): string[] {
	const answers = (program: string) =>
		spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;
	const needed = [
		{ name: 'Python 3', programs: ['python3', 'python', 'py'] },
		{ name: 'make', programs: ['make', 'gmake', 'msbuild'] },
		{ name: 'a C++ compiler', programs: ['g++', 'c++', 'clang++', 'cl'] },
	];
	return needed.filter(({ programs }) => !programs.some(answers)).map(({ name }) => name);
}

function howToGetThem(): string {
	if (process.platform === 'darwin') return 'Install them with: xcode-select --install';
	if (process.platform === 'win32')
		return 'Install the Visual Studio Build Tools (C++) and Python.';
	return 'Install them, e.g. on Debian and Ubuntu: apt-get install -y build-essential python3';
}
