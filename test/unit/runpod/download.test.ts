/** What a download does with an address that a stranger may have given. */
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { RequestContext } from '../../../nodes/PrunaVideo/runpod/connection';
import { downloadVideo, type Download } from '../../../nodes/PrunaVideo/runpod/download';

const PUBLIC = 'https://files.example.com/x/y/a.mp4';

interface Answer {
	status?: number;
	location?: string;
	body?: Iterable<Buffer>;
}

/** Downloads from a server that answers with the next of `answers`. */
async function download(answers: Answer[], more: Partial<Download> = {}) {
	const asked: string[] = [];
	const helpers: Partial<RequestContext['helpers']> = {
		httpRequest: async ({ url }) => {
			const { status = 200, location, body = [] } = answers[asked.length] ?? {};
			asked.push(url);
			const headers = { 'content-type': 'video/mp4', ...(location && { location }) };
			return { statusCode: status, headers, body: Readable.from(body) };
		},
		prepareBinaryData: async (stream) => {
			const data = (await buffer(stream as Readable)).toString();
			return { data, mimeType: '' };
		},
	};
	const settings = { url: PUBLIC, fileName: 'a.mp4', timeoutMs: 30_000, isNew: false, ...more };
	const outcome = await downloadVideo({ helpers } as RequestContext, settings).then(
		({ data }) => data,
		(error: unknown) => error,
	);
	return { outcome, asked };
}

const film = { body: [Buffer.from('film')] };

test.each([
	['http://localhost/a.mp4', 'the machine itself (localhost)'],
	['http://n8n:5678/a.mp4', 'a host name without a domain (n8n)'],
])('an untrusted download sends nothing to %s', async (url, network) => {
	const message = `The video could not be downloaded: its URL, which anyone could have sent, points to ${network}`;
	const atOnce = await download([film], { url, isUntrusted: true });
	expect(atOnce).toMatchObject({ outcome: { message }, asked: [] });

	const redirected = await download([{ status: 302, location: url }, film], { isUntrusted: true });
	expect(redirected).toMatchObject({ outcome: { message }, asked: [PUBLIC] });

	expect(await download([film], { url })).toEqual({ outcome: 'film', asked: [url] });
});

test('an untrusted download of a public address, redirected as from the one that says so', async () => {
	const redirect = { status: 301, location: '../b.mp4?c=d' };
	const { outcome, asked } = await download([redirect, film], { isUntrusted: true });
	expect([outcome, asked]).toEqual(['film', [PUBLIC, 'https://files.example.com/x/b.mp4?c=d']]);
});
