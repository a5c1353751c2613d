/** `npm run simulator`: Runpod's stand-in for trying the node without an account and without a cent. */
import { parseArgs } from 'node:util';
import { startSimulator, type Simulator, type StartOptions } from './index';

const HELP = `npm run simulator -- [options]

  --port <number>            port on 127.0.0.1 (8282)
  --profile <name>           documented (default), or seen: as other clients saw Runpod answer
  --execution-time <ms>      how long a job is worked on (4000; a draft takes half of it)
  --delay-time <ms>          minimum time a job waits in the queue (200)
  --workers <number>         jobs worked on at once (5)
  --api-key <key>            the key that is accepted (rpa_simulator_key)
  --quiet                    no line per job
  --help
`;

function readArguments(): { help: boolean; quiet: boolean; options: StartOptions } {
	const { values } = parseArgs({
		options: {
			port: { type: 'string', default: '8282' },
			profile: { type: 'string' },
			'execution-time': { type: 'string', default: '4000' },
			'delay-time': { type: 'string', default: '200' },
			workers: { type: 'string', default: '5' },
			'api-key': { type: 'string', default: 'rpa_simulator_key' },
			quiet: { type: 'boolean', default: false },
			help: { type: 'boolean', default: false },
		},
	});
	const number = (name: 'port' | 'execution-time' | 'delay-time' | 'workers') => {
		const text = values[name];
		if (/^\d{1,9}$/.test(text)) return Number(text);
		throw new Error(`--${name} must be a whole number, but is '${text}'`);
	};
	const executionTime = number('execution-time');
	const options = {
		port: number('port'),
		...(values.profile !== undefined && { profile: values.profile }),
		executionTimeMs: ({ draft }: Record<string, unknown>) =>
			draft === true ? executionTime / 2 : executionTime,
		delayTimeMs: number('delay-time'),
		workers: number('workers'),
		apiKey: values['api-key'],
	};
	return { help: values.help, quiet: values.quiet, options };
}

/** One line per change of a job. */
function printJobs(simulator: Simulator): void {
	simulator.subscribe((change) => {
		if (change.kind !== 'job') return;
		const { id, status, price } = change.job;
		const cost = price > 0 ? ` $${price}` : '';
		console.log(`${new Date().toISOString().slice(11, 19)}  ${id}  ${status}${cost}`);
	});
}

async function main(): Promise<void> {
	const { help, quiet, options } = readArguments();
	if (help) return console.log(HELP);
	const simulator = await startSimulator(options);
	console.log(`The Runpod simulator is running. For the credential "Pruna Video Runpod API" in n8n:

  API Key   ${simulator.apiKey}
  Base URL  ${simulator.baseUrl}

Press Ctrl+C to stop. Jobs and bills: http://127.0.0.1:${simulator.port}/
`);
	if (!quiet) printJobs(simulator);
	const signal = new Promise((resolve) => {
		for (const name of ['SIGINT', 'SIGTERM']) process.once(name, resolve);
	});
	await signal;
	// Closing forgets the jobs.
	const summary = `${simulator.ledger.jobs.length} jobs, $${simulator.ledger.total} (nobody is billed)`;
	await simulator.close();
	console.log(`\n${summary}`);
}

main().catch((error: NodeJS.ErrnoException) => {
	const isTaken = error.code === 'EADDRINUSE';
	console.error(isTaken ? 'The port is in use. Choose another one with --port.' : error.message);
	process.exitCode = 1;
});
