/** npm, and this package as users get it: built, packed, and installed as a community package. */

import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { withLock } from './cache';
import { at, stringAt } from './json';
import { runProgram, SetupProblem } from './program';

const REPOSITORY = resolve(__dirname, '../../..');
const QUIET = ['--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error'];
const NO_NETWORK =
	/\b(ENOTFOUND|EAI_AGAIN|ECONN\w+|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ENOTCACHED|ERR_SOCKET_TIMEOUT|UNABLE_TO_\w+|SELF_SIGNED\w*)\b/;

/**
 * What npm prints; throws a SetupProblem that says why it could not do its work. Callers name every setting that
 * matters to them, for a run inside `npm run …` hands the project's own `.npmrc` down.
 *
 * @param node the Node that npm, and the scripts that it starts, run on
 */
export async function runNpm(
	args: readonly string[],
	cwd: string,
	{ node = process.execPath, env = process.env } = {},
): Promise<string> {
	const cli = process.env.npm_execpath;
	const [program, first] = cli?.endsWith('.js') ? [node, [cli]] : ['npm', []];
	const ran = await runProgram(program, [...first, ...args, ...QUIET], { cwd, env });
	const { failed, stdout, all = '' } = ran;
	if (!failed) return stdout;
	if (/ENOSPC|no space left on device/i.test(all)) {
		throw new SetupProblem(
			'The disk is full: n8n and its Node need about 3 GB. PRUNA_VIDEO_CACHE names another one.',
		);
	}
	const reason = NO_NETWORK.exec(all)?.[1];
	const said = all.trim().split('\n').slice(-20).join('\n');
	if (!reason) throw new SetupProblem(`npm ${args.slice(0, 2).join(' ')} failed:\n${said}`);
	const advice = 'is this machine online? A proxy or a mirror is set in your own .npmrc.';
	throw new SetupProblem(`The npm registry cannot be reached (${reason}): ${advice}`);
}

/** Builds the sources as they are now, and packs them into a fresh folder; the tarball's path. */
export async function packPackage(): Promise<string> {
	// A build empties `dist` first, so two at once would pack half of it.
	return await withLock('pack', async () => {
		await runNpm(['run', 'build'], REPOSITORY);
		const folder = await mkdtemp(join(tmpdir(), 'n8n-nodes-pruna-video-'));
		const flags = ['--json', '--ignore-scripts', '--pack-destination', folder];
		const packed: unknown = JSON.parse(await runNpm(['pack', ...flags], REPOSITORY));
		return join(folder, stringAt(at(packed, 0), 'filename'));
	});
}

/** Puts a tarball where n8n looks for community packages, as its own installer does; needs no network. */
export async function installPackage(tarball: string, userFolder: string): Promise<void> {
	const folder = join(userFolder, '.n8n', 'nodes');
	await mkdir(folder, { recursive: true });
	const manifest = { name: 'installed-nodes', private: true, dependencies: {} };
	await writeFile(join(folder, 'package.json'), JSON.stringify(manifest, null, 2));
	const flags = ['--ignore-scripts', '--legacy-peer-deps', '--no-package-lock', '--prefix', folder];
	await runNpm(['install', tarball, ...flags], folder);
}
