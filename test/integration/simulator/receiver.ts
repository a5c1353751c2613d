/** For the simulator's own tests: a server that a webhook calls. */

import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';

export interface Received {
	method: string | undefined;
	headers: IncomingHttpHeaders;
	body: string;
}

export class Receiver {
	readonly received: Received[] = [];
	private server: Server | undefined;
	private port = 0;

	/** Answers with these statuses one after the other, then with 200; 0 breaks the connection, -1 never answers. */
	constructor(private readonly statuses: number[]) {}

	async start(): Promise<void> {
		const server = createServer((request, response) => {
			const chunks: Buffer[] = [];
			request.on('data', (chunk: Buffer) => chunks.push(chunk));
			request.on('end', () => {
				const body = Buffer.concat(chunks).toString();
				this.received.push({ method: request.method, headers: request.headers, body });
				const status = this.statuses.shift() ?? 200;
				if (status === 0) request.socket.destroy();
				else if (status > 0) response.writeHead(status, { location: this.url }).end();
			});
		});
		await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
		const address = server.address();
		this.port = typeof address === 'object' && address ? address.port : 0;
		this.server = server;
	}

	get url(): string {
		return `http://127.0.0.1:${this.port}/hook?id=1`;
	}

	async close(): Promise<void> {
		const { server } = this;
		if (!server) return;
		await new Promise<void>((resolve) => {
			server.close(() => resolve());
			server.closeAllConnections();
		});
	}
}
