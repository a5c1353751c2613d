/** The bench's table: figures with their spread, and whether they reach their targets. */

export interface Row {
	measure: string;
	/** Figures of this node and of what it is held against, as they are printed. */
	own: string;
	against?: string;
	/** What the target is about, run by run; where it is a ratio it stands in a column of its own. */
	values: readonly number[];
	isRatio?: boolean;
	target?: Target;
}

/** A bound for the median, and a looser one for a quick run on a machine that does other things too. */
export interface Target {
	bound: number;
	/** The figure has to be as much; otherwise it must not be more. */
	isLeast?: boolean;
	unit?: string;
	/** Absent where a quick run says too little. */
	guard?: number;
}

export function median(values: readonly number[]): number {
	const sorted = [...values].sort((a, b) => a - b);
	const middle = sorted.length >> 1;
	const upper = sorted[middle] ?? NaN;
	return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

export function mean(values: readonly number[]): number {
	return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** "1.02 (0.98–1.10)": median, least and most, in a larger unit where `per` says so. */
export function spread(values: readonly number[], digits = 2, per = 1): string {
	const [middle, least, most] = [median(values), Math.min(...values), Math.max(...values)].map(
		(value) => (value / per).toFixed(digits),
	);
	return values.length < 2 ? `${middle}` : `${middle} (${least}–${most})`;
}

/** Pair by pair, so that a machine whose speed drifts does not matter. */
export function ratios(own: readonly number[], other: readonly number[]): number[] {
	return own.map((value, index) => value / (other[index] ?? NaN));
}

/** Whether the figure is within the target's bound, or the guard's; undefined where there is none. */
export function reaches({ values, target }: Row, which: 'bound' | 'guard'): boolean | undefined {
	const limit = target?.[which];
	if (limit === undefined) return undefined;
	// A figure that is no number, since nothing was measured, reaches nothing.
	return target?.isLeast ? median(values) >= limit : median(values) <= limit;
}

function cells(rows: readonly Row[], which: 'bound' | 'guard'): string[][] {
	const head = which === 'guard' ? ['allowed', 'passed'] : ['target', 'reached'];
	const body = rows.map((row) => {
		const limit = row.target?.[which];
		const sign = row.target?.isLeast ? '≥' : '≤';
		const isReached = reaches(row, which);
		return [
			row.measure,
			row.own,
			row.against ?? '',
			row.isRatio ? spread(row.values) : '',
			limit === undefined
				? ''
				: [sign, limit, row.target?.unit].filter((part) => part !== undefined).join(' '),
			isReached === undefined ? '' : isReached ? 'yes' : 'no',
		];
	});
	return [['measure', 'ours', 'against', 'ratio', ...head], ...body];
}

/** For a terminal: columns as wide as their widest cell. */
export function plainTable(rows: readonly Row[], which: 'bound' | 'guard'): string {
	const table = cells(rows, which);
	const widths = table[0]?.map((_, column) =>
		Math.max(...table.map((line) => line[column]?.length ?? 0)),
	);
	const padded = (line: string[]) =>
		line
			.map((cell, column) => cell.padEnd(widths?.[column] ?? 0))
			.join('  ')
			.trimEnd();
	return table.map(padded).join('\n');
}

export function markdownTable(rows: readonly Row[]): string {
	const [head = [], ...body] = cells(rows, 'bound');
	const line = (row: readonly string[]) => `| ${row.join(' | ')} |`;
	return [line(head), line(head.map(() => '---')), ...body.map(line)].join('\n');
}
