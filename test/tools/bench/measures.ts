/** The measures: each runs this node in turn with n8n's HTTP Request, and says what came of it. */

import { join } from 'node:path';
import type { IDataObject } from 'n8n-workflow';
import { runProgram } from '../n8n/program';
import { CREDENTIAL_TYPE } from '../n8n/workflow';
import type { Surroundings } from './surroundings';
import type { Measured, Task } from './worker';

export interface Row {
	about: string;
	/** Run by run; their median must be no more than the limit. */
	values: number[];
	unit: string;
	/** The target, and what is tolerated where the machine does other things too. */
	limits: readonly [target: number, tolerated: number];
	seen?: string;
}

type Measure = (surroundings: Surroundings, repeats: number) => Promise<Row[]>;
type Pairs = Awaited<ReturnType<typeof inPairs>>;

export function median(values: readonly number[]): number {
	const sorted = [...values].sort((a, b) => a - b);
	return ((sorted[(sorted.length - 1) >> 1] ?? NaN) + (sorted[sorted.length >> 1] ?? NaN)) / 2;
}

/** Each is first as often as the other, so that a machine whose speed drifts does not matter. */
async function inPairs({ run }: Surroundings, repeats: number, own: Task, other: Task) {
	const pairs: Array<{ own: Measured; other: Measured }> = [];
	// The first pair warms up.
	for (let round = 0; round <= repeats; round++) {
		const early = round % 2 === 0 ? undefined : await run(other);
		const pair = { own: await run(own), other: early ?? (await run(other)) };
		if (round > 0) pairs.push(pair);
	}
	return pairs;
}

/** Medians of both, for people. */
function seen(pairs: Pairs, figure: 'ms' | 'cpuMs' = 'ms'): string {
	const told = (side: 'own' | 'other') =>
		`${(median(pairs.map((pair) => pair[side][figure])) / 1000).toFixed(2)} s`;
	return `ours ${told('own')}, HTTP Request ${told('other')}`;
}

/** Prompts that differ; the simulator works `jobMs` on each of them. */
function prompts(count: number, jobMs: number): IDataObject[] {
	const prompt = (index: number) => `A fox in the snow at dawn, take ${index}, ${jobMs} ms`;
	return Array.from({ length: count }, (_, index) => ({ prompt: prompt(index) }));
}

/** Video > Generate, with the model's defaults. */
function generate(items: IDataObject[], options: IDataObject, download = false): Task {
	const parameters = { prompt: '={{ $json.prompt }}', download, options };
	return { node: 'prunaVideo', parameters, items };
}

/** HTTP Request as a user would set it up for the same; it sends all at once unless its options say otherwise. */
function httpRequest(baseUrl: string, items: IDataObject[], options: IDataObject = {}): Task {
	const parameters = {
		method: 'POST',
		url: `${baseUrl}/p-video/runsync?wait=90000`,
		authentication: 'predefinedCredentialType',
		nodeCredentialType: CREDENTIAL_TYPE,
		sendBody: true,
		specifyBody: 'json',
		jsonBody: '={{ ({ input: { prompt: $json.prompt, duration: 5, resolution: "720p" } }) }}',
		options,
	};
	return { node: 'httpRequest', parameters, items };
}

const STOPWATCH = `
const began = performance.now();
const [Node] = Object.values(require(process.argv[1]));
new Node();
console.log(performance.now() - began);`;

/** In a process of its own; n8n-workflow and crypto are there already when n8n comes to its nodes. */
const load: Measure = async ({ n8n, n8nModules, packageFolder, tarballBytes }, repeats) => {
	const options = { env: { ...process.env, NODE_PATH: n8nModules }, cwd: packageFolder };
	const file = join(packageFolder, 'dist/nodes/PrunaVideo/PrunaVideo.node.js');
	const args = ['-r', 'n8n-workflow', '-r', 'crypto', '-e', STOPWATCH, file];
	const values: number[] = [];
	while (values.length < 3 * repeats) {
		const { stdout } = await runProgram(n8n.nodePath, args, options);
		values.push(Number(stdout || NaN));
	}
	return [
		{ about: 'loading the node', values, unit: 'ms', limits: [10, 20] },
		{ about: 'package, packed', values: [tarballBytes / 1000], unit: 'kB', limits: [75, 75] },
	];
};

