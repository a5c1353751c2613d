import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startSimulator, type Simulator } from './index';

let simulator: Simulator;
beforeEach(async () => {
	simulator = await startSimulator();
});
afterEach(async () => await simulator.close());

interface Reply {
	status: number;
	body: Record<string, unknown>;
	headers: Headers;
}

async function call(
	method: string,
	path: string,
	body?: unknown,
	key: string | undefined = simulator.apiKey,
	signal?: AbortSignal,
): Promise<Reply> {
	const response = await fetch(`${simulator.baseUrl}/${path}`, {
		method,
		headers: { 'content-type': 'application/json', ...(key && { authorization: `Bearer ${key}` }) },
		...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
		...(signal && { signal }),
	});
	const text = await response.text();
	const parsed: unknown = text.startsWith('{') ? JSON.parse(text) : { text };
	return {
		status: response.status,
		body: parsed as Record<string, unknown>,
		headers: response.headers,
	};
}

const make = (input: object = {}, path = 'p-video/runsync') =>
	call('POST', path, { input: { prompt: 'A cat', ...input } });

describe('a good request', () => {
	test.each<[object, number]>([
		[{}, 0.1],
		[{ duration: 10 }, 0.2],
		[{ resolution: '1080p' }, 0.2],
		[{ resolution: '1080p', duration: 10, draft: true }, 0.1],
		[{ draft: true }, 0.025],
		[{ fps: 48, aspect_ratio: '1:1', seed: 5, save_audio: false, prompt_upsampling: false }, 0.1],
		[{ brand_new: 1 }, 0.1],
		[{ image: 'https://example.com/a.png', aspect_ratio: '9:16' }, 0.1],
	])('%j costs %d', async (input, cost) => {
		const { status, body } = await make(input);
		expect(status).toBe(200);
		expect(body).toMatchObject({ status: 'COMPLETED', output: { cost } });
		expect(body.id).toMatch(/^sync-[0-9a-f-]{36}-u1$/);
		expect(simulator.ledger.total).toBe(cost);
	});
});

describe('what the model refuses fails with 400 and costs nothing', () => {
	test.each<[object]>([
		[{ prompt: '' }],
		[{ prompt: 5 }],
		[{ duration: 11 }],
		[{ duration: 0 }],
		[{ duration: '5' }],
		[{ duration: 2.5 }],
		[{ resolution: '4k' }],
		[{ fps: 30 }],
		[{ fps: '24' }],
		[{ aspect_ratio: '5:4' }],
		[{ seed: 1.5 }],
		[{ draft: 'true' }],
		[{ image: 'photo.png' }],
		[{ image: 'data:image/gif;base64,R0lGODlh' }],
		[{ audio: 'data:audio/ogg;base64,T2dnUw==' }],
	])('%j', async (input) => {
		const { status, body } = await make(input);
		expect(status).toBe(400);
		expect(body).toMatchObject({ status: 'FAILED', error: expect.any(String) });
		expect(simulator.ledger.total).toBe(0);
		expect(simulator.ledger.countByStatus()).toEqual({ FAILED: 1 });
	});
});

describe('the front door', () => {
	test.each<[string, () => Promise<Reply>, number]>([
		['no key', () => call('POST', 'p-video/run', { input: { prompt: 'x' } }, ''), 401],
		[
			'a wrong key',
			() => call('POST', 'p-video/run', { input: { prompt: 'x' } }, 'rpa_wrong'),
			401,
		],
		[
			'a key without permission',
			() => call('GET', 'p-video/health', undefined, simulator.forbiddenKey),
			403,
		],
		[
			'a key without credit',
			() => call('POST', 'p-video/run', { input: { prompt: 'x' } }, simulator.noCreditKey),
			402,
		],
		['an unknown endpoint', () => make({}, 'other/run'), 404],
		['an unknown job', () => call('GET', 'p-video/status/nothing'), 404],
		['no JSON', () => call('POST', 'p-video/run', '{"input":'), 400],
		['no input', () => call('POST', 'p-video/run', { prompt: 'x' }), 400],
		[
			'a policy below the least',
			() =>
				call('POST', 'p-video/run', { input: { prompt: 'x' }, policy: { executionTimeout: 10 } }),
			400,
		],
		['a wait above the most', () => make({}, 'p-video/runsync?wait=999999'), 400],
		['11 MB to run', () => make({ prompt: 'x'.repeat(11 * 1024 * 1024) }, 'p-video/run'), 413],
		['21 MB to runsync', () => make({ prompt: 'x'.repeat(21 * 1024 * 1024) }), 413],
	])('%s', async (_name, send, status) => {
		expect((await send()).status).toBe(status);
		expect(simulator.ledger.jobs).toHaveLength(0);
	});
});

