/** This package as users get it: built, packed, and installed as a community package. */

import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { cacheRoot } from './cache';
import { at, stringAt } from './json';
import { withLock } from './lock';
import { runNpm } from './npm';

const REPOSITORY = resolve(__dirname, '../..');

/** Builds the sources as they are now, and packs them into a fresh folder; the tarball's path. */
export async function packPackage(): Promise<string> {
	await mkdir(cacheRoot(), { recursive: true });
	// A build empties `dist` first, so two at once would pack half of it.
	return await withLock(join(cacheRoot(), 'pack.lock'), () => {}, buildAndPack);
}

async function buildAndPack(): Promise<string> {
	await runNpm(['run', 'build'], { cwd: REPOSITORY });
	const folder = await mkdtemp(join(tmpdir(), 'n8n-nodes-pruna-video-'));
	const flags = ['--json', '--ignore-scripts', '--pack-destination', folder];
	const { stdout } = await runNpm(['pack', ...flags], { cwd: REPOSITORY });
	const packed: unknown = JSON.parse(stdout);
	return join(folder, stringAt(at(packed, 0), 'filename'));
}

/** Puts a tarball where n8n looks for community packages, as its own installer does; needs no network. */
export async function installPackage(tarball: string, userFolder: string): Promise<void> {
	const folder = join(userFolder, '.n8n', 'nodes');
	await mkdir(folder, { recursive: true });
	const manifest = { name: 'installed-nodes', private: true, dependencies: {} };
	await writeFile(join(folder, 'package.json'), JSON.stringify(manifest, null, 2));
	const flags = ['--ignore-scripts', '--legacy-peer-deps', '--no-package-lock', '--prefix', folder];
	await runNpm(['install', tarball, ...flags], { cwd: folder });
}
