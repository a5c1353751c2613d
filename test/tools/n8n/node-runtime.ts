/** A Node that fits an n8n: this one if it does, else one from the npm registry, kept in the cache. */

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { minVersion, satisfies } from 'semver';
import { cachedFolder } from './cache';
import { stringAt } from './json';
import { runNpm } from './package';
import { SetupProblem } from './program';

export interface NodeRuntime {
	nodePath: string;
	/** Holds `include/node`, for compiling native modules. */
	prefix: string;
	/** e.g. `24.21.0` */
	version: string;
}

/** Long-term versions in the order we would take them; n8n's own image uses the first. */
const LONG_TERM_MAJORS = [24, 22, 20, 18];

/** @param range an `engines.node` as n8n writes it: `>=24.0.0`, `>=20.19 <= 24.x` */
export async function nodeFor(range: string): Promise<NodeRuntime> {
	const own = process.versions.node;
	const prefix = dirname(dirname(process.execPath));
	const hasHeaders = existsSync(join(prefix, 'include', 'node', 'node_api.h'));
	if (satisfies(own, range) && hasHeaders) {
		return { nodePath: process.execPath, prefix, version: own };
	}
	const major = Number(own.split('.')[0]);
	const fitting = [major, ...LONG_TERM_MAJORS].find((each) => satisfies(`${each}.99.0`, range));
	return await fetchNode(fitting ?? minVersion(range)?.major ?? major);
}

async function fetchNode(major: number): Promise<NodeRuntime> {
	const name = nodePackage(process.platform, process.arch);
	// `node` itself would fetch this package in a script; scripts may be off, so it is named here.
	const fill = async (empty: string) => {
		const flags = ['--ignore-scripts', '--no-package-lock', '--prefix', empty];
		await runNpm(['install', `${name}@${major}`, ...flags], empty);
	};
	const folder = await cachedFolder(`node-${major}`, fill);
	const prefix = join(folder, 'node_modules', name);
	const manifest: unknown = JSON.parse(await readFile(join(prefix, 'package.json'), 'utf8'));
	return {
		nodePath: join(prefix, stringAt(manifest, 'bin', 'node')),
		prefix,
		version: stringAt(manifest, 'version'),
	};
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
