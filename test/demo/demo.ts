/** `npm run demo`: the node in a real n8n, for whoever wants to see it before believing it. */

import { failureOf } from '../n8n/execution';
import { killPrograms } from '../n8n/program';
import { SetupProblem } from '../n8n/setup-problem';
import { HELP, readArguments } from './arguments';
import { Ending, Interrupted } from './ending';
import { table, usd } from './report';
import { fromHome, screenFor } from './screen';
import { OWNER, setStage, type Stage } from './stage';
import { findFaults } from './verify';
import { readVideos, totalCost } from './videos';
import { watchJobs } from './watch';

const VIDEOS = 3;
const TRIGGER = 'When clicking ‘Execute workflow’';
const screen = screenFor(process.stdout);

/** The exit status. */
async function runExample({ api, simulator, workflowId, ...stage }: Stage): Promise<number> {
	screen.line(`\nn8n executes '${stage.workflowName}':`);
	const stopWatching = watchJobs(simulator, screen);
	const executionId = await api.runWorkflow(workflowId, TRIGGER);
	const execution = await api.finishedExecution(executionId);
	stopWatching();

	const videos = readVideos(execution);
	screen.line();
	for (const line of table(videos)) screen.line(line);
	screen.line(`\nSaved in ${fromHome(stage.outputFolder)}`);

	const faults = await findFaults(videos, VIDEOS, simulator);
	if (execution.status !== 'success') {
		faults.unshift(`The execution ended as '${execution.status}': ${failureOf(execution)}`);
	}
	for (const fault of faults) screen.line(`✗ ${fault}`);
	if (faults.length > 0) return 1;
	screen.line(
		`Checked: ${VIDEOS} files are the MP4s that the simulator serves; ` +
			`its books show ${VIDEOS} jobs and ${usd(totalCost(videos))}.`,
	);
	return 0;
}

async function leaveOpen({ n8nUrl, workflowId, outputFolder }: Stage, ending: Ending) {
	screen.line(`
The editor is open, with the workflow in it:

  ${n8nUrl}/workflow/${workflowId}
  e-mail    ${OWNER.email}
  password  ${OWNER.password}

Press 'Execute workflow' there. Videos are saved in ${fromHome(outputFolder)}
Ctrl+C ends it all.`);
	await ending.requested;
}

async function main(): Promise<number> {
	const { isOpen, wantsHelp, port } = readArguments(process.argv.slice(2));
	if (wantsHelp) {
		screen.line(HELP);
		return 0;
	}
	const ending = new Ending();
	try {
		screen.line('Pruna Video in a real n8n, against a simulator of Runpod: no account, no cost\n');
		const stage = await ending.unlessRequested(setStage(screen, port, (end) => ending.add(end)));
		if (!isOpen) return await ending.unlessRequested(runExample(stage));
		await leaveOpen(stage, ending);
		return 0;
	} catch (error) {
		// What was being started is not among what can be ended politely.
		if (error instanceof Interrupted) await killPrograms();
		throw error;
	} finally {
		await ending.end();
	}
}

main().then(
	(status) => process.exit(status),
	(error: unknown) => {
		if (error instanceof Interrupted) process.exit(130);
		screen.line(error instanceof SetupProblem ? `\n✗ ${error.message}` : '');
		if (!(error instanceof SetupProblem)) console.error(error);
		process.exit(1);
	},
);
