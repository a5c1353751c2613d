/** `npm run bench`: measures the node, prints one table, and says where a target is missed. */

import { readFile, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { SetupProblem } from '../n8n/program';
import { asynchronous, fairness } from './async';
import { cpu, growth, memory } from './costs';
import { download, load, upload } from './files';
import { batch, burst, rivals } from './jobs';
import { prepare, type Surroundings } from './surroundings';
import { markdownTable, plainTable, reaches, type Row } from './table';

type Measure = (surroundings: Surroundings, isQuick: boolean) => Promise<Row[]>;

const MEASURES: Readonly<Record<string, Measure>> = {
	load,
	batch,
	burst,
	rivals,
	cpu,
	growth,
	memory,
	download,
	upload,
	async: asynchronous,
	fairness,
};
const NAMES = Object.keys(MEASURES);
/** A machine that does other things at the same time moves these by more than a fault would. */
const TOO_RESTLESS = ['fairness'];

const HELP = `Measures this node in n8n's own engine against a simulator of Runpod: no account, no cost.

  npm run bench                      all measures, about 20 minutes
  npm run bench -- batch load        just these, of: ${NAMES.join(', ')}
  npm run bench -- --quick           smaller sizes, fewer repeats
  npm run bench -- --write           put the table into docs/performance.md
  npm run bench -- --profile DIR     leave CPU profiles in DIR, for Chrome's DevTools
  npm run bench:guard                quick; ends with status 1 when a figure is far off
  npm run bench -- --help            this text`;

/** Throws a SetupProblem for what it does not understand. */
function readArguments() {
	const { values, positionals } = parse();
	const strange = positionals.find((name) => !NAMES.includes(name));
	if (strange !== undefined) {
		throw new SetupProblem(`There is no measure '${strange}', but ${NAMES.join(', ')}.`);
	}
	if (values.write && (values.quick || values.guard || positionals.length > 0)) {
		throw new SetupProblem('--write goes with a full run only: all measures, full sizes.');
	}
	const usual = values.guard ? NAMES.filter((name) => !TOO_RESTLESS.includes(name)) : NAMES;
	return { ...values, names: positionals.length > 0 ? positionals : usual };
}

function parse() {
	const flag = { type: 'boolean', default: false } as const;
	const options = { help: flag, quick: flag, guard: flag, write: flag };
	try {
		return parseArgs({
			allowPositionals: true,
			options: { ...options, profile: { type: 'string' } },
		});
	} catch (error) {
		const reason = error instanceof Error ? error.message.split('.')[0] : String(error);
		throw new SetupProblem(`${reason}. Try: npm run bench -- --help`);
	}
}

let said = '';
/** Steps that are told every second are shown once. */
function progress(step: string): void {
	if (step !== said) console.error(`  ${step}`);
	said = step;
}

async function measure(surroundings: Surroundings, name: string, isQuick: boolean) {
	const began = performance.now();
	progress(name);
	const rows = (await MEASURES[name]?.(surroundings, isQuick)) ?? [];
	progress(`${name}: ${Math.round((performance.now() - began) / 1000)} s`);
	return rows;
}

const isFarOff = (row: Row) => reaches(row, 'guard') === false;

/** The exit status. */
async function main(): Promise<number> {
	const { help, quick, guard, write, profile, names } = readArguments();
	if (help) {
		console.log(HELP);
		return 0;
	}
	const surroundings = await prepare(progress, profile && resolve(profile));
	try {
		console.log(`${machineFacts(surroundings)}\n`);
		const rows: Row[] = [];
		for (const name of names) {
			const found = await measure(surroundings, name, quick || guard);
			// For the guard, what is over its bound is measured once more: noise does not come twice.
			const isSuspect = guard && found.some(isFarOff);
			rows.push(...(isSuspect ? await measure(surroundings, name, true) : found));
		}
		console.log(`\n${plainTable(rows, guard ? 'guard' : 'bound')}`);
		if (write) await writeResults(surroundings, rows);
		const over = guard ? rows.filter(isFarOff) : [];
		for (const row of over) console.log(`✗ ${row.measure} (${row.against})`);
		return over.length > 0 ? 1 : 0;
	} finally {
		await surroundings.close();
	}
}

const DOCUMENT = join(__dirname, '../../../docs/performance.md');
const RESULTS = /(?<=<!-- results -->\n\n).*(?=\n\n<!-- \/results -->)/s;

function machineFacts({ n8n }: Surroundings): string {
	const cores = cpus();
	const memory = Math.round(totalmem() / 2 ** 30);
	const processor = cores[0]?.model.trim() ?? 'unknown';
	return `${cores.length} cores (${processor}), ${memory} GB of memory, ${process.platform}; Node.js ${n8n.nodeVersion}, n8n ${n8n.version}.`;
}

async function writeResults(surroundings: Surroundings, rows: readonly Row[]): Promise<void> {
	const document = await readFile(DOCUMENT, 'utf8');
	if (!RESULTS.test(document)) throw new SetupProblem(`${DOCUMENT} has no place for results`);
	const day = new Date().toISOString().slice(0, 10);
	const facts = `Measured on ${day}: ${machineFacts(surroundings)} Figures are median (least–most).`;
	const results = `${facts}\n\n${markdownTable(rows)}`;
	await writeFile(
		DOCUMENT,
		document.replace(RESULTS, () => results),
	);
}

main().then(
	(status) => process.exit(status),
	(error: unknown) => {
		console.error(error instanceof SetupProblem ? `\n✗ ${error.message}` : error);
		process.exit(1);
	},
);
