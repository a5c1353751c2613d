/** The video as a file: streamed, whole, checked, and never fetched with the key. */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { gzipSync } from 'node:zlib';
import type { SsrfProtectionConfig } from '@n8n/config';
import { Container } from '@n8n/di';
import { BinaryDataConfig, BinaryDataService, FileTooLargeError } from 'n8n-core';
import type { IDataObject } from 'n8n-workflow';
import { CONTINUE } from './batch';
import { readBinary, runNode, useBinaryMode } from './engine';
import { hurry } from './hurry';
import { reply, startScripted } from './scripted';

// n8n reads this once, at its first request.
const ssrf = ssrfConfig();
ssrf.allowedIpRanges = ['127.0.0.1/32'];
// Silence of 20 s is 2 s here: n8n alone can take one on a busy machine.
hurry(10);

type Reply = (response: ServerResponse, request: IncomingMessage) => void;
type Headers = Record<string, string | number>;

const FILM = Buffer.concat([Buffer.from('\0\0\0\x20ftypisom'), randomBytes(300_000)]);
const PACKED = gzipSync(Buffer.alloc(5_000, 'x'));
const HTML = '<!DOCTYPE html><title>Sign in</title>';

const send =
	(body: Buffer | string, headers: Headers = {}, status = 200): Reply =>
	(response) =>
		response.writeHead(status, { 'content-type': 'video/mp4', ...headers }).end(body);
const film = send(FILM);
const typed = (type: string, body: Buffer | string = FILM) => send(body, { 'content-type': type });
const status = (code: number, body: Buffer | string = '', headers: Headers = {}) =>
	send(body, headers, code);
const redirect =
	(location: string, code = 302): Reply =>
	(response) =>
		response.writeHead(code, { location }).end();
const onwards = (code: number) => redirect('on', code);
const reset: Reply = (response) => response.destroy();
const silent: Reply = () => {};
/** All that was announced does not come: it breaks off, or falls silent. */
const half =
	(end: Reply = reset): Reply =>
	(response, request) => {
		response.writeHead(200, { 'content-type': 'video/mp4', 'content-length': FILM.length });
		response.write(FILM.subarray(0, 150_003), () => end(response, request));
	};
const untyped: Reply = (response) =>
	response.writeHead(200, { 'content-length': FILM.length }).end(FILM);
const inPieces: Reply = async (response) => {
	response.writeHead(200, { 'content-type': 'video/mp4', 'content-length': FILM.length });
	for (let at = 0; at < FILM.length; at += 20_000) {
		response.write(FILM.subarray(at, at + 20_000));
		await new Promise((resolve) => setTimeout(resolve, 5));
	}
	response.end();
};

interface Film {
	/** One for each request; the last one stays. */
	replies: Reply[];
	/** Default: the server's. */
	url?: string;
	parameters?: IDataObject;
	options?: IDataObject;
	settings?: typeof CONTINUE;
}

const ID = 'job-1-u1';

/** Generates a video that a server of the test's own gives. */
async function download({ replies, parameters = {}, options = {}, ...film }: Film) {
	let asked = 0;
	let open = 0;
	let url = '';
	const server = await startScripted((operation, response, request) => {
		const output = { video_url: url, cost: 0.1 };
		const job = { id: ID, status: 'COMPLETED', output };
		if (/^(runsync|status)/.test(operation)) return reply(response, 200, job);
		expect(request.headers).not.toHaveProperty('authorization');
		expect(JSON.stringify([request.url, request.headers])).not.toContain('rpa_scripted');
		open++;
		response.on('close', () => open--);
		replies[Math.min(asked++, replies.length - 1)]?.(response, request);
	});
	const { credentials } = server;
	url = film.url ?? credentials.baseUrl.replace('/v2', '/a.mp4');
	await emptyStore();
	const base = { resource: 'video', operation: 'generate', prompt: 'a cat', download: true };
	const all = { ...base, ...parameters, options };
	const result = await runNode({ parameters: all, credentials, settings: film.settings });
	// The test's time limit ends this where a connection is left open.
	while (open > 0) await new Promise(setImmediate);
	await server.close();
	const submitted = server.requests.filter((line) => line.includes('runsync'));
	return { ...result, url, asked, submitted };
}

/** The settings that n8n-core reads: its packages have versions of their own, beside those that this project resolves. */
function ssrfConfig(): SsrfProtectionConfig {
	const config = createRequire(require.resolve('n8n-core')).resolve('@n8n/config');
	return Container.get(jest.requireActual(config).SsrfProtectionConfig);
}

const storeFolder = () => Container.get(BinaryDataConfig).localStoragePath;

