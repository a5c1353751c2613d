import type { FileLabel } from '../fields/media';

export type MediaName = 'image' | 'audio';

/** As many of a file's first bytes as `formatOf` looks at. */
export const START_BYTES = 512;

/** The formats in words, for messages. */
export const FORMATS_IN_WORDS: Readonly<Record<MediaName, string>> = {
	image: 'jpg, png or webp',
	audio: 'flac, mp3 or wav',
};

interface Kind {
	/** Words that follow "is". */
	name: string;
	/** What its first bytes look like, each as one character. */
	start: RegExp;
	/** Only of what the model takes. */
	taken?: {
		media: MediaName;
		/** The first is sent; the others are names that browsers and servers use for it. */
		mimeTypes: readonly [string, ...string[]];
		extensions: readonly string[];
	};
}

/** A file is the first kind whose start fits. Source of those taken: Runpod's page "Pruna Video", section "Request". */
const KINDS: readonly Kind[] = [
	{
		name: 'JPEG',
		start: /^\xff\xd8\xff/,
		taken: {
			media: 'image',
			mimeTypes: ['image/jpeg', 'image/jpg', 'image/pjpeg'],
			extensions: ['jpg', 'jpeg'],
		},
	},
	{
		name: 'PNG',
		start: /^\x89PNG\r\n.\n/s,
		taken: {
			media: 'image',
			mimeTypes: ['image/png', 'image/x-png', 'image/vnd.mozilla.apng'],
			extensions: ['png'],
		},
	},
	{
		name: 'WebP',
		start: /^RIFF.{4}WEBP/s,
		taken: { media: 'image', mimeTypes: ['image/webp', 'image/x-webp'], extensions: ['webp'] },
	},
	{
		name: 'FLAC',
		start: /^fLaC/,
		taken: { media: 'audio', mimeTypes: ['audio/flac', 'audio/x-flac'], extensions: ['flac'] },
	},
	{
		name: 'WAV',
		start: /^(?:RIFF|RF64|BW64).{4}WAVE/s,
		taken: {
			media: 'audio',
			mimeTypes: ['audio/wav', 'audio/wave', 'audio/x-wav', 'audio/x-pn-wav', 'audio/vnd.wave'],
			extensions: ['wav'],
		},
	},
	{
		name: 'MP3',
		// A tag, or a frame: eleven set bits, a version that exists, layer III. Source: ISO/IEC 11172-3, "Header".
		start: /^(?:ID3|\xff[\xe2\xe3\xf2\xf3\xfa\xfb])/,
		taken: {
			media: 'audio',
			mimeTypes: [
				'audio/mpeg',
				...['audio/mp3', 'audio/x-mp3', 'audio/mpga', 'audio/mpg'],
				...['audio/x-mpg', 'audio/mpeg3', 'audio/x-mpeg', 'audio/x-mpeg3', 'audio/x-mpeg-3'],
			],
			extensions: ['mp3'],
		},
	},
	// The same set bits, but layer 0. Source: ISO/IEC 13818-7, "ADTS".
	{ name: 'AAC', start: /^(?:ADIF|\xff[\xf0\xf1\xf8\xf9])/ },
	// ISO base media files tell by brands of four letters. Source: mp4ra.org, "Brands".
	{ name: 'AVIF', start: /^.{4}ftyp(?:.{4}){0,10}avi[fs]/s },
	{ name: 'HEIC', start: /^.{4}ftyp(?:hei[cmsx]|hev[cmsx]|mif1|msf1)/s },
	{ name: 'M4A', start: /^.{4}ftypM4[ABP] /s },
	{ name: 'a MOV video', start: /^\0.{3}(?:ftypqt {2}|moov|mdat|wide)/s },
	{ name: 'an MP4 video', start: /^.{4}ftyp/s },
	{ name: 'WebM', start: /^.E\xdf\xa3.{0,60}webm/s },
	{ name: 'Matroska', start: /^.E\xdf\xa3/s },
	{ name: 'Ogg', start: /^OggS/ },
	{ name: 'GIF', start: /^GIF8[79]a/ },
	{ name: 'BMP', start: /^BM.{4}\0{4}/s },
	{ name: 'TIFF', start: /^(?:II\*\0|MM\0\*)/ },
	{ name: 'a PDF', start: /^%PDF-/ },
	{ name: 'a ZIP archive', start: /^PK[^ -~]{2}/ },
	{
		name: 'a web page',
		// Most of the tags by which WHATWG's "MIME Sniffing", section 7.1, knows one; after a byte order mark and blanks.
		start:
			/^(?:\xef\xbb\xbf)?\s*<(?:!doctype html|(?:html|head|body|title|meta|link|style|script|iframe|h1|div|font|table|a|br|p)[\s>]|\?xml.*<html|!--(?!.*<svg))/is,
	},
	{ name: 'SVG', start: /^(?:\xef\xbb\xbf)?\s*<(?:!doctype |[?!].*<)?svg[\s>]/is },
];

/** MIME types that only mean "some bytes". */
const UNNAMED = /\/octet-stream$|\/(?:x-)?binary$|^bin(?:ary)?$|^\*\/\*$/;

/**
 * What a file is: by its first bytes, since its type and name are often wrong; where they tell nothing by its type, and
 * without one by its name.
 *
 * @returns the MIME type to send; or what the file is instead, in words that follow "is"
 */
export function formatOf(
	media: MediaName,
	start: Uint8Array,
	label: FileLabel,
): { mimeType: string } | { isInstead: string } {
	const bytes = Buffer.from(start.subarray(0, START_BYTES)).toString('latin1');
	const type = typeOf(label);
	const endings = type === '' ? [label.fileExtension, label.fileName].map(endingOf) : [];
	const kind =
		KINDS.find((known) => known.start.test(bytes)) ??
		KINDS.find(
			({ taken }) =>
				taken?.media === media &&
				(taken.mimeTypes.includes(type) || taken.extensions.some((one) => endings.includes(one))),
		);
	if (kind?.taken?.media === media) return { mimeType: kind.taken.mimeTypes[0] };
	return { isInstead: kind?.name ?? (type === '' ? 'of unknown type' : `of type '${type}'`) };
}

/** Lower case, without parameters; empty where nothing is said. */
function typeOf({ mimeType }: FileLabel): string {
	const type = textOf(mimeType).replace(/;.*/s, '').trim();
	return UNNAMED.test(type) ? '' : type;
}

const endingOf = (name: unknown) => textOf(name).split('.').at(-1);

/** Lower case. A label that a Code node made can hold anything. */
const textOf = (value: unknown) => (typeof value === 'string' ? value.toLowerCase() : '');
