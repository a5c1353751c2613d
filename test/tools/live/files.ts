/** A picture and a sound, small enough for a record, as data URIs. */

/** A PNG of 320 × 180: sky over grass. */
export const PICTURE =
	'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAUAAAAC0AQMAAADfKmdSAAAABlBMVEVaoOZQjEbvdA5+AAAAKklEQVR42u3KoQEAAAwCIP9/envBYIRMAgAAAFNXEkVRFEVRFEVRFMXKA/4bAsOxMlhZAAAAAElFTkSuQmCC';

/** MPEG 2 layer III, 8 kbit/s, 16 kHz, mono; all zeros behind the header is silence. */
const FRAME_HEADER = [0xff, 0xf3, 0x18, 0xc0];
const FRAME_BYTES = 36;
/** Of 36 ms each: 10.512 s. */
const FRAMES = 292;

const frame = Buffer.alloc(FRAME_BYTES);
frame.set(FRAME_HEADER);
export const SILENCE = `data:audio/mpeg;base64,${Buffer.alloc(FRAME_BYTES * FRAMES, frame).toString('base64')}`;
