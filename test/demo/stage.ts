/** Everything the demo plays on: an n8n with this package as a community package, and the simulator. */

import { mkdir, realpath, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { N8nApi, type Owner } from '../n8n/api';
import { cacheRoot } from '../n8n/cache';
import { installN8n, N8N_VERSION } from '../n8n/install';
import { freshUserFolder, startN8n } from '../n8n/instance';
import { installPackage, packPackage } from '../n8n/package';
import { requireFreePort } from '../n8n/ports';
import { SetupProblem } from '../n8n/setup-problem';
import { readWorkflow, withAssignment, withCredential } from '../n8n/workflow';
import { startSimulator, type Simulator } from '../simulator';
import { fromHome, type Screen } from './screen';

export const OWNER: Owner = {
	email: 'demo@pruna-video.example',
	password: 'Pruna-Video-1',
	firstName: 'Pruna',
	lastName: 'Video',
};

const EXAMPLE = resolve(__dirname, '../../examples/text-to-video.json');
/** Long enough to watch. */
const JOB_TIMES = { delayTimeMs: 600, executionTimeMs: 3_000 };

export interface Stage {
	n8nUrl: string;
	api: N8nApi;
	simulator: Simulator;
	workflowId: string;
	workflowName: string;
	/** Where the workflow saves its videos. */
	outputFolder: string;
}

/** Whatever is started is handed to `atEnd` at once, so that it ends whatever happens next. */
export async function setStage(
	screen: Screen,
	port: number,
	atEnd: (end: () => Promise<unknown>) => void,
): Promise<Stage> {
	await requireFreePort(port, 'n8n');
	const n8n = await screen.step(
		`installing n8n ${N8N_VERSION} into ${fromHome(cacheRoot())}`,
		(onProgress) => installN8n(N8N_VERSION, { onProgress }),
		({ version }) => `n8n ${version} is installed in ${fromHome(cacheRoot())}`,
	);
	const userFolder = await realpath(await freshUserFolder());
	atEnd(() => rm(userFolder, { recursive: true, force: true }));
	const tarball = await screen.step(
		'building this package and installing it as a community node',
		async () => {
			const packed = await packPackage();
			await installPackage(packed, userFolder);
			return packed;
		},
		(packed) => `${basename(packed)} is installed in it as a community node`,
	);
	atEnd(() => rm(dirname(tarball), { recursive: true, force: true }));

	const simulator = await startSimulator(JOB_TIMES);
	atEnd(() => simulator.close());
	const outputFolder = await makeOutputFolder();
	const instance = await screen.step(
		'starting n8n',
		() => startN8n(n8n, { userFolder, port, env: { N8N_RESTRICT_FILE_ACCESS_TO: outputFolder } }),
		({ url }) => `n8n runs at ${url}`,
	);
	atEnd(() => instance.stop());

	const imported = await screen.step(
		'creating the credential and importing the workflow',
		() => importExample(instance.url, simulator, outputFolder),
		({ workflowName }) => `credential 'Runpod account' tested, workflow '${workflowName}' imported`,
	);
	return { n8nUrl: instance.url, simulator, outputFolder, ...imported };
}

async function makeOutputFolder(): Promise<string> {
	const now = new Date().toISOString().slice(0, 19).replaceAll(':', '-');
	const folder = join(cacheRoot(), 'demo', now);
	await mkdir(folder, { recursive: true });
	// n8n compares real paths with those that it may write to.
	return await realpath(folder);
}

/** What a user does in the editor: credential, test, import, choose the credential, set the folder. */
async function importExample(url: string, simulator: Simulator, outputFolder: string) {
	const api = await N8nApi.setUpOwner(url, OWNER);
	const credential = {
		name: 'Runpod account',
		type: 'runpodApi',
		data: { apiKey: simulator.apiKey, baseUrl: simulator.baseUrl },
	};
	const id = await api.createCredential(credential);
	const { status, message } = await api.testCredential(id, credential);
	if (status !== 'OK') throw new SetupProblem(`n8n's test of the credential says: ${message}`);

	const example = await readWorkflow(EXAMPLE);
	const ready = withAssignment(
		withCredential(example, 'runpodApi', { id, name: credential.name }),
		'Settings',
		'folder',
		outputFolder,
	);
	return { api, workflowId: await api.createWorkflow(ready), workflowName: example.name };
}
