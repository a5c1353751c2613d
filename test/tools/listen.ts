/** Lets a server listen on 127.0.0.1 only. Rejects where the port cannot be had; 0 is any free one. */

import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export async function listen(server: Server, port = 0) {
	await new Promise<void>((resolve, reject) => {
		server.once('error', reject);
		server.listen({ port, host: '127.0.0.1', backlog: 2048 }, resolve);
	});
	const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	/** Cuts every connection. */
	const close = async () => {
		const closed = new Promise((resolve) => server.close(resolve));
		server.closeAllConnections();
		await closed;
	};
	return { url, close };
}
