/** What fields make of values: an expression can put any type into any of them. */
import { InvalidParameter } from '../../../nodes/PrunaVideo/invalidParameter';
import { PARAMETERS } from '../../../nodes/PrunaVideo/pvideo/parameters';
import {
	checkAdditionalInput,
	checkAmount,
	checkChoice,
	checkFlag,
	checkHttpUrl,
	checkInteger,
	checkMediaType,
	checkMediaUrl,
	checkPrompt,
	isHttpUrl,
	shown,
} from '../../../nodes/PrunaVideo/pvideo/validation';

const { prompt, image, audio, duration, resolution, aspectRatio, fps, seed, draft } = PARAMETERS;

/** What a check gives, or the message with which it refuses; every refusal says what to do. */
function result(check: () => unknown): unknown {
	try {
		return check();
	} catch (error) {
		if (!(error instanceof InvalidParameter)) throw error;
		expect(error.description).not.toBe('');
		return error.message;
	}
}

const noDuration = (is: string) =>
	`'Duration (Seconds)' must be a whole number from 1 to 10, but is ${is}`;

test.each<[unknown, unknown]>([
	[5, 5],
	[1, 1],
	[10, 10],
	['5', 5],
	[' 5 ', 5],
	['5\n', 5],
	['5.0', 5],
	['+5', 5],
	[0, noDuration('0')],
	[11, noDuration('11')],
	[-1, noDuration('-1')],
	['11', noDuration('"11"')],
	[2.5, noDuration('2.5')],
	['2.5', noDuration('"2.5"')],
	[NaN, noDuration('NaN')],
	[Infinity, noDuration('Infinity')],
	['', noDuration('empty')],
	[' ', noDuration('" "')],
	[null, noDuration('empty')],
	[undefined, noDuration('empty')],
	[true, noDuration('true')],
	[[], noDuration('a list')],
	[[5], noDuration('a list')],
	[{}, noDuration('an object')],
	['five', noDuration('"five"')],
	['5 s', noDuration('"5 s"')],
	['5e0', noDuration('"5e0"')],
	['0x5', noDuration('"0x5"')],
])('Duration %j', (value, expected) => {
	expect(result(() => checkInteger(value, duration))).toEqual(expected);
});

const noSeed = (is: string) => `'Seed' must be a whole number from 0 to 2147483647, but is ${is}`;

test.each<[unknown, unknown]>([
	[0, 0],
	['0', 0],
	[2147483647, 2147483647],
	['2147483647', 2147483647],
	[-1, noSeed('-1')],
	[2147483648, noSeed('2147483648')],
	[1e21, noSeed('1e+21')],
	['abc', noSeed('"abc"')],
])('Seed %j', (value, expected) => {
	expect(result(() => checkInteger(value, seed))).toEqual(expected);
});

const noAmount = (is: string) => `'Max' must be an amount in US dollars, but is ${is}`;

test.each<[unknown, unknown]>([
	[0.5, 0.5],
	['0.5', 0.5],
	[0, 0],
	['', noAmount('empty')],
	[null, noAmount('empty')],
	[undefined, noAmount('empty')],
	[-0.1, noAmount('-0.1')],
	['$1', noAmount('"$1"')],
	[NaN, noAmount('NaN')],
	[{}, noAmount('an object')],
	[true, noAmount('true')],
])('an amount %j', (value, expected) => {
	expect(result(() => checkAmount(value, 'Max'))).toEqual(expected);
});

const noFps = (is: string) => `'Frames per Second' must be one of 24, 48, but is ${is}`;
const noResolution = (is: string) => `'Resolution' must be one of 720p, 1080p, but is ${is}`;

test.each<[Parameters<typeof checkChoice>[1], unknown, unknown]>([
	[fps, 24, 24],
	[fps, '48', 48],
	[fps, ' 48 ', 48],
	[fps, 30, noFps('30')],
	[fps, 'fast', noFps('"fast"')],
	[fps, '', noFps('empty')],
	[fps, null, noFps('empty')],
	[fps, [24], noFps('a list')],
	[fps, {}, noFps('an object')],
	[fps, true, noFps('true')],
	[resolution, '1080P', '1080p'],
	[resolution, '720p ', '720p'],
	[resolution, 720, noResolution('720')],
	[resolution, '4k', noResolution('"4k"')],
	[aspectRatio, '9:16', '9:16'],
	[
		aspectRatio,
		'2:1',
		`'Aspect Ratio' must be one of 16:9, 9:16, 4:3, 3:4, 3:2, 2:3, 1:1, but is "2:1"`,
	],
])('$label %j', (parameter, value, expected) => {
	expect(result(() => checkChoice(value, parameter))).toEqual(expected);
});

