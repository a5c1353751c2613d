/** Answers that are too large, too deep or without end: a clear error or the video, and n8n's memory does not grow. */
import type { ServerResponse } from 'node:http';
import { pipeline, Readable } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { runNode, type EngineResult } from './engine';
import { startScripted, type Script, type Scripted } from './scripted';

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
async function generateAt(script: Script, items = 1, concurrency = 5): Promise<EngineResult> {
	server = await startScripted(script);
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
	try {
		return await runNode({
			parameters: {
				resource: 'video',
				operation: 'generate',
				prompt: 'a cat',
				options: { timeout: 60, concurrency },
			},
			items: Array.from({ length: items }, () => ({ json: {} })),
			credentials: server.credentials,
		});
	} finally {
		clearTimeout(timer!);
	}
}

const CHUNK = Buffer.alloc(MB, 'A');

/** Sends `megabytes` of text between two others, no faster than they are read. */
function send(response: ServerResponse, head: string, megabytes: number, tail: string): void {
	function* parts() {
		yield head;
		for (let sent = 0; sent < megabytes; sent++) yield CHUNK;
		yield tail;
	}
	// Whoever reads may leave early.
	pipeline(Readable.from(parts()), response, () => undefined);
}

const posts = () => server?.requests.filter((request) => request.startsWith('POST')).length;

test.each([
	['50 MB', 50],
	['without end', Infinity],
])('an answer of %s ends with a clear error', async (_, megabytes) => {
	const { error } = await generateAt((_operation, response) => {
		send(response, '{"x":"', megabytes, '"}');
	});
	expect(error?.message).toBe(
		"Runpod's answer is too large (more than 32 MB); the job may be running",
	);
	expect(error?.description).toContain('Check in the Runpod console');
	expect(posts()).toBe(1);
	expect(peakMb).toBeLessThan(100);
});

test('a known job whose every answer is too large is given up, with its ID', async () => {
	const { error } = await generateAt((operation, response) => {
		if (operation === 'runsync') response.end('{"id":"job-1-u1","status":"IN_QUEUE"}');
		else send(response, '{"x":"', Infinity, '"}');
	});
	expect(error?.message).toBe("Runpod's answer is too large (more than 32 MB)");
	expect(error?.context).toMatchObject({ id: 'job-1-u1' });
	expect(server?.requests.length).toBeLessThan(6);
});

test('an input of 20 MB that is repeated in 28 answers stays in none', async () => {
	const before = usedMb();
	let jobs = 0;
	const { items, error } = await generateAt(
		(_, response) => {
			const id = `job-${++jobs}`;
			const head = `{"id":"${id}","status":"COMPLETED","input":{"image":"data:image/png;base64,`;
			send(response, head, 20, '"},"output":{"result":"https://v.example/a.mp4"}}');
		},
		28,
		28,
	);
	const keptMb = usedMb() - before;
	expect(error).toBeUndefined();
	expect(items).toHaveLength(28);
	expect(posts()).toBe(28);
	// All 28 have 560 MB, and those that are being read or parsed at the moment count.
	expect(peakMb).toBeLessThan(450);
	expect(keptMb).toBeLessThan(50);
});

test.each([
	[20_000, '[', ']'],
	[1_000_000, '[', ']'],
	[1_000_000, '{"a":', '}'],
])('an answer %i deep in %s brings its video', async (depth, open, close) => {
	const inner = open === '[' ? '' : '1';
	const deep = `${open.repeat(depth)}${inner}${close.repeat(depth)}`;
	const output = '{"result":"https://v.example/a.mp4","cost":0.1}';
	const { items, error } = await generateAt((_, response) => {
		response.end(`{"deep":${deep},"id":"job-1","status":"COMPLETED","output":${output}}`);
	});
	expect(error).toBeUndefined();
	expect(items[0]?.json).toMatchObject({ id: 'job-1', cost: 0.1 });
	expect(posts()).toBe(1);
});
