/** What this package adds to the start of n8n, and to its disk. */

import { execFile } from 'node:child_process';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Surroundings } from './surroundings';

const run = promisify(execFile);

/** ms to load a node in a process of its own, run by run. */
export interface LoadTimes {
	own: number[];
	/** A node without any field. */
	empty: number[];
	/** The example of n8n's own starter, GitHub Issues, built as it stands. */
	starter: number[];
}

const EMPTY_NODE = `
const { NodeConnectionTypes } = require('n8n-workflow');
exports.Empty = class Empty {
	description = {
		displayName: 'Empty', name: 'empty', group: ['transform'], version: 1, description: '', defaults: {},
		inputs: [NodeConnectionTypes.Main], outputs: [NodeConnectionTypes.Main], properties: [],
	};
};`;

/** n8n-workflow and crypto are there already when n8n comes to its nodes. */
const STOPWATCH = `
require('n8n-workflow');
require('node:crypto');
const began = performance.now();
const [Node] = Object.values(require(process.argv[1]));
new Node();
console.log(performance.now() - began);`;

export async function measureLoading(
	surroundings: Surroundings,
	{ repeats }: { repeats: number },
): Promise<LoadTimes> {
	const { nodePath, n8nModules, packageFolder, folder } = surroundings;
	const files = {
		own: join(packageFolder, 'dist/nodes/PrunaVideo/PrunaVideo.node.js'),
		empty: await writeEmptyNode(folder),
		starter: await buildStarter(folder),
	};
	const load = async (file: string) => {
		const env = { ...process.env, NODE_PATH: n8nModules };
		const { stdout } = await run(nodePath, ['-e', STOPWATCH, file], { env, cwd: folder });
		return Number(stdout);
	};
	const times: LoadTimes = { own: [], empty: [], starter: [] };
	// The first round brings the files into the disk's cache.
	for (let round = 0; round <= repeats; round++) {
		for (const name of ['own', 'empty', 'starter'] as const) {
			const time = await load(files[name]);
			if (round > 0) times[name].push(time);
		}
	}
	return times;
}

async function writeEmptyNode(folder: string): Promise<string> {
	const file = join(folder, 'empty/Empty.node.js');
	await mkdir(dirname(file), { recursive: true });
	await writeFile(file, EMPTY_NODE);
	return file;
}

async function buildStarter(folder: string): Promise<string> {
	const template = 'dist/template/templates/declarative/github-issues/template';
	const sources = join(__dirname, '../../node_modules/@n8n/node-cli', template);
	const target = join(folder, 'starter');
	await cp(join(sources, 'nodes'), join(target, 'nodes'), { recursive: true });
	const flags = ['--target', 'es2022', '--module', 'commonjs', '--skipLibCheck', '--noCheck'];
	const entry = join(target, 'nodes/GithubIssues/GithubIssues.node.ts');
	const compiler = require.resolve('typescript/bin/tsc');
	await run(process.execPath, [compiler, ...flags, '--outDir', join(target, 'dist'), entry]);
	return join(target, 'dist/GithubIssues.node.js');
}
