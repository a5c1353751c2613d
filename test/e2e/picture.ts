/** A picture of any size at an address of this machine, as a user's website has it. */

import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { listen } from '../tools/listen';
import type { Endings } from '../tools/n8n/stage';
import type { Built } from './build-workflow';

export interface Picture {
	content: Buffer;
	sha256: string;
	/** A node that gives it as a file in the field `data`. */
	node: Built;
}

/** It begins as a PNG does; no two are alike. */
export async function servePicture(bytes: number, endings: Endings): Promise<Picture> {
	const content = randomBytes(bytes);
	content.write('\x89PNG\r\n\x1a\n', 'latin1');
	const server = createServer((_request, response) => {
		response.writeHead(200, { 'content-type': 'image/png' }).end(content);
	});
	const { url: origin, close } = await listen(server);
	endings.add(close);
	const url = `${origin}/picture.png`;
	const node = {
		name: 'HTTP Request',
		type: 'n8n-nodes-base.httpRequest',
		typeVersion: 4.2,
		parameters: { url, options: { response: { response: { responseFormat: 'file' } } } },
	};
	return { content, sha256: digest(content), node };
}

export function digest(content: Buffer): string {
	return createHash('sha256').update(content).digest('hex');
}
