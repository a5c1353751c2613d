/** `npm run demo`: the node in a real n8n, for whoever wants to see it before believing it. */

import { mkdir, realpath } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cacheRoot } from '../n8n/cache';
import { failureOf } from '../n8n/execution';
import { killPrograms, SetupProblem } from '../n8n/program';
import {
	credentialData,
	Endings,
	OWNER,
	startStage,
	type Stage,
	type StageOptions,
} from '../n8n/stage';
import { readExample, withAssignment, withCredential } from '../n8n/workflow';
import type { Simulator } from '../simulator';
import { findFaults, readVideos, shortened, table, totalCost, usd } from './videos';

const HELP = `Makes three videos with this node in a real n8n, against a simulator of Runpod: no account, no cost.

  npm run demo                     run examples/text-to-video.json and check the result
  npm run demo -- --open           keep n8n and the simulator running with that workflow, until Ctrl+C
  npm run demo -- --profile seen   Runpod as other clients saw it answer, not as its pages say
  npm run demo -- --help           this text

n8n is installed once into ~/.cache/n8n-nodes-pruna-video (about 2 GB, safe to delete);
PRUNA_VIDEO_CACHE names another folder.`;

const VIDEOS = 3;
const TRIGGER = 'When clicking ‘Execute workflow’';
/** Long enough to watch. */
const JOB_TIMES = { delayTimeMs: 600, executionTimeMs: 3_000 };

/** The user wants to stop; nothing went wrong. */
class Interrupted extends Error {}

const interruption = new Promise<never>((_resolve, reject) => {
	const interrupt = () => reject(new Interrupted());
	for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt);
});

function readArguments() {
	const flag = { type: 'boolean', default: false } as const;
	const profile = { type: 'string' } as const;
	try {
		return parseArgs({ options: { open: flag, profile, help: { ...flag, short: 'h' } } }).values;
	} catch (error) {
		const reason = error instanceof Error ? error.message.split('.')[0] : String(error);
		throw new SetupProblem(`${reason}. Try: npm run demo -- --help`);
	}
}

/** Says what is being done, for how long every 15 s, and how long it took. */
const step: Required<StageOptions>['step'] = async (name, work) => {
	const began = Date.now();
	const elapsed = () => `${((Date.now() - began) / 1000).toFixed(1)} s`;
	process.stdout.write(`  ${name} …`);
	const ticking = setInterval(() => process.stdout.write(` ${elapsed()} …`), 15_000);
	const result = await work((part) => process.stdout.write(`\n    ${part} …`));
	clearInterval(ticking);
	console.log(` ✓ ${elapsed()}`);
	return result;
};

const fromHome = (path: string) =>
	path.startsWith(homedir()) ? path.replace(homedir(), '~') : path;

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

/** Prints what happens to the jobs; returns what ends that. */
function watchJobs(simulator: Simulator): () => void {
	const began = Date.now();
	const told = new Map<string, string>();
	return simulator.subscribe((change) => {
		if (change.kind !== 'job') return;
		const { id, status, input, price } = change.job;
		if (told.get(id) === status) return;
		told.set(id, status);
		const time = `${((Date.now() - began) / 1000).toFixed(1)} s`.padStart(7);
		const cost = price > 0 ? `, ${usd(price)}` : '';
		console.log(`  ${time}  ${status.padEnd(11)}  ${shortened(String(input.prompt))}${cost}`);
	});
}

/** The exit status. */
async function runExample({ api, simulator }: Stage, workflowId: string, folder: string) {
	console.log('\nn8n executes the workflow:');
	const stopWatching = watchJobs(simulator);
	const execution = await api.finishedExecution(await api.runWorkflow(workflowId, TRIGGER));
	stopWatching();

	const videos = readVideos(execution);
	console.log(`\n${table(videos).join('\n')}\n\nSaved in ${fromHome(folder)}`);
	const faults = await findFaults(videos, VIDEOS, simulator);
	if (execution.status !== 'success') {
		faults.unshift(`The execution ended as '${execution.status}': ${failureOf(execution)}`);
	}
	for (const fault of faults) console.log(`✗ ${fault}`);
	if (faults.length > 0) return 1;
	console.log(
		`Checked: ${VIDEOS} files are the MP4s that the simulator serves; ` +
			`its ledger shows ${VIDEOS} jobs and ${usd(totalCost(videos))}.`,
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

Press 'Execute workflow' in the editor. Videos are saved in ${fromHome(folder)}
Press Ctrl+C to stop.`);
}

async function play(endings: Endings): Promise<number> {
	const { open, profile, help } = readArguments();
	if (help) {
		console.log(HELP);
		return 0;
	}
	console.log('Pruna Video in a real n8n, against a simulator of Runpod: no account, no cost\n');
	const folder = await makeOutputFolder();
	const env = { N8N_RESTRICT_FILE_ACCESS_TO: folder };
	const stage = await startStage({ env, profile, endings, step });
	Object.assign(stage.simulator.options, JOB_TIMES);
	const workflowId = await step('Testing the credential, importing the workflow', () =>
		importExample(stage, folder),
	);
	if (!open) return await runExample(stage, workflowId, folder);
	tellOpen(stage, workflowId, folder);
	return await interruption.catch(() => 0);
}

async function main(): Promise<number> {
	const endings = new Endings();
	try {
		return await Promise.race([play(endings), interruption]);
	} catch (error) {
		if (error instanceof Interrupted) return process.argv.includes('--open') ? 0 : 130;
		console.error(error instanceof SetupProblem ? `\n✗ ${error.message}` : error);
		return 1;
	} finally {
		await endings.run();
		await killPrograms();
	}
}

void main().then((status) => process.exit(status));
