/** Servers that send no video, redirects, and stores that refuse it: what is said, how often is asked, what stays on disk. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { SsrfProtectionConfig } from '@n8n/config';
import { Container } from '@n8n/di';
import { BinaryDataConfig, BinaryDataService, FileTooLargeError } from 'n8n-core';
import type { IDataObject } from 'n8n-workflow';
import { startSimulator, type Simulator } from '../tools/simulator';
import { generate } from './batch';
import { readBinary } from './engine';
import { hurry } from './hurry';

// n8n reads this once, at its first request.
const ssrf = ssrfConfig();
ssrf.allowedIpRanges = ['127.0.0.1/32'];

let simulator: Simulator;
beforeAll(async () => {
	simulator = await startSimulator();
});
beforeEach(() => simulator.reset());
afterAll(async () => await simulator.close());
hurry(50);

type Reply = (response: ServerResponse) => void;
type Headers = Record<string, string>;

const FILM = Buffer.alloc(5000, 'x');
const PACKED = gzipSync(FILM);
const HTML = '<!DOCTYPE html><title>Sign in</title>';
const UNNAMED = { 'content-type': 'application/octet-stream' };

const send =
	(body: Buffer | string, headers: Headers = {}, status = 200): Reply =>
	(response) =>
		response.writeHead(status, { 'content-type': 'video/mp4', ...headers }).end(body);
const redirect =
	(location: string): Reply =>
	(response) =>
		response.writeHead(302, { location }).end();
const film = send(FILM);
const reset: Reply = (response) => response.destroy();
const cut =
	(video: Buffer, bytes: number): Reply =>
	(response) => {
		response.writeHead(200, { 'content-type': 'video/mp4', 'content-length': video.length });
		response.write(video.subarray(0, bytes), () => response.destroy());
	};
const half = cut(FILM, 2500);

interface Film {
	/** One for each request; the last one stays. */
	replies: Reply[];
	/** Default: the server's. */
	url?: string;
	options?: IDataObject;
}

/** Generates a video that a server of the test's own gives. */
async function download({ replies, options = {}, ...film }: Film) {
	let asked = 0;
	let open = 0;
	const listener: RequestListener = (_, response) => {
		open++;
		response.on('close', () => open--);
		replies[Math.min(asked++, replies.length - 1)]?.(response);
	};
	const server = createServer(listener).listen(0, '127.0.0.1');
	await once(server, 'listening');
	const { port } = server.address() as AddressInfo;
	const url = film.url ?? `http://127.0.0.1:${port}/a.mp4`;
	const output = { video_url: url, cost: 0.1 };
	simulator.faults.add({ operation: 'runsync', kind: 'job', output });
	await emptyStore();
	const result = await generate(simulator, { parameters: { download: true }, options });
	// The test's time limit ends this where a connection is left open.
	while (open > 0) await new Promise(setImmediate);
	server.close();
	return { ...result, url, asked };
}

/** The settings that n8n-core reads: its packages have versions of their own, beside those that this project resolves. */
function ssrfConfig(): SsrfProtectionConfig {
	const config = createRequire(require.resolve('n8n-core')).resolve('@n8n/config');
	return Container.get(jest.requireActual(config).SsrfProtectionConfig);
}

const storeFolder = () => Container.get(BinaryDataConfig).localStoragePath;

async function emptyStore(): Promise<void> {
	await rm(storeFolder(), { recursive: true, force: true });
	await mkdir(storeFolder(), { recursive: true });
}

/** Files that n8n keeps, whole or in part, without its notes about them. */
async function storedFiles(): Promise<string[]> {
	const entries = await readdir(storeFolder(), { recursive: true, withFileTypes: true });
	const files = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
	return files.filter((name) => !name.endsWith('.metadata'));
}

