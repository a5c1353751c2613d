/** `npm run demo`: the node in a real n8n, for whoever wants to see it before believing it. */

import { mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { OWNER } from '../n8n/api';
import { cacheRoot } from '../n8n/cache';
import { failureOf } from '../n8n/execution';
import { killPrograms, SetupProblem } from '../n8n/program';
import { credentialData, Endings, startStage, type Stage } from '../n8n/stage';
import { readExample, withAssignment, withCredential } from '../n8n/workflow';
import type { Simulator } from '../simulator';
import { findFaults, readVideos, usd } from './videos';

const HELP = `Makes three videos with this node in a real n8n, against a simulator of Runpod: no account, no cost.

  npm run demo                     run examples/text-to-video.json and check the result
  npm run demo -- --open           keep n8n and the simulator running with that workflow, until Ctrl+C
  npm run demo -- --profile seen   Runpod as other clients saw it answer, not as its pages say

n8n is installed once into ~/.cache/n8n-nodes-pruna-video (about 2 GB, safe to delete);
PRUNA_VIDEO_CACHE names another folder.`;

const VIDEOS = 3;
const TRIGGER = 'When clicking ‘Execute workflow’';
/** Long enough to watch. */
const JOB_TIME_MS = 3_000;

const interrupted = new Promise<void>((resolve) => {
	for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, resolve);
});

async function step<T>(name: string, work: (onProgress: (part: string) => void) => Promise<T>) {
	const began = performance.now();
	console.log(`  ${name} …`);
	const result = await work((part) => console.log(`    ${part} …`));
	console.log(`  ✓ ${((performance.now() - began) / 1000).toFixed(1)} s`);
	return result;
}

async function makeOutputFolder(): Promise<string> {
	const now = new Date().toISOString().slice(0, 19).replaceAll(':', '-');
	const folder = join(cacheRoot(), 'demo', now);
	await mkdir(folder, { recursive: true });
	// n8n compares real paths with those that it may write to.
	return await realpath(folder);
}

/** What a user does in the editor: test the credential, import, choose the credential, set the folder. */
async function importExample({ api, simulator, credential }: Stage, folder: string) {
	const { status, message } = await api.testCredential(credential.id, credentialData(simulator));
	if (status !== 'OK') throw new SetupProblem(`n8n's test of the credential says: ${message}`);
	const example = withCredential(await readExample('text-to-video'), credential);
	return await api.createWorkflow(withAssignment(example, 'Settings', 'folder', folder));
}

/** Prints each state of each job. */
function watchJobs(simulator: Simulator): void {
	const told = new Map<string, string>();
	simulator.subscribe((change) => {
		if (change.kind !== 'job' || told.get(change.job.id) === change.job.status) return;
		const { id, status, input, price } = change.job;
		told.set(id, status);
		const cost = price > 0 ? `, ${usd(price)}` : '';
		console.log(`  ${status.padEnd(11)}  ${String(input.prompt).slice(0, 60)}…${cost}`);
	});
}

/** The exit status. */
async function runExample({ api, simulator }: Stage, workflowId: string): Promise<number> {
	console.log('\nn8n executes the workflow:');
	watchJobs(simulator);
	const execution = await api.finishedExecution(await api.runWorkflow(workflowId, TRIGGER));
	if (execution.status !== 'success') {
		console.log(`✗ The execution ended as '${execution.status}': ${failureOf(execution)}`);
		return 1;
	}
	const videos = readVideos(execution);
	console.log('\nWhat came:');
	for (const { prompt, status, cost, url, path } of videos) {
		console.log(`  ${prompt}\n    ${status}, ${usd(cost)}\n    ${url}\n    ${path}`);
	}
	const faults = await findFaults(videos, VIDEOS, simulator);
	for (const fault of faults) console.log(`✗ ${fault}`);
	if (faults.length > 0) return 1;
	const { total } = simulator.ledger;
	console.log(
		`\nChecked: ${VIDEOS} files are the MP4s that the simulator serves, for ${usd(total)}.`,
	);
	return 0;
}

function tellOpen({ main, simulator }: Stage, workflowId: string, folder: string): void {
	console.log(`
The editor is open, with the workflow in it:

  ${main.url}/workflow/${workflowId}
  Email     ${OWNER.email}
  Password  ${OWNER.password}

The simulator of Runpod shows its jobs and what they would have cost:

  ${new URL('/', simulator.baseUrl).href}
  Base URL  ${simulator.baseUrl}
  API Key   ${simulator.apiKey}

Press 'Execute workflow' in the editor. Videos are saved in ${folder}
Press Ctrl+C to stop.`);
}

async function play(endings: Endings): Promise<number> {
	const flag = { type: 'boolean', default: false } as const;
	const options = { open: flag, help: flag, profile: { type: 'string' } } as const;
	const { open, help, profile } = parseArgs({ options }).values;
	if (help) {
		console.log(HELP);
		return 0;
	}
	console.log('Pruna Video in a real n8n, against a simulator of Runpod: no account, no cost\n');
	const folder = await makeOutputFolder();
	const env = { N8N_RESTRICT_FILE_ACCESS_TO: folder };
	const stage = await startStage({ env, profile, endings, step });
	stage.simulator.options.executionTimeMs = JOB_TIME_MS;
	const importing = () => importExample(stage, folder);
	const workflowId = await step('Testing the credential, importing the workflow', importing);
	if (!open) return await runExample(stage, workflowId);
	tellOpen(stage, workflowId, folder);
	return await interrupted.then(() => 0);
}

async function main(): Promise<number> {
	const endings = new Endings();
	try {
		return await Promise.race([play(endings), interrupted.then(() => 130)]);
	} catch (error) {
		console.error(error instanceof SetupProblem ? `\n✗ ${error.message}` : error);
		return 1;
	} finally {
		await endings.run();
		await killPrograms();
	}
}

void main().then((status) => process.exit(status));
