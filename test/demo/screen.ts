/** What the demo writes: steps with their time, rewritten in place on a terminal, line by line elsewhere. */

import { homedir } from 'node:os';
import { relative, sep } from 'node:path';

export interface Screen {
	line(text?: string): void;
	/** Shows `busy` while `work` goes on, and `done` once it has ended well. */
	step<T>(
		busy: string,
		work: (update: OnUpdate) => Promise<T>,
		done: (result: T) => string,
	): Promise<T>;
}

/** Says what is being done within a step, and for how many seconds. */
export type OnUpdate = (text: string, seconds?: number) => void;

/** On no terminal: how often a step that lasts says that it does. */
const SECONDS_BETWEEN_LINES = 15;

export function screenFor(stream: NodeJS.WriteStream): Screen {
	const write = (text: string) => stream.write(text);
	const erase = stream.isTTY ? '\r\x1b[K' : '';

	const update: OnUpdate = (text, seconds = 0) => {
		const line = `  … ${text}${seconds >= 1 ? `, ${seconds} s` : ''}`;
		if (stream.isTTY) write(erase + line.slice(0, (stream.columns || 80) - 1));
		else if (seconds > 0 && seconds % SECONDS_BETWEEN_LINES === 0) write(`${line}\n`);
	};

	return {
		line: (text = '') => write(`${erase}${text}\n`),
		async step(busy, work, done) {
			const began = Date.now();
			const elapsed = () => (Date.now() - began) / 1000;
			if (stream.isTTY) update(busy);
			else write(`  … ${busy}\n`);
			const result = await work(update);
			write(`${erase}  ✓ ${done(result)} (${elapsed().toFixed(1)} s)\n`);
			return result;
		},
	};
}

/** A path as a user would write it: `~/…` for what is in their home folder. */
export function fromHome(path: string): string {
	const way = relative(homedir(), path);
	return way === '..' || way.startsWith(`..${sep}`) ? path : `~${sep}${way}`;
}
