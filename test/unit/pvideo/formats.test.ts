/** Which files are which: by their first bytes, which win, by their type and by their name. */
import fc from 'fast-check';
import type { FileLabel } from '../../../nodes/PrunaVideo/fields/media';
import { formatOf, type MediaName } from '../../../nodes/PrunaVideo/pvideo/formats';

/** The MIME type, or "is …". */
function found(media: MediaName, start: string, label: FileLabel = {}): string {
	const format = formatOf(media, Buffer.from(start, 'latin1'), label);
	return 'mimeType' in format ? format.mimeType : `is ${format.isInstead}`;
}

const PNG = '\x89PNG\r\n\x1a\n\0\0\0\rIHDR';
const WAV = 'RIFF\xff\xff\xff\xffWAVEfmt ';
const HEIC = '\0\0\0\x24ftypheic\0\0\0\0mif1heic';
const OGG = 'OggS\0\x02\0\0OpusHead';

const BLANKS = ' \r\n\t'.repeat(100);
/** Each under a label that would do for either. */
test.each<[start: string, image: string, audio: string]>([
	['\xff\xd8\xff\xe0', 'image/jpeg', 'is JPEG'],
	[PNG, 'image/png', 'is PNG'],
	['RIFF\x0a\0\0\0WEBPVP8 ', 'image/webp', 'is WebP'],
	['fLaC\0', 'is FLAC', 'audio/flac'],
	['ID3\x04', 'is MP3', 'audio/mpeg'],
	['\xff\xfb\x90', 'is MP3', 'audio/mpeg'],
	['\xff\xe3\x90', 'is MP3', 'audio/mpeg'],
	[WAV, 'is WAV', 'audio/wav'],
	['RF64\xff\xff\xff\xffWAVE', 'is WAV', 'audio/wav'],
])('the first bytes %j: %s, %s', (start, image, audio) => {
	expect(found('image', start, { mimeType: 'image/png' })).toBe(image);
	expect(found('audio', start, { mimeType: 'audio/wav' })).toBe(audio);
});

const XML = '<?xml version="1.0"?>\n';
const OTHERS: Record<string, string[]> = {
	'a web page': ['<html>', '<HTML lang="en">', ' \n<!doctype HTML public>', '<script src="/a">'],
	'a web page, too': ['\xef\xbb\xbf<!DOCTYPE html>', '\xef\xbb\xbf\r\n<head>', `${BLANKS}<html>`],
	'a web page, as well': [`${XML}<!DOCTYPE html><html>`, '<html><svg>', '<!-- saved --><html>'],
	SVG: ['<svg xmlns="">', `${XML}<!-- made -->\n<svg>`, '<!-- made --><svg>', '<!DOCTYPE svg >'],
	HEIC: [HEIC, '\0\0\0\x1cftypmif1\0\0\0\0mif1heic'],
	AVIF: ['\0\0\0\x1cftypavif\0\0\0\0', '\0\0\0\x1cftypmif1\0\0\0\0mif1avif'],
	M4A: ['\0\0\0\x1cftypM4A \0\0\0\0'],
	'an MP4 video': ['\0\0\0\x1cftypisom', '\0\0\0\x18ftypmp42'],
	'a MOV video': ['\0\0\0\x14ftypqt  ', '\0\0\0\x08wide\0\0\0\0mdat'],
	WebM: ['\x1aE\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm'],
	Matroska: ['\x1aE\xdf\xa3\xa3B\x86\x81\x01B\x82\x88matroska'],
	Ogg: [OGG],
	GIF: ['GIF87a', 'GIF89a'],
	'a PDF': ['%PDF-1.7'],
	'a ZIP archive': ['PK\x03\x04\x14\0'],
	BMP: ['BM\x36\x10\0\0\0\0\0\0'],
	TIFF: ['II*\0', 'MM\0*'],
	AAC: ['\xff\xf1\x50', '\xff\xf9\x50'],
};
test.each(Object.entries(OTHERS))('neither image nor audio: %s', (name, starts) => {
	const expected = `is ${name.split(',')[0]}`;
	for (const start of starts) {
		expect(found('image', start, { mimeType: 'image/png' })).toBe(expected);
		expect(found('audio', start, { mimeType: 'audio/wav' })).toBe(expected);
	}
});

test.each([
	'',
	'<',
	'<3',
	'\x89PNG\r\n',
	'PK go',
	'BMW 3',
	'RIFF',
	'ftypheic',
	'\xff\xeb\x90',
	'\xff\xff\xff',
])('tells nothing: %j', (start) =>
	expect(found('image', start, { mimeType: 'image/png' })).toBe('image/png'),
);

/** Labels of these types, separated by blanks. */
const types = (names: string): FileLabel[] => names.split(' ').map((mimeType) => ({ mimeType }));
test.each<[MediaName, string, FileLabel[]]>([
	['image', 'image/jpeg', types('image/jpeg image/jpg image/pjpeg')],
	['image', 'image/png', types('IMAGE/PNG image/x-png')],
	['image', 'image/webp', [{ mimeType: ' image/webp ; q=1' }, { mimeType: 'image/x-webp' }]],
	['audio', 'audio/flac', types('audio/flac audio/x-flac')],
	['audio', 'audio/mpeg', types('audio/mpeg audio/mp3 audio/mpga audio/x-mpeg audio/x-mpeg-3')],
	['audio', 'audio/wav', types('audio/wav audio/wave audio/x-wav audio/x-pn-wav audio/vnd.wave')],
	['image', 'image/jpeg', [{ mimeType: 'application/octet-stream', fileExtension: 'jpg' }]],
	['image', 'image/jpeg', [{ mimeType: 'binary/octet-stream; a=b', fileExtension: 'JPEG' }]],
	['image', 'image/png', [{ mimeType: '', fileName: 'a.b.PNG' }]],
	['image', 'image/png', [{ mimeType: 'bin', fileExtension: 'bin', fileName: 'a.png' }]],
	['audio', 'audio/wav', [{ fileName: 'a.wav' }, { mimeType: '*/*', fileExtension: 'wav' }]],
	['image', "is of type 'image/gif'", [{ mimeType: 'image/gif', fileName: 'a.png' }]],
	['image', "is of type 'text/csv'", [{ mimeType: 'Text/CSV; charset=utf-8' }]],
	['audio', "is of type 'image/png'", [{ mimeType: 'image/png' }]],
	['image', "is of type 'constructor'", [{ mimeType: 'constructor' }]],
	['image', 'is of unknown type', [{}, { fileName: 'photo' }, { fileName: 'a.mp3' }]],
	['audio', 'is of unknown type', [{ mimeType: 'application/octet-stream', fileName: 'a.bin' }]],
])('by its label, as %s: %s', (media, expected, labels) => {
	for (const label of labels) expect(found(media, '\0\0\0', label)).toBe(expected);
});

test('whatever a file begins with, it is something', () => {
	fc.assert(
		fc.property(fc.uint8Array({ maxLength: 1000 }), fc.string(), (start, mimeType) => {
			expect(Object.keys(formatOf('image', start, { mimeType }))).toHaveLength(1);
		}),
	);
	expect(found('image', ' '.repeat(512) + '<html>')).toBe('is of unknown type');
});
