/** A Node that fits an n8n: this one if it does, else one from the npm registry, kept in the cache. */

import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { cachedFolder, isFile } from './cache';
import { isRecord } from './json';
import { runNpm } from './npm';
import { SetupProblem } from './setup-problem';

export interface NodeRuntime {
	nodePath: string;
	/** Holds `include/node`, for compiling native modules. */
	prefix: string;
	/** e.g. `24.21.0` */
	version: string;
}

export interface NodeRange {
	least: readonly [major: number, minor: number];
	mostMajor: number;
}

/** Of an `engines.node` as n8n writes it: `>=24.0.0`, `>=20.19 <= 24.x`. */
export function nodeRange(engines: string): NodeRange {
	const least = />=\s*(\d+)(?:\.(\d+))?/.exec(engines);
	const most = /<=\s*(\d+)/.exec(engines) ?? undefined;
	const below = /<\s*(\d+)/.exec(engines) ?? undefined;
	return {
		least: [Number(least?.[1] ?? 0), Number(least?.[2] ?? 0)],
		mostMajor: most ? Number(most[1]) : below ? Number(below[1]) - 1 : Infinity,
	};
}

export function fits({ least, mostMajor }: NodeRange, version: string): boolean {
	const [major = 0, minor = 0] = version.split('.').map(Number);
	const isNewEnough = major > least[0] || (major === least[0] && minor >= least[1]);
	return isNewEnough && major <= mostMajor;
}

/** Long-term versions in the order we would take them; n8n's own image uses the first. */
const LONG_TERM_MAJORS = [24, 22, 20, 18];

export async function nodeFor(range: NodeRange, onWait: () => void): Promise<NodeRuntime> {
	const own = process.versions.node;
	const ownPrefix = dirname(dirname(process.execPath));
	if (fits(range, own) && (await hasHeaders(ownPrefix))) {
		return { nodePath: process.execPath, prefix: ownPrefix, version: own };
	}
	const ownMajor = Number(own.split('.')[0]);
	const major = [ownMajor, ...LONG_TERM_MAJORS].find((candidate) => fits(range, `${candidate}.99`));
	return await fetchNode(major ?? range.least[0], onWait);
}

async function hasHeaders(prefix: string): Promise<boolean> {
	return await isFile(join(prefix, 'include', 'node', 'node_api.h'));
}

async function fetchNode(major: number, onWait: () => void): Promise<NodeRuntime> {
	const name = nodePackage(process.platform, process.arch);
	const folder = await cachedFolder(
		`node-${major}`,
		async (empty) => {
			// `node` itself would fetch this package in a script; scripts may be off, so it is named here.
			const flags = ['--ignore-scripts', '--no-package-lock', '--prefix', empty];
			await runNpm(['install', `${name}@${major}`, ...flags], { cwd: empty });
		},
		onWait,
	);
	const prefix = join(folder, 'node_modules', name);
	const { version, bin } = await manifest(join(prefix, 'package.json'));
	return { nodePath: join(prefix, bin), prefix, version };
}

/** Where the maintainers of the npm package `node` publish the program for each platform. */
function nodePackage(platform: string, arch: string): string {
	const system = platform === 'win32' ? 'win' : platform;
	if (!['linux', 'darwin', 'win'].includes(system)) {
		throw new SetupProblem(`There is no Node on the npm registry for ${platform} ${arch}.`);
	}
	const family = platform === 'darwin' && arch === 'arm64' ? 'node-bin' : 'node';
	return `${family}-${system}-${arch}`;
}

async function manifest(path: string): Promise<{ version: string; bin: string }> {
	const content: unknown = JSON.parse(await readFile(path, 'utf8'));
	const bin = isRecord(content) && isRecord(content.bin) ? content.bin.node : undefined;
	if (!isRecord(content) || typeof content.version !== 'string' || typeof bin !== 'string') {
		throw new Error(`${path} names no version and no program`);
	}
	return { version: content.version, bin };
}