test('runsync that is not done in time answers with the job, to be polled', async () => {
	simulator.hold();
	const { status, body } = await make({}, 'p-video/runsync?wait=1000');
	expect(status).toBe(200);
	expect(['IN_QUEUE', 'IN_PROGRESS']).toContain(body.status);
	simulator.release();
	await simulator.waitFor((ledger) => ledger.countByStatus().COMPLETED === 1);
	expect((await call('GET', `p-video/status/${String(body.id)}`)).body.status).toBe('COMPLETED');
});

test('cancel ends a job unbilled; retry takes only failed ones, under the same id', async () => {
	simulator.hold('finish');
	const { body } = await make({}, 'p-video/run');
	const id = String(body.id);
	expect((await call('POST', `p-video/cancel/${id}`)).body).toMatchObject({
		id,
		status: 'CANCELLED',
	});
	expect((await call('POST', `p-video/retry/${id}`)).status).toBe(400);
	expect(simulator.ledger.total).toBe(0);
	simulator.release();

	simulator.faults.add({ operation: 'run', kind: 'job', status: 'FAILED', error: 'x' });
	const failed = String((await make({}, 'p-video/run')).body.id);
	await simulator.waitFor((ledger) => ledger.find(failed)?.status === 'FAILED');
	expect((await call('POST', `p-video/retry/${failed}`)).body).toMatchObject({
		id: failed,
		status: 'IN_QUEUE',
	});
	await simulator.waitFor((ledger) => ledger.find(failed)?.status === 'COMPLETED');
});

test.each([
	['before', 0],
	['after', 1],
] as const)('a reset %s acceptance leaves %d jobs', async (when, jobs) => {
	simulator.faults.add({ operation: 'runsync', kind: 'reset', when });
	await expect(make()).rejects.toThrow();
	expect(simulator.ledger.jobs).toHaveLength(jobs);
});

test('a client that leaves is billed all the same', async () => {
	simulator.hold('finish');
	const leave = new AbortController();
	const answer = call(
		'POST',
		'p-video/runsync',
		{ input: { prompt: 'x' } },
		undefined,
		leave.signal,
	);
	await simulator.waitFor((ledger) => ledger.jobs.length === 1);
	leave.abort();
	await expect(answer).rejects.toThrow();
	simulator.release();
	await simulator.waitFor((ledger) => ledger.countByStatus().COMPLETED === 1);
	expect(simulator.ledger.total).toBe(0.1);
});

test('results are kept one minute after runsync and thirty after run', async () => {
	const sync = String((await make()).body.id);
	const slow = String((await make({}, 'p-video/run')).body.id);
	await simulator.waitFor((ledger) => ledger.find(slow)?.status === 'COMPLETED');
	const statuses = async () => [
		(await call('GET', `p-video/status/${sync}`)).status,
		(await call('GET', `p-video/status/${slow}`)).status,
	];
	simulator.advance(50_000);
	expect(await statuses()).toEqual([200, 200]);
	simulator.advance(20_000);
	expect(await statuses()).toEqual([404, 200]);
	simulator.advance(30 * 60_000);
	expect(await statuses()).toEqual([404, 404]);
});

test('requests above the limit are answered 429, and make no job', async () => {
	simulator.options.rateLimits.run = { requests: 3, concurrent: 200 };
	const statuses: number[] = [];
	for (let i = 0; i < 5; i++) statuses.push((await make({}, 'p-video/run')).status);
	expect(statuses).toEqual([200, 200, 200, 429, 429]);
	expect(simulator.ledger.jobs).toHaveLength(3);
});

test('more than the allowed runsync at once are answered 429 with Retry-After', async () => {
	simulator.options.rateLimits.runsync = { requests: 2000, concurrent: 2 };
	simulator.hold('finish');
	const held = [make(), make()];
	await simulator.waitFor((ledger) => ledger.jobs.length === 2);
	const third = await make();
	expect(third.status).toBe(429);
	expect(third.headers.get('retry-after')).toMatch(/^\d+$/);
	simulator.release();
	expect((await Promise.all(held)).map(({ status }) => status)).toEqual([200, 200]);
});

