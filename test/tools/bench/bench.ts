/** `npm run bench`: measures the node, and says where a target is missed. With `--guard` the exit status says so too. */

import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { MEASURES, median, type Row } from './measures';
import { prepare } from './surroundings';

const NONE = { requests: 1e9, concurrent: 1e9 };
/** A Runpod that refuses nobody, with a worker for every job. */
const RUNPOD = {
	workers: 1e6,
	rateLimits: { runsync: NONE, run: NONE, status: NONE, cancel: NONE },
	videoBytes: 50e6,
	recordRequests: true,
};

/** Three digits are as many as a figure is worth. */
const rounded = (value: number) => String(Number(value.toPrecision(3)));

/** Median, least and most; whether the median is within the limit; what is behind it. */
function line({ about, values, unit, seen = '' }: Row, limit: number): string {
	const range = `(${rounded(Math.min(...values))}–${rounded(Math.max(...values))})`;
	const figure = [rounded(median(values)), unit, values.length > 1 ? range : ''].join(' ');
	// A figure that is no number, since nothing was measured, reaches nothing.
	const mark = median(values) <= limit ? '✓' : '✗';
	return `${mark} ${about.padEnd(64)} ${figure.padEnd(26)} ≤ ${`${limit} ${unit}`.padEnd(7)} ${seen}`;
}

/** The exit status. */
async function main(): Promise<number> {
	const options = { guard: { type: 'boolean', default: false } } as const;
	const { values, positionals } = parseArgs({ allowPositionals: true, options });
	const [repeats, which] = values.guard ? [3, 1] : [7, 0];
	const limitOf = ({ limits }: Row) => limits[which] ?? NaN;
	const isAbove = (row: Row) => !(median(row.values) <= limitOf(row));
	let above = 0;

	const surroundings = await prepare();
	const { version, nodeVersion } = surroundings.n8n;
	console.log(`${cpus().length} × ${cpus()[0]?.model}; Node.js ${nodeVersion}, n8n ${version}\n`);
	try {
		for (const name of positionals.length > 0 ? positionals : Object.keys(MEASURES)) {
			const measure = async () => {
				await surroundings.simulator.call('reset', RUNPOD);
				if (!MEASURES[name]) throw new Error(`'${name}' is none of ${Object.keys(MEASURES)}`);
				return await MEASURES[name](surroundings, repeats);
			};
			const first = await measure();
			// For the guard, what is above is measured once more: noise does not come twice.
			const rows = values.guard && first.some(isAbove) ? await measure() : first;
			for (const row of rows) console.log(line(row, limitOf(row)));
			above += rows.filter(isAbove).length;
		}
	} finally {
		await surroundings.close();
	}
	return values.guard && above > 0 ? 1 : 0;
}

void main().then((status) => process.exit(status));