async function emptyStore(): Promise<void> {
	await useBinaryMode(Container.get(BinaryDataConfig).mode as 'filesystem');
	await rm(storeFolder(), { recursive: true, force: true });
	await mkdir(storeFolder(), { recursive: true });
}

/** Files that n8n keeps, whole or in part, without its notes about them. */
async function storedFiles(): Promise<string[]> {
	const entries = await readdir(storeFolder(), { recursive: true, withFileTypes: true });
	const files = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
	return files.filter((name) => !name.endsWith('.metadata'));
}

describe('a video is stored whole and once', () => {
	test.each<[string, Reply[], string?]>([
		['of known length', [film]],
		['of unknown length', [send(FILM, { 'transfer-encoding': 'chunked' })]],
		['packed, of unknown length', [send(gzipSync(FILM), { 'content-encoding': 'gzip' })]],
		['that comes in pieces', [inPieces]],
		['without a type', [untyped], 'video/mp4'],
		['as octet-stream', [typed('application/octet-stream')]],
		['as binary/octet-stream', [typed('binary/octet-stream')]],
		['as application/mp4', [typed('application/mp4')]],
		['of another type', [typed('Video/WebM; codecs=vp9')], 'video/webm'],
		['five times redirected', [...[301, 302, 303, 307, 308].map(onwards), film]],
		['that breaks twice', [half(), half(), film]],
		['reset, then too short', [reset, half((response) => response.end()), film]],
		['empty, then not available', [send(''), status(503), film]],
		['of a busy host', [status(500), status(429, '', { 'retry-after': 1 }), film]],
		['after silence', [silent, half(silent), film]],
		['not there yet', [...[404, 403, 404, 404].map((code) => status(code)), half(), reset, film]],
	])('%s', async (_, replies, mimeType = 'video/mp4') => {
		const { items, error, asked, submitted } = await download({ replies });
		expect(error).toBeUndefined();
		expect([asked, submitted.length]).toEqual([replies.length, 1]);
		const about = { mimeType, fileType: 'video', fileName: `pruna-video-${ID}.mp4` };
		expect(items[0]?.binary).toEqual({ data: expect.objectContaining(about) });
		expect(FILM.equals(await readBinary(items[0]!))).toBe(true);
		expect(await storedFiles()).toHaveLength(1);
	});

	test('in memory, as n8n 1 keeps it', async () => {
		await useBinaryMode('default');
		const { items } = await download({ replies: [half(), film] });
		expect(items[0]?.binary?.data?.id).toBeUndefined();
		expect(FILM.equals(await readBinary(items[0]!))).toBe(true);
		await useBinaryMode('filesystem');
	});
});

const LARGE = Buffer.alloc(5_000_000, 'x');
const page = 'its host sent a web page instead of a video';
const text = 'its host sent text instead of a video';
const nowhere = 'its host answered HTTP 302 without a usable redirect URL';
const bomb = send(PACKED, { 'content-encoding': 'gzip', 'content-length': PACKED.length });

test.each<[string, number, ...Reply[]]>([
	['the connection was lost', 3, half()],
	['the connection was lost', 3, status(500), half(), reset, film],
	['it was empty', 3, send('')],
	['no data arrived for 20 s', 3, half(silent)],
	['no data arrived for 20 s', 3, silent],
	['its host answered HTTP 500: xxx', 3, status(500, LARGE)],
	['its host answered HTTP 429', 1, status(429, '', { 'retry-after': 3600 })],
	['its host answered HTTP 401: Log in first', 1, status(401, '{"error":"Log in first"}')],
	['its host answered HTTP 410: xxx', 1, status(410, LARGE)],
	['its host answered HTTP 202', 1, status(202)],
	['its host sent only part of it (HTTP 206)', 1, status(206, LARGE)],
	[`more than ${PACKED.length} B arrived`, 1, bomb],
	['its host announced more than 1 GB', 1, send('x', { 'content-length': 2 ** 31 })],
	[page, 1, typed('text/html', HTML)],
	[page, 1, typed('application/octet-stream', HTML)],
	[page, 1, send(`\ufeff\n${HTML}`)],
	[text, 1, typed('', '<?xml version="1.0"?><Error/>')],
	[text, 1, typed('application/json', ' {"error":"no"}')],
	[text, 1, typed('', '[]')],
	["its host sent 'image/ png' instead of a video", 1, typed('image/<b>png', LARGE)],
	['it was redirected more than 5 times', 6, status(302, LARGE, { location: '/again' })],
	["it was redirected to a 'file:' address", 1, redirect('file:///a.mp4')],
	["it was redirected to a 'ftp:' address", 1, redirect('ftp://a/a.mp4')],
	["it was redirected to a 'data:' address", 1, redirect('data:video/mp4,x')],
	[nowhere, 1, redirect('http://[')],
	[nowhere, 1, status(302)],
])('%s: %d tries, nothing is stored, and no connection stays open', async (...row) => {
	const [problem, tries, ...replies] = row;
	const { error, url, asked } = await download({ replies });
	expect(error?.message).toContain(`The video could not be downloaded: ${problem}`);
	expect(error?.context).toMatchObject({ video_url: url, id: ID, status: 'COMPLETED', cost: 0.1 });
	expect(asked).toBe(tries);
	expect(await storedFiles()).toEqual([]);
});

