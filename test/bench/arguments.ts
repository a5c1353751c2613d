/** What `npm run bench -- …` understands. */

import { parseArgs } from 'node:util';
import { SetupProblem } from '../n8n/setup-problem';

export interface Arguments {
	wantsHelp: boolean;
	/** Names of measures; none means all. */
	measures: readonly string[];
	/** Smaller sizes and fewer repeats. */
	isQuick: boolean;
	/** Ends with status 1 when a figure is beyond what the guard allows. */
	isGuard: boolean;
	/** Puts the table into docs/performance.md. */
	isWritten: boolean;
	/** A folder for CPU profiles of the processes that are measured. */
	profileFolder?: string;
}

export function help(measures: readonly string[]): string {
	return `Measures this node in n8n's own engine against a simulator of Runpod: no account, no cost.

  npm run bench                      all measures, about 20 minutes
  npm run bench -- batch load        just these, of: ${measures.join(', ')}
  npm run bench -- --quick           smaller sizes, fewer repeats
  npm run bench -- --write           put the table into docs/performance.md
  npm run bench -- --profile DIR     leave CPU profiles in DIR, for Chrome's DevTools
  npm run bench:guard                quick; ends with status 1 when a figure is far off
  npm run bench -- --help            this text`;
}

/** Throws a SetupProblem for what it does not understand. */
export function readArguments(args: readonly string[], known: readonly string[]): Arguments {
	const { values, positionals } = parse(args);
	const strange = positionals.find((name) => !known.includes(name));
	if (strange !== undefined) {
		throw new SetupProblem(`There is no measure '${strange}', but ${known.join(', ')}.`);
	}
	if (values.write && (values.quick || values.guard || positionals.length > 0)) {
		throw new SetupProblem('--write goes with a full run only: all measures, full sizes.');
	}
	return {
		wantsHelp: values.help ?? false,
		measures: positionals,
		isQuick: (values.quick ?? false) || (values.guard ?? false),
		isGuard: values.guard ?? false,
		isWritten: values.write ?? false,
		...(values.profile !== undefined && { profileFolder: values.profile }),
	};
}

function parse(args: readonly string[]) {
	try {
		return parseArgs({
			args: [...args],
			allowPositionals: true,
			options: {
				help: { type: 'boolean', short: 'h' },
				quick: { type: 'boolean' },
				guard: { type: 'boolean' },
				write: { type: 'boolean' },
				profile: { type: 'string' },
			},
		});
	} catch (error) {
		const reason = error instanceof Error ? error.message.split('.')[0] : String(error);
		throw new SetupProblem(`${reason}. Try: npm run bench -- --help`);
	}
}
