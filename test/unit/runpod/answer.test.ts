/** What is kept of an answer: enough to read, never a file, a secret of a webhook, or more depth than n8n can save. */
import { readBody } from '../../../nodes/PrunaVideo/runpod/answer';

const PNG = `data:image/png;base64,${'A'.repeat(4 * 1024 * 1024)}`;
const SHORT = 'data:image/png (3.0 MB)';

test.each<[string, unknown, unknown]>([
	['text', 'Bad Gateway', 'Bad Gateway'],
	['nothing', '', ''],
	['a list', [1, [2]], [1, [2]]],
	[
		'a data URI in the input',
		{ input: { image: PNG, fps: 24 } },
		{ input: { image: SHORT, fps: 24 } },
	],
	['data URIs in a list', { input: { images: [PNG] } }, { input: { images: [SHORT] } }],
	[
		"a webhook's query",
		{ webhook: 'https://a.example/hook?token=secret#x' },
		{ webhook: 'https://a.example/hook' },
	],
	[
		"a webhook's fragment",
		{ webhook: 'https://a.example/hook#s' },
		{ webhook: 'https://a.example/hook' },
	],
	['a webhook that is no text', { webhook: 7 }, { webhook: 7 }],
	[
		'an address keeps its query',
		{ output: { video_url: 'https://a.example/v.mp4?sig=1' } },
		{ output: { video_url: 'https://a.example/v.mp4?sig=1' } },
	],
	['other values as they are', { a: null, b: true, c: 1.5 }, { a: null, b: true, c: 1.5 }],
])('%s', (_, body, expected) => {
	expect(readBody(typeof body === 'string' ? body : JSON.stringify(body))).toEqual(expected);
});

test.each([
	['lists', 20_000, '[', ']'],
	['lists', 1_000_000, '[', ']'],
	['objects', 20_000, '{"a":', '}'],
	['objects', 1_000_000, '{"a":', '}'],
])('%s, %i deep, can be printed, and what is beside them stays', (_, depth, open, close) => {
	const inner = open === '[' ? '' : '1';
	const deep = `${open.repeat(depth)}${inner}${close.repeat(depth)}`;
	const body = readBody(`{"deep":${deep},"id":"job-1","output":{"cost":0.1}}`);
	expect(body).toMatchObject({ id: 'job-1', output: { cost: 0.1 } });
	expect(JSON.stringify(body)).toContain('(nested too deeply)');
	expect(JSON.stringify(body).length).toBeLessThan(1_000);
});

test('a key that every object has is treated like any other data', () => {
	const body = readBody(`{"__proto__":{"polluted":"${PNG}"},"constructor":{"a":1}}`);
	expect(JSON.stringify(body)).toBe(`{"__proto__":{"polluted":"${SHORT}"},"constructor":{"a":1}}`);
	expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
});
