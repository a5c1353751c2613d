// Prints what music-metadata makes of the files of a folder: {"a.mp3": seconds or null}. A program of its own, since the
// package has ES modules only and jest loads CommonJS.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseFile } from 'music-metadata';

const [folder] = process.argv.slice(2);
const seconds = {};
for (const name of await readdir(folder)) {
	const { format } = await parseFile(join(folder, name), { duration: true });
	seconds[name] = format.duration ?? null;
}
console.log(JSON.stringify(seconds));
