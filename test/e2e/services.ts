/**
 * The database and the queue that n8n's queue mode wants: a PostgreSQL and a Redis of our own on free ports of this
 * machine, with their data in a temporary folder. Whatever else runs here is left alone.
 */

import { chown, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../n8n/ports';
import { runProgram, startProgram, type Program } from '../n8n/program';
import { SetupProblem } from '../n8n/setup-problem';
import { findProgram } from './programs';

export interface Service {
	readonly port: number;
	/** Ends it and removes its data. */
	stop(): Promise<void>;
}

export interface Postgres extends Service {
	readonly user: string;
	createDatabase(name: string): Promise<void>;
	dropDatabase(name: string): Promise<void>;
}

const USER = 'n8n';
const READY_WITHIN_MS = 60_000;
/** Debian keeps PostgreSQL's programs out of PATH, one folder for each version. */
const DEBIAN_POSTGRES = '/usr/lib/postgresql';

export async function startRedis(): Promise<Service> {
	const server = await findProgram('redis-server', [], 'redis-server');
	const cli = await findProgram('redis-cli', [], 'redis-tools');
	const port = await freePort();
	const flags = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
	const program = await startProgram(server, flags, { cwd: tmpdir() });
	const stop = () => program.stop();
	await untilReady('Redis', program, stop, async () => {
		const { stdout } = await runProgram(cli, ['-h', '127.0.0.1', '-p', String(port), 'ping']);
		return stdout.trim() === 'PONG';
	});
	return { port, stop };
}

export async function startPostgres(): Promise<Postgres> {
	const folders = await postgresFolders();
	const initdb = await findProgram('initdb', folders, 'postgresql', postgresFolders);
	const bin = join(initdb, '..');
	const data = await mkdtemp(join(tmpdir(), 'postgres-'));
	const owner = await ownerForPostgres();
	if (owner) await chown(data, owner.uid, owner.gid);
	const asOwner = (command: string, args: string[]): [string, string[]] =>
		owner ? ['setpriv', [...owner.flags, command, ...args]] : [command, args];

	const made = await runProgram(
		...asOwner(initdb, ['-D', data, '-U', USER, '-A', 'trust', '-E', 'UTF8', '--no-sync']),
	);
	if (made.status !== 0) throw new SetupProblem(`initdb failed:\n${made.stderr.slice(-500)}`);
	const port = await freePort();
	const settings = { listen_addresses: '127.0.0.1', unix_socket_directories: '', fsync: 'off' };
	const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
	const program = await startProgram(
		...asOwner(join(bin, 'postgres'), ['-D', data, '-p', String(port), ...flags]),
		{ cwd: tmpdir() },
	);
	const stop = async () => {
		await program.stop();
		await rm(data, { recursive: true, force: true });
	};
	const where = ['-h', '127.0.0.1', '-p', String(port)];
	await untilReady('PostgreSQL', program, stop, async () => {
		const { status } = await runProgram(join(bin, 'pg_isready'), where);
		return status === 0;
	});
	const sql = async (statement: string) => {
		const args = [...where, '-U', USER, '-d', 'postgres', '-c', statement];
		const { status, stderr } = await runProgram(join(bin, 'psql'), args);
		if (status !== 0) throw new Error(`PostgreSQL refused ${statement}: ${stderr}`);
	};
	return {
		port,
		user: USER,
		stop,
		createDatabase: (name) => sql(`CREATE DATABASE "${name}"`),
		dropDatabase: (name) => sql(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`),
	};
}

async function postgresFolders(): Promise<string[]> {
	const versions = await readdir(DEBIAN_POSTGRES).catch(() => []);
	return versions.sort().map((version) => join(DEBIAN_POSTGRES, version, 'bin'));
}

/** PostgreSQL refuses to run as root; Debian's package brings a user for it. */
async function ownerForPostgres() {
	if (process.getuid?.() !== 0) return undefined;
	const id = async (flag: string) => Number((await runProgram('id', [flag, 'postgres'])).stdout);
	const [uid, gid] = [await id('-u'), await id('-g')];
	if (!uid || !gid) throw new SetupProblem("PostgreSQL needs a user 'postgres' to run as.");
	return { uid, gid, flags: [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'] };
}

async function untilReady(
	name: string,
	program: Program,
	stop: () => Promise<void>,
	isReady: () => Promise<boolean>,
): Promise<void> {
	let hasExited = false;
	void program.exited.then(() => (hasExited = true));
	const deadline = Date.now() + READY_WITHIN_MS;
	while (!(await isReady())) {
		if (hasExited || Date.now() > deadline) {
			await stop();
			throw new SetupProblem(`${name} does not start:\n${program.stderr.slice(-500)}`);
		}
		await sleep(50);
	}
}
