/** What a download does with an address that a stranger may have given, and with a stop. */
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { downloadVideo, type Download } from '../../../nodes/PrunaVideo/runpod/download';
import { Stopped } from '../../../nodes/PrunaVideo/runpod/failure';
import type { RequestContext } from '../../../nodes/PrunaVideo/runpod/exchange';

const PUBLIC = 'https://files.example.com/a.mp4';

type Answer = {
	status?: number;
	location?: string;
	body?: Iterable<Buffer> | AsyncIterable<Buffer>;
};

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
		prepareBinaryData: async (stream, fileName, mimeType = '') => {
			const data = (await buffer(stream as Readable)).toString();
			return { data, mimeType, ...(fileName !== undefined && { fileName }) };
		},
	};
	const context = { helpers } as RequestContext;
	const settings = { url: PUBLIC, fileName: 'a.mp4', timeoutMs: 30_000, ...more };
	const outcome = await downloadVideo(context, settings).then(
		({ data }) => data,
		(error: unknown) => error,
	);
	return { outcome, asked };
}

const film = { body: [Buffer.from('film')] };

test.each([
	['http://localhost/a.mp4', 'the machine itself (localhost)'],
	['http://0x7f.1/a.mp4', 'the machine itself (127.0.0.1)'],
	['http://[::ffff:10.0.0.1]/a.mp4', 'a private network ([::ffff:a00:1])'],
	['http://169.254.169.254/latest', 'a link-local network (169.254.169.254)'],
	['http://n8n:5678/a.mp4', 'a host name without a domain (n8n)'],
])('an untrusted download sends nothing to %s', async (url, network) => {
	const message = `The video could not be downloaded: its URL, which anyone could have sent, points to ${network}`;
	const atOnce = await download([film], { url, isUntrusted: true });
	expect(atOnce).toMatchObject({ outcome: { message }, asked: [] });

	const redirected = await download([{ status: 302, location: url }, film], { isUntrusted: true });
	expect(redirected).toMatchObject({ outcome: { message }, asked: [PUBLIC] });

	const trusted = await download([film], { url });
	expect(trusted).toEqual({ outcome: 'film', asked: [url] });
});

test('an untrusted download of a public address', async () => {
	const { outcome } = await download([film], { isUntrusted: true });
	expect(outcome).toBe('film');
});

test('a redirect is read as from the address that gave it', async () => {
	const { asked } = await download([{ status: 301, location: '../b.mp4?c=d' }, film], {
		url: 'https://files.example.com/x/y/a.mp4',
	});
	expect(asked[1]).toBe('https://files.example.com/x/b.mp4?c=d');
});

test.each<[string, (stop: AbortController) => Answer]>([
	['before it began', (stop) => (stop.abort(), film)],
	[
		'in the middle',
		(stop) => ({
			body: (async function* () {
				yield Buffer.from('fi');
				stop.abort();
				throw new Error('aborted');
			})(),
		}),
	],
])('a stop %s', async (_, answer) => {
	const stop = new AbortController();
	const { outcome } = await download([answer(stop), film], { stop: stop.signal });
	expect(outcome).toBeInstanceOf(Stopped);
});

test('more than 256 MB of a video that does not say its length', async () => {
	const megabyte = Buffer.alloc(1024 * 1024, 'x');
	function* endless() {
		for (;;) yield megabyte;
	}
	const { outcome, asked } = await download([{ body: endless() }]);
	expect(outcome).toMatchObject({
		message:
			'The video could not be downloaded: the server did not state its size, and more than 256 MB arrived',
	});
	expect(asked).toHaveLength(1);
});
