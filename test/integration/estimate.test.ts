/** Video > Estimate Cost: the price before spending. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NodeOperationError, type IDataObject } from 'n8n-workflow';
import { formatDollars } from '../../nodes/PrunaVideo/money';
import { startSimulator, type Simulator } from '../tools/simulator';
import { id3v1, id3v2, mp3 } from '../unit/pvideo/audio/mp3';
import { CONTINUE, generate } from './batch';
import { runNode, storeBinary, useBinaryMode, type EngineOptions } from './engine';

let simulator: Simulator;
beforeAll(async () => {
	simulator = await startSimulator();
});
beforeEach(() => simulator.reset());
afterAll(async () => await simulator.close());

async function estimate(fields: IDataObject, more: Partial<EngineOptions> = {}) {
	return await runNode({
		parameters: { resource: 'video', operation: 'estimateCost', ...fields },
		credentials: { apiKey: simulator.apiKey, baseUrl: simulator.baseUrl },
		...more,
	});
}

const price = (estimatedCost: number, pricePerSecond: number, seconds: number) => ({
	estimatedCost,
	pricePerSecond,
	seconds,
	currency: 'USD',
});
const additional = (additionalInput: unknown): IDataObject =>
	({ additionalFields: { additionalInput } }) as IDataObject;
const AUDIO_NOTE =
	'The length of the audio is unknown, so the cost is only known once the video is finished';
const withAudio = (pricePerSecond: number) => ({
	estimatedCost: null,
	pricePerSecond,
	seconds: null,
	currency: 'USD',
	note: AUDIO_NOTE,
});

test.each<[string, IDataObject, IDataObject & { estimatedCost: number | null }]>([
	['none touched', {}, price(0.1, 0.02, 5)],
	['duration', { duration: 10 }, price(0.2, 0.02, 10)],
	['duration from an expression', { duration: '={{ "7" }}' }, price(0.14, 0.02, 7)],
	['resolution', { resolution: '1080p' }, price(0.2, 0.04, 5)],
	['draft', { draft: true }, price(0.025, 0.005, 5)],
	['all', { duration: 3, resolution: '1080p', draft: true }, price(0.03, 0.01, 3)],
	['audio from a URL', { audioSource: 'url' }, withAudio(0.02)],
	['additional input wins', additional('{"duration": 2}'), price(0.04, 0.02, 2)],
	['audio in it', additional({ audio: 'https://example.com/a.mp3' }), withAudio(0.02)],
	['no usable audio in it', additional({ audio: ' ' }), price(0.1, 0.02, 5)],
	[
		'null takes audio out',
		{ audioSource: 'url', ...additional({ audio: null }) },
		price(0.1, 0.02, 5),
	],
	['null takes a priced field out', additional({ draft: null }), price(0.1, 0.02, 5)],
	[
		'empty cells',
		{ duration: '', resolution: '', draft: '', audioSource: '' },
		price(0.1, 0.02, 5),
	],
	['as people write it', { duration: '5 s', resolution: '1080' }, price(0.2, 0.04, 5)],
	[
		'a resolution without a price',
		additional('{"resolution": "4k"}'),
		{
			estimatedCost: null,
			pricePerSecond: null,
			seconds: 5,
			currency: 'USD',
			note: 'No price is known for the resolution "4k"',
		},
	],
])('%s', async (_, fields, expected) => {
	const { items, hints, error } = await estimate(fields);
	expect(error).toBeUndefined();
	expect(items).toEqual([{ json: expected, pairedItem: { item: 0 } }]);
	const sum =
		expected.estimatedCost === null
			? '$0.00 and 1 unknown cost'
			: formatDollars(expected.estimatedCost);
	expect(hints).toEqual([
		{ message: `1 video estimated at ${sum}; nothing was submitted`, location: 'outputPane' },
	]);
});

describe.each(['filesystem', 'default'] as const)('audio from a file in mode %s', (mode) => {
	beforeAll(async () => await useBinaryMode(mode));
	afterAll(async () => await useBinaryMode('filesystem'));

	const fixture = (name: string) =>
		readFileSync(join(__dirname, '../tools/simulator/fixtures', name));
	const withCover = (bytes: number) =>
		Buffer.concat([id3v2(bytes), fixture('three-seconds-cbr.mp3'), id3v1()]);

	test.each<[string, Buffer, string, IDataObject, object]>([
		['WAV', fixture('three-seconds.wav'), 'audio/wav', {}, price(0.06, 0.02, 3)],
		['FLAC', fixture('three-seconds.flac'), 'audio/flac', {}, price(0.06, 0.02, 3)],
		['MP3', fixture('three-seconds.mp3'), 'audio/mpeg', {}, price(0.06192, 0.02, 3.1)],
		[
			'1080p',
			fixture('three-seconds.wav'),
			'audio/wav',
			{ resolution: '1080p' },
			price(0.12, 0.04, 3),
		],
		['draft', fixture('three-seconds.wav'), 'audio/wav', { draft: true }, price(0.015, 0.005, 3)],
		['MP3 with a cover of 1 MB', withCover(1_000_000), 'audio/mpeg', {}, price(0.06192, 0.02, 3.1)],
		[
			'long MP3',
			mp3({ frames: 20_000, samplesPerSecond: 48000 }),
			'audio/mpeg',
			{},
			price(9.6, 0.02, 480),
		],
		['no audio', Buffer.alloc(1000), 'audio/mpeg', {}, withAudio(0.02)],
		[
			'audio in the additional input',
			fixture('three-seconds.wav'),
			'audio/wav',
			additional({ audio: 'https://example.com/a.mp3' }),
			withAudio(0.02),
		],
		[
			'none in it',
			fixture('three-seconds.wav'),
			'audio/wav',
			additional({ audio: null }),
			price(0.1, 0.02, 5),
		],
	])('%s', async (_, content, mimeType, fields, expected) => {
		const voice = await storeBinary(content, mimeType, 'voice');
		const { items, error } = await estimate(
			{ audioSource: 'binary', audioBinaryField: 'voice', ...fields },
			{ items: [{ json: {}, binary: { voice } }] },
		);
		expect(error).toBeUndefined();
		expect(items[0]?.json).toEqual(expected);
	});

	test('a file that is not there is refused, as when it is sent', async () => {
		const { error } = await estimate({ audioSource: 'binary' });
		expect(error?.message).toBe(`'Audio Field': no file in field "data"`);
	});
});

test('sends nothing, and needs no credential', async () => {
	const { items } = await estimate({}, { credentials: {} });
	expect(items[0]?.json).toEqual(price(0.1, 0.02, 5));
	expect(simulator.requests).toHaveLength(0);
});

test('prices every item, in order', async () => {
	const { items, hints } = await estimate(
		{ duration: '={{ $json.shot }}' },
		{ items: [{ json: { shot: 1 } }, { json: { shot: 10 } }, { json: { shot: '5' } }] },
	);
	expect(items).toEqual([
		{ json: { shot: 1, ...price(0.02, 0.02, 1) }, pairedItem: { item: 0 } },
		{ json: { shot: 10, ...price(0.2, 0.02, 10) }, pairedItem: { item: 1 } },
		{ json: { shot: '5', ...price(0.1, 0.02, 5) }, pairedItem: { item: 2 } },
	]);
	expect(hints[0]?.message).toBe('3 videos estimated at $0.32; nothing was submitted');
});

test('passes the item on with its fields and files, for Generate to come', async () => {
	const photo = await storeBinary(Buffer.from('a photo'), 'image/png', 'a.png');
	const { items } = await estimate({}, { items: [{ json: { shot: 1 }, binary: { photo } }] });
	expect(items).toEqual([
		{
			json: { shot: 1, ...price(0.1, 0.02, 5) },
			binary: { photo },
			pairedItem: { item: 0 },
		},
	]);
});

test('an error of an earlier node is not passed on: n8n would put it in place of the item', async () => {
	const error = new NodeOperationError({ name: 'Earlier' } as never, 'earlier');
	const { items } = await estimate({}, { items: [{ json: { shot: 1 }, error }] });
	const json = { error: 'earlier', ...price(0.1, 0.02, 5) };
	expect(items).toEqual([{ json, pairedItem: { item: 0 } }]);
});

test.each<[IDataObject, string]>([
	[{ duration: 0 }, "'Duration (Seconds)' must be a whole number from 1 to 10, but is 0"],
	[{ resolution: '4k' }, `'Resolution' must be one of 720p, 1080p, but is "4k"`],
	[{ draft: 'no' }, `'Draft Mode' must be true or false, but is "no"`],
	[{ audioSource: 'cd' }, `'Audio Source' must be one of none, url, binary, but is "cd"`],
	[additional('[]'), `'Additional Input (JSON)' must be a JSON object, but is "[]"`],
])('%j is refused', async (fields, message) => {
	expect((await estimate(fields)).error?.message).toBe(message);
	const { items } = await estimate(fields, { settings: CONTINUE });
	expect(items).toEqual([
		{ json: { error: message, hint: expect.stringMatching(/\.$/) }, pairedItem: { item: 0 } },
	]);
});

test.each<IDataObject>([
	{},
	{ duration: 9 },
	{ resolution: '1080p', duration: 2 },
	{ draft: true, duration: 7 },
	{ draft: true, resolution: '1080p' },
	additional('{"duration": 4, "draft": true}'),
])('what is estimated for %j is what Runpod bills', async (fields) => {
	const [estimated] = (await estimate(fields)).items;
	const [made] = (await generate(simulator, { parameters: fields })).items;
	expect(estimated?.json.estimatedCost).toBe(simulator.ledger.total);
	expect(made?.json.cost).toBe(simulator.ledger.total);
});
