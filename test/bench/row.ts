/** One line of the bench's table, and whether it reaches its target. */

import { median, spread } from './statistics';

export interface Row {
	measure: string;
	/** Figures of this node and of what it is held against, as they are printed. */
	own: string;
	against: string;
	/** What the target is about, run by run; where it is a ratio it stands in a column of its own. */
	values: readonly number[];
	isRatio: boolean;
	target?: Target;
}

/** A bound for the median, and a looser one for a quick run on a machine that does other things too. */
export interface Target {
	kind: 'atMost' | 'atLeast';
	bound: number;
	unit?: string;
	/** Absent where a quick run says too little. */
	guard?: number;
}

export function atMost(
	bound: number,
	{ unit, guard }: Omit<Target, 'kind' | 'bound'> = {},
): Target {
	return { kind: 'atMost', bound, unit, guard };
}

export function atLeast(
	bound: number,
	{ unit, guard }: Omit<Target, 'kind' | 'bound'> = {},
): Target {
	return { kind: 'atLeast', bound, unit, guard };
}

/** A figure that is no number, since nothing was measured, reaches nothing. */
function isWithin(values: readonly number[], kind: Target['kind'], bound: number): boolean {
	const figure = median(values);
	return kind === 'atMost' ? figure <= bound : figure >= bound;
}

export function isReached({ values, target }: Row): boolean {
	return target === undefined || isWithin(values, target.kind, target.bound);
}

/** Whether the guard lets it pass; undefined where it does not look. */
export function passesGuard({ values, target }: Row): boolean | undefined {
	if (target?.guard === undefined) return undefined;
	return isWithin(values, target.kind, target.guard);
}

const HEAD = ['measure', 'ours', 'against', 'ratio', 'target', 'reached'];

/** The cells of the table, its head first. */
export function cells(rows: readonly Row[], isGuard = false): string[][] {
	const body = rows.map((row) => [
		row.measure,
		row.own,
		row.against,
		row.isRatio ? spread(row.values) : '',
		targetText(row.target, isGuard),
		isGuard ? answer(passesGuard(row)) : row.target ? answer(isReached(row)) : '',
	]);
	return [isGuard ? [...HEAD.slice(0, -2), 'allowed', 'passed'] : HEAD, ...body];
}

function targetText(target: Target | undefined, isGuard: boolean): string {
	const bound = isGuard ? target?.guard : target?.bound;
	if (target === undefined || bound === undefined) return '';
	const unit = target.unit ? ` ${target.unit}` : '';
	return `${target.kind === 'atMost' ? '≤' : '≥'} ${bound}${unit}`;
}

function answer(isYes: boolean | undefined): string {
	return isYes === undefined ? '' : isYes ? 'yes' : 'no';
}

/** For a terminal: columns as wide as their widest cell. */
export function plainTable(table: readonly string[][]): string {
	const widths = (table[0] ?? []).map((_, column) =>
		Math.max(...table.map((line) => line[column]?.length ?? 0)),
	);
	const lines = table.map((line) =>
		line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '),
	);
	lines.splice(1, 0, widths.map((width) => '─'.repeat(width)).join('  '));
	return lines.map((line) => line.trimEnd()).join('\n');
}

export function markdownTable(table: readonly string[][]): string {
	const [head = [], ...body] = table;
	const line = (row: readonly string[]) => `| ${row.join(' | ')} |`;
	return [line(head), line(head.map(() => '---')), ...body.map(line)].join('\n');
}
