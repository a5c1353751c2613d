/** A TypeScript file in a process of its own, whose functions are called by messages, one at a time. */

import { fork, type ForkOptions } from 'node:child_process';
import { once } from 'node:events';

/** What such a file answers to; arguments and results go as JSON. */
type Methods<M> = { [Name in keyof M]: (argument: never) => unknown };

export interface Child<M extends Methods<M>> {
	/** Rejects with what the function throws, and where the process ends instead. */
	call<Name extends keyof M & string>(
		method: Name,
		...argument: Parameters<M[Name]>
	): Promise<Awaited<ReturnType<M[Name]>>>;
	end(): Promise<void>;
}

/** It ends when this process does. */
export function startChild<M extends Methods<M>>(
	file: string,
	args: string[] = [],
	options: ForkOptions = {},
): Child<M> {
	const child = fork(file, args, {
		execArgv: ['--require', require.resolve('tsx/cjs')],
		// n8n's log is written, as in a real n8n, but nobody wants to read it.
		stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
		...options,
	});
	const ended = once(child, 'exit').then(() => [{ problem: `${file} has ended` }]);
	return {
		async call(method, argument) {
			child.send({ method, argument });
			const [answer] = await Promise.race([once(child, 'message'), ended]);
			if ('problem' in answer) throw new Error(answer.problem);
			return answer.result;
		},
		async end() {
			if (child.connected) child.disconnect();
			await ended;
		},
	};
}

/** In the child: answers calls until the parent lets go. */
export function serve<M extends Methods<M>>(methods: M): void {
	process.on('message', ({ method, argument }: { method: keyof M; argument: never }) => {
		Promise.resolve(argument)
			.then(methods[method])
			.then((result) => ({ result }))
			.catch((error: unknown) => ({ problem: error instanceof Error ? error.stack : error }))
			.then((message) => process.send?.(message));
	});
	process.on('disconnect', () => process.exit(0));
}
