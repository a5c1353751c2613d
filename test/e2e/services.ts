/**
 * Programs of this machine that tests need (missing ones are installed where that can be done), and what n8n's queue
 * mode wants of them: a PostgreSQL and a Redis of our own, with their data in a temporary folder. Whatever else runs
 * here is left alone.
 */

import { existsSync } from 'node:fs';
import { chown, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import type { ExecaChildProcess } from 'execa';
import { withLock } from '../tools/n8n/cache';
import { freePort, runProgram, SetupProblem, stopProgram, until } from '../tools/n8n/program';
import type { Endings } from '../tools/n8n/stage';

/** Debian keeps PostgreSQL's programs out of PATH, one folder for each version. */
const DEBIAN_POSTGRES = '/usr/lib/postgresql';

/** Where it is; root on Debian installs the package that has it. */
export async function findProgram(program: string, debianPackage = program): Promise<string> {
	const find = async () => {
		const versions = await readdir(DEBIAN_POSTGRES).catch(() => []);
		const folders = versions.sort().map((version) => join(DEBIAN_POSTGRES, version, 'bin'));
		return [...folders, ...(process.env.PATH ?? '').split(delimiter), '/usr/bin']
			.map((folder) => join(folder, program))
			.find(existsSync);
	};
	// A program that another test file is installing is there before it works.
	return await withLock('programs', async () => {
		const found = await find();
		if (found) return found;
		const said = await installPackageOfDebian(debianPackage);
		const installed = await find();
		if (installed) return installed;
		throw new SetupProblem(
			`The program '${program}' is missing. Install it, e.g. on Debian: apt-get install -y ${debianPackage}\n${said}`,
		);
	});
}

/** What was said about it; nothing where it cannot be installed here. */
async function installPackageOfDebian(name: string): Promise<string> {
	if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return '';
	// RUNLEVEL=1 keeps Debian from starting a server of its own.
	const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
	await runProgram('apt-get', ['update', '-q'], { env });
	const flags = ['-yq', '-o', 'DPkg::Lock::Timeout=300', '--no-install-recommends'];
	const { all = '' } = await runProgram('apt-get', ['install', ...flags, name], { env });
	return all.slice(-500);
}

/** Its port. */
export async function startRedis(endings: Endings): Promise<number> {
	const server = await findProgram('redis-server');
	const cli = await findProgram('redis-cli', 'redis-tools');
	const port = await freePort();
	const flags = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
	const program = runProgram(server, flags, { cwd: tmpdir() });
	endings.add(() => stopProgram(program));
	await untilReady('Redis', program, async () => {
		const { stdout } = await runProgram(cli, ['-h', '127.0.0.1', '-p', String(port), 'ping']);
		return stdout.trim() === 'PONG';
	});
	return port;
}

/** Its port, and whom it lets in without a password. */
export async function startPostgres(endings: Endings): Promise<{ port: number; user: string }> {
	const bin = dirname(await findProgram('initdb', 'postgresql'));
	const user = 'n8n';
	const data = await mkdtemp(join(tmpdir(), 'postgres-'));
	endings.add(() => rm(data, { recursive: true, force: true }));
	const owner = await ownerForPostgres();
	if (owner) await chown(data, owner.uid, owner.gid);
	const options = { cwd: tmpdir(), ...owner };

	const init = ['-D', data, '-U', user, '-A', 'trust', '-E', 'UTF8', '--no-sync'];
	const made = await runProgram(join(bin, 'initdb'), init, options);
	if (made.failed) throw new SetupProblem(`initdb failed:\n${made.stderr.slice(-500)}`);
	const port = await freePort();
	const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off'];
	const flags = ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])];
	const program = runProgram(join(bin, 'postgres'), flags, options);
	endings.add(() => stopProgram(program));
	const where = ['-h', '127.0.0.1', '-p', String(port)];
	await untilReady('PostgreSQL', program, async () => {
		return !(await runProgram(join(bin, 'pg_isready'), where)).failed;
	});
	return { port, user };
}

/** PostgreSQL refuses to run as root; Debian's package brings a user for it. */
async function ownerForPostgres(): Promise<{ uid: number; gid: number } | undefined> {
	if (process.getuid?.() !== 0) return undefined;
	const id = async (flag: string) => Number((await runProgram('id', [flag, 'postgres'])).stdout);
	const [uid, gid] = [await id('-u'), await id('-g')];
	if (!uid || !gid) throw new SetupProblem("PostgreSQL needs a user 'postgres' to run as.");
	return { uid, gid };
}

async function untilReady(
	name: string,
	program: ExecaChildProcess,
	isReady: () => Promise<boolean>,
): Promise<void> {
	const ended = program.then(({ all = '' }) => {
		throw new SetupProblem(`${name} does not start:\n${all.slice(-500)}`);
	});
	const patience = { everyMs: 50, problem: () => `${name} is not ready` };
	await Promise.race([until(isReady, patience), ended]);
	ended.catch(() => {});
}
