/** What fields make of values: expressions, sheets, forms and agents put any type into any of them. */
import { readCollection, shown, type Field } from '../../../nodes/PrunaVideo/fields/field';
import * as kinds from '../../../nodes/PrunaVideo/fields/kinds';
import * as text from '../../../nodes/PrunaVideo/fields/text';
import { result } from './refusal';

/** What nothing looks like: an empty cell, a missing column, a cell with blanks, a list of nothing. */
const EMPTY: unknown[] = ['', ' ', '\n', '\u200b', null, undefined, [], ['']];
/** What no field but that of JSON takes. */
const NEVER: unknown[] = [NaN, Infinity, {}, [5, 6], () => 5, Symbol.iterator];

const OPTIONS = [
	{ value: 'good', name: 'Very Good' },
	{ value: '9:16', name: '9:16 (Portrait)' },
] as const;
const look = { label: 'It' };
const id = { demand: 'be letters', isValid: (name: string) => /^[a-z]+$/.test(name) };

interface Spec {
	field: Field<unknown>;
	demand: string;
	/** The value of an empty field; without it, an empty one is refused. */
	unset?: { is: unknown };
	/** In each what is read, and values that it is read of. */
	takes: unknown[][];
	refuses: unknown[];
}

const URLS = ['https://example.com', 'http://127.0.0.1:8080/x?y#z'];
const FIELDS: Record<string, Spec> = {
	'a whole number': {
		field: kinds.wholeNumberField({ ...look, minimum: 1, maximum: 10 }, 5),
		demand: 'be a whole number from 1 to 10',
		unset: { is: 5 },
		takes: [
			[7, 7, '7', ' 7 ', '7\n', '7.0', '7,0', '+7', '07', [7], ['7']],
			[1, 1],
			[10, 10],
		],
		refuses: [0, 11, -1, '11', 2.5, '2.5', '2,5', true, 'five', '7 s', '7e0', '0x7', '7.', '.7'],
	},
	'an amount: an empty limit is not "no limit"': {
		field: kinds.amountField(look, 1),
		demand: 'be an amount in US dollars',
		takes: [
			[0.5, 0.5, '0.5', '0,5', [0.5]],
			[0, 0],
			[1000, '1000', '1000,00'],
		],
		refuses: [-0.1, '$1', '1s', '1,000', '1.000,00', true],
	},
	'a switch': {
		field: kinds.flagField(look, true),
		demand: 'be true or false',
		unset: { is: true },
		takes: [
			[true, true, 'true', 'TRUE', '1', 1, 'yes', 'Yes', 'on', [true]],
			[false, false, ' False\n', '0', 0, 'no', 'off', ['off']],
		],
		refuses: [2, 'maybe', '1.0'],
	},
	'a choice': {
		field: kinds.choiceField({ ...look, options: OPTIONS }, 'good'),
		demand: 'be one of good, 9:16',
		unset: { is: 'good' },
		takes: [
			['good', 'good', ' GOOD\n', 'very good', ['Good']],
			['9:16', '9:16', '9x16', '9X16', '9 × 16', '9/16', '9:16 (portrait)', '9x16 (Portrait)'],
		],
		refuses: ['bad', '16:9', '9-16', 916, true, 'constructor'],
	},
	'a text': {
		field: text.textField(look),
		demand: 'be text',
		unset: { is: '' },
		takes: [
			['  a cat\n', '  a cat\n', ['  a cat\n']],
			['7', 7],
		],
		refuses: [true],
	},
	'a prompt': {
		field: text.promptField({ ...look, demand: 'say something' }),
		demand: 'say something',
		takes: [
			['  a cat\n', '  a cat\n'],
			['日本 🐈 👨‍👩‍👧', '日本 🐈 👨‍👩‍👧'],
			['42', 42],
			['ab', 'a\0b', 'a\ud83d\0b', '\udc08ab', ['ab\ud83d']],
			['{ a } }} {{', '{ a } }} {{'],
		],
		refuses: [' \u200b\u2060\ufeff\u3164\u00ad', '\0', '\ud83d', true, ['a', 'b']],
	},
	'a name with a default': {
		field: text.nameField({ ...look, ...id, default: 'usual' }),
		demand: 'be letters',
		unset: { is: 'usual' },
		takes: [['abc', ' abc\n', ['abc']]],
		refuses: ['a/b', 5],
	},
	'a name without one': {
		field: text.nameField({ ...look, ...id }),
		demand: 'be letters',
		takes: [['abc', ' abc\n']],
		refuses: ['a/b', 5],
	},
	'an address': {
		field: text.addressField(look),
		demand: 'be a URL that starts with http:// or https://',
		unset: { is: undefined },
		takes: [...URLS.map((url) => [url, url, ` ${url}\n`]), ['http://a.b/c%20d', 'http://a.b/c d']],
		refuses: ['javascript:alert(1)', 'data:text/plain,x', 'https://[', 'https:///a', 'a.b/c', 5],
	},
};