test.each<[string, Reply[]]>([
	['packed, of unknown length', [send(PACKED, { 'content-encoding': 'gzip' })]],
	['of unknown length', [send(FILM, { 'transfer-encoding': 'chunked' })]],
	['broken once', [half, film]],
	['broken twice at the same place', [half, half, film]],
	['broken in different ways', [reset, half, send('', {}, 503), film]],
	['five times redirected', [...Array.from({ length: 5 }, () => redirect('/on')), film]],
])('a video that comes %s is stored whole and once', async (_, replies) => {
	const { items, error, asked } = await download({ replies });
	expect(error).toBeUndefined();
	expect(asked).toBe(replies.length);
	expect(await readBinary(items[0]!)).toEqual(FILM);
	expect(await storedFiles()).toHaveLength(1);
});

test('a long video that breaks at odd places is stored whole', async () => {
	const long = Buffer.concat([FILM, randomBytes(300_000)]);
	const replies = [cut(long, 20_001), cut(long, 150_003), cut(long, 150_003), send(long)];
	const { items, error } = await download({ replies });
	expect(error).toBeUndefined();
	expect(long.equals(await readBinary(items[0]!))).toBe(true);
});

test('a long video that is encoded anew on the way is not stored, though its start is the same', async () => {
	const start = Buffer.concat([FILM, randomBytes(10_000)]);
	const takes = [1, 2].map(() => Buffer.concat([start, randomBytes(200_000)]));
	const { error } = await download({ replies: [cut(takes[0]!, 150_003), send(takes[1]!)] });
	expect(error?.message).toBe(`The video could not be downloaded: ${changed}`);
	expect(await storedFiles()).toEqual([]);
});

const page = 'the server sent a web page instead of a video';
const text = 'the server sent text instead of a video';
const changed = 'it changed while it was being downloaded';
const nowhere = 'the server answered HTTP 302 without a usable redirect URL';
const bomb = send(PACKED, {
	'content-encoding': 'gzip',
	'content-length': String(PACKED.length),
});
const bombProblem = `more arrived than the ${PACKED.length} bytes that the server announced`;
const huge = send('x', { 'content-length': String(2 ** 31) });
const hugeProblem = 'the server announced more than 1 GB, more than any video of this model';
const part = send(FILM, { 'content-range': 'bytes 0-4999/9000' }, 206);

test.each<[string, Reply[], string, number]>([
	['breaks for good', [half], 'the connection was lost', 4],
	['changes on the way', [half, send(Buffer.alloc(5000, 'y'))], changed, 2],
	['gets shorter on the way', [half, send(FILM.subarray(0, 2000))], changed, 2],
	['unpacks to more than its length', [bomb], bombProblem, 1],
	['is announced as huge', [huge], hugeProblem, 1],
	['is only a part', [part], 'the server sent only part of it (HTTP 206)', 1],
	['is not there yet', [send(FILM, {}, 202)], 'the server answered HTTP 202', 1],
	['is a page without a type', [send(HTML, UNNAMED)], page, 1],
	['is a page called a video', [send(HTML)], page, 1],
	['is a page behind a byte order mark', [send(`\ufeff\n${HTML}`, UNNAMED)], page, 1],
	['is XML without a type', [send('<?xml version="1.0"?><Error/>', UNNAMED)], text, 1],
	['is JSON without a type', [send(' {"error":"no"}', UNNAMED)], text, 1],
	['is a JSON list without a type', [send('[]', UNNAMED)], text, 1],
	['redirects in a loop', [redirect('/again')], 'it was redirected more than 5 times', 6],
	['redirects to a file', [redirect('file:///a.mp4')], "it was redirected to a 'file:' address", 1],
	['redirects to FTP', [redirect('ftp://a/a.mp4')], "it was redirected to a 'ftp:' address", 1],
	[
		'redirects to data',
		[redirect('data:video/mp4,x')],
		"it was redirected to a 'data:' address",
		1,
	],
	['redirects to no address', [redirect('http://[')], nowhere, 1],
	['redirects without an address', [send('', {}, 302)], nowhere, 1],
])('one that %s is not stored', async (_, replies, problem, asked) => {
	const result = await download({ replies });
	expect(result.error?.message).toBe(`The video could not be downloaded: ${problem}`);
	expect(result.error?.context?.video_url).toBe(result.url);
	expect(result.asked).toBe(asked);
	expect(await storedFiles()).toEqual([]);
});

