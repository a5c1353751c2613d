/** Runs npm, and says in a sentence why it could not do its work. */

import { runProgram, type Ran } from './program';
import { SetupProblem } from './setup-problem';

export interface NpmOptions {
	cwd: string;
	env?: NodeJS.ProcessEnv;
	/** The Node that npm, and the scripts that it starts, run on. */
	node?: string;
	signal?: AbortSignal;
}

const QUIET = ['--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error'];

/**
 * Throws a SetupProblem when npm fails. Callers name every setting that matters to them, for a run
 * inside `npm run …` hands the project's own `.npmrc` down.
 */
export async function runNpm(
	args: readonly string[],
	{ cwd, env = process.env, node = process.execPath, signal }: NpmOptions,
): Promise<Ran> {
	const npmCli = process.env.npm_execpath;
	const ran = npmCli?.endsWith('.js')
		? await runProgram(node, [npmCli, ...args, ...QUIET], { cwd, env, signal })
		: await runProgram('npm', [...args, ...QUIET], { cwd, env, signal });
	if (ran.status !== 0) throw npmProblem(args, `${ran.stdout}\n${ran.stderr}`);
	return ran;
}

const NO_NETWORK =
	/\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ENOTCACHED|ERR_SOCKET_TIMEOUT|UNABLE_TO_\w+|SELF_SIGNED\w*)\b/;

function npmProblem(args: readonly string[], output: string): SetupProblem {
	if (/ENOSPC|no space left on device/i.test(output)) {
		return new SetupProblem('The disk is full: n8n and its Node need about 3 GB.');
	}
	const reason = NO_NETWORK.exec(output)?.[1];
	if (reason) {
		return new SetupProblem(
			`The npm registry cannot be reached (${reason}): is this machine online? ` +
				'A proxy or a mirror is set in your own .npmrc.',
		);
	}
	const lastWords = output.trim().split('\n').slice(-20).join('\n');
	return new SetupProblem(`npm ${args.slice(0, 2).join(' ')} failed:\n${lastWords}`);
}
