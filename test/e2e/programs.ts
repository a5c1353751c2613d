/** Programs of this machine that a test needs; missing ones are installed where that can be done. */

import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { runProgram } from '../n8n/program';
import { SetupProblem } from '../n8n/setup-problem';

/** A program in PATH or in one of `folders`; root on Debian installs the package that has it. */
export async function findProgram(
	program: string,
	folders: readonly string[],
	debianPackage: string,
	lookAgain: () => Promise<string[]> = () => Promise.resolve([]),
): Promise<string> {
	const found = present(program, folders);
	if (found) return found;
	if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
		// RUNLEVEL=1 keeps Debian from starting a server of its own.
		const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
		await runProgram('apt-get', ['update', '-q'], { env });
		await runProgram('apt-get', ['install', '-yq', '--no-install-recommends', debianPackage], {
			env,
		});
		const installed = present(program, await lookAgain());
		if (installed) return installed;
	}
	throw new SetupProblem(
		`The program '${program}' is missing. Install it, e.g. on Debian: apt-get install -y ${debianPackage}`,
	);
}

function present(program: string, folders: readonly string[]): string | undefined {
	const path = (process.env.PATH ?? '').split(delimiter);
	return [...folders, ...path].map((folder) => join(folder, program)).find(existsSync);
}