describe('webhooks', () => {
	let receiver: Server;
	let received: string[];
	let answers: number[];
	beforeEach(async () => {
		received = [];
		answers = [];
		receiver = createServer((request, response) => {
			let text = '';
			request.on('data', (chunk) => (text += chunk));
			request.on('end', () => {
				received.push(text);
				response.writeHead(answers.shift() ?? 200).end();
			});
		});
		await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
	});
	afterEach(() => receiver.close());

	test.each([
		[[200], 1],
		[[500, 200], 2],
		[[409, 409, 409], 3],
	])('answered %j are sent %d times', async (replies, times) => {
		simulator.options.webhookRetryMs = 10;
		answers = [...replies];
		const webhook = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
		const { body } = await call('POST', 'p-video/run', { input: { prompt: 'x' }, webhook });
		const id = String(body.id);
		await simulator.waitFor((ledger) => ledger.find(id)?.webhookTries.length === times);
		expect(received).toHaveLength(times);
		expect(JSON.parse(received[0] ?? '')).toMatchObject({ id, status: 'COMPLETED' });
	});
});

describe('the video', () => {
	test('is an MP4 with its length, needs no key and takes ranges', async () => {
		const { output } = (await make()).body as { output: { video_url: string } };
		const whole = await fetch(output.video_url);
		expect(whole.headers.get('content-type')).toBe('video/mp4');
		const bytes = Buffer.from(await whole.arrayBuffer());
		expect(bytes.subarray(4, 8).toString()).toBe('ftyp');
		expect(Number(whole.headers.get('content-length'))).toBe(bytes.length);
		const part = await fetch(output.video_url, { headers: { range: 'bytes=0-9' } });
		expect([part.status, (await part.arrayBuffer()).byteLength]).toEqual([206, 10]);
	});

	test('can be padded to any size and stays a sequence of boxes', async () => {
		simulator.options.videoBytes = 200_000;
		const { output } = (await make()).body as { output: { video_url: string } };
		const bytes = Buffer.from(await (await fetch(output.video_url)).arrayBuffer());
		expect(bytes).toHaveLength(200_000);
		const types: string[] = [];
		for (let at = 0; at < bytes.length; at += bytes.readUInt32BE(at))
			types.push(bytes.subarray(at + 4, at + 8).toString());
		expect(types).toEqual(expect.arrayContaining(['ftyp', 'moov', 'mdat', 'free']));
	});

	test('is gone after seven days', async () => {
		const { output } = (await make()).body as { output: { video_url: string } };
		simulator.advance(7 * 24 * 3600 * 1000 + 1);
		expect((await fetch(output.video_url)).status).toBe(404);
	});
});

test('audio decides the length: a WAV of three seconds costs three', async () => {
	const rate = 8000;
	const data = Buffer.alloc(rate * 3);
	const header = Buffer.alloc(44);
	header.write('RIFF', 0);
	header.writeUInt32LE(36 + data.length, 4);
	header.write('WAVEfmt ', 8);
	header.writeUInt32LE(16, 16);
	header.writeUInt16LE(1, 20);
	header.writeUInt16LE(1, 22);
	header.writeUInt32LE(rate, 24);
	header.writeUInt32LE(rate, 28);
	header.writeUInt16LE(1, 32);
	header.writeUInt16LE(8, 34);
	header.write('data', 36);
	header.writeUInt32LE(data.length, 40);
	const audio = `data:audio/wav;base64,${Buffer.concat([header, data]).toString('base64')}`;
	const { body } = await make({ audio, duration: 10 });
	expect(body).toMatchObject({ status: 'COMPLETED', output: { cost: 0.06 } });
});

test('health counts, and the control pages tell and reset', async () => {
	await make();
	expect((await call('GET', 'p-video/health')).body).toMatchObject({ jobs: { completed: 1 } });
	const control = simulator.baseUrl.replace('/v2', '/_simulator');
	expect(await (await fetch(`${control}/ledger`)).json()).toMatchObject({ total: 0.1 });
	await fetch(`${control}/reset`, { method: 'POST' });
	expect(simulator.ledger.jobs).toHaveLength(0);
});