const LARGE = Buffer.alloc(5_000_000, 'x');
const largeRedirect: Reply = (response) => response.writeHead(302, { location: '/on' }).end(LARGE);
test.each<[string, Reply, number]>([
	['a missing file', send(LARGE, {}, 404), 1],
	['an error, four times', send(LARGE, {}, 500), 4],
	['a page', send(LARGE, { 'content-type': 'text/html' }), 1],
	['a part', send(LARGE, {}, 206), 1],
	['redirects', largeRedirect, 6],
])('the connection does not stay open after a long answer that is %s', async (_, reply, count) => {
	const { error, asked } = await download({ replies: [reply] });
	expect(error).toBeDefined();
	expect(asked).toBe(count);
});

const silent: Reply = (response) => {
	response.writeHead(200, { 'content-type': 'video/mp4', 'content-length': FILM.length });
	response.write(FILM.subarray(0, 2500));
};

test('a connection that falls silent is replaced by another', async () => {
	const { items, asked } = await download({ replies: [silent, film] });
	expect(asked).toBe(2);
	expect(await readBinary(items[0]!)).toEqual(FILM);
});

test('one that falls silent each time is given up', async () => {
	const { error, asked } = await download({ replies: [silent] });
	expect(error?.message).toBe('The video could not be downloaded: nothing came for 20 s');
	expect(asked).toBe(4);
});

test('one that only trickles ends at the time limit', async () => {
	const drip: Reply = (response) => {
		response.writeHead(200, { 'content-type': 'video/mp4' }).write('x');
	};
	const { error, asked } = await download({ replies: [drip], options: { timeout: 10 } });
	expect(error?.message).toBe('The video could not be downloaded: it took too long');
	expect(asked).toBe(1);
	expect(await storedFiles()).toEqual([]);
});

const tooLarge = new FileTooLargeError({
	fileSizeMb: 600,
	maxFileSizeMb: 512,
	fileId: 'f',
	fileName: 'fox.mp4',
});
const noAccess = new Error("EACCES: permission denied, mkdir '/n8n'");

test.each<[string, (stream: Parameters<BinaryDataService['store']>[1]) => Promise<void>, string]>([
	// Linux's own full device: the error is a real one, and comes while the video does.
	[
		'is full',
		async (stream) => await writeFile('/dev/full', stream),
		'ENOSPC: no space left on device, write',
	],
	['may not be written', async () => await Promise.reject(noAccess), noAccess.message],
	["is n8n's with a limit", async () => await Promise.reject(tooLarge), tooLarge.message],
])('a storage that %s is named at once', async (_, write, reason) => {
	jest.spyOn(BinaryDataService.prototype, 'store').mockImplementation(async (_, stream, file) => {
		await write(stream);
		return file;
	});
	const { error, url, asked } = await download({ replies: [send(Buffer.alloc(1 << 20, 'x'))] });
	expect(error?.message).toBe(`n8n could not store the video: ${reason}`);
	expect(error?.description).toContain(`You can download it from ${url}`);
	expect(error?.context?.video_url).toBe(url);
	expect(asked).toBe(1);
});

describe("n8n's SSRF protection", () => {
	beforeAll(() => (ssrf.enabled = true));
	afterAll(() => (ssrf.enabled = false));

	const FORBIDDEN = 'http://10.0.0.1/a.mp4';
	test.each<[string, Film]>([
		['an address', { replies: [], url: FORBIDDEN }],
		['where a redirect leads', { replies: [redirect(FORBIDDEN)] }],
	])('is named where it blocks %s', async (_, blocked) => {
		const { error, asked } = await download(blocked);
		expect(error?.message).toBe(
			"The video could not be downloaded: n8n's SSRF protection blocks its URL: The target 10.0.0.1 is not allowed",
		);
		expect(asked).toBe(blocked.replies.length);
	});
});
