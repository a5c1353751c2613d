/** The ends of connections, by real sockets: only what certainly never reached Runpod is sent again. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createTlsServer } from 'node:https';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { runNode, type EngineResult } from './engine';
import { startScripted } from './scripted';

const closing: Array<() => unknown> = [];
afterEach(async () => {
	for (const close of closing.splice(0)) await close();
});

async function listen(server: Server): Promise<number> {
	const sockets = new Set<Socket>();
	server.on('connection', (socket) => {
		sockets.add(socket);
		socket.on('error', () => undefined);
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	closing.push(() => {
		for (const socket of sockets) socket.destroy();
		server.close();
	});
	return (server.address() as AddressInfo).port;
}

/** A raw server that does this with every connection; counts the POSTs that it got. */
async function raw(
	onData: (socket: Socket) => void,
): Promise<{ port: number; posts: () => number }> {
	let posts = 0;
	const server = createServer((socket) => {
		socket.on('data', (data) => {
			if (data.toString('latin1').startsWith('POST')) posts++;
			onData(socket);
		});
	});
	return { port: await listen(server), posts: () => posts };
}

async function generateAt(baseUrl: string): Promise<EngineResult> {
	return await runNode({
		parameters: {
			resource: 'video',
			operation: 'generate',
			prompt: 'a cat',
			options: { timeout: 1 },
		},
		credentials: { apiKey: 'rpa_test', baseUrl },
	});
}

/** A self-signed certificate, made anew. */
function certificate(): { key: Buffer; cert: Buffer } {
	const folder = mkdtempSync(join(tmpdir(), 'pruna-cert-'));
	const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
	const subject = ['-subj', '/CN=localhost', '-days', '1'];
	const out = ['-keyout', key, '-out', cert];
	execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject, ...out], {
		stdio: 'ignore',
	});
	const made = { key: readFileSync(key), cert: readFileSync(cert) };
	rmSync(folder, { recursive: true });
	return made;
}

const MAY_RUN = '; the job may be running';
const CHECK = 'Check in the Runpod console whether the job ran';
const NOTHING_SENT = 'Nothing was sent.';

test.each([
	['one address', '127.0.0.1'],
	['every address of a name', 'localhost'],
])('refused at %s', async (_, host) => {
	const { error } = await generateAt(`http://${host}:1/v2`);
	expect(error?.message).toBe('Runpod could not be reached (ECONNREFUSED)');
	expect(error?.description).toContain(NOTHING_SENT);
});

test('no such host', async () => {
	const { error } = await generateAt('https://pruna-video.invalid/v2');
	expect(error?.message).toMatch(/^Runpod could not be reached \((ENOTFOUND|EAI_AGAIN)\)$/);
	expect(error?.description).toContain(NOTHING_SENT);
});

test('an invalid certificate', async () => {
	let requests = 0;
	const port = await listen(createTlsServer(certificate(), () => requests++));
	const { error } = await generateAt(`https://127.0.0.1:${port}/v2`);
	expect(error?.message).toMatch(/^No connection to Runpod was made \(\w*SELF_SIGNED_CERT\w*\)$/);
	expect(error?.description).toContain(NOTHING_SENT);
	expect(requests).toBe(0);
});

test('https to a server that speaks http', async () => {
	const server = await startScripted((_, response) => response.end());
	closing.push(() => server.close());
	const { error } = await generateAt(server.credentials.baseUrl.replace('http:', 'https:'));
	expect(error?.message).toBe('No connection to Runpod was made (EPROTO)');
	expect(error?.description).toContain(NOTHING_SENT);
	expect(server.requests).toEqual([]);
});

test('closed in the TLS handshake', async () => {
	let handshakes = 0;
	const { port } = await raw((socket) => {
		handshakes++;
		socket.end();
	});
	const { error } = await generateAt(`https://127.0.0.1:${port}/v2`);
	expect(error?.message).toBe('Runpod could not be reached (ECONNRESET)');
	expect(error?.description).toContain(NOTHING_SENT);
	expect(handshakes).toBeGreaterThan(1);
});

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n';
test.each<[string, (socket: Socket) => void, RegExp]>([
	[
		'reset after the request',
		(socket) => socket.resetAndDestroy(),
		/^The connection to Runpod was lost \(ECONNRESET\)/,
	],
	[
		'closed after the request',
		(socket) => socket.end(),
		/^The connection to Runpod was lost \(ECONNRESET\)/,
	],
	['silent', () => undefined, /^Runpod did not answer \(no answer within \d s\)/],
	[
		'cut off in the answer',
		(socket) => socket.end(`${HEAD}Content-Length: 100\r\n\r\n{"id":`),
		/^The connection to Runpod was lost \(ECONNRESET\)/,
	],
	[
		'what is not HTTP',
		(socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n'),
		/^The connection to Runpod was lost \(HPE_\w+\)/,
	],
	[
		'packed, but broken',
		(socket) => {
			const body = gzipSync('{"id":"a","status":"IN_QUEUE"}').fill(7, 12, 20);
			socket.write(`${HEAD}Content-Encoding: gzip\r\nContent-Length: ${body.length}\r\n\r\n`);
			socket.end(body);
		},
		/^The connection to Runpod was lost \(Z_DATA_ERROR\)/,
	],
])('%s: may have been accepted, so sent once', async (_, onData, message) => {
	const { port, posts } = await raw(onData);
	const { error } = await generateAt(`http://127.0.0.1:${port}/v2`);
	expect(error?.message).toMatch(message);
	expect(error?.message.endsWith(MAY_RUN)).toBe(true);
	expect(error?.description).toContain(CHECK);
	expect(posts()).toBe(1);
});
