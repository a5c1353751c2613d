import { jsonWithoutKey, withoutKey } from '../../../nodes/PrunaVideo/execution/redaction';
import { plainText } from '../../../nodes/PrunaVideo/runpod/reason';

const KEY = 'rpa_0123456789';

describe('a text without the key', () => {
	test.each([
		['the key alone', KEY, '***'],
		['within a text, twice', `a ${KEY} b ${KEY}.`, 'a *** b ***.'],
		['cut off at its last character', 'bad key rpa_012345678…', 'bad key ***…'],
		['cut off early', '"rpa_0123…" is none', '"***…" is none'],
		['what begins like it', 'rpa_0123 and rpa_01…', 'rpa_0123 and rpa_01…'],
		['nothing of it', 'fine…', 'fine…'],
	])('%s', (_, text, expected) => {
		expect(withoutKey(text, KEY)).toBe(expected);
	});

	test.each([undefined, '', 'short'])('stays as it is with the key %j', (key) => {
		expect(withoutKey('a short text', key)).toBe('a short text');
		expect(jsonWithoutKey({ short: 'short' }, key)).toEqual({ short: 'short' });
	});

	test.each(Array.from({ length: 40 }, (_, index) => 270 + index))(
		'however many characters a server puts before it: %i',
		(before) => {
			const shown = withoutKey(plainText(`${'x'.repeat(before)}${KEY} ${'y'.repeat(99)}`), KEY);
			expect(shown).not.toContain(KEY.slice(0, 8));
		},
	);

	test('nor in the middle of a lot of markup', () => {
		const markup = '<b>'.repeat(1997);
		expect(withoutKey(plainText(`${markup}${KEY}`), KEY)).toBe('***…');
	});
});

test.each([
	[
		'values and names',
		{ [KEY]: [KEY, 1, { a: `b ${KEY}` }] },
		{ '***': ['***', 1, { a: 'b ***' }] },
	],
	['what is left of it', { message: 'bad rpa_01234567…' }, { message: 'bad ***…' }],
])('JSON without the key: %s', (_, json, expected) => {
	expect(jsonWithoutKey(json, KEY)).toEqual(expected);
});

test('a key with a quote in it is found in JSON', () => {
	expect(jsonWithoutKey(['rpa_"0123456'], 'rpa_"0123456')).toEqual(['***']);
});

test('JSON without the key in it is not copied', () => {
	const json = { a: ['b'] };
	expect(jsonWithoutKey(json, KEY)).toBe(json);
});
