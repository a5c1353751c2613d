/** What fields make of values: expressions, sheets and forms put any type into any of them. */
import { Address } from '../../../nodes/PrunaVideo/fields/address';
import { Choices } from '../../../nodes/PrunaVideo/fields/choice';
import { readCollection } from '../../../nodes/PrunaVideo/fields/collection';
import { Flag } from '../../../nodes/PrunaVideo/fields/flag';
import { Json } from '../../../nodes/PrunaVideo/fields/json';
import { Amount, Integer } from '../../../nodes/PrunaVideo/fields/number';
import { shown } from '../../../nodes/PrunaVideo/fields/shown';
import { Name, RequiredText, Text } from '../../../nodes/PrunaVideo/fields/text';
import { result } from './refusal';

/** What nothing looks like: an empty cell, a missing column, a cell with blanks. */
const EMPTY: unknown[] = ['', ' ', '\n', '\u200b', null, undefined];

const integer = new Integer({ label: 'Count', minimum: 1, maximum: 10, default: 5 });
const noCount = (is: string) => `'Count' must be a whole number from 1 to 10, but is ${is}`;

test.each<[unknown, unknown]>([
	...EMPTY.map((value): [unknown, unknown] => [value, 5]),
	[7, 7],
	[1, 1],
	[10, 10],
	['7', 7],
	[' 7 ', 7],
	['7\n', 7],
	['7.0', 7],
	['+7', 7],
	[0, noCount('0')],
	[11, noCount('11')],
	[-1, noCount('-1')],
	['11', noCount('"11"')],
	[2.5, noCount('2.5')],
	['2.5', noCount('"2.5"')],
	[NaN, noCount('NaN')],
	[Infinity, noCount('Infinity')],
	[true, noCount('true')],
	[[], noCount('a list')],
	[[5], noCount('a list')],
	[{}, noCount('an object')],
	[() => 5, noCount('a function')],
	['five', noCount('"five"')],
	['7 s', noCount('"7 s"')],
	['7e0', noCount('"7e0"')],
	['0x7', noCount('"0x7"')],
])('an integer %j', (value, expected) => {
	expect(result(() => integer.read(value))).toEqual(expected);
});

const seconds = new Integer({ label: 'Count', minimum: 1, maximum: 10, unit: 'seconds' });

test.each<[unknown, unknown]>([
	['5s', 5],
	['5 s', 5],
	['5 Seconds ', 5],
	['5sec', 5],
	['5.0 secs', 5],
	['1 second', 1],
	['s', noCount('"s"')],
	['5 m', noCount('"5 m"')],
	['5 s s', noCount('"5 s s"')],
	['11s', noCount('"11s"')],
	['', undefined],
])('seconds %j', (value, expected) => {
	expect(result(() => seconds.read(value))).toEqual(expected);
});

test('the form shows the range, and the default, a suggestion or the minimum', () => {
	const range = { label: 'Count', minimum: 1, maximum: 10 };
	expect(
		new Integer({ ...range, default: 5, description: 'How many', hint: 'x' }).property('n'),
	).toEqual({
		displayName: 'Count',
		name: 'n',
		type: 'number',
		typeOptions: { minValue: 1, maxValue: 10, numberPrecision: 0 },
		default: 5,
		description: 'How many',
		hint: 'x',
	});
	expect(new Integer({ ...range, suggestion: 7 }).property('n').default).toBe(7);
	expect(new Integer(range).property('n').default).toBe(1);
});

const amount = new Amount({ label: 'Max', suggestion: 1 });
const noAmount = (is: string) => `'Max' must be an amount in US dollars, but is ${is}`;

