/** `npm run simulator`: Runpod's stand-in for trying the node without an account and without a cent. */
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { startSimulator } from './index';

const HELP = `npm run simulator -- [options]

  --port <number>            port on 127.0.0.1 (8282)
  --profile <name>           documented (default), or seen: as other clients saw Runpod answer
  --execution-time <ms>      how long a job is worked on (4000; a draft takes half of it)
  --help
`;

async function main(): Promise<void> {
	const { values } = parseArgs({
		options: {
			port: { type: 'string', default: '8282' },
			profile: { type: 'string' },
			'execution-time': { type: 'string', default: '4000' },
			help: { type: 'boolean', default: false },
		},
	});
	if (values.help) return console.log(HELP);
	const executionTimeMs = Number(values['execution-time']);
	const simulator = await startSimulator({
		port: Number(values.port),
		profile: values.profile,
		executionTimeMs: ({ draft }) => (draft === true ? executionTimeMs / 2 : executionTimeMs),
		workers: 5,
	});
	console.log(`The Runpod simulator is running. For the credential "Pruna Video Runpod API" in n8n:

  API Key   ${simulator.apiKey}
  Base URL  ${simulator.baseUrl}

Press Ctrl+C to stop. Jobs and bills: ${new URL('/', simulator.baseUrl).href}
`);
	simulator.subscribe((change) => {
		if (change.kind !== 'job') return;
		const { id, status, price } = change.job;
		const cost = price > 0 ? ` $${price}` : '';
		console.log(`${new Date().toISOString().slice(11, 19)}  ${id}  ${status}${cost}`);
	});
	await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
	await simulator.close();
}

main().catch((error: Error) => {
	console.error(error.message);
	process.exitCode = 1;
});
