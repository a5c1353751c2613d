/** Ports of this machine. */

import { createServer } from 'node:net';
import { codeOf } from './error-code';
import { SetupProblem } from './setup-problem';

/** Any port that nobody listens on. */
export async function freePort(): Promise<number> {
	return await listenBriefly(0);
}

/** Throws a SetupProblem naming `what` wanted it. */
export async function requireFreePort(port: number, what: string): Promise<number> {
	try {
		return await listenBriefly(port);
	} catch (error) {
		const code = codeOf(error);
		if (typeof code !== 'string') throw error;
		const reason = code === 'EADDRINUSE' ? 'it is taken by another program' : code;
		throw new SetupProblem(`${what} cannot listen on port ${port}: ${reason}.`);
	}
}

async function listenBriefly(port: number): Promise<number> {
	const server = createServer();
	await new Promise<void>((resolve, reject) => {
		server.once('error', reject).listen(port, '127.0.0.1', resolve);
	});
	const address = server.address();
	await new Promise((resolve) => server.close(resolve));
	return typeof address === 'object' && address ? address.port : port;
}
