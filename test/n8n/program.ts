/** Programs that we start: their output is kept, and none outlives us. */

import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Program {
	readonly pid: number;
	readonly stdout: string;
	readonly stderr: string;
	/** Its exit status, or the signal that ended it. */
	readonly exited: Promise<number | NodeJS.Signals>;
	/** Asks it to end, and ends it with everything that it started after `graceMs`. */
	stop(graceMs?: number): Promise<void>;
}

export interface ProgramOptions {
	cwd?: string;
	env?: NodeJS.ProcessEnv;
	onOutput?: (text: string) => void;
	/** Ends it, and all that it started, when aborted. */
	signal?: AbortSignal;
}

const running = new Map<number, Program['exited']>();
process.on('exit', () => {
	for (const pid of running.keys()) killGroup(pid, 'SIGKILL');
});

/** Ends all that still runs, at once. */
export async function killPrograms(): Promise<void> {
	for (const pid of running.keys()) killGroup(pid, 'SIGKILL');
	await Promise.all(running.values());
}

/** Rejects where the program cannot be started at all. */
export async function startProgram(
	command: string,
	args: readonly string[],
	{ cwd, env = process.env, onOutput = () => {}, signal }: ProgramOptions = {},
): Promise<Program> {
	// A group of its own, so that children of children can be ended by one signal.
	const child = spawn(command, args, {
		cwd,
		env,
		detached: process.platform !== 'win32',
		stdio: ['ignore', 'pipe', 'pipe'],
	});
	const kept = { stdout: '', stderr: '' };
	for (const stream of ['stdout', 'stderr'] as const) {
		child[stream].setEncoding('utf8').on('data', (text: string) => {
			kept[stream] += text;
			onOutput(text);
		});
	}
	await new Promise<void>((resolve, reject) => {
		child.once('spawn', resolve).once('error', reject);
	});
	const pid = child.pid ?? 0;
	const exited = new Promise<number | NodeJS.Signals>((resolve) => {
		child.once('close', (status, signal) => {
			running.delete(pid);
			resolve(status ?? signal ?? 'SIGKILL');
		});
	});
	running.set(pid, exited);
	signal?.addEventListener('abort', () => killGroup(pid, 'SIGKILL'));
	return {
		pid,
		exited,
		get stdout() {
			return kept.stdout;
		},
		get stderr() {
			return kept.stderr;
		},
		async stop(graceMs = 15_000) {
			child.kill('SIGTERM');
			const grace = new AbortController();
			await Promise.race([exited, sleep(graceMs, undefined, { signal: grace.signal })]);
			grace.abort();
			killGroup(pid, 'SIGKILL');
			await exited;
		},
	};
}

export interface Ran {
	status: number | NodeJS.Signals;
	stdout: string;
	stderr: string;
}

export async function runProgram(
	command: string,
	args: readonly string[],
	options: ProgramOptions = {},
): Promise<Ran> {
	const program = await startProgram(command, args, options);
	const status = await program.exited;
	return { status, stdout: program.stdout, stderr: program.stderr };
}

function killGroup(pid: number, signal: NodeJS.Signals): void {
	try {
		process.kill(process.platform === 'win32' ? pid : -pid, signal);
	} catch {
		// It has ended already, which is what was wanted.
	}
}
