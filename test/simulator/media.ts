/** Images and audio as the API takes them: an http(s) URL, or `data:<type>;base64,…`. */

import { isHttpUrl } from './json';
import { request } from './outgoing';

export type ImageFormat = 'jpeg' | 'png' | 'webp';
export type AudioFormat = 'flac' | 'mp3' | 'wav';
type Format = ImageFormat | AudioFormat;

const TYPES: Record<'image' | 'audio', Record<string, Format>> = {
	image: { 'image/jpeg': 'jpeg', 'image/jpg': 'jpeg', 'image/png': 'png', 'image/webp': 'webp' },
	audio: {
		'audio/flac': 'flac',
		'audio/x-flac': 'flac',
		'audio/mpeg': 'mp3',
		'audio/mp3': 'mp3',
		'audio/wav': 'wav',
		'audio/wave': 'wav',
		'audio/x-wav': 'wav',
		'audio/vnd.wave': 'wav',
	},
};

/** Formats by the ending of an address. */
const ENDINGS: Record<string, Format> = {
	jpg: 'jpeg',
	jpeg: 'jpeg',
	png: 'png',
	webp: 'webp',
	flac: 'flac',
	mp3: 'mp3',
	wav: 'wav',
};
/** Endings of what no address of an image or audio for this model can lead to. */
const UNSUPPORTED_ENDINGS =
	/^(gif|bmp|tiff?|svg|avif|hei[cf]|ico|pdf|html?|txt|json|zip|mp4|mov|webm|mkv|avi|og[ga]|opus|m4a|aac|wma|aiff?)$/;

const MOST_MEDIA_BYTES = 64 * 1024 * 1024;

export interface Media {
	kind: 'image' | 'audio';
	/** Undefined for a URL that was not fetched. */
	content: { format: Format; bytes: Buffer } | undefined;
}

export type MediaAnswer = { media: Media } | { error: string };

export function isAudio(format: Format): format is AudioFormat {
	return format === 'flac' || format === 'mp3' || format === 'wav';
}

/** What can be said without the network. `url` is set where the bytes are still to be fetched. */
export function readMedia(
	kind: 'image' | 'audio',
	value: unknown,
): MediaAnswer & { url?: string | undefined } {
	if (typeof value !== 'string') return { error: `${kind} must be a string` };
	if (value.slice(0, 5).toLowerCase() === 'data:') return readDataUri(kind, value);
	if (!isHttpUrl(value)) return { error: `${kind} must be an http(s) URL or a data URI` };
	return { media: { kind, content: undefined }, url: value };
}

/** What an address that will not be fetched gives away by its ending; none says nothing. */
export function judgeByEnding({ kind }: Media, url: string): { error: string } | undefined {
	const ending = /\.([^./]+)$/.exec(new URL(url).pathname)?.[1]?.toLowerCase() ?? '';
	const format = Object.hasOwn(ENDINGS, ending) ? ENDINGS[ending] : undefined;
	const isOfKind = format !== undefined && Object.values(TYPES[kind]).includes(format);
	const isRefused = format ? !isOfKind : UNSUPPORTED_ENDINGS.test(ending);
	return isRefused ? invalidFormat(kind) : undefined;
}

export async function fetchMedia(
	kind: 'image' | 'audio',
	url: string,
	signal: AbortSignal,
): Promise<MediaAnswer> {
	try {
		const { status, body } = await request(url, {
			method: 'GET',
			signal,
			maxBytes: MOST_MEDIA_BYTES,
			maxRedirects: 3,
		});
		if (status !== 200) return { error: `Failed to download ${kind}: HTTP ${status}` };
		const format = formatOf(body);
		if (!format || !Object.values(TYPES[kind]).includes(format)) return invalidFormat(kind);
		return { media: { kind, content: { format, bytes: body } } };
	} catch (error) {
		const reason = error instanceof Error ? error.message : String(error);
		return { error: `Failed to download ${kind}: ${reason}` };
	}
}

/** In the words of the model's page: "Invalid audio format". */
export function invalidFormat(kind: 'image' | 'audio'): { error: string } {
	return { error: `Invalid ${kind} format` };
}

function readDataUri(kind: 'image' | 'audio', uri: string): MediaAnswer {
	const comma = uri.indexOf(',');
	const [type = '', ...parameters] = uri.slice(5, Math.max(5, comma)).split(';');
	const format = TYPES[kind][type.trim().toLowerCase()];
	if (comma < 0 || !format || parameters.at(-1)?.toLowerCase() !== 'base64') {
		return invalidFormat(kind);
	}
	const content = uri.slice(comma + 1);
	if (!isBase64(content)) return invalidFormat(kind);
	const bytes = Buffer.from(content, 'base64');
	if (formatOf(bytes) !== format) return invalidFormat(kind);
	return { media: { kind, content: { format, bytes } } };
}

/** As RFC 4648 (4) has it; Node's decoder passes over anything else. */
function isBase64(text: string): boolean {
	const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
	return text.length % 4 === 0 && !/[^A-Za-z0-9+/]/.test(text.slice(0, text.length - padding));
}

/** By magic number. */
function formatOf(bytes: Buffer): Format | undefined {
	const head = bytes.toString('latin1', 0, 12);
	if (head.startsWith('\xff\xd8\xff')) return 'jpeg';
	if (head.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
	if (head.startsWith('RIFF') && head.endsWith('WEBP')) return 'webp';
	if (head.startsWith('RIFF') && head.endsWith('WAVE')) return 'wav';
	if (head.startsWith('fLaC')) return 'flac';
	if (head.startsWith('ID3')) return 'mp3';
	const isMpegLayer3 = bytes[0] === 0xff && ((bytes[1] ?? 0) & 0xe6) === 0xe2;
	return isMpegLayer3 ? 'mp3' : undefined;
}