describe('a host that refuses the video', () => {
	const blocked = [status(403, '<h1>Access Blocked</h1>')];
	const message = 'The video could not be downloaded: its host answered HTTP 403: Access Blocked';

	test('of this minute is asked for 15 s, and it is not called expired', async () => {
		const now = performance.now.bind(performance);
		let passed = 0;
		jest.spyOn(performance, 'now').mockImplementation(() => now() + passed);
		const refuse: Reply = (...call) => ((passed += 1_000), blocked[0]!(...call));
		const { items, url, asked } = await download({ replies: [refuse], settings: CONTINUE });
		expect(asked).toBeGreaterThan(1);
		expect(asked).toBeLessThanOrEqual(16);
		expect(items).toEqual([
			{
				json: {
					error: message,
					hint: expect.stringMatching(/generated and billed.*has not expired.*network's filter/),
					prompt: 'a cat',
					id: ID,
					status: 'COMPLETED',
					video_url: url,
					cost: 0.1,
					httpCode: 403,
				},
				pairedItem: { item: 0 },
			},
		]);
	});

	/** Answers after which so many ms have passed, and the video. */
	const through = async (ms: number[], answer: Reply, options: IDataObject = {}) => {
		const now = performance.now.bind(performance);
		let passed = 0;
		jest.spyOn(performance, 'now').mockImplementation(() => now() + passed);
		const late = ms.map(
			(each): Reply =>
				(...call) => ((passed += each), answer(...call)),
		);
		const { items } = await download({ replies: [...late, film], options });
		expect(items[0]?.binary).toHaveProperty('data');
	};

	test.each([403, 404])('with HTTP %d for 12 s gives it then', async (code) => {
		await through([4_000, 4_000, 4_000], status(code));
	});

	test('or breaks off may take 25 s, however little is left of the timeout', async () => {
		await through([25_000], reset, { timeout: 1 });
	});

	test('of an unknown day is asked once, and it may have expired', async () => {
		const parameters = { resource: 'job', operation: 'get', jobId: ID };
		const { error, asked } = await download({ replies: blocked, parameters });
		expect([error?.message, asked]).toEqual([message, 1]);
		expect(error?.description).toContain('it has expired');
	});
});

test('one that only trickles ends at the time limit', async () => {
	const drip: Reply = (response) => {
		response.writeHead(200, { 'content-type': 'video/mp4' });
		const timer = setInterval(() => response.write('x'), 5);
		response.on('close', () => clearInterval(timer));
	};
	const { error } = await download({ replies: [drip], options: { timeout: 10 } });
	expect(error?.message).toBe('The video could not be downloaded: it took too long');
	expect(await storedFiles()).toEqual([]);
});

type Write = (stream: Parameters<BinaryDataService['store']>[1]) => Promise<void>;
const size = { fileSizeMb: 600, maxFileSizeMb: 512, fileId: 'f', fileName: 'fox.mp4' };
const tooLarge = new FileTooLargeError(size);
const noAccess = new Error("EACCES: permission denied, mkdir '/n8n'");
const refuseWith = (error: Error) => async () => await Promise.reject(error);
// Linux's own full device: the error is a real one, and comes while the video does.
const full: Write = async (stream) => await writeFile('/dev/full', stream);

test.each<[string, Write, string]>([
	['is full', full, 'ENOSPC: no space left on device, write'],
	['may not be written', refuseWith(noAccess), noAccess.message],
	["is n8n's with a limit", refuseWith(tooLarge), tooLarge.message],
])('a storage that %s is named at once', async (_, write, reason) => {
	jest.spyOn(BinaryDataService.prototype, 'store').mockImplementation(async (_, stream, file) => {
		await write(stream);
		return file;
	});
	const { error, url, asked } = await download({ replies: [film] });
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
		expect(error?.message).toContain("not be reached (blocked by n8n's SSRF protection)");
		expect(asked).toBe(blocked.replies.length);
	});
});
