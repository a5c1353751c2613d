/** Where a whole n8n and the Node it needs are kept between runs: outside the checkout, safe to delete. */

import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { check, lock } from 'proper-lockfile';

/** `PRUNA_VIDEO_CACHE` moves it elsewhere. */
export function cacheRoot(): string {
	return process.env.PRUNA_VIDEO_CACHE || join(homedir(), '.cache', 'n8n-nodes-pruna-video');
}

/** One at a time, across processes and containers that share the cache. */
export async function withLock<T>(name: string, work: () => Promise<T>): Promise<T> {
	await mkdir(cacheRoot(), { recursive: true });
	const path = join(cacheRoot(), name);
	const options = { realpath: false, stale: 15_000 };
	if (await check(path, options)) console.error(`Waiting for another run that holds ${path}.lock`);
	const retries = { forever: true, factor: 1, minTimeout: 500 };
	const release = await lock(path, { ...options, retries });
	try {
		return await work();
	} finally {
		await release();
	}
}

/**
 * The folder `name` in the cache, filled by `fill` unless it is already there. It appears under its name
 * only once it is complete, so an interrupted run leaves nothing that looks usable; and two runs at once
 * fill it once.
 */
export async function cachedFolder(
	name: string,
	fill: (folder: string) => Promise<void>,
): Promise<string> {
	const folder = join(cacheRoot(), name);
	if (existsSync(folder)) return folder;
	await withLock(name, async () => {
		if (existsSync(folder)) return;
		const unfinished = `${folder}.unfinished`;
		await rm(unfinished, { recursive: true, force: true });
		await mkdir(unfinished);
		await fill(unfinished);
		await rename(unfinished, folder);
	});
	return folder;
}
