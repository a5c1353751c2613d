/** Packs this package once, for all test files. */

import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { packPackage } from '../tools/n8n/package';

export default async function pack(): Promise<void> {
	if (process.env.PRUNA_VIDEO_TARBALL) return;
	const tarball = await packPackage();
	process.env.PRUNA_VIDEO_TARBALL = tarball;
	process.on('exit', () => rmSync(dirname(tarball), { recursive: true, force: true }));
}
