/** Pictures and sounds as data URIs, small enough to be sent with every job. */

/** A PNG of 320 × 180: sky over grass. */
export const PICTURE =
	'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAUAAAAC0AQMAAADfKmdSAAAABlBMVEVaoOZQjEbvdA5+AAAAKklEQVR42u3KoQEAAAwCIP9/envBYIRMAgAAAFNXEkVRFEVRFEVRFMXKA/4bAsOxMlhZAAAAAElFTkSuQmCC';

const SAMPLES_PER_SECOND = 8000;

/** A hum as WAV, 8 bits mono; without `hasLength` its header says 0xFFFFFFFF, as that of a stream does. */
export function hum(seconds: number, hasLength = true): string {
	const samples = Math.round(seconds * SAMPLES_PER_SECOND);
	const file = Buffer.alloc(44 + samples);
	file.write('RIFF----WAVEfmt ', 'latin1');
	file.writeUInt32LE(hasLength ? 36 + samples : 0xffffffff, 4);
	file.writeUInt32LE(16, 16); // bytes of `fmt `
	file.writeUInt16LE(1, 20); // PCM
	file.writeUInt16LE(1, 22); // channel
	file.writeUInt32LE(SAMPLES_PER_SECOND, 24);
	file.writeUInt32LE(SAMPLES_PER_SECOND, 28); // bytes per second
	file.writeUInt16LE(1, 32); // byte per sample
	file.writeUInt16LE(8, 34); // bits per sample
	file.write('data', 36, 'latin1');
	file.writeUInt32LE(hasLength ? samples : 0xffffffff, 40);
	for (let at = 0; at < samples; at++) file[44 + at] = 128 + 40 * Math.sin(at / 6);
	return `data:audio/wav;base64,${file.toString('base64')}`;
}
