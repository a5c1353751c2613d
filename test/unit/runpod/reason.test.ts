/** What a person reads of an error that Runpod sent. */
import {
	describeBody,
	plainText,
	plainUrl,
	readReason,
} from '../../../nodes/PrunaVideo/runpod/reason';

const nested = (depth: number, innermost: string): string =>
	depth === 0 ? innermost : JSON.stringify({ message: nested(depth - 1, innermost) });

const TRACEBACK =
	'Traceback (most recent call last):\n  File "handler.py", line 42, in run\n    check(fps)\nValueError: fps must be 24 or 48\n';
const MISSING = "the field 'image' is missing or not known to the model";

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
	['JSON that says only a code', 'failed {"code":400}', 'code 400'],
	['JSON that says nothing', 'failed {"a":1}', 'failed {"a":1}'],
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
	[
		"a Python worker's error",
		{
			error_type: "<class 'ValueError'>",
			error_message: 'fps must be 24 or 48',
			error_traceback: TRACEBACK,
			hostname: 'h',
			worker_id: 'w',
		},
		'fps must be 24 or 48',
	],
	[
		'the same as JSON in text',
		JSON.stringify({
			error_type: "<class 'ValueError'>",
			error_message: 'no',
			error_traceback: 'x',
		}),
		'no',
	],
	[
		'an assertion without a message',
		{ error_type: "<class 'AssertionError'>", error_message: '' },
		'AssertionError, without a message',
	],
	[
		'an assertion without a message, but with a traceback',
		{ error_type: "<class 'AssertionError'>", error_message: '', error_traceback: TRACEBACK },
		'ValueError: fps must be 24 or 48',
	],
	['a traceback as text', TRACEBACK, 'ValueError: fps must be 24 or 48'],
	['a KeyError, which is one quoted word', "'image'", MISSING],
	[
		'a KeyError of a worker',
		{ error_type: "<class 'KeyError'>", error_message: "'image'" },
		MISSING,
	],
	[
		'a FastAPI error',
		[{ loc: ['input', 'fps'], msg: 'must be 24 or 48' }],
		'input.fps: must be 24 or 48',
	],
	[
		'two of them as JSON in text',
		JSON.stringify([
			{ loc: ['input', 'fps'], msg: 'bad' },
			{ loc: ['input', 0], msg: 'worse' },
		]),
		'input.fps: bad; input.0: worse',
	],
	[
		'a list within a sentence',
		'Invalid: [{"loc":["input","a"],"msg":"x"},{"loc":["input","b"],"msg":"y"}]',
		'input.a: x; input.b: y',
	],
	['many errors', ['a', 'b', 'c', 'd'], 'a; b; c'],
	['a code', { code: 1001 }, 'code 1001'],
	['a code beside words', { code: 429, message: 'busy' }, 'busy'],
	[
		"an upstream's limit",
		'Error submitting task: 429, {"code":429,"message":"Too many requests"}',
		'Too many requests',
	],
	[
		'an error within the output',
		{ status: 'error', error: { message: 'CUDA out of memory' } },
		'CUDA out of memory',
	],
	[
		'a problem document',
		{ status: 404, title: 'Not Found', detail: 'job not found' },
		'job not found',
	],
])('reason: %s', (_, error, reason) => {
	expect(readReason(error)).toBe(reason);
});

test('JSON within JSON without end is read as text, shortened', () => {
	expect(readReason(nested(12, 'x'))).toMatch(/^.{300}…$/);
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
	[`https://a.example/${'x'.repeat(2000)}`, '(a URL too long to show)'],
	['no address', '(a URL too long to show)'],
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
])('a body %p is described as %s', (body, text) => {
	expect(describeBody(body)).toBe(text);
});