const noFlag = (is: string) => `'Draft Mode' must be true or false, but is ${is}`;

test.each<[unknown, unknown]>([
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
	['', noFlag('empty')],
	[null, noFlag('empty')],
	[[], noFlag('a list')],
	[{}, noFlag('an object')],
])('a flag %j', (value, expected) => {
	expect(result(() => checkFlag(value, draft))).toEqual(expected);
});

const noPrompt = (is: string) => `'Prompt' must say what the video should show, but is ${is}`;

test.each<[unknown, unknown]>([
	['a cat', 'a cat'],
	['  a cat\n', '  a cat\n'],
	['日本 🐈', '日本 🐈'],
	[42, '42'],
	['', noPrompt('empty')],
	[' \n\t', noPrompt('empty')],
	[null, noPrompt('empty')],
	[undefined, noPrompt('empty')],
	[true, noPrompt('true')],
	[['a cat'], noPrompt('a list')],
	[{ text: 'a cat' }, noPrompt('an object')],
])('Prompt %j', (value, expected) => {
	expect(result(() => checkPrompt(value, prompt))).toEqual(expected);
});

const noAddress = (is: string) =>
	`'Image URL' must be an address that starts with http:// or https://, but is ${is}`;
const spaced = (is: string) =>
	`'Image URL' must not have spaces or line breaks in it, but is ${is}`;

test.each<[unknown, unknown]>([
	['https://example.com/a.png', 'https://example.com/a.png'],
	[' HTTP://example.com/a.png\n', 'HTTP://example.com/a.png'],
	['', noAddress('empty')],
	[null, noAddress('empty')],
	[5, noAddress('5')],
	['example.com/a.png', noAddress('"example.com/a.png"')],
	['ftp://example.com/a.png', noAddress('"ftp://example.com/a.png"')],
	['file:///etc/passwd', noAddress('"file:///etc/passwd"')],
	['http://', noAddress('"http://"')],
	['https:///a.png', noAddress('"https:///a.png"')],
	['https://exa mple.com', noAddress('"https://exa mple.com"')],
	['https://example.com/my photo.png', spaced('"https://example.com/my photo.png"')],
	['https://example.com/\na.png', spaced('"https://example.com/ a.png"')],
	[['https://example.com'], noAddress('a list')],
	['data:image/png;base64,iVBORw0K', 'data:image/png;base64,iVBORw0K'],
	['DATA:IMAGE/WEBP;BASE64,UklGRg==', 'DATA:IMAGE/WEBP;BASE64,UklGRg=='],
	['data:image/gif;base64,R0lGODlh', "'Image URL': 'image/gif' is not supported"],
	['data:audio/mpeg;base64,SUQz', "'Image URL': 'audio/mpeg' is not supported"],
	['data:image/png,raw', "'Image URL' is not a base64 data URI"],
	['data:image/png;base64,', "'Image URL' is not a base64 data URI"],
	['data:image/png;base64,no spaces', "'Image URL' is not a base64 data URI"],
	['data:image/png;base64,iVBORw0', "'Image URL' is not a base64 data URI"],
	['data:image/png;base64,iVBORw0=', 'data:image/png;base64,iVBORw0='],
	['data:', "'Image URL' is not a base64 data URI"],
])('Image URL %j', (value, expected) => {
	expect(result(() => checkMediaUrl(value, image, 'Image URL'))).toEqual(expected);
});

test('a data URI as long as Runpod takes one is checked without trouble', () => {
	const uri = `data:image/png;base64,${'A'.repeat(20 * 1024 * 1024)}`;
	expect(checkMediaUrl(uri, image, 'Image URL')).toHaveLength(uri.length);
});

