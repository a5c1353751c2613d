import { holds, type FileFormat } from '../fields/fileFormat';

/** The kinds of file that Pruna Video takes, by Runpod's page "Pruna Video", section "Request". */
export const IMAGE_FORMATS: readonly FileFormat[] = [
	{
		mimeType: 'image/jpeg',
		otherMimeTypes: ['image/jpg', 'image/pjpeg'],
		extensions: ['jpg', 'jpeg'],
		isStart: (bytes) => holds(bytes, '\xff\xd8\xff'),
	},
	{
		mimeType: 'image/png',
		otherMimeTypes: ['image/x-png', 'image/vnd.mozilla.apng'],
		extensions: ['png'],
		isStart: (bytes) => holds(bytes, '\x89PNG\r\n\x1a\n'),
	},
	{
		mimeType: 'image/webp',
		otherMimeTypes: ['image/x-webp'],
		extensions: ['webp'],
		isStart: (bytes) => holds(bytes, 'RIFF') && holds(bytes, 'WEBP', 8),
	},
];

export const AUDIO_FORMATS: readonly FileFormat[] = [
	{
		mimeType: 'audio/flac',
		otherMimeTypes: ['audio/x-flac'],
		extensions: ['flac'],
		isStart: (bytes) => holds(bytes, 'fLaC'),
	},
	{
		mimeType: 'audio/mpeg',
		otherMimeTypes: [
			'audio/mp3',
			'audio/x-mp3',
			'audio/mpga',
			'audio/mpeg3',
			'audio/x-mpeg',
			'audio/x-mpeg3',
			'audio/x-mpeg-3',
			'audio/mpg',
			'audio/x-mpg',
		],
		extensions: ['mp3'],
		isStart: (bytes) => holds(bytes, 'ID3') || isMp3Frame(bytes),
	},
	{
		mimeType: 'audio/wav',
		otherMimeTypes: ['audio/wave', 'audio/x-wav', 'audio/x-pn-wav', 'audio/vnd.wave'],
		extensions: ['wav'],
		isStart: (bytes) => holds(bytes, 'RIFF') && holds(bytes, 'WAVE', 8),
	},
];

/** Eleven set bits, then a version that exists and layer III (ISO 11172-3, "Header"). */
function isMp3Frame([first = 0, second = 0]: Uint8Array): boolean {
	const isLayer3 = (second & 0x06) === 0x02;
	return first === 0xff && (second & 0xe0) === 0xe0 && (second & 0x18) !== 0x08 && isLayer3;
}
