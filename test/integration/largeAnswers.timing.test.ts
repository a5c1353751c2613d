/** Answers that are too large, too deep or without end, and large videos: n8n's memory does not grow. */
import type { ServerResponse } from 'node:http';
import { pipeline, Readable } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createGzip } from 'node:zlib';
import { runNode, type EngineResult } from './engine';
import { reply, startScripted, type Script, type Scripted } from './scripted';

const MB = 1024 * 1024;
jest.setTimeout(90_000);

let server: Scripted | undefined;
afterEach(async () => await server?.close());

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** MB that are in use, without what only waits to be collected. */
function usedMb(): number {
	collectGarbage();
	const { heapUsed, external } = process.memoryUsage();
	return (heapUsed + external) / MB;
}

/** Most MB that were in use at once beyond what was in use before. */
let peakMb: number;
async function generateAt(script: Script, items = 1, download = false): Promise<EngineResult> {
	server = await startScripted(script);
	const { credentials } = server;
	const before = usedMb();
	peakMb = 0;
	let timer: NodeJS.Timeout;
	const sample = () => {
		const began = performance.now();
		peakMb = Math.max(peakMb, usedMb() - before);
		// Collecting takes longer than all the rest: a fifth of the time is for it, however slow the machine is.
		timer = setTimeout(sample, 4 * (performance.now() - began));
	};
	sample();
	const options = { timeout: 60, concurrency: 1 };
	const what = { resource: 'video', operation: 'generate', prompt: 'a cat', download, options };
	const input = Array.from({ length: items }, () => ({ json: {} }));
	return await runNode({ parameters: what, items: input, credentials }).finally(() =>
		clearTimeout(timer),
	);
}

const CHUNK = Buffer.alloc(MB, 'A');

/** Sends `megabytes` of text between two others, no faster than they are read. */
function send(response: ServerResponse, head: string, megabytes: number, tail: string): void {
	function* parts() {
		if (head !== '') yield head;
		for (let sent = 0; sent < megabytes; sent++) yield CHUNK;
		if (tail !== '') yield tail;
	}
	// Whoever reads may leave early.
	pipeline(Readable.from(parts()), response, () => undefined);
}

const posts = () => server?.requests.filter((line) => line.startsWith('POST')).length;
const TOO_LARGE = "Runpod's answer is too large (more than 32 MB)";

test.each<[string, (response: ServerResponse) => void]>([
	['50 MB', (response) => send(response, '{"x":"', 50, '"}')],
	['no end', (response) => send(response, '{"x":"', Infinity, '"}')],
	[
		'500 kB that unpack to 500 MB',
		(response) => {
			response.setHeader('content-encoding', 'gzip');
			pipeline(Readable.from(Array(500).fill(CHUNK)), createGzip(), response, () => undefined);
		},
	],
])('an answer of %s ends with a clear error', async (_, answer) => {
	const { error } = await generateAt((_operation, response) => answer(response));
	expect(error?.message).toBe(`${TOO_LARGE}; the job may be running`);
	expect(posts()).toBe(1);
	expect(peakMb).toBeLessThan(100);
});

test('an answer that is too large names its job all the same', async () => {
	const start = '{"delayTime":1,"id":"job-1","status":"COMPLETED"';
	const { items } = await generateAt((operation, response) => {
		if (operation === 'runsync') send(response, `${start},"x":"`, 50, '"}');
		else response.end(`${start},"output":{"result":"https://v.example/a.mp4"}}`);
	});
	expect(items[0]?.json).toMatchObject({ id: 'job-1', video_url: 'https://v.example/a.mp4' });
	expect(posts()).toBe(1);
});

test('a known job whose every answer is too large is given up, with its ID', async () => {
	const { error } = await generateAt((operation, response) => {
		if (operation === 'runsync') response.end('{"id":"job-1-u1","status":"IN_QUEUE"}');
		else send(response, '{"x":"', Infinity, '"}');
	});
	expect(error?.message).toBe(TOO_LARGE);
	expect(error?.context).toMatchObject({ id: 'job-1-u1' });
	expect(server?.requests.length).toBeLessThan(6);
});

test('an input of 20 MB that is repeated in 28 answers stays in none', async () => {
	const before = usedMb();
	let jobs = 0;
	const { items, error } = await generateAt((_, response) => {
		const id = `job-${++jobs}`;
		const head = `{"id":"${id}","status":"COMPLETED","input":{"image":"data:image/png;base64,`;
		send(response, head, 20, '"},"output":{"result":"https://v.example/a.mp4"}}');
	}, 28);
	const keptMb = usedMb() - before;
	expect(error).toBeUndefined();
	expect([items.length, posts()]).toEqual([28, 28]);
	// All 28 have 560 MB; one at a time is being read or parsed.
	expect(peakMb).toBeLessThan(200);
	expect(keptMb).toBeLessThan(100);
});

test.each([
	['of 300 MB', 300, undefined],
	['without end', Infinity, 'The video could not be downloaded: more than 256.0 MB arrived'],
])('a video %s is not held in memory', async (_, megabytes, problem) => {
	const { items, error } = await generateAt(
		(operation, response) => {
			if (operation === '/a.mp4') {
				const length = Number.isFinite(megabytes) && { 'content-length': megabytes * MB };
				response.writeHead(200, { 'content-type': 'video/mp4', ...length });
				return send(response, '', megabytes, '');
			}
			const url = server?.credentials.baseUrl.replace('/v2', '/a.mp4');
			const job = { id: 'job-1', status: 'COMPLETED', output: { result: url } };
			return reply(response, 200, job);
		},
		1,
		true,
	);
	expect(error?.message).toBe(problem);
	if (problem === undefined) expect(items[0]?.binary?.data).toMatchObject({ bytes: 300 * MB });
	expect(peakMb).toBeLessThan(60);
});
