/** Programs that we start, none of which outlives us, and the ports that they listen on. */

import { setTimeout as sleep } from 'node:timers/promises';
import execa, { type ExecaChildProcess, type Options } from 'execa';
import getPort from 'get-port';

/** Something outside this project stands in the way; the message is a sentence for the user, no stack needed. */
export class SetupProblem extends Error {
	override name = 'SetupProblem';
}

const running = new Set<ExecaChildProcess>();
process.on('exit', () => running.forEach(killGroup));

/** Ends all that still runs, at once. */
export async function killPrograms(): Promise<void> {
	const all = [...running];
	all.forEach(killGroup);
	await Promise.all(all);
}

/** Resolves when it has ended, also where it failed or could not be started: see `failed`, `all`, `stdout`. */
export function runProgram(
	command: string,
	args: readonly string[],
	options: Options = {},
): ExecaChildProcess {
	const child = execa(command, args, {
		env: process.env,
		extendEnv: false,
		stdin: 'ignore',
		all: true,
		reject: false,
		// A group of its own, so that children of children can be ended by one signal.
		detached: process.platform !== 'win32',
		...options,
	});
	running.add(child);
	void child.then(() => running.delete(child));
	return child;
}

/** Asks it to end, and ends it with everything that it started after `graceMs`; 0: without asking, as a crash does. */
export async function stopProgram(child: ExecaChildProcess, graceMs = 15_000): Promise<void> {
	if (graceMs > 0) {
		child.kill('SIGTERM', { forceKillAfterTimeout: false });
		await Promise.race([child, sleep(graceMs, undefined, { ref: false })]);
	}
	killGroup(child);
	await child;
}

function killGroup({ pid }: ExecaChildProcess): void {
	try {
		if (pid) process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
	} catch {
		// It has ended already, which is what was wanted.
	}
}

interface Patience {
	withinMs?: number;
	everyMs?: number;
	problem?: () => string;
}

/** What `get` gives once that is neither undefined nor false; throws `problem()` after `withinMs`. */
export async function until<T>(
	get: () => Promise<T | undefined | false>,
	{ withinMs = 60_000, everyMs = 200, problem = () => 'It did not come true' }: Patience = {},
): Promise<T> {
	const deadline = performance.now() + withinMs;
	for (;;) {
		const found = await get();
		if (found !== undefined && found !== false) return found;
		if (performance.now() > deadline) throw new SetupProblem(`${problem()} (${withinMs / 1000} s)`);
		await sleep(everyMs);
	}
}

/**
 * A port that nobody listens on. It is taken only seconds later, so it is none that the system hands out by itself,
 * and jest's workers have a range each.
 */
export async function freePort(): Promise<number> {
	const first = 20_000 + 1_000 * (Number(process.env.JEST_WORKER_ID ?? 0) % 10);
	const port = Array.from({ length: 100 }, () => first + Math.floor(1_000 * Math.random()));
	return await getPort({ host: '127.0.0.1', port });
}
