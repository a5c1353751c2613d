/** The video as a file: streamed, whole, named, and never fetched with the key. */
import { createHash } from 'node:crypto';
import type { IDataObject } from 'n8n-workflow';
import { startSimulator, type Fault, type Simulator } from '../tools/simulator';
import { CONTINUE, generate } from './batch';
import { readBinary, useBinaryMode } from './engine';
import { hurry } from './hurry';

let simulator: Simulator;
beforeAll(async () => {
	simulator = await startSimulator();
});
beforeEach(() => {
	simulator.reset();
	simulator.options.videoBytes = 0;
	simulator.options.videoLifetimeMs = 7 * 24 * 60 * 60 * 1000;
	simulator.options.expiredVideoStatus = 404;
});
afterAll(async () => await simulator.close());
hurry(50);

type BrokenVideo = Fault & { times?: number };

async function download(
	faults: BrokenVideo[] = [],
	{ options, settings, ...fields }: IDataObject = {},
) {
	for (const fault of faults) simulator.faults.add({ ...fault, operation: 'video' });
	return await generate(simulator, {
		parameters: { download: true, ...fields },
		options: options as IDataObject,
		settings: settings as never,
	});
}

const downloads = () => simulator.requests.filter(({ operation }) => operation === 'video');
const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** The file as the simulator serves it, of the first job. */
async function served(): Promise<Buffer> {
	const [job] = simulator.ledger.jobs;
	const response = await fetch(simulator.videoUrl(job?.id ?? ''));
	return Buffer.from(await response.arrayBuffer());
}

describe.each(['filesystem', 'default'] as const)('binary data in mode %s', (mode) => {
	beforeAll(async () => await useBinaryMode(mode));
	afterAll(async () => await useBinaryMode('filesystem'));

	test('all of it, named after the job, playable in n8n', async () => {
		const { items } = await download();
		const id = simulator.ledger.jobs[0]?.id;

		expect(Object.keys(items[0]?.binary ?? {})).toEqual(['data']);
		expect(items[0]?.binary?.data).toMatchObject({
			mimeType: 'video/mp4',
			fileType: 'video',
			fileExtension: 'mp4',
			fileName: `pruna-video-${id}.mp4`,
		});
		expect(items[0]?.binary?.data?.id === undefined).toBe(mode === 'default');
		expect(digest(await readBinary(items[0]!))).toBe(digest(await served()));
	});

	test('8 MB', async () => {
		simulator.options.videoBytes = 8 * 1024 * 1024;
		const { items } = await download();
		const bytes = await readBinary(items[0]!);
		expect(bytes).toHaveLength(8 * 1024 * 1024);
		expect(digest(bytes)).toBe(digest(await served()));
	});

	test.each<[string, BrokenVideo[], number]>([
		['reset', [{ kind: 'reset' }], 2],
		['reset in the middle', [{ kind: 'truncate', bytes: 1000 }], 2],
		['truncated to nothing', [{ kind: 'truncate', bytes: 0 }], 2],
		['empty', [{ kind: 'body', body: '', contentType: 'video/mp4' }], 2],
		['HTTP 500', [{ kind: 'status', status: 500 }], 2],
		['HTTP 429', [{ kind: 'status', status: 429, headers: { 'retry-after': '1' } }], 2],
		[
			'three different faults',
			[{ kind: 'reset' }, { kind: 'status', status: 503 }, { kind: 'truncate', bytes: 9 }],
			4,
		],
		['slow', [{ kind: 'trickle', bytes: 2000, intervalMs: 5 }], 1],
	])('%s, then fine: all of it', async (_, faults, tries) => {
		const { items, error } = await download(faults);
		expect(error).toBeUndefined();
		expect(downloads()).toHaveLength(tries);
		expect(digest(await readBinary(items[0]!))).toBe(digest(await served()));
		expect(simulator.ledger.jobs).toHaveLength(1);
	});

	test.each<[string, BrokenVideo, string, number]>([
		[
			'HTTP 403',
			{ kind: 'status', status: 403 },
			'not found (HTTP 403); videos expire after 7 days',
			1,
		],
		[
			'HTTP 404',
			{ kind: 'status', status: 404 },
			'not found (HTTP 404); videos expire after 7 days',
			1,
		],
		[
			'HTTP 410',
			{ kind: 'status', status: 410 },
			'not found (HTTP 410); videos expire after 7 days',
			1,
		],
		['HTTP 401', { kind: 'status', status: 401 }, 'the server answered HTTP 401', 1],
		[
			'HTML',
			{ kind: 'body', body: '<p>Login</p>', contentType: 'text/html' },
			"the server sent 'text/html' instead of a video",
			1,
		],
		[
			'JSON',
			{ kind: 'body', body: '{}' },
			"the server sent 'application/json' instead of a video",
			1,
		],
		[
			'markup as a type',
			{ kind: 'body', body: 'x', contentType: 'text/<b>' },
			"the server sent 'text/' instead of a video",
			1,
		],
		[
			'always HTTP 500',
			{ kind: 'status', status: 500, times: 9 },
			'the server answered HTTP 500',
			4,
		],
		['always reset', { kind: 'reset', times: 9 }, 'the connection was lost', 4],
		['always truncated', { kind: 'truncate', bytes: 1000, times: 9 }, 'the connection was lost', 4],
		[
			'always empty',
			{ kind: 'body', body: '', contentType: 'video/mp4', times: 9 },
			'it was empty',
			4,
		],
	])('%s: the video is not lost', async (_, fault, problem, tries) => {
		const { items } = await download([fault], { settings: CONTINUE as IDataObject });
		const [job] = simulator.ledger.jobs;

		expect(items[0]?.json).toEqual({
			error: `The video could not be downloaded: ${problem}`,
			hint: expect.stringContaining('The video was generated and billed.'),
			id: job?.id,
			status: 'COMPLETED',
			video_url: simulator.videoUrl(job?.id ?? ''),
			cost: 0.1,
			...(fault.kind === 'status' && { httpCode: fault.status }),
			...(fault.kind === 'body' && fault.body !== '' && { httpCode: 200 }),
		});
		expect(items[0]).not.toHaveProperty('binary');
		expect(downloads()).toHaveLength(tries);
	});
});

