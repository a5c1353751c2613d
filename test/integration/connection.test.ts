/** Ends of connections that the fault table does not have: only what certainly never reached Runpod is sent again. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createTlsServer } from 'node:https';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { CredentialTestContext } from 'n8n-core';
import { PrunaVideo } from '../../nodes/PrunaVideo/PrunaVideo.node';
import { runNode } from './engine';

const sockets = new Set<Socket>();
let server: Server | undefined;
afterEach(() => {
	for (const socket of sockets) socket.destroy();
	server?.close();
});

/** A server that keeps its sockets in `sockets`; its port. */
async function listen(created: Server): Promise<number> {
	server = created.on('connection', (socket: Socket) => {
		sockets.add(socket.on('error', () => undefined));
	});
	await new Promise<void>((resolve) => created.listen(0, '127.0.0.1', resolve));
	return (created.address() as AddressInfo).port;
}

/** What a user reads of Video > Generate at this base URL. */
async function generateAt(baseUrl: string): Promise<string> {
	const { error } = await runNode({
		parameters: { prompt: 'a cat', options: { timeout: 1 } },
		credentials: { apiKey: 'rpa_test', baseUrl },
	});
	return `${error?.message}. ${error?.description}`;
}

/** A self-signed certificate, made anew. */
function certificate(): { key: Buffer; cert: Buffer } {
	const folder = mkdtempSync(join(tmpdir(), 'pruna-cert-'));
	const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
	const how = ['-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=localhost', '-days', '1'];
	execFileSync('openssl', ['req', ...how, '-keyout', key, '-out', cert], { stdio: 'ignore' });
	const made = { key: readFileSync(key), cert: readFileSync(cert) };
	rmSync(folder, { recursive: true });
	return made;
}

test('a certificate that n8n does not know is named, by the test of the credential too', async () => {
	let requests = 0;
	const port = await listen(createTlsServer(certificate(), () => requests++));
	const baseUrl = `https://127.0.0.1:${port}/v2`;
	const { testCredential } = new PrunaVideo().methods.credentialTest;
	const tested = { id: '1', name: 'Runpod', type: '', data: { apiKey: 'rpa_test', baseUrl } };
	const { message } = await testCredential.call(new CredentialTestContext(), tested);
	for (const text of [await generateAt(baseUrl), message]) {
		expect(text).toMatch(
			/^No connection to Runpod was made: n8n does not trust the certificate \(\w*SELF_SIGNED_CERT\w*\)\. Nothing was sent\..*NODE_EXTRA_CA_CERTS/,
		);
	}
	expect(requests).toBe(0);
});

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n';
const broken = gzipSync('{"id":"a","status":"IN_QUEUE"}').fill(7, 12, 20);
const packed = `${HEAD}Content-Encoding: gzip\r\nContent-Length: ${broken.length}\r\n\r\n`;
const BROKEN = Buffer.concat([Buffer.from(packed), broken]);

test.each<[string, string, RegExp | string, string | Buffer]>([
	['closed in the TLS handshake', 'https', 'Runpod could not be reached (ECONNRESET)', ''],
	['http, not https', 'https', 'No connection to Runpod was made (EPROTO)', `${HEAD}\r\n`],
	['closed after the request', 'http', /lost \(ECONNRESET\)/, ''],
	['not HTTP', 'http', /lost \(HPE_\w+\)/, 'SSH-2.0-OpenSSH_9.6\r\n'],
	['packed, but broken', 'http', /lost \(Z_DATA_ERROR\)/, BROKEN],
])('%s', async (_, scheme, problem, answer) => {
	let posts = 0;
	const created = createServer((socket) => {
		socket.on('data', (data) => {
			if (data.toString('latin1').startsWith('POST')) posts++;
			socket.end(answer);
		});
	});
	const text = await generateAt(`${scheme}://127.0.0.1:${await listen(created)}/v2`);
	const [what] = text.split('. ');
	if (typeof problem === 'string') {
		expect(text).toContain(`${problem}. Nothing was sent.`);
		expect(posts).toBe(0);
	} else {
		expect(what).toMatch(problem);
		expect(what).toMatch(/; the job may be running$/);
		expect(text).toContain(
			'Run the item again only if you accept that it may be billed a second time',
		);
		expect(posts).toBe(1);
	}
});
