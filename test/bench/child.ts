/** Programs of the bench, each in a process of its own, that are spoken to by messages. */

import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

export interface ChildOptions {
	args?: string[];
	nodePath?: string;
	/** Of Node itself. */
	flags?: string[];
	env?: NodeJS.ProcessEnv;
}

/** Starts a TypeScript file; it ends when this process does, since it hears of the disconnect. */
export function startChild(
	file: string,
	{ args = [], nodePath = process.execPath, flags = [], env = process.env }: ChildOptions = {},
): ChildProcess {
	return fork(file, args, {
		execPath: nodePath,
		execArgv: ['--require', require.resolve('tsx/cjs'), ...flags],
		env,
	});
}

/** The next message; rejects where the process ends instead. */
export async function nextMessage(child: ChildProcess): Promise<unknown> {
	const over = new AbortController();
	const { signal } = over;
	const ended = once(child, 'exit', { signal }).then(([status, by]) => {
		throw new Error(`A process of the bench ended with ${status ?? by}`);
	});
	ended.catch(() => {});
	try {
		const [message] = await Promise.race([once(child, 'message', { signal }), ended]);
		return message;
	} finally {
		over.abort();
	}
}

export async function endChild(child: ChildProcess): Promise<void> {
	if (child.exitCode !== null || child.signalCode !== null) return;
	const exited = once(child, 'exit');
	if (child.connected) child.disconnect();
	await exited;
}
