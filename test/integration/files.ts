/** Small files of known kinds. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One pixel. */
export const PNG = Buffer.from(
	'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
	'base64',
);

/** Three seconds of sound. */
export const sound = (ending: string) =>
	readFileSync(join(__dirname, `../tools/simulator/fixtures/three-seconds${ending}`));
