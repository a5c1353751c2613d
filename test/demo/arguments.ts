/** What `npm run demo -- …` understands. */

import { parseArgs } from 'node:util';
import { SetupProblem } from '../n8n/setup-problem';

export interface Arguments {
	isOpen: boolean;
	wantsHelp: boolean;
	/** 0: any free one. */
	port: number;
}

export const HELP = `Makes three videos with this node in a real n8n, against a simulator of Runpod: no account, no cost.

  npm run demo                     run examples/text-to-video.json and check what came of it
  npm run demo -- --open           leave the editor running with that workflow, until Ctrl+C
  npm run demo -- --open --port 5678
                                   the same on a port of your choice (default: any free one)
  npm run demo -- --help           this text

n8n is installed once into ~/.cache/n8n-nodes-pruna-video (about 2 GB, safe to delete);
PRUNA_VIDEO_CACHE names another folder.`;

/** Throws a SetupProblem for what it does not understand. */
export function readArguments(args: readonly string[]): Arguments {
	const { open, help, port } = parse(args);
	const isPort = /^\d{4,5}$/.test(port ?? '1024') && Number(port ?? 1024) <= 65535;
	if (!isPort) throw new SetupProblem(`--port takes a number from 1024 to 65535, not '${port}'.`);
	return { isOpen: open ?? false, wantsHelp: help ?? false, port: Number(port ?? 0) };
}

function parse(args: readonly string[]) {
	try {
		return parseArgs({
			args: [...args],
			options: {
				open: { type: 'boolean' },
				help: { type: 'boolean', short: 'h' },
				port: { type: 'string' },
			},
		}).values;
	} catch (error) {
		const reason = error instanceof Error ? error.message.split('.')[0] : String(error);
		throw new SetupProblem(`${reason}. Try: npm run demo -- --help`);
	}
}
