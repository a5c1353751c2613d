import { AudioBytes, type AudioFile } from './audioBytes';
import { flacSeconds } from './flac';
import { mp3Seconds } from './mp3';
import { wavSeconds } from './wav';

/** ID3v2 tags that are passed over; some programs put a second one before the first. */
const MOST_TAGS = 4;

/**
 * How long a WAV, FLAC or MP3 file plays, read from its first and last kilobytes. The bytes say which it is: names and
 * types of files are often wrong.
 *
 * @returns seconds; undefined where those bytes do not tell
 */
export async function audioSeconds(file: AudioFile): Promise<number | undefined> {
	const bytes = new AudioBytes(file);
	const start = await afterTags(bytes);
	const seconds = await secondsFrom(bytes, start);
	return seconds !== undefined && Number.isFinite(seconds) && seconds > 0 ? seconds : undefined;
}

async function secondsFrom(bytes: AudioBytes, start: number): Promise<number | undefined> {
	const magic = (await bytes.read(start, 12)).toString('latin1');
	if (/^(RIFF|RF64|BW64)/.test(magic) && magic.endsWith('WAVE')) {
		return await wavSeconds(bytes, start);
	}
	if (magic.startsWith('fLaC')) return await flacSeconds(bytes, start);
	return await mp3Seconds(bytes, start);
}

/** Where the audio begins. Source: id3.org, "ID3 tag version 2.4.0", sections 3.1 and 3.4. */
async function afterTags(bytes: AudioBytes): Promise<number> {
	let at = 0;
	for (let tags = 0; tags < MOST_TAGS; tags++) {
		const head = await bytes.read(at, 10);
		if (head.length < 10 || head.toString('latin1', 0, 3) !== 'ID3') break;
		const hasFooter = (head.readUInt8(5) & 0x10) !== 0;
		// Four bytes of seven bits each.
		const size = head.subarray(6).reduce((sum, byte) => sum * 128 + (byte & 0x7f), 0);
		at += 10 + size + (hasFooter ? 10 : 0);
	}
	return at;
}
