/** What an end-to-end test plays on: an n8n with this package as a community package, and the simulator. */

import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { N8nApi, type Owner } from '../n8n/api';
import type { Environment } from '../n8n/environment';
import { installN8n, type InstalledN8n } from '../n8n/install';
import { freshUserFolder, startN8n, type N8nInstance } from '../n8n/instance';
import { installPackage, packPackage } from '../n8n/package';
import { startSimulator, type Simulator } from '../simulator';

export const OWNER: Owner = {
	email: 'e2e@pruna-video.example',
	password: 'Pruna-Video-1',
	firstName: 'Pruna',
	lastName: 'Video',
};

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

export interface Fixture {
	n8n: InstalledN8n;
	main: N8nInstance;
	api: N8nApi;
	simulator: Simulator;
	/** As a node's `credentials.runpodApi` wants it; its key may do everything. */
	credential: { id: string; name: string };
	endings: Endings;
}

/** A single n8n on SQLite, as `npm install n8n` gives it, with owner and credential. */
export async function startFixture(version: string, env: Environment = {}): Promise<Fixture> {
	const endings = new Endings();
	try {
		const n8n = await installN8n(version);
		const userFolder = await folderWithPackage(endings);
		const simulator = await startSimulator();
		endings.add(() => simulator.close());
		const main = await startN8n(n8n, { userFolder, env });
		endings.add(() => main.stop());
		const api = await N8nApi.setUpOwner(main.url, OWNER);
		const credential = await createCredential(api, simulator);
		return { n8n, main, api, simulator, credential, endings };
	} catch (error) {
		await endings.run();
		throw error;
	}
}

/** A fresh user folder in which this package is installed; removed at the end. */
export async function folderWithPackage(endings: Endings): Promise<string> {
	const userFolder = await freshUserFolder();
	endings.add(() => rm(userFolder, { recursive: true, force: true }));
	await installPackage(await tarball(), userFolder);
	return userFolder;
}

export async function createCredential(
	api: N8nApi,
	{ apiKey, baseUrl }: Pick<Simulator, 'apiKey' | 'baseUrl'>,
	name = CREDENTIAL_NAME,
): Promise<{ id: string; name: string }> {
	const id = await api.createCredential({ name, type: 'runpodApi', data: { apiKey, baseUrl } });
	return { id, name };
}

let packed: Promise<string> | undefined;

/** Built and packed once per test file; `PRUNA_VIDEO_TARBALL` names one that is to be tested as it is. */
async function tarball(): Promise<string> {
	packed ??= Promise.resolve(process.env.PRUNA_VIDEO_TARBALL || packPackage());
	return await packed;
}

/** To be called after all tests of a file. */
export async function removeTarball(): Promise<void> {
	if (packed === undefined || process.env.PRUNA_VIDEO_TARBALL) return;
	await rm(dirname(await packed), { recursive: true, force: true });
	packed = undefined;
}