test.each<[unknown, unknown]>([
	[0.5, 0.5],
	['0.5', 0.5],
	[0, 0],
	['', noAmount('empty')],
	[' ', noAmount('" "')],
	[null, noAmount('empty')],
	[undefined, noAmount('empty')],
	[-0.1, noAmount('-0.1')],
	['$1', noAmount('"$1"')],
	['1s', noAmount('"1s"')],
	[NaN, noAmount('NaN')],
	[{}, noAmount('an object')],
	[true, noAmount('true')],
])('an amount %j: an empty limit is not no limit', (value, expected) => {
	expect(result(() => amount.read(value))).toEqual(expected);
});

test.each<[unknown, unknown]>([
	[{}, undefined],
	['', undefined],
	[{ max: 2 }, 2],
	[{ max: undefined }, noAmount('empty')],
])('a limit in the collection %j', (collection, expected) => {
	expect(result(() => readCollection(collection, { max: amount }).max)).toEqual(expected);
});

const noFlag = (is: string) => `'On' must be true or false, but is ${is}`;

test.each<[unknown, unknown]>([
	...EMPTY.map((value): [unknown, unknown] => [value, true]),
	[true, true],
	[false, false],
	['true', true],
	['TRUE', true],
	[' False\n', false],
	['1', true],
	[1, true],
	[0, false],
	['yes', noFlag('"yes"')],
	[2, noFlag('2')],
	[[], noFlag('a list')],
	[{}, noFlag('an object')],
])('a flag %j', (value, expected) => {
	expect(result(() => new Flag({ label: 'On', default: true }).read(value))).toEqual(expected);
});

const ends = new Choices({
	label: 'Ends',
	options: [
		{ value: 'good', name: 'Good' },
		{ value: 'bad', name: 'Bad' },
	],
});
const noEnds = (is: string) => `'Ends' must be one or more of good, bad, but is ${is}`;

test.each<[unknown, unknown]>([
	[
		['bad', 'good'],
		['good', 'bad'],
	],
	[['bad'], ['bad']],
	[['bad', 'bad'], ['bad']],
	[[], noEnds('a list')],
	[['bad', 'ugly'], noEnds('a list')],
	['bad', noEnds('"bad"')],
	['', noEnds('empty')],
])('choices %j', (value, expected) => {
	expect(result(() => ends.read(value))).toEqual(expected);
});

const noText = (is: string) => `'Title' must be text, but is ${is}`;

test.each<[unknown, unknown]>([
	...EMPTY.map((value): [unknown, unknown] => [value, undefined]),
	['  a cat\n', '  a cat\n'],
	[7, '7'],
	[NaN, noText('NaN')],
	[{}, noText('an object')],
	[['a'], noText('a list')],
	[String, noText('a function')],
])('an optional text %j', (value, expected) => {
	expect(result(() => new Text({ label: 'Title' }).read(value))).toEqual(expected);
});

const said = new RequiredText({ label: 'Title', demand: 'say something' });
const noTitle = (is: string) => `'Title' must say something, but is ${is}`;

test.each<[unknown, unknown]>([
	['a cat', 'a cat'],
	['  a cat\n', '  a cat\n'],
	['日本 🐈', '日本 🐈'],
	['👨‍👩‍👧', '👨‍👩‍👧'],
	[42, '42'],
	['', noTitle('empty')],
	[' \n\t', noTitle('empty')],
	['\u200b', noTitle('empty')],
	[' \u200b\u2060\ufeff\u3164\u00ad', noTitle('empty')],
	[null, noTitle('empty')],
	[undefined, noTitle('empty')],
	[NaN, noTitle('NaN')],
	[Infinity, noTitle('Infinity')],
	[String, noTitle('a function')],
	[true, noTitle('true')],
	[['a cat'], noTitle('a list')],
	[{ text: 'a cat' }, noTitle('an object')],
])('a required text %j', (value, expected) => {
	expect(result(() => said.read(value))).toEqual(expected);
});

