/** A running n8n of our own: nothing of the user's own n8n leaks in, nothing phones home. */

import { existsSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { satisfies } from 'semver';
import { fetch } from 'undici';
import type { InstalledN8n } from './install';
import { stringAt } from './json';
import { freePort, runProgram, SetupProblem, stopProgram, until } from './program';

export type N8nInstance = Awaited<ReturnType<typeof startN8n>>;

export interface StartOptions {
	/** `worker` is for queue mode, whose settings come in `env`. */
	command?: 'start' | 'worker';
	/** What n8n keeps its `.n8n` in. */
	userFolder: string;
	env?: NodeJS.ProcessEnv;
}

const READY_WITHIN_MS = 180_000;

/** Resolves once it can be worked with: about 15 s in a fresh folder, 10 s in a used one. */
export async function startN8n(
	n8n: InstalledN8n,
	{ command = 'start', userFolder, env = {} }: StartOptions,
) {
	const port = await freePort();
	const url = `http://127.0.0.1:${port}`;
	const settings = {
		...environment(n8n),
		N8N_PORT: String(port),
		...(command === 'worker' && {
			QUEUE_HEALTH_CHECK_ACTIVE: 'true',
			QUEUE_HEALTH_CHECK_PORT: String(port),
		}),
		N8N_USER_FOLDER: userFolder,
		N8N_RUNNERS_BROKER_PORT: String(await freePort()),
		...env,
	};
	let logs = '';
	const lastLines = () => logs.trim().split('\n').slice(-12).join('\n');
	const problem = (what: string) => `n8n ${what}:\n${lastLines()}`;
	const launch = () => {
		const launched = runProgram(n8n.nodePath, [n8n.n8nBin, command], { env: settings });
		launched.all?.on('data', (chunk: Buffer) => (logs += chunk.toString()));
		return launched;
	};
	let child = launch();
	const answers = async (path: string) => {
		const hasEnded = child.exitCode !== null || child.signalCode !== null;
		if (hasEnded) throw new SetupProblem(problem('ended while starting'));
		const signal = AbortSignal.timeout(5_000);
		return (await fetch(url + path, { signal }).catch(() => undefined))?.ok;
	};
	const untilReady = async () => {
		const patience = { withinMs: READY_WITHIN_MS, problem: () => problem('was not ready') };
		try {
			await until(() => answers('/healthz/readiness'), patience);
			if (command === 'start') await until(() => answers('/rest/settings'), patience);
		} catch (error) {
			await stopProgram(child);
			throw error;
		}
	};
	await untilReady();
	return {
		url,
		get pid() {
			return child.pid ?? 0;
		},
		/** Everything it has printed so far. */
		get logs() {
			return logs;
		},
		/** Ends it as a crash does, and starts it again in the same folder, at the same address. */
		async crashAndRestart() {
			await stopProgram(child, 0);
			child = launch();
			await untilReady();
		},
		/** Ends it and its task runners. */
		stop: () => stopProgram(child),
	};
}

/** Settings of the caller's shell that would change an n8n: its own, its database's, npm's, Node's. */
const FOREIGN = /^(N8N_|DB_|EXECUTIONS_|QUEUE_|OFFLOAD_|WEBHOOK_|npm_|NODE_OPTIONS$|NODE_ENV$)/;

const QUIET = {
	N8N_DIAGNOSTICS_ENABLED: 'false',
	N8N_VERSION_NOTIFICATIONS_ENABLED: 'false',
	N8N_TEMPLATES_ENABLED: 'false',
	N8N_PERSONALIZATION_ENABLED: 'false',
	N8N_HIRING_BANNER_ENABLED: 'false',
	N8N_DYNAMIC_BANNERS_ENABLED: 'false',
	N8N_VERIFIED_PACKAGES_ENABLED: 'false',
	N8N_UNVERIFIED_PACKAGES_ENABLED: 'true',
	// The editor is opened over http.
	N8N_SECURE_COOKIE: 'false',
	N8N_LISTEN_ADDRESS: '127.0.0.1',
	N8N_WORKER_SERVER_ADDRESS: '127.0.0.1',
	N8N_RUNNERS_BROKER_LISTEN_ADDRESS: '127.0.0.1',
	N8N_HOST: '127.0.0.1',
	N8N_ENFORCE_SETTINGS_FILE_PERMISSIONS: 'true',
	// Without a pool n8n 1 saves that an execution has ended before it saves with what.
	DB_SQLITE_POOL_SIZE: '3',
};

/** A part of n8n that fetches a list at its start. An n8n that does not have it refuses to start with its name. */
const CALLING_MODULE = 'mcp-registry';

function environment({ n8nBin, nodePath, nodeVersion }: InstalledN8n): NodeJS.ProcessEnv {
	const own = Object.entries(process.env).filter(([name]) => !FOREIGN.test(name));
	const local = [process.env.NO_PROXY, '127.0.0.1', 'localhost'].filter(Boolean).join(',');
	const hasCallingModule = existsSync(join(n8nBin, '../../dist/modules', CALLING_MODULE));
	return {
		...Object.fromEntries(own),
		PATH: [dirname(nodePath), process.env.PATH].join(delimiter),
		NO_PROXY: local,
		no_proxy: local,
		...QUIET,
		...(hasCallingModule && { N8N_DISABLED_MODULES: CALLING_MODULE }),
		...(needsOldEngine(n8nBin, nodeVersion) && { N8N_EXPRESSION_ENGINE: 'legacy' }),
	};
}

/** n8n evaluates expressions in a native module that may want a newer Node than n8n itself: 22 for 1.123.81. */
function needsOldEngine(n8nBin: string, nodeVersion: string): boolean {
	const path = join(n8nBin, '../../../isolated-vm/package.json');
	if (!existsSync(path)) return false;
	const manifest: unknown = JSON.parse(readFileSync(path, 'utf8'));
	return !satisfies(nodeVersion, stringAt(manifest, 'engines', 'node'));
}
