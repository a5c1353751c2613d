/** What fields make of values that no sheet holds; those of sheets, forms and agents are in rows.test.ts. */
import {
	InvalidParameter,
	onlyOne,
	readCollection,
	shown,
	type Field,
} from '../../../nodes/PrunaVideo/fields/field';
import { choicesField, jsonField, textField } from '../../../nodes/PrunaVideo/fields/kinds';
import { PARAMETERS } from '../../../nodes/PrunaVideo/pvideo/parameters';

const { prompt, duration, draft, resolution } = PARAMETERS;
const text = textField({ label: 'Title' });

/** What a check returns, or the message with which it refuses; every refusal says what to do. */
function result(check: () => unknown): unknown {
	try {
		return check();
	} catch (error) {
		if (!(error instanceof InvalidParameter)) throw error;
		expect(error.description).toMatch(/\.$/);
		return error.message;
	}
}

/** A number that is none would be sent, and billed, as text. */
test.each<Field<unknown>>([prompt.field, duration.field, draft.field, resolution.field, text])(
	'$label must be what it must be',
	(field) => {
		for (const value of [NaN, Infinity, () => 5, String, Symbol.iterator, 10n, { a: 1 }, [5, 6]]) {
			const message = result(() => field.read(value));
			expect(message).toMatch(
				new RegExp(`^'${field.label.replace(/[()]/g, '.')}' must .+, but is `),
			);
			expect(String(message).endsWith(`but is ${shown(value)}`)).toBe(true);
		}
	},
);

const look = { label: 'It', options: ['good', 'bad'].map((value) => ({ value, name: value })) };

test.each<[unknown, unknown]>([
	[['bad', 'good'], look.options.map(({ value }) => value)],
	[['bad', 'bad'], ['bad']],
	['good', ['good']],
	...[[], ['good', 'ugly'], '', undefined].map((value): [unknown, unknown] => [
		...([value, `'It' must be one or more of good, bad, but is ${shown(onlyOne(value))}`] as const),
	]),
])('choices %j', (value, expected) => {
	expect(result(() => choicesField(look).read(value))).toEqual(expected);
});

const cycle: Record<string, unknown> = {};
cycle.self = cycle;
const nested = (levels: number) => `{"a": ${'['.repeat(levels)}${']'.repeat(levels)}}`;
const noObject = (is: string) =>
	`'It' must be a JSON object, at most 100 levels deep, but is ${is}`;

test.each<[unknown, unknown]>([
	['{"seed": 5, "a": {"b": [1, null]}}', { seed: 5, a: { b: [1, null] } }],
	[
		{ seed: 5, at: new Date(0), a: undefined },
		{ seed: 5, at: '1970-01-01T00:00:00.000Z' },
	],
	['{"__proto__": {"a": 1}}', JSON.parse('{"__proto__": {"a": 1}}')],
	[nested(99), JSON.parse(nested(99))],
	...['{seed: 5}', 'null', true, [1, 2], cycle, nested(100), nested(100_000)].map(
		(value): [unknown, unknown] => [value, noObject(shown(value))],
	),
])('JSON %p', (value, expected) => {
	expect(result(() => jsonField({ label: 'It' }).read(value))).toEqual(expected);
});

test('what a collection does not hold, or is none, has its default; what it holds is read', () => {
	const fields = { count: duration.field };
	expect(
		[{}, '', null, { count: '7' }].map((value) => readCollection(value, fields).count),
	).toEqual([...[5, 5, 5, 7]]);
});

test.each<[unknown, string]>([
	['a\n\tb', '"a b"'],
	['x'.repeat(61), `"${'x'.repeat(60)}…"`],
	['x'.repeat(60), `"${'x'.repeat(60)}"`],
	[12n, '12'],
	[String, 'a function'],
])('%p is shown as %s', (value, expected) => {
	expect(shown(value)).toBe(expected);
});