test('one that hangs ends at the time limit', async () => {
	const { error } = await download([{ kind: 'hang', times: 9 }], { options: { timeout: 10 } });
	expect(error?.message).toBe('The video could not be downloaded: it took too long');
	expect(error?.context?.video_url).toContain(simulator.ledger.jobs[0]?.id);
});

test('an expired video', async () => {
	simulator.options.videoLifetimeMs = 0;
	simulator.options.expiredVideoStatus = 410;
	const { error } = await download();
	expect(error?.message).toContain('not found (HTTP 410)');
});

test.each<[string, BrokenVideo, string | undefined]>([
	['no type', { kind: 'body', body: 'x', contentType: '' }, 'video/mp4'],
	[
		'octet-stream',
		{ kind: 'body', body: 'x', contentType: 'application/octet-stream' },
		'video/mp4',
	],
	[
		'binary/octet-stream',
		{ kind: 'body', body: 'x', contentType: 'binary/octet-stream' },
		'video/mp4',
	],
	[
		'a video of another type',
		{ kind: 'body', body: 'x', contentType: 'Video/WebM; codecs=vp9' },
		'video/webm',
	],
])('a file of %s', async (_, fault, mimeType) => {
	const { items, error } = await download([fault]);
	expect(error).toBeUndefined();
	expect(items[0]?.binary?.data?.mimeType).toBe(mimeType);
});

test.each([301, 302, 307, 308])('a redirect (HTTP %i) is followed', async (status) => {
	const elsewhere = await startSimulator();
	try {
		await generate(elsewhere);
		const [other] = elsewhere.ledger.jobs;
		const location = elsewhere.videoUrl(other?.id ?? '');
		const { items, error } = await download([{ kind: 'redirect', status, location }]);

		expect(error).toBeUndefined();
		expect(digest(await readBinary(items[0]!))).toBe(digest(await served()));
		const followed = elsewhere.requests.filter(({ operation }) => operation === 'video');
		expect(followed).toHaveLength(1);
		expect(followed[0]?.headers).not.toHaveProperty('authorization');
	} finally {
		await elsewhere.close();
	}
});

test('the key is never sent with it', async () => {
	await download([{ kind: 'reset' }]);
	expect(downloads()).toHaveLength(2);
	for (const { headers } of downloads()) {
		expect(headers).not.toHaveProperty('authorization');
		expect(JSON.stringify(headers)).not.toContain(simulator.apiKey);
	}
});

test.each<[string, unknown, (id: string) => string]>([
	['none', undefined, (id) => `pruna-video-${id}.mp4`],
	['empty', ' ', (id) => `pruna-video-${id}.mp4`],
	['with an ending', 'fox.mp4', () => 'fox.mp4'],
	['without one', 'fox', () => 'fox.mp4'],
	['with a dot in it', 'take 1.final cut', () => 'take 1.final cut.mp4'],
	['another ending', ' fox.mov ', () => 'fox.mov.mp4'],
	['a version', 'Ad v1.25', () => 'Ad v1.25.mp4'],
	['a slash', 'AC/DC live', () => 'AC-DC live.mp4'],
	['a number', 7, () => '7.mp4'],
	['an expression', '={{ $json.prompt }}', () => 'a cat.mp4'],
])('File Name: %s', async (_, fileName, expected) => {
	const { items } = await download([], {
		options: { ...(fileName !== undefined && { fileName }) } as IDataObject,
	});
	const id = simulator.ledger.jobs[0]?.id ?? '';
	expect(items[0]?.binary?.data?.fileName).toBe(expected(id));
});

test.each([
	['film', 'film'],
	[' film ', 'film'],
	['={{ "" }}', 'data'],
])('the file is put into the field %j', async (binaryPropertyName, field) => {
	const { items } = await download([], { binaryPropertyName });
	expect(Object.keys(items[0]?.binary ?? {})).toEqual([field]);
});

test.each([
	['={{ $json.nothing }}', 'empty'],
	['={{ $json }}', 'an object'],
])('a field named %j is refused before a request', async (binaryPropertyName, is) => {
	const { error } = await download([], { binaryPropertyName });
	expect(error?.message).toBe(
		`'Put Output File in Field' must be the name of a field, but is ${is}`,
	);
	expect(simulator.requests).toHaveLength(0);
});

test('Simplify off: the file comes with the response as it is', async () => {
	const { items } = await download([], { simplify: false });
	expect(items[0]?.json).toMatchObject({ output: simulator.ledger.jobs[0]?.output });
	expect(await readBinary(items[0]!)).toEqual(await served());
});
