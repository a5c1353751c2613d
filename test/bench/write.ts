/** Puts the table into docs/performance.md, with what it was measured on. */

import { readFile, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { SetupProblem } from '../n8n/setup-problem';
import { cells, markdownTable, type Row } from './row';
import type { Surroundings } from './surroundings';

const DOCUMENT = join(__dirname, '../../docs/performance.md');
const BEGIN = '<!-- results -->';
const END = '<!-- /results -->';

export function machineFacts({ n8nVersion, nodeVersion }: Surroundings): string {
	const cores = cpus();
	const memory = Math.round(totalmem() / 2 ** 30);
	const processor = cores[0]?.model.trim() ?? 'unknown';
	return `${cores.length} cores (${processor}), ${memory} GB of memory, ${process.platform}; Node.js ${nodeVersion}, n8n ${n8nVersion}.`;
}

export async function writeResults(
	surroundings: Surroundings,
	rows: readonly Row[],
): Promise<void> {
	const document = await readFile(DOCUMENT, 'utf8');
	const [begin, end] = [document.indexOf(BEGIN), document.indexOf(END)];
	if (begin < 0 || end < begin) throw new SetupProblem(`${DOCUMENT} has no ${BEGIN} … ${END}`);
	const day = new Date().toISOString().slice(0, 10);
	const results = [
		`Measured on ${day}: ${machineFacts(surroundings)} Figures are median (least–most).`,
		markdownTable(cells(rows)),
	].join('\n\n');
	const text = `${document.slice(0, begin + BEGIN.length)}\n\n${results}\n\n${document.slice(end)}`;
	await writeFile(DOCUMENT, text);
}