/** HTTP Request starts the next 50 after a job's time, as it does not know when jobs end. */
const batch: Measure = async (surroundings, repeats) => {
	const items = prompts(200, 1000);
	const batching = { batch: { batchSize: 50, batchInterval: 1000 } };
	const other = httpRequest(surroundings.baseUrl, items, { batching });
	const pairs = await inPairs(surroundings, repeats, generate(items, { concurrency: 50 }), other);
	const values = pairs.map(({ own }) => own.ms / 4000);
	const about = '200 jobs of 1 s, 50 in parallel, beside the ideal 4 s';
	return [{ about, values, unit: '×', limits: [1.05, 1.15], seen: seen(pairs) }];
};

/** Ours keeps to the 400 jobs that Runpod allows at once, so that 3 s are ideal; HTTP Request starts all, ideally 1 s. */
const burst: Measure = async (surroundings, repeats) => {
	const items = prompts(1000, 1000);
	const other = httpRequest(surroundings.baseUrl, items);
	const pairs = await inPairs(surroundings, repeats, generate(items, { concurrency: 400 }), other);
	const values = pairs.map(({ own, other }) => (own.ms - 3000 - (other.ms - 1000)) / 1000);
	const delays = pairs.map(({ own }) => own.loopP99Ms);
	const about = '1000 jobs of 1 s, time above the ideal, less that of HTTP Request';
	return [
		{ about, values, unit: 's', limits: [0, 0.2], seen: seen(pairs) },
		{ about: "… the event loop's delay (p99)", values: delays, unit: 'ms', limits: [20, 40] },
	];
};

/** Jobs that take no time: what is left is the client. */
const cpu: Measure = async (surroundings, repeats) => {
	const items = prompts(400, 0);
	const other = httpRequest(surroundings.baseUrl, items);
	const own = generate(items, { concurrency: 400 });
	const pairs = await inPairs(surroundings, 4 * repeats, own, other);
	const values = pairs.map((pair) => pair.own.cpuMs / pair.other.cpuMs);
	const about = 'CPU of 400 jobs that take no time, beside HTTP Request';
	return [{ about, values, unit: '×', limits: [1, 1.1], seen: seen(pairs, 'cpuMs') }];
};

const download: Measure = async (surroundings, repeats) => {
	const own = generate(prompts(10, 0), {}, true);
	await surroundings.run(own);
	const jobs = await surroundings.simulator.call('jobs');
	const address = (id: string) => new URL(`/video/${id}/output.mp4`, surroundings.baseUrl).href;
	const items = jobs.map(({ id }) => ({ url: address(id) }));
	const options = { response: { response: { responseFormat: 'file' } } };
	const parameters = { url: '={{ $json.url }}', options };
	const other: Task = { node: 'httpRequest', parameters, items };
	const pairs = await inPairs(surroundings, repeats, own, other);
	const values = pairs.map(({ own, other }) => own.ms / other.ms);
	const about = 'time of 10 downloads of 50 MB, beside HTTP Request';
	return [{ about, values, unit: '×', limits: [1, 1.1], seen: seen(pairs) }];
};

/** 100 executions whose jobs end within two seconds; then 400 items of one. */
const wait: Measure = async ({ run, simulator }) => {
	const executionMode = 'async';
	const apart = Array.from({ length: 100 }, (_, index) => prompts(1, 10_000 + 20 * index)).flat();
	const { returnedAt } = await run({ ...generate(apart, { executionMode }), isSplit: true });
	const late = (await simulator.call('jobs')).map(
		({ id, history }) => ((returnedAt[id] ?? NaN) - (history.at(-1)?.at ?? NaN)) / 1000,
	);
	const together = prompts(400, 10_000);
	const { loopP99Ms } = await run(generate(together, { executionMode, concurrency: 400 }));
	const asked = (await simulator.call('requests')).length / (apart.length + together.length);
	return [
		{ about: 'async: from the end to the return', values: late, unit: 's', limits: [0.1, 0.2] },
		{ about: 'async: requests for a job of 10 s', values: [asked], unit: '', limits: [3, 3] },
		{ about: "… the event loop's delay (p99)", values: [loopP99Ms], unit: 'ms', limits: [20, 40] },
	];
};

export const MEASURES: Record<string, Measure> = { load, batch, burst, cpu, download, wait };
