/** What the demo and every end-to-end test play on: an n8n with this package as a community package, and the simulator. */

import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { startSimulator, type Simulator } from '../simulator';
import { N8nApi } from './api';
import { installN8n, N8N_VERSION, type OnProgress } from './install';
import { startN8n } from './instance';
import { installPackage, packPackage } from './package';
import { CREDENTIAL_TYPE, type CredentialRef } from './workflow';

export const CREDENTIAL_NAME = 'Runpod account';

/** Undoes in reverse order what was set up, all of it, whatever fails on the way. */
export class Endings {
	private readonly ends: Array<() => Promise<unknown>> = [];

	add(end: () => Promise<unknown>): void {
		this.ends.push(end);
	}

	async run(): Promise<void> {
		const failures: unknown[] = [];
		for (const end of this.ends.splice(0).reverse()) await end().catch((e) => failures.push(e));
		if (failures.length > 0) throw failures[0];
	}
}

export type Stage = Awaited<ReturnType<typeof startStage>>;

export interface StageOptions {
	version?: string;
	env?: NodeJS.ProcessEnv;
	/** Of the simulator. */
	profile?: string;
	/** Where it is the caller who ends what was started when this is interrupted. */
	endings?: Endings;
	/** Installs other community packages beside this one, into that folder. */
	beside?: (modules: string) => Promise<void>;
	/** Goes round each step, to show that it goes on. */
	step?: <T>(name: string, work: (onProgress?: OnProgress) => Promise<T>) => Promise<T>;
}

/** A single n8n on SQLite, as `npm install n8n` gives it, with owner and credential. */
export async function startStage({
	version = N8N_VERSION,
	env,
	profile,
	endings = new Endings(),
	beside,
	step = (_name, work) => work(),
}: StageOptions = {}) {
	try {
		const install = (onProgress?: OnProgress) => installN8n(version, onProgress);
		const n8n = await step(`Installing n8n ${version}`, install);
		const building = 'Building this package and installing it as a community node';
		const userFolder = await step(building, () => folderWithPackage(endings));
		await beside?.(join(userFolder, '.n8n', 'nodes', 'node_modules'));
		const simulator = await startSimulator({ profile });
		endings.add(() => simulator.close());
		const main = await step('Starting n8n', () => startN8n(n8n, { userFolder, env }));
		endings.add(() => main.stop());
		const api = await N8nApi.setUpOwner(main.url);
		const credential = await createCredential(api, simulator);
		return { n8n, main, api, simulator, credential, endings };
	} catch (error) {
		await endings.run();
		throw error;
	}
}

/** Shared by all that is started before the end. */
let packed: Promise<string> | undefined;

/** A fresh user folder in which this package is installed; removed at the end. */
export async function folderWithPackage(endings: Endings): Promise<string> {
	packed ??= packOnce(endings);
	// n8n compares real paths.
	const userFolder = await realpath(await mkdtemp(join(tmpdir(), 'n8n-')));
	endings.add(() => rm(userFolder, { recursive: true, force: true }));
	await installPackage(await packed, userFolder);
	return userFolder;
}

/** `PRUNA_VIDEO_TARBALL` names a packed package that is to be tested as it is. */
async function packOnce(endings: Endings): Promise<string> {
	if (process.env.PRUNA_VIDEO_TARBALL) return process.env.PRUNA_VIDEO_TARBALL;
	const tarball = await packPackage();
	endings.add(async () => {
		packed = undefined;
		await rm(dirname(tarball), { recursive: true, force: true });
	});
	return tarball;
}

type Access = Pick<Simulator, 'apiKey' | 'baseUrl'>;

export function credentialData({ apiKey, baseUrl }: Access, name = CREDENTIAL_NAME) {
	return { name, type: CREDENTIAL_TYPE, data: { apiKey, baseUrl } };
}

export async function createCredential(
	api: N8nApi,
	access: Access,
	name = CREDENTIAL_NAME,
): Promise<CredentialRef> {
	return { id: await api.createCredential(credentialData(access, name)), name };
}
