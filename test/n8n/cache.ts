/** Where a whole n8n and the Node it needs are kept between runs: outside the checkout, safe to delete. */

import { existsSync } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { withLock } from './lock';

/** `PRUNA_VIDEO_CACHE` moves it elsewhere. */
export function cacheRoot(): string {
	return process.env.PRUNA_VIDEO_CACHE || join(homedir(), '.cache', 'n8n-nodes-pruna-video');
}

/**
 * The folder `name` in the cache, filled by `fill` unless it is already there. It appears under its name
 * only once it is complete, so an interrupted run leaves nothing that looks usable; and two runs at once
 * fill it once.
 */
export async function cachedFolder(
	name: string,
	fill: (folder: string) => Promise<void>,
	onWait: () => void = () => {},
): Promise<string> {
	const folder = join(cacheRoot(), name);
	if (existsSync(folder)) return folder;
	await mkdir(cacheRoot(), { recursive: true });
	await withLock(`${folder}.lock`, onWait, async () => {
		if (existsSync(folder)) return;
		const unfinished = `${folder}.unfinished`;
		await rm(unfinished, { recursive: true, force: true });
		await mkdir(unfinished);
		await fill(unfinished);
		await rename(unfinished, folder);
	});
	return folder;
}

export async function isFile(path: string): Promise<boolean> {
	return await stat(path).then(
		(found) => found.isFile(),
		() => false,
	);
}
