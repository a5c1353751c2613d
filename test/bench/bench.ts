/** `npm run bench`: measures the node, prints one table, and says where a target is missed. */

import { resolve } from 'node:path';
import { SetupProblem } from '../n8n/setup-problem';
import { help, readArguments, type Arguments } from './arguments';
import { MEASURES } from './measures';
import { cells, passesGuard, plainTable, type Row } from './row';
import { prepare, type Surroundings } from './surroundings';
import { machineFacts, writeResults } from './write';

/** A machine that does other things at the same time moves these by more than a fault would. */
const TOO_RESTLESS = new Set(['fairness']);

async function main(): Promise<number> {
	const names = Object.keys(MEASURES);
	const options = readArguments(process.argv.slice(2), names);
	if (options.wantsHelp) {
		console.log(help(names));
		return 0;
	}
	const { measures, isGuard, isWritten, profileFolder } = options;
	const prepared = await prepare(progress);
	const surroundings: Surroundings = {
		...prepared,
		...(profileFolder !== undefined && { profileFolder: resolve(profileFolder) }),
	};
	try {
		console.log(`${machineFacts(surroundings)}\n`);
		const usual = isGuard ? names.filter((name) => !TOO_RESTLESS.has(name)) : names;
		const chosen = measures.length > 0 ? measures : usual;
		const rows = await measureAll(surroundings, chosen, options);
		console.log(`\n${plainTable(cells(rows, isGuard))}`);
		if (isWritten) await writeResults(surroundings, rows);
		return isGuard ? guard(rows) : 0;
	} finally {
		await prepared.close();
	}
}

/** For the guard, what is over its bound is measured once more: noise does not come twice. */
async function measureAll(
	surroundings: Surroundings,
	names: readonly string[],
	{ isQuick, isGuard }: Pick<Arguments, 'isQuick' | 'isGuard'>,
): Promise<Row[]> {
	const measure = async (name: string) => {
		const began = performance.now();
		progress(name);
		const rows = (await MEASURES[name]?.(surroundings, isQuick)) ?? [];
		progress(`${name}: ${Math.round((performance.now() - began) / 1000)} s`);
		return rows;
	};
	const all: Row[] = [];
	for (const name of names) {
		const rows = await measure(name);
		const isSuspect = isGuard && rows.some((row) => passesGuard(row) === false);
		all.push(...(isSuspect ? await measure(name) : rows));
	}
	return all;
}

let said = '';
/** Steps that are told every second are shown once. */
function progress(step: string): void {
	if (step !== said) console.error(`  ${step}`);
	said = step;
}

/** The exit status. */
function guard(rows: readonly Row[]): number {
	const over = rows.filter((row) => passesGuard(row) === false);
	for (const { measure, against } of over) console.log(`✗ ${measure} (${against})`);
	return over.length > 0 ? 1 : 0;
}

main().then(
	(status) => process.exit(status),
	(error: unknown) => {
		if (error instanceof SetupProblem) console.error(`\n✗ ${error.message}`);
		else console.error(error);
		process.exit(1);
	},
);
