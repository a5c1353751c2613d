/** A TypeScript file in a process of its own, whose functions are called by messages. */

import { fork } from 'node:child_process';
import { once } from 'node:events';

/** What a file of this kind answers to; arguments and results go as JSON. */
export type Methods<M> = { [Name in keyof M]: (argument: never) => unknown };

export interface Child<M extends Methods<M>> {
	/** One at a time. Rejects with what the function throws, and where the process ends instead. */
	call<Name extends keyof M & string>(
		method: Name,
		...argument: Parameters<M[Name]>
	): Promise<Awaited<ReturnType<M[Name]>>>;
	end(): Promise<void>;
}

export interface ChildOptions {
	args?: string[];
	nodePath?: string;
	/** Of Node itself. */
	flags?: string[];
	env?: NodeJS.ProcessEnv;
}

/** It ends when this process does. */
export function startChild<M extends Methods<M>>(
	file: string,
	{ args = [], nodePath = process.execPath, flags = [], env = process.env }: ChildOptions = {},
): Child<M> {
	const child = fork(file, args, {
		execPath: nodePath,
		execArgv: ['--require', require.resolve('tsx/cjs'), ...flags],
		env,
		// n8n's log is written, as in a real n8n, but nobody wants to read it.
		stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
	});
	const ended = once(child, 'exit').then(([status, by]) => {
		throw new Error(`${file} ended with ${status ?? by}`);
	});
	ended.catch(() => {});
	return {
		async call(method, argument) {
			child.send({ method, argument });
			const [answer] = await Promise.race([once(child, 'message'), ended]);
			if ('problem' in answer) throw new Error(answer.problem);
			return answer.result;
		},
		async end() {
			if (child.connected) child.disconnect();
			await ended.catch(() => {});
		},
	};
}

/** In the child: answers calls until the parent lets go. */
export function serve<M extends Methods<M>>(methods: M): void {
	const answer = async (method: keyof M, argument: unknown) => {
		try {
			return { result: await methods[method](argument as never) };
		} catch (error) {
			return { problem: error instanceof Error ? `${error.stack}` : String(error) };
		}
	};
	process.on('message', ({ method, argument }: { method: keyof M; argument: unknown }) => {
		void answer(method, argument).then((message) => process.send?.(message));
	});
	process.on('disconnect', () => process.exit(0));
}
