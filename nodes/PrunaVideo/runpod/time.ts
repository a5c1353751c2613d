import { Stopped } from './failure';

/**
 * n8n does not allow community nodes to use timers, and the `sleep` of n8n-workflow cannot be interrupted (2.41 no
 * longer has `sleepWithAbort`). `AbortSignal.timeout` needs no cleanup: it never keeps a process alive.
 */

/** A point in time that does not move when the machine's clock is changed. */
export interface Deadline {
	remaining(): number;
}

export function startDeadline(ms: number): Deadline {
	const end = performance.now() + ms;
	return { remaining: () => Math.max(0, end - performance.now()) };
}

/** The same from the moment that it is first asked for: an item's wait for its turn does not count. */
export function deadlineFromUse(ms: number): Deadline {
	let deadline: Deadline | undefined;
	return { remaining: () => (deadline ??= startDeadline(ms)).remaining() };
}

/** Waits `ms` milliseconds. @throws Stopped as soon as `stop` fires */
export async function pause(ms: number, stop?: AbortSignal): Promise<void> {
	await withTimeLimit(ms, stop, async (limit) => {
		if (limit.aborted) return;
		await new Promise<void>((resolve) => {
			limit.addEventListener('abort', () => resolve(), { once: true });
		});
	});
	if (stop?.aborted) throw new Stopped();
}

/**
 * Runs `work` with a signal that fires after `ms` milliseconds or when `stop` fires, and leaves no listener behind.
 * (`AbortSignal.any` would: its sources hold on to it for as long as they live.)
 */
export async function withTimeLimit<T>(
	ms: number,
	stop: AbortSignal | undefined,
	work: (limit: AbortSignal) => Promise<T>,
): Promise<T> {
	const limit = new AbortController();
	const end = () => limit.abort();
	const timer = AbortSignal.timeout(Math.ceil(ms));
	timer.addEventListener('abort', end);
	stop?.addEventListener('abort', end);
	if (stop?.aborted) end();
	try {
		return await work(limit.signal);
	} finally {
		timer.removeEventListener('abort', end);
		stop?.removeEventListener('abort', end);
	}
}