test.each<[unknown, boolean]>([
	['https://example.com', true],
	['http://127.0.0.1:8080/x?y#z', true],
	['javascript:alert(1)', false],
	['https://[', false],
	[undefined, false],
])('is %j an http URL: %j', (value, expected) => {
	expect(isHttpUrl(value)).toBe(expected);
	if (expected) expect(checkHttpUrl(value, 'Webhook URL')).toBe(value);
});

const unsupported = (type: string) => `'File': ${type} is not supported`;

test.each<[string, Parameters<typeof checkMediaType>[0], typeof image, string]>([
	['a jpeg', { mimeType: 'image/jpeg' }, image, 'image/jpeg'],
	['a jpg', { mimeType: 'image/jpg' }, image, 'image/jpeg'],
	['a png', { mimeType: 'IMAGE/PNG' }, image, 'image/png'],
	['a webp', { mimeType: 'image/webp; q=1' }, image, 'image/webp'],
	['a flac', { mimeType: 'audio/flac' }, audio, 'audio/flac'],
	['an x-flac', { mimeType: 'audio/x-flac' }, audio, 'audio/flac'],
	['an mpeg', { mimeType: 'audio/mpeg' }, audio, 'audio/mpeg'],
	['an mp3', { mimeType: 'audio/mp3' }, audio, 'audio/mpeg'],
	['a wav', { mimeType: 'audio/wav' }, audio, 'audio/wav'],
	['a wave', { mimeType: 'audio/wave' }, audio, 'audio/wav'],
	['an x-wav', { mimeType: 'audio/x-wav' }, audio, 'audio/wav'],
	['a vnd.wave', { mimeType: 'audio/vnd.wave' }, audio, 'audio/wav'],
	['.jpg', { mimeType: 'application/octet-stream', fileExtension: 'jpg' }, image, 'image/jpeg'],
	['.JPEG', { mimeType: 'binary/octet-stream', fileExtension: 'JPEG' }, image, 'image/jpeg'],
	['.png', { mimeType: '', fileName: 'a.b.PNG' }, image, 'image/png'],
	['.webp', { fileName: 'a.webp' }, image, 'image/webp'],
	['.flac', { fileName: 'a.flac' }, audio, 'audio/flac'],
	['.mp3', { fileName: 'a.mp3' }, audio, 'audio/mpeg'],
	['.wav', { fileName: 'a.wav' }, audio, 'audio/wav'],
	['a gif', { mimeType: 'image/gif' }, image, unsupported("'image/gif'")],
	[
		'a gif named .png',
		{ mimeType: 'image/gif', fileName: 'a.png' },
		image,
		unsupported("'image/gif'"),
	],
	['a png as audio', { mimeType: 'image/png' }, audio, unsupported("'image/png'")],
	['an mp3 as image', { fileName: 'a.mp3' }, image, unsupported('a file of unknown type')],
	['nothing known', {}, image, unsupported('a file of unknown type')],
	['no extension', { fileName: 'photo' }, image, unsupported('a file of unknown type')],
	[
		'an octet-stream of no known extension',
		{ mimeType: 'application/octet-stream', fileName: 'a.bin' },
		audio,
		unsupported("'application/octet-stream'"),
	],
	[
		'the name of a method',
		{ fileName: 'a.constructor' },
		image,
		unsupported('a file of unknown type'),
	],
	['a type like a method', { mimeType: 'constructor' }, image, unsupported("'constructor'")],
])('type of a file: %s', (_, file, parameter, expected) => {
	expect(result(() => checkMediaType(file, parameter, 'File'))).toBe(expected);
});

const noObject = (is: string) => `'Additional Input' must be a JSON object, but is ${is}`;
const cycle: Record<string, unknown> = {};
cycle.self = cycle;

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
	['a prototype', '{"__proto__": {"a": 1}}', "'Additional Input' may not set '__proto__'"],
	['a constructor', '{"constructor": 1}', "'Additional Input' may not set 'constructor'"],
])('Additional Input: %s', (_, value, expected) => {
	expect(result(() => checkAdditionalInput(value, 'Additional Input'))).toEqual(expected);
});

test.each<[unknown, string]>([
	['a\n\tb', '"a b"'],
	['x'.repeat(61), `"${'x'.repeat(60)}…"`],
	['x'.repeat(60), `"${'x'.repeat(60)}"`],
	[12n, '12'],
])('%p is shown as %s', (value, expected) => {
	expect(shown(value)).toBe(expected);
});
