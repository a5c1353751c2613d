/** Images and audio: addresses, data URIs, and which files are which. */
import type { INodeExecutionData } from 'n8n-workflow';
import { isHttpUrl } from '../../../nodes/PrunaVideo/fields/address';
import type { NamedFile } from '../../../nodes/PrunaVideo/fields/fileFormat';
import { PARAMETERS } from '../../../nodes/PrunaVideo/pvideo/parameters';
import { result } from './refusal';

const image = PARAMETERS.image.field;
const audio = PARAMETERS.audio.field;

const noAddress = (is: string) =>
	`'Image URL' must be a URL that starts with http:// or https://, but is ${is}`;
const spaced = (is: string) => `'Image URL' must not contain spaces or line breaks, but is ${is}`;
const noDataUri = "'Image URL' is not a base64 data URI";
const noImage = (type: string) => `'Image URL': '${type}' is not supported; use jpg, png or webp`;

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
	['data:image/png;base64,iVBORw0K', { mimeType: 'image/png', base64: 'iVBORw0K' }],
	['DATA:IMAGE/WEBP;BASE64,UklGRg==', { mimeType: 'image/webp', base64: 'UklGRg==' }],
	['data:image/pjpeg;base64,/9j/', { mimeType: 'image/jpeg', base64: '/9j/' }],
	['data:image/png;charset=utf-8;base64,iVBORw0K', { mimeType: 'image/png', base64: 'iVBORw0K' }],
	['data:image/png;charset;base64,iVBORw0K', noDataUri],
	['data:image/gif;base64,R0lGODlh', noImage('image/gif')],
	['data:audio/mpeg;base64,SUQz', noImage('audio/mpeg')],
	['data:application/octet-stream;base64,SUQz', noImage('application/octet-stream')],
	['data:image/png,raw', noDataUri],
	['data:image/png;base64,', noDataUri],
	['data:image/png;base64,no spaces', noDataUri],
	['data:image/png;base64,iVBORw0', noDataUri],
	['data:image/png;base64,iVBORw0=', { mimeType: 'image/png', base64: 'iVBORw0=' }],
	['data:', noDataUri],
])('Image URL %j', (value, expected) => {
	expect(result(() => image.url.read(value))).toEqual(expected);
});

test('a data URI as long as Runpod takes one is checked without trouble', () => {
	const uri = `data:image/png;base64,${'A'.repeat(20 * 1024 * 1024)}`;
	expect(image.url.read(uri)).toHaveProperty('base64.length', 20 * 1024 * 1024);
});

test.each<[unknown, boolean]>([
	['https://example.com', true],
	['http://127.0.0.1:8080/x?y#z', true],
	['javascript:alert(1)', false],
	['https://[', false],
	[undefined, false],
])('is %j an http URL: %j', (value, expected) => {
	expect(isHttpUrl(value)).toBe(expected);
});

const unsupportedImage = (type: string) =>
	`'Image Field': ${type} is not supported; use jpg, png or webp`;
const unsupportedAudio = (type: string) =>
	`'Audio Field': ${type} is not supported; use flac, mp3 or wav`;

test.each<[string, NamedFile, typeof image, string | undefined]>([
	['a jpeg', { mimeType: 'image/jpeg' }, image, 'image/jpeg'],
	['a jpg', { mimeType: 'image/jpg' }, image, 'image/jpeg'],
	['a pjpeg', { mimeType: 'image/pjpeg' }, image, 'image/jpeg'],
	['a png', { mimeType: 'IMAGE/PNG' }, image, 'image/png'],
	['an x-png', { mimeType: 'image/x-png' }, image, 'image/png'],
	['a webp', { mimeType: 'image/webp; q=1' }, image, 'image/webp'],
	['a flac', { mimeType: 'audio/flac' }, audio, 'audio/flac'],
	['an x-flac', { mimeType: 'audio/x-flac' }, audio, 'audio/flac'],
	['an mpeg', { mimeType: 'audio/mpeg' }, audio, 'audio/mpeg'],
	['an mp3', { mimeType: 'audio/mp3' }, audio, 'audio/mpeg'],
	['an mpga', { mimeType: 'audio/mpga' }, audio, 'audio/mpeg'],
	['an x-mpeg', { mimeType: 'audio/x-mpeg' }, audio, 'audio/mpeg'],
	['an x-mpeg-3', { mimeType: 'audio/x-mpeg-3' }, audio, 'audio/mpeg'],
	['a wav', { mimeType: 'audio/wav' }, audio, 'audio/wav'],
	['a wave', { mimeType: 'audio/wave' }, audio, 'audio/wav'],
	['an x-wav', { mimeType: 'audio/x-wav' }, audio, 'audio/wav'],
	['an x-pn-wav', { mimeType: 'audio/x-pn-wav' }, audio, 'audio/wav'],
	['a vnd.wave', { mimeType: 'audio/vnd.wave' }, audio, 'audio/wav'],
	['.jpg', { mimeType: 'application/octet-stream', fileExtension: 'jpg' }, image, 'image/jpeg'],
	['.JPEG', { mimeType: 'binary/octet-stream', fileExtension: 'JPEG' }, image, 'image/jpeg'],
	['.png', { mimeType: '', fileName: 'a.b.PNG' }, image, 'image/png'],
	[
		'.png of "bin"',
		{ mimeType: 'bin', fileExtension: 'bin', fileName: 'a.png' },
		image,
		'image/png',
	],
	['.webp', { fileName: 'a.webp' }, image, 'image/webp'],
	['.flac', { fileName: 'a.flac' }, audio, 'audio/flac'],
	['.mp3', { fileName: 'a.mp3' }, audio, 'audio/mpeg'],
	['.wav', { fileName: 'a.wav' }, audio, 'audio/wav'],
	['a gif', { mimeType: 'image/gif' }, image, unsupportedImage("'image/gif'")],
	[
		'a gif named .png',
		{ mimeType: 'image/gif', fileName: 'a.png' },
		image,
		unsupportedImage("'image/gif'"),
	],
	['a png as audio', { mimeType: 'image/png' }, audio, unsupportedAudio("'image/png'")],
	['an mp3 as image', { fileName: 'a.mp3' }, image, undefined],
	['nothing known', {}, image, undefined],
	['no extension', { fileName: 'photo' }, image, undefined],
	['a bin', { mimeType: 'application/octet-stream', fileName: 'a.bin' }, audio, undefined],
	['the name of a method', { fileName: 'a.constructor' }, image, undefined],
	['a type like a method', { mimeType: 'constructor' }, image, unsupportedImage("'constructor'")],
])('what n8n knows of a file: %s', (_, file, field, expected) => {
	expect(result(() => field.formatOf(file)?.mimeType)).toBe(expected);
});