const spec = { label: 'Id', demand: 'be letters', isValid: (id: string) => /^[a-z]+$/.test(id) };
const noId = (is: string) => `'Id' must be letters, but is ${is}`;
const names = {
	optional: new Name({ ...spec, default: 'usual' }),
	'needed, with a default': new Name({ ...spec, default: 'usual', isRequired: true }),
	needed: new Name({ ...spec, isRequired: true }),
};

test.each<[keyof typeof names, unknown, unknown]>([
	['optional', ' abc\n', 'abc'],
	['optional', 'a/b', noId('"a/b"')],
	['optional', {}, noId('an object')],
	...EMPTY.map((value): [keyof typeof names, unknown, unknown] => ['optional', value, 'usual']),
	['needed, with a default', ' ', 'usual'],
	['needed, with a default', undefined, noId('empty')],
	['needed, with a default', null, noId('empty')],
	['needed, with a default', {}, noId('an object')],
	['needed', ' ', noId('empty')],
	['needed', null, noId('empty')],
	['needed', 5, noId('5')],
])('a name that is %s: %j', (name, value, expected) => {
	expect(result(() => names[name].read(value))).toEqual(expected);
});

const noAddress = (is: string) =>
	`'Hook' must be a URL that starts with http:// or https://, but is ${is}`;

test.each<[unknown, unknown]>([
	...EMPTY.map((value): [unknown, unknown] => [value, undefined]),
	['https://example.com', 'https://example.com'],
	['http://127.0.0.1:8080/x?y#z', 'http://127.0.0.1:8080/x?y#z'],
	['javascript:alert(1)', noAddress('"javascript:alert(1)"')],
	['data:text/plain,x', noAddress('"data:text/plain,x"')],
	['https://[', noAddress('"https://["')],
	[5, noAddress('5')],
])('an address %j', (value, expected) => {
	expect(result(() => new Address({ label: 'Hook' }).read(value))).toEqual(expected);
});

const noObject = (is: string) => `'More' must be a JSON object, but is ${is}`;
const reserved = (key: string) => `'More' may not set '${key}'`;
const cycle: Record<string, unknown> = {};
cycle.self = cycle;
const nested = (levels: number) => `{"a": ${'['.repeat(levels)}${']'.repeat(levels)}}`;

test.each<[string, unknown, unknown]>([
	['nothing', undefined, {}],
	['null', null, {}],
	['an empty text', '', {}],
	['blanks', ' \n', {}],
	['an empty object', '{}', {}],
	['a text', '{"seed": 5, "a": {"b": [1, null]}}', { seed: 5, a: { b: [1, null] } }],
	['an object', { seed: 5 }, { seed: 5 }],
	['a date in an object', { at: new Date(0) }, { at: '1970-01-01T00:00:00.000Z' }],
	['undefined in an object', { a: undefined, b: 1 }, { b: 1 }],
	['broken JSON', '{seed: 5}', noObject('"{seed: 5}"')],
	['a list', '[1]', noObject('"[1]"')],
	['a list that is no text', [1], noObject('a list')],
	['null as text', 'null', noObject('"null"')],
	['a number', 5, noObject('5')],
	['a flag', true, noObject('true')],
	['a cycle', cycle, noObject('an object')],
	['a prototype', '{"__proto__": {"a": 1}}', reserved('__proto__')],
	['a constructor', '{"constructor": 1}', reserved('constructor')],
	['a prototype further in', '{"a": [{"b": {"__proto__": 1}}]}', reserved('__proto__')],
	['a constructor further in', { a: { constructor: 1 } }, reserved('constructor')],
	['a "prototype" further in', '{"a": {"prototype": 1}}', reserved('prototype')],
	['many levels', nested(99), JSON.parse(nested(99))],
	['too many levels', nested(101), "'More' is nested more than 100 levels deep"],
	['levels without end', nested(100_000), "'More' is nested more than 100 levels deep"],
])('JSON: %s', (_, value, expected) => {
	expect(result(() => new Json({ label: 'More' }).read(value))).toEqual(expected);
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
