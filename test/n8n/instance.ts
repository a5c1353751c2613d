/** A running n8n of our own. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { n8nEnvironment, type Environment } from './environment';
import type { InstalledN8n } from './install';
import { freePort, requireFreePort } from './ports';
import { startProgram, type Program } from './program';
import { SetupProblem } from './setup-problem';

export interface N8nInstance {
	/** `http://127.0.0.1:<port>`, no slash at its end. */
	readonly url: string;
	/** What n8n keeps its `.n8n` in. */
	readonly userFolder: string;
	readonly pid: number;
	/** Everything it has printed so far. */
	readonly logs: string;
	readonly exited: Program['exited'];
	/** Ends it and its task runners; removes the user folder if it was made for this instance. */
	stop(): Promise<void>;
}

export interface StartOptions {
	/** `worker` and `webhook` are for queue mode, whose settings come in `env`. */
	command?: 'start' | 'worker' | 'webhook';
	/** A fresh one in the system's temporary folder unless given. */
	userFolder?: string;
	/** Any free one unless given. */
	port?: number;
	env?: Environment;
	readyWithinMs?: number;
	onOutput?: (text: string) => void;
}

/** Resolves once it can be worked with: about 15 s in a fresh folder, 10 s in a used one. */
export async function startN8n(
	n8n: InstalledN8n,
	{
		command = 'start',
		userFolder: givenFolder,
		port: wantedPort = 0,
		env = {},
		readyWithinMs = 180_000,
		onOutput,
	}: StartOptions = {},
): Promise<N8nInstance> {
	const port = await requireFreePort(wantedPort, 'n8n');
	const userFolder = givenFolder ?? (await freshUserFolder());
	const url = `http://127.0.0.1:${port}`;
	const program = await startProgram(n8n.nodePath, [n8n.n8nBin, command], {
		env: n8nEnvironment(n8n, userFolder, await freePort(), {
			...(command === 'worker'
				? {
						QUEUE_HEALTH_CHECK_ACTIVE: 'true',
						QUEUE_HEALTH_CHECK_PORT: String(port),
						N8N_WORKER_SERVER_ADDRESS: '127.0.0.1',
					}
				: { N8N_PORT: String(port) }),
			...env,
		}),
		onOutput,
	});
	const stop = async () => {
		await program.stop();
		if (givenFolder === undefined) await rm(userFolder, { recursive: true, force: true });
	};
	try {
		const probe =
			command === 'start' ? ['/healthz/readiness', '/rest/settings'] : ['/healthz/readiness'];
		await untilReady(
			program,
			probe.map((path) => url + path),
			readyWithinMs,
		);
	} catch (error) {
		await stop();
		throw error;
	}
	return {
		url,
		userFolder,
		pid: program.pid,
		exited: program.exited,
		get logs() {
			return program.stdout + program.stderr;
		},
		stop,
	};
}

export async function freshUserFolder(): Promise<string> {
	return await mkdtemp(join(tmpdir(), 'n8n-'));
}

async function untilReady(
	program: Program,
	urls: readonly string[],
	withinMs: number,
): Promise<void> {
	let hasExited = false;
	void program.exited.then(() => (hasExited = true));
	const deadline = Date.now() + withinMs;
	for (const url of urls) {
		while (!(await answersOk(url))) {
			const lastWords = (program.stdout + program.stderr).trim().split('\n').slice(-12).join('\n');
			if (hasExited) throw new SetupProblem(`n8n ended while starting:\n${lastWords}`);
			if (Date.now() > deadline) {
				throw new SetupProblem(`n8n was not ready within ${withinMs / 1000} s:\n${lastWords}`);
			}
			await sleep(200);
		}
	}
}

async function answersOk(url: string): Promise<boolean> {
	try {
		return (await fetch(url, { signal: AbortSignal.timeout(5_000) })).ok;
	} catch {
		return false;
	}
}
