import type { FileLabel } from '../fields/media';

export type MediaName = 'image' | 'audio';

/** As many of a file's first bytes as `formatOf` looks at. */
export const START_BYTES = 512;

export const FORMATS_IN_WORDS: Readonly<Record<MediaName, string>> = {
	image: 'jpg, png or webp',
	audio: 'flac, mp3 or wav',
};

/**
 * What the model takes: its first bytes, each as one character; its MIME types, of which the first is sent and the
 * others are names that browsers and servers use; its extensions. Source: Runpod's page "Pruna Video", "Request".
 */
type Taken = [name: string, start: RegExp, media: MediaName, types: string, extensions: string];

const TAKEN: readonly Taken[] = [
	['JPEG', /^\xff\xd8\xff/, 'image', 'image/jpeg image/jpg image/pjpeg', 'jpg jpeg'],
	['PNG', /^\x89PNG\r\n.\n/s, 'image', 'image/png image/x-png image/vnd.mozilla.apng', 'png'],
	['WebP', /^RIFF.{4}WEBP/s, 'image', 'image/webp image/x-webp', 'webp'],
	['FLAC', /^fLaC/, 'audio', 'audio/flac audio/x-flac', 'flac'],
	[
		'WAV',
		/^(?:RIFF|RF64|BW64).{4}WAVE/s,
		'audio',
		'audio/wav audio/wave audio/x-wav audio/x-pn-wav audio/vnd.wave',
		'wav',
	],
	[
		'MP3',
		// A tag, or a frame: eleven set bits, a version that exists, layer III. Source: ISO/IEC 11172-3, "Header".
		/^(?:ID3|\xff[\xe2\xe3\xf2\xf3\xfa\xfb])/,
		'audio',
		'audio/mpeg audio/mp3 audio/x-mp3 audio/mpga audio/mpg audio/x-mpg audio/mpeg3 audio/x-mpeg audio/x-mpeg3 audio/x-mpeg-3',
		'mp3',
	],
];

/** What a file can be instead, in words that follow "is"; the first that fits counts. */
const OTHERS: ReadonlyArray<[name: string, start: RegExp]> = [
	// The same set bits as MP3's, but layer 0. Source: ISO/IEC 13818-7, "ADTS".
	['AAC', /^(?:ADIF|\xff[\xf0\xf1\xf8\xf9])/],
	// ISO base media files tell by brands of four letters. Source: mp4ra.org, "Brands".
	['AVIF', /^.{4}ftyp(?:.{4}){0,10}avi[fs]/s],
	['HEIC', /^.{4}ftyp(?:hei[cmsx]|hev[cmsx]|mif1|msf1)/s],
	['M4A', /^.{4}ftypM4[ABP] /s],
	['a MOV video', /^\0.{3}(?:ftypqt {2}|moov|mdat|wide)/s],
	['an MP4 video', /^.{4}ftyp/s],
	['WebM', /^.E\xdf\xa3.{0,60}webm/s],
	['Matroska', /^.E\xdf\xa3/s],
	['Ogg', /^OggS/],
	['GIF', /^GIF8[79]a/],
	['BMP', /^BM.{4}\0{4}/s],
	['TIFF', /^(?:II\*\0|MM\0\*)/],
	['a PDF', /^%PDF-/],
	['a ZIP archive', /^PK[^ -~]{2}/],
	[
		'a web page',
		// Most of the tags by which WHATWG's "MIME Sniffing", section 7.1, knows one; after a byte order mark and blanks.
		/^(?:\xef\xbb\xbf)?\s*<(?:!doctype html|(?:html|head|body|title|meta|link|style|script|iframe|h1|div|font|table|a|br|p)[\s>]|\?xml.*<html|!--(?!.*<svg))/is,
	],
	['SVG', /^(?:\xef\xbb\xbf)?\s*<(?:!doctype |[?!].*<)?svg[\s>]/is],
];

/** MIME types that only mean "some bytes". */
const UNNAMED = /\/octet-stream$|\/(?:x-)?binary$|^bin(?:ary)?$|^\*\/\*$/;

/**
 * What a file is: by its first bytes, since its type and name are often wrong; where they tell nothing by its type,
 * and without one by its name. @returns the MIME type to send; or what the file is instead, in words that follow "is"
 */
export function formatOf(
	media: MediaName,
	start: Uint8Array,
	label: FileLabel,
): { mimeType: string } | { isInstead: string } {
	const bytes = Buffer.from(start.subarray(0, START_BYTES)).toString('latin1');
	const [type = ''] = (label.mimeType ?? '').toLowerCase().slice(0, 200).split(';', 1);
	const stated = UNNAMED.test(type.trim()) ? '' : type.trim();
	const endings = [label.fileExtension, label.fileName?.split('.').at(-1)];
	const isLabelled = ([, , , types, extensions]: Taken) =>
		stated === ''
			? endings.some((ending) => ending && extensions.split(' ').includes(ending.toLowerCase()))
			: types.split(' ').includes(stated);
	const known = [...TAKEN, ...OTHERS].find(([, looks]) => looks.test(bytes));
	const found = TAKEN.find((taken) => (known === undefined ? isLabelled(taken) : taken === known));
	const [name, , takenFor, types = ''] = found ?? known ?? [];
	if (takenFor === media) return { mimeType: types.split(' ')[0] ?? '' };
	if (known !== undefined) return { isInstead: String(name) };
	return { isInstead: stated === '' ? 'of unknown type' : `of type '${stated}'` };
}