const cases = Object.entries(FIELDS).map(([what, spec]): [string, Spec] => [what, spec]);

test.each(cases)('%s', (_, { field, demand, unset, takes, refuses }) => {
	const read = (value: unknown) => [value, result(() => field.read(value))];
	for (const [expected, ...values] of takes) {
		for (const value of values) expect(read(value)).toEqual([value, expected]);
	}
	if (unset !== undefined)
		for (const value of EMPTY) expect(read(value)).toEqual([value, unset.is]);
	for (const value of [...(unset === undefined ? EMPTY : []), ...refuses, ...NEVER]) {
		const given = Array.isArray(value) && value.length < 2 ? value[0] : value;
		expect(read(value)).toEqual([value, `'It' must ${demand}, but is ${shown(given)}`]);
	}
});

test.each([
	['of [object Object]', "'It' must be text, but an expression in it returned an object"],
	['a {{ $json.prompt }}', "'It' contains an expression that was not evaluated"],
])('a prompt is refused for what an expression left in it: %s', (value, message) => {
	expect(result(() => FIELDS['a prompt']!.field.read(value))).toBe(message);
});

test('an address above 8 000 characters is refused as such', () => {
	const long = `https://a.example/${'x'.repeat(8_000)}`;
	const message = "'It' is longer than 8000 characters";
	expect(result(() => FIELDS['an address']!.field.read(long))).toBe(message);
});

test.each<[unknown, unknown]>([
	[
		['9:16', 'good'],
		['good', '9:16'],
	],
	[['good', 'good'], ['good']],
	...[[], ['good', 'ugly'], 'good', '', undefined].map((value): [unknown, unknown] => [
		value,
		`'It' must be one or more of good, 9:16, but is ${shown(value)}`,
	]),
])('choices %j', (value, expected) => {
	expect(result(() => kinds.choicesField({ ...look, options: OPTIONS }).read(value))).toEqual(
		expected,
	);
});

const cycle: Record<string, unknown> = {};
cycle.self = cycle;
const nested = (levels: number) => `{"a": ${'['.repeat(levels)}${']'.repeat(levels)}}`;
const noObject = (is: string) =>
	`'It' must be a JSON object, at most 100 levels deep, but is ${is}`;

test.each<[unknown, unknown]>([
	...EMPTY.map((value): [unknown, unknown] => [value, {}]),
	['{"seed": 5, "a": {"b": [1, null]}}', { seed: 5, a: { b: [1, null] } }],
	[
		{ seed: 5, at: new Date(0), a: undefined },
		{ seed: 5, at: '1970-01-01T00:00:00.000Z' },
	],
	[[{ seed: 5 }], { seed: 5 }],
	['{"__proto__": {"a": 1}}', JSON.parse('{"__proto__": {"a": 1}}')],
	[nested(99), JSON.parse(nested(99))],
	...['{seed: 5}', '[1]', 'null', 5, true, [1, 2], cycle, nested(100), nested(100_000)].map(
		(value): [unknown, unknown] => [value, noObject(shown(value))],
	),
])('JSON %p', (value, expected) => {
	expect(result(() => kinds.jsonField(look).read(value))).toEqual(expected);
});

test.each<[unknown, unknown]>([
	[{}, undefined],
	['', undefined],
	[{ max: 2 }, 2],
	[{ max: undefined }, "'It' must be an amount in US dollars, but is empty"],
])('a limit in the collection %j', (collection, expected) => {
	const fields = { max: kinds.amountField(look, 1) };
	expect(result(() => readCollection(collection, fields).max)).toBe(expected);
});

test('the form shows the range, the default and the texts', () => {
	const spec = { label: 'Count', minimum: 1, maximum: 10, description: 'How many', hint: 'x' };
	expect(kinds.wholeNumberField(spec, 5).property('n')).toEqual({
		...{ displayName: 'Count', name: 'n', type: 'number', default: 5 },
		...{ description: 'How many', hint: 'x' },
		typeOptions: { minValue: 1, maxValue: 10, numberPrecision: 0 },
	});
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
