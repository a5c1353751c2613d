/** The surroundings of an n8n of ours: nothing of the user's own n8n leaks in, nothing phones home. */

import { existsSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import type { InstalledN8n } from './install';
import { stringAt } from './json';
import { fits, nodeRange } from './node-runtime';

export type Environment = Record<string, string | undefined>;

/** Settings of the caller's shell that would change an n8n: its own, its database's, npm's, Node's. */
const FOREIGN = /^(N8N_|DB_|EXECUTIONS_|QUEUE_|OFFLOAD_|WEBHOOK_|npm_|NODE_OPTIONS$|NODE_ENV$)/;

const QUIET: Environment = {
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
	N8N_RUNNERS_BROKER_LISTEN_ADDRESS: '127.0.0.1',
	N8N_HOST: '127.0.0.1',
	N8N_ENFORCE_SETTINGS_FILE_PERMISSIONS: 'true',
	// Without a pool n8n 1 saves that an execution has ended before it saves with what.
	DB_SQLITE_POOL_SIZE: '3',
};

/** A part of n8n that fetches a list at its start. An n8n that does not have it refuses to start with its name. */
const CALLING_MODULE = 'mcp-registry';

export function n8nEnvironment(
	n8n: InstalledN8n,
	userFolder: string,
	brokerPort: number,
	extra: Environment = {},
): Environment {
	const own = Object.entries(process.env).filter(([name]) => !FOREIGN.test(name));
	const local = [process.env.NO_PROXY, '127.0.0.1', 'localhost'].filter(Boolean).join(',');
	return {
		...Object.fromEntries(own),
		PATH: [dirname(n8n.nodePath), process.env.PATH].join(delimiter),
		NO_PROXY: local,
		no_proxy: local,
		...QUIET,
		...(hasModule(n8n, CALLING_MODULE) && { N8N_DISABLED_MODULES: CALLING_MODULE }),
		...(needsOldEngine(n8n) && { N8N_EXPRESSION_ENGINE: 'legacy' }),
		N8N_USER_FOLDER: userFolder,
		N8N_RUNNERS_BROKER_PORT: String(brokerPort),
		...extra,
	};
}

function hasModule({ n8nBin }: InstalledN8n, name: string): boolean {
	return existsSync(join(n8nBin, '../../dist/modules', name));
}

/** n8n evaluates expressions in a native module that may want a newer Node than n8n itself: 22 for 1.123.81. */
function needsOldEngine({ n8nBin, nodeVersion }: InstalledN8n): boolean {
	const path = join(n8nBin, '../../../isolated-vm/package.json');
	if (!existsSync(path)) return false;
	const manifest: unknown = JSON.parse(readFileSync(path, 'utf8'));
	return !fits(nodeRange(stringAt(manifest, 'engines', 'node')), nodeVersion);
}
