/** `npm run simulator`: Runpod's stand-in for trying the node without an account and without a cent. */
import { parseArgs } from 'node:util';
import { startSimulator, type Simulator } from './index';

const HELP = `npm run simulator -- [options]

  --port <number>            port on 127.0.0.1 (8282)
  --execution-time <ms>      how long a job is worked on (4000; a draft takes half of it)
  --delay-time <ms>          how long a job waits in the queue at least (200)
  --workers <number>         jobs worked on at once (5)
  --api-key <key>            the key that is accepted (rpa_simulator_key)
  --quiet                    no line per job
  --help
`;

function wholeNumber(name: string, text: string): number {
	if (!/^\d{1,9}$/.test(text))
		throw new Error(`--${name} must be a whole number, but is '${text}'`);
	return Number(text);
}

function readArguments() {
	const { values } = parseArgs({
		options: {
			port: { type: 'string', default: '8282' },
			'execution-time': { type: 'string', default: '4000' },
			'delay-time': { type: 'string', default: '200' },
			workers: { type: 'string', default: '5' },
			'api-key': { type: 'string', default: 'rpa_simulator_key' },
			quiet: { type: 'boolean', default: false },
			help: { type: 'boolean', default: false },
		},
	});
	const executionTime = wholeNumber('execution-time', values['execution-time']);
	return {
		help: values.help,
		quiet: values.quiet,
		options: {
			port: wholeNumber('port', values.port),
			executionTimeMs: (input: Record<string, unknown>) =>
				input.draft === true ? executionTime / 2 : executionTime,
			delayTimeMs: wholeNumber('delay-time', values['delay-time']),
			workers: wholeNumber('workers', values.workers),
			apiKey: values['api-key'],
		},
	};
}

/** One line per change of a job. */
function tell(simulator: Simulator): void {
	const told = new Map<string, string>();
	simulator.subscribe((change) => {
		if (change.kind !== 'job') return;
		const { id, status, price } = change.job;
		if (told.get(id) === status) return;
		told.set(id, status);
		const cost = status === 'COMPLETED' ? ` $${price}` : '';
		console.log(`${new Date().toISOString().slice(11, 19)}  ${id}  ${status}${cost}`);
	});
}

async function endOnSignal(simulator: Simulator): Promise<void> {
	await new Promise<void>((resolve) => {
		process.once('SIGINT', () => resolve());
		process.once('SIGTERM', () => resolve());
	});
	// Closing forgets the jobs.
	const { jobs, total } = simulator.ledger;
	const summary = `${jobs.length} jobs, $${total} in all (nobody pays for it)`;
	await simulator.close();
	console.log(`\n${summary}`);
}

async function main(): Promise<void> {
	const { help, quiet, options } = readArguments();
	if (help) {
		console.log(HELP);
		return;
	}
	const simulator = await startSimulator(options);
	console.log(`A simulator of Runpod listens. For the credential "Runpod API" in n8n:

  API Key   ${simulator.apiKey}
  Base URL  ${simulator.baseUrl}

Ctrl+C ends it.
`);
	if (!quiet) tell(simulator);
	await endOnSignal(simulator);
}

main().catch((error: NodeJS.ErrnoException) => {
	console.error(
		error.code === 'EADDRINUSE'
			? 'The port is taken by another program. Choose another one with --port.'
			: error.message,
	);
	process.exitCode = 1;
});
