/** Pictures of any size at an address of this machine, as a user's website has them. */

import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Endings } from '../tools/n8n/stage';

export interface Picture {
	content: Buffer;
	sha256: string;
}

/** It begins as a PNG does; no two are alike. */
export function makePicture(bytes: number): Picture {
	const content = randomBytes(bytes);
	content.write('\x89PNG\r\n\x1a\n', 'latin1');
	return { content, sha256: createHash('sha256').update(content).digest('hex') };
}

/** Its address. */
export async function servePicture({ content }: Picture, endings: Endings): Promise<string> {
	const server = createServer((_request, response) => {
		response.writeHead(200, { 'content-type': 'image/png' }).end(content);
	}).listen(0, '127.0.0.1');
	await once(server, 'listening');
	endings.add(async () => {
		server.closeAllConnections();
		await new Promise((resolve) => server.close(resolve));
	});
	return `http://127.0.0.1:${(server.address() as AddressInfo).port}/picture.png`;
}
