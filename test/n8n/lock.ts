/** One run at a time, across processes (and containers that share a cache). */

import { rmSync } from 'node:fs';
import { open, rename, rm, stat, utimes } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from './error-code';

const HEARTBEAT_MS = 2_000;
const STALE_AFTER_MS = 15_000;

const held = new Set<string>();
process.on('exit', () => {
	for (const path of held) rmSync(path, { force: true });
});

/**
 * Runs `work` while holding the file `path`. The holder keeps touching it, so one left by a process that
 * died is taken over after 15 s; a process id would not tell, since a cache outlives its machine.
 */
export async function withLock<T>(
	path: string,
	onWait: () => void,
	work: () => Promise<T>,
): Promise<T> {
	let hasWaited = false;
	while (!(await tryTake(path))) {
		if (!hasWaited) onWait();
		hasWaited = true;
		await sleep(500);
	}
	held.add(path);
	const heartbeat = setInterval(() => {
		const now = new Date();
		utimes(path, now, now).catch(() => {});
	}, HEARTBEAT_MS);
	try {
		return await work();
	} finally {
		clearInterval(heartbeat);
		await rm(path, { force: true });
		held.delete(path);
	}
}

async function tryTake(path: string): Promise<boolean> {
	try {
		await (await open(path, 'wx')).close();
		return true;
	} catch (error) {
		if (codeOf(error) !== 'EEXIST') throw error;
	}
	const found = await stat(path).catch(() => undefined);
	if (found && Date.now() - found.mtimeMs > STALE_AFTER_MS) {
		// Renaming succeeds for one of several waiters only; removing would also hit a lock taken meanwhile.
		const taken = `${path}.${process.pid}`;
		await rename(path, taken).then(
			() => rm(taken, { force: true }),
			() => {},
		);
	}
	return false;
}
