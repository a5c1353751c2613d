/** The one field of an image or audio: a URL, a data URI, the name of a file, or the file itself. */
import type { INodeExecutionData } from 'n8n-workflow';
import type { Media } from '../../../nodes/PrunaVideo/fields/media';
import { MEDIA } from '../../../nodes/PrunaVideo/pvideo/parameters';
import { result } from './refusal';

const PNG = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
const base64 = PNG.toString('base64');
const stored = { mimeType: 'image/png', id: 'filesystem:1', data: 'filesystem-v2' };
const inMemory = { mimeType: 'image/png', fileName: 'a.png', data: base64 };
const separate: INodeExecutionData = { json: {}, binary: { data: inMemory, 'a.b': stored } };
const combined = {
	json: { _files: { photo: inMemory }, deep: { scan: stored } },
} as INodeExecutionData;

/** A file, by its bytes or where n8n has it, and what it is called. */
function summary(media: Media | undefined): unknown {
	if (media === undefined || typeof media === 'string') return media;
	return [media.id ?? media.bytes().toString('latin1'), ...Object.values(media.named)];
}
const read = (value: unknown, item?: INodeExecutionData) =>
	result(() => summary(MEDIA.image.read(value, item)));

const IN_MEMORY = [PNG.toString('latin1'), 'image/png', 'a.png'];
const STORED = ['filesystem:1', 'image/png'];
const UNNAMED = IN_MEMORY.slice(0, 1);
const TYPED = IN_MEMORY.slice(0, 2);
const FOX = 'https://example.com/a.png';

test.each<[string, unknown, unknown]>([
	...['', ' \n', '\u200b', null, undefined, [], ['']].map((value): [string, unknown, unknown] => [
		...(['nothing', value, undefined] as const),
	]),
	['a URL', FOX, FOX],
	['a URL in a list', [FOX], FOX],
	[
		'a URL with blanks around it',
		` ${FOX.replace('https', 'HTTP')}\n`,
		FOX.replace('https', 'HTTP'),
	],
	['a URL with blanks in it', 'https://example.com/my fox.png', 'https://example.com/my%20fox.png'],
	['a data URI', `data:image/png;base64,${base64}`, TYPED],
	['a data URI in capitals', ` DATA:IMAGE/PNG;BASE64,${base64}\n`, TYPED],
	['a data URI with a parameter', `data:image/png;charset=utf-8;base64,${base64}`, TYPED],
	['the name of a file', ' data ', IN_MEMORY],
	['a name with a dot', 'a.b', STORED],
	['the file itself', inMemory, IN_MEMORY],
	['the file itself, in a list', [stored], STORED],
	['the file itself, its bytes as a data URI', { data: `data:image/png;base64,${base64}` }, TYPED],
	['of a Code node: null as a type', { ...inMemory, mimeType: null, fileName: 5 }, UNNAMED],
	['of a Code node: a Buffer', PNG, UNNAMED],
	['of a Code node: a Buffer as JSON', PNG.toJSON(), UNNAMED],
	['of a Code node: a Buffer in a file', { ...inMemory, data: PNG }, IN_MEMORY],
	['of a Code node: the same as JSON', { ...inMemory, data: PNG.toJSON() }, IN_MEMORY],
])('is read: %s', (_, value, expected) => {
	expect(read(value, separate)).toEqual(expected);
});

test.each([
	['_files.photo', IN_MEMORY],
	['photo', IN_MEMORY],
	['deep.scan', STORED],
	['deep', `'Image': no file in field "deep"`],
])('where n8n keeps files in the JSON data, "%s" is found there', (name, expected) => {
	expect(read(name, combined)).toEqual(expected);
});

const noUrl = (is: string) =>
	`'Image' must be a URL that starts with http:// or https://, but is ${is}`;
const noFile = (name: string) => `'Image': no file in field "${name}"`;
const noMedia = (is: string) => `'Image' must be a file or a URL, but is ${is}`;
const EMPTY = "'Image': the file has no content that can be read";
const NO_URI = "'Image' is not a base64 data URI";

test.each<[unknown, string]>([
	...['http://', 'https:///a.png', 'https://exa mple.com', 'https:a.png'].map(
		(url): [string, string] => [url, noUrl(`"${url}"`)],
	),
	['https://example.com/\na.png', noUrl('"https://example.com/ a.png"')],
	[`https://a.example/${'x'.repeat(8_000)}`, "'Image' is longer than 8000 characters"],
	...['example.com/a.png', 'ftp://a.b/c.png', 'file:///etc/passwd', 'photo', 'constructor'].map(
		(name): [string, string] => [name, noFile(name)],
	),
	...[
		...['data:', 'data:image/png,raw', 'data:image/png;base64,', 'data:image/png;base64,no spaces'],
		...['data:image/png;charset;base64,iVBO', 'data:image/png;base64,iVBORw0', 'data:;base64,iVBO'],
	].map((uri): [string, string] => [uri, NO_URI]),
	[[FOX, FOX], noMedia('a list')],
	[5, noMedia('5')],
	[true, noMedia('true')],
	[String, noMedia('a function')],
	...[{ data: inMemory }, {}, { data: 'ü' }, { data: [] }, { data: '' }].map(
		(file): [unknown, string] => [file, EMPTY],
	),
])('is refused: %j', (value, message) => {
	expect(read(value, separate)).toBe(message);
});

test.each([
	[separate, "The item's files are: data, a.b."],
	[combined, "The item's files are: _files.photo."],
	[{ json: {} }, 'The item has no files.'],
	[undefined, 'The item has no files.'],
])('a wrong name lists the files of the item', (item, advice) => {
	const description = expect.stringContaining(advice);
	expect(() => MEDIA.image.read('fox', item)).toThrow(expect.objectContaining({ description }));
});

test('a data URI as long as Runpod takes one is no trouble', () => {
	const media = MEDIA.image.read(`data:image/png;base64,${'A'.repeat(20 * 1024 ** 2)}`, undefined);
	expect(typeof media === 'object' && media.id === undefined && media.bytes().length).toBe(
		15 * 1024 ** 2,
	);
});
