import { InvalidParameter } from '../invalidParameter';

const LONGEST_SHOWN = 60;

/** The value as an error message shows it: short, on one line, its type recognizable. */
export function shown(value: unknown): string {
	if (value === undefined || value === null || value === '') return 'empty';
	if (typeof value === 'string') {
		const line = value.replace(/\s+/g, ' ');
		return `"${line.length > LONGEST_SHOWN ? `${line.slice(0, LONGEST_SHOWN)}…` : line}"`;
	}
	if (Array.isArray(value)) return 'a list';
	if (typeof value === 'object') return 'an object';
	if (typeof value === 'function') return 'a function';
	return String(value);
}

const EXPRESSION_ADVICE =
	'If the value comes from an expression, check what it evaluates to for this item.';

/** The error of a field whose value is not what it must be. */
export function mustBe(
	label: string,
	demand: string,
	value: unknown,
	advice = EXPRESSION_ADVICE,
): InvalidParameter {
	return new InvalidParameter(`'${label}' must ${demand}, but is ${shown(value)}`, advice);
}
