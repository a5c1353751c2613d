/** What a person reads of an error that Runpod sent. */
import {
	describeBody,
	plainText,
	plainUrl,
	readReason,
} from '../../../nodes/PrunaVideo/runpod/reason';

const nested = (depth: number, innermost: string): string =>
	depth === 0 ? innermost : JSON.stringify({ message: nested(depth - 1, innermost) });

test.each<[string, unknown, string]>([
	['plain text', 'Invalid audio format', 'Invalid audio format'],
	[
		'JSON within a sentence',
		'Error submitting task: 400, {"code":400,"message":"prompt too long"}',
		'prompt too long',
	],
	['an object', { error: { message: 'deep' } }, 'deep'],
	['JSON within JSON', '{"error":"{\\"message\\":\\"deeper\\"}"}', 'deeper'],
	['JSON twice within JSON', nested(2, 'deepest'), 'deepest'],
	['detail', { detail: 'd' }, 'd'],
	['error_message', { error_message: 'm' }, 'm'],
	['title', { title: 't' }, 't'],
	['message before detail', { detail: 'd', message: 'm' }, 'm'],
	['an empty message and a detail', { message: '', detail: 'd' }, 'd'],
	['broken JSON', 'broken {"message": ', 'broken {"message":'],
	['JSON that is none', 'set {a, b}', 'set {a, b}'],
	['JSON that says nothing', 'code {"code":400}', 'code {"code":400}'],
	['a number', 42, ''],
	['a list', ['no'], 'no'],
	[
		'a list of errors',
		{ detail: [{ msg: 'required' }, { msg: 'too long' }] },
		'required; too long',
	],
	['a list that says nothing', [1, null, {}], ''],
	['null', null, ''],
	['nothing', undefined, ''],
])('reason: %s', (_, error, reason) => {
	expect(readReason(error)).toBe(reason);
});

test.each([
	['<h1>Bad  Gateway</h1>\n', 'Bad Gateway'],
	['<style>a{}</style><script>alert(1)</script>Sorry', 'Sorry'],
	['<img src=x onerror=alert(1)//', 'img src=x onerror=alert(1)//'],
	['a\u0000b\u202ec\u200bd\r\ne', 'a b c d e'],
	['x'.repeat(300), 'x'.repeat(300)],
	['x'.repeat(5000), `${'x'.repeat(300)}…`],
])('plain text of %.40j', (text, plain) => {
	expect(plainText(text)).toBe(plain);
});

test.each([
	['https://video.runpod.ai/a.mp4?x=1&y=2', 'https://video.runpod.ai/a.mp4?x=1&y=2'],
	['https://a.example/<script>', 'https://a.example/%3Cscript%3E'],
	["https://a.example/'`?'", 'https://a.example/%27%60?%27'],
	[`https://a.example/${'x'.repeat(2000)}`, '(an address too long to show)'],
	['no address', '(an address too long to show)'],
])('plain address of %.40j', (url, plain) => {
	// encodeURIComponent leaves ' as it is; it does no harm outside of an attribute.
	expect(plainUrl(url).replaceAll("'", '%27')).toBe(plain);
});

test.each<[unknown, string]>([
	['', 'an empty answer'],
	[null, 'an empty answer'],
	[undefined, 'an empty answer'],
	['<html></html>', 'an empty answer'],
	['<h1>Bad Gateway</h1>', '"Bad Gateway"'],
	[{ message: 'no' }, '"no"'],
	[{ a: 1 }, '{"a":1}'],
	[[1], '[1]'],
	[true, 'true'],
	[12n, 'JSON that is nested too deeply'],
])('a body %p is described as %s', (body, text) => {
	expect(describeBody(body)).toBe(text);
});