test.each<[string, typeof image, string, string]>([
	['jpeg', image, '\xff\xd8\xff\xe0', 'image/jpeg'],
	['png', image, '\x89PNG\r\n\x1a\n', 'image/png'],
	['webp', image, 'RIFF\0\0\0\0WEBPVP8 ', 'image/webp'],
	['flac', audio, 'fLaC\0', 'audio/flac'],
	['mp3 with a tag', audio, 'ID3\x04', 'audio/mpeg'],
	['mp3 without one', audio, '\xff\xfb\x90', 'audio/mpeg'],
	['mp3 of MPEG 2', audio, '\xff\xf3\x90', 'audio/mpeg'],
	['wav', audio, 'RIFF\0\0\0\0WAVEfmt ', 'audio/wav'],
	['gif', image, 'GIF89a', unsupportedImage('a file of unknown type')],
	['a wav as image', image, 'RIFF\0\0\0\0WAVEfmt ', unsupportedImage('a file of unknown type')],
	['aac', audio, '\xff\xf1\x50', unsupportedAudio('a file of unknown type')],
	['mp4', audio, '\0\0\0\x18ftyp', unsupportedAudio('a file of unknown type')],
	['nothing', audio, '', unsupportedAudio('a file of unknown type')],
])('the first bytes of a file: %s', (_, field, bytes, expected) => {
	expect(result(() => field.formatOfBytes(Buffer.from(bytes, 'latin1')).mimeType)).toBe(expected);
});

const file = { mimeType: 'image/png', data: 'iVBORw0K' };
const combined: INodeExecutionData = { json: { _files: { photo: file }, deep: { scan: file } } };
const separate: INodeExecutionData = { json: {}, binary: { data: file, 'a.b': file } };
const noName = (is: string) => `'Image Field' must be the name of a binary field, but is ${is}`;

test.each<[string, INodeExecutionData | undefined, unknown, unknown]>([
	['a name', separate, ' data ', file],
	['a name with a dot', separate, 'a.b', file],
	['the file itself', { json: {} }, file, file],
	['a path, where n8n keeps files among the data', combined, '_files.photo', file],
	['a name there', combined, 'photo', file],
	['any other path', combined, 'deep.scan', file],
	['a wrong name', separate, 'photo', `'Image Field': no file in field "photo"`],
	[
		'the name of a method',
		separate,
		'constructor',
		`'Image Field': no file in field "constructor"`,
	],
	['what is no file', combined, 'deep', `'Image Field': no file in field "deep"`],
	['no item', undefined, 'data', `'Image Field': no file in field "data"`],
	['nothing', separate, '', noName('empty')],
	['undefined', separate, undefined, noName('empty')],
	['all files of an item', separate, { data: file }, noName('an object')],
	['a number', separate, 5, noName('5')],
])('a file: %s', (_, item, value, expected) => {
	expect(result(() => image.file.fileIn(item, image.file.read(value)))).toEqual(expected);
});

test.each<[INodeExecutionData, string]>([
	[separate, "The input item's binary fields are: data, a.b."],
	[combined, "The input item's binary fields are: _files.photo."],
	[{ json: {} }, expect.stringContaining('has no binary field')],
])('a wrong name lists the fields that the item has', (item, description) => {
	expect(() => image.file.fileIn(item, 'nothing')).toThrow(
		expect.objectContaining({ description }),
	);
});
