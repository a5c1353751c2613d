/** What a person reads of an error that Runpod sent. */
import {
	describeBody,
	plainText,
	plainUrl,
	readReason,
} from '../../../nodes/PrunaVideo/runpod/reason';

const nested = (depth: number, innermost: string): string =>
	depth === 0 ? innermost : JSON.stringify({ message: nested(depth - 1, innermost) });

const error_traceback =
	'Traceback (most recent call last):\n  File "handler.py", line 42, in run\nValueError: bad fps\n';
const assertion = { error_type: "<class 'AssertionError'>", error_message: '' };
const keyError = { error_type: "<class 'KeyError'>", error_message: "'image'" };
const MISSING = "the field 'image' is missing or not known to the model";
const fps = { loc: ['input', 'fps'], msg: 'bad' };

test.each<[unknown, string]>([
	['Invalid audio format', 'Invalid audio format'],
	['Error submitting task: 400, {"code":400,"message":"prompt too long"}', 'prompt too long'],
	[{ error: { message: 'deep' } }, 'deep'],
	['{"error":"{\\"message\\":\\"deeper\\"}"}', 'deeper'],
	[nested(2, 'deepest'), 'deepest'],
	...['detail', 'error_message', 'title', 'reason'].map((name): [unknown, string] => [
		{ [name]: 'd' },
		'd',
	]),
	[{ detail: 'd', message: 'm' }, 'm'],
	[{ message: '', detail: 'd' }, 'd'],
	['broken {"message": ', 'broken {"message":'],
	['set {a, b}', 'set {a, b}'],
	['failed {"code":400}', 'code 400'],
	['failed {"a":1}', 'failed {"a":1}'],
	[['no'], 'no'],
	[{ detail: [{ msg: 'required' }, { msg: 'too long' }] }, 'required; too long'],
	...[42, [1, null, {}], null, undefined].map((error): [unknown, string] => [error, '']),
	[{ error_type: "<class 'ValueError'>", error_message: 'bad fps', error_traceback }, 'bad fps'],
	[JSON.stringify({ error_type: 'x', error_message: 'no', error_traceback }), 'no'],
	[{ ...assertion, error_traceback }, 'ValueError: bad fps'],
	[error_traceback, 'ValueError: bad fps'],
	[keyError, MISSING],
	[[fps], 'input.fps: bad'],
	[JSON.stringify([fps, { loc: ['input', 0], msg: 'worse' }]), 'input.fps: bad; input.0: worse'],
	[`Invalid: ${JSON.stringify([fps, fps])}`, 'input.fps: bad; input.fps: bad'],
	[['a', 'b', 'c', 'd'], 'a; b; c'],
	[{ code: 429, message: 'busy' }, 'busy'],
	[{ status: 404, title: 'Not Found', detail: 'job not found' }, 'job not found'],
])('the reason in %j is "%s"', (error, reason) => {
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
	['https://a.example/<script>`?"', 'https://a.example/%3Cscript%3E%60?%22'],
	[`https://a.example/${'x'.repeat(2000)}`, '(a URL too long to show)'],
	['no address', '(a URL too long to show)'],
])('plain address of %.40j', (url, plain) => {
	expect(plainUrl(url)).toBe(plain);
});

test.each<[unknown, string]>([
	...['', null, undefined, '<html></html>'].map((body): [unknown, string] => [
		body,
		'an empty answer',
	]),
	['<h1>Bad Gateway</h1>', '"Bad Gateway"'],
	[{ message: 'no' }, '"no"'],
	[{ a: 1 }, '{"a":1}'],
	[[1], '[1]'],
	[true, 'true'],
])('a body %p is described as %s', (body, text) => {
	expect(describeBody(body)).toBe(text);
});
