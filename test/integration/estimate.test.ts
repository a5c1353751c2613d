/** Video > Estimate Cost: the price before spending. */
import { NodeOperationError, type IDataObject } from 'n8n-workflow';
import { formatDollars } from '../../nodes/PrunaVideo/money';
import { CONTINUE, generate, simulator, useSimulator, type Batch } from './batch';
import { storeBinary, useBinaryMode } from './engine';
import { sound } from './files';

useSimulator();

async function estimate(parameters: IDataObject, more: Batch = {}) {
	const items = [{ json: {} }];
	return await generate(simulator, {
		parameters: { operation: 'estimateCost', ...parameters },
		items,
		credentials: {},
		...more,
	});
}

const price = (estimatedCost: number, pricePerSecond: number, seconds: number) => ({
	estimatedCost,
	pricePerSecond,
	seconds,
	currency: 'USD',
});
const unknown = (note: string, pricePerSecond: number | null, seconds: number | null = null) => ({
	estimatedCost: null,
	pricePerSecond,
	seconds,
	currency: 'USD',
	note,
});
const AUDIO = unknown(
	'The length of the audio is not known: only that of a WAV, FLAC or MP3 file can be read',
	0.02,
);
const added = (additionalInput: unknown) =>
	({ additionalFields: { additionalInput } }) as IDataObject;
const URL = 'https://example.com/a.mp3';

test.each<[string, IDataObject, IDataObject & { estimatedCost: number | null }]>([
	['nothing touched', {}, price(0.1, 0.02, 5)],
	['duration from an expression', { duration: '={{ "7" }}' }, price(0.14, 0.02, 7)],
	['all', { duration: 3, resolution: '1080p', draft: true }, price(0.03, 0.01, 3)],
	['audio from a URL', { audio: URL }, AUDIO],
	['no usable audio there', added({ audio: ' ' }), price(0.1, 0.02, 5)],
	['additional input wins', added('{"duration": 2}'), price(0.04, 0.02, 2)],
	['null takes audio out', { audio: URL, ...added({ audio: null }) }, price(0.1, 0.02, 5)],
	['empty cells', { duration: '', resolution: '', draft: '', audio: '' }, price(0.1, 0.02, 5)],
])('%s', async (_, fields, expected) => {
	const { items, hints, error } = await estimate(fields);
	expect(error).toBeUndefined();
	expect(items).toEqual([{ json: expected, pairedItem: { item: 0 } }]);
	const { estimatedCost } = expected;
	const sum = estimatedCost === null ? '$0.00 and 1 unknown cost' : formatDollars(estimatedCost);
	expect(hints).toEqual([
		{ message: `1 video estimated at ${sum}; nothing was submitted`, location: 'outputPane' },
	]);
	expect(simulator.requests).toHaveLength(0);
});

describe.each(['filesystem', 'default'] as const)('audio from a file in mode %s', (mode) => {
	beforeAll(async () => await useBinaryMode(mode));
	afterAll(async () => await useBinaryMode('filesystem'));

	const WAV = sound('.wav');

	test.each<[string, Buffer, IDataObject, object]>([
		['WAV', WAV, {}, price(0.06, 0.02, 3)],
		['FLAC', sound('.flac'), {}, price(0.06, 0.02, 3)],
		['MP3', sound('.mp3'), {}, price(0.06192, 0.02, 3.1)],
		['no audio', Buffer.alloc(1000), {}, AUDIO],
		['other audio in the additional input', WAV, added({ audio: URL }), AUDIO],
		['none there', WAV, added({ audio: null }), price(0.1, 0.02, 5)],
	])('%s', async (_, content, fields, expected) => {
		const voice = await storeBinary(content, 'audio/mpeg', 'voice');
		const items = [{ json: {}, binary: { voice } }];
		const result = await estimate({ audio: 'voice', ...fields }, { items });
		expect(result.error).toBeUndefined();
		expect(result.items[0]?.json).toEqual(expected);
	});
});

test('prices every item, in order, and passes on its fields and files, for Generate to come', async () => {
	const photo = await storeBinary(Buffer.from('a photo'), 'image/png', 'a.png');
	const shots = [1, 10, '5'].map((shot) => ({ json: { shot }, binary: { photo } }));
	const { items, hints } = await estimate({ duration: '={{ $json.shot }}' }, { items: shots });
	expect(items).toEqual([
		{ json: { shot: 1, ...price(0.02, 0.02, 1) }, binary: { photo }, pairedItem: { item: 0 } },
		{ json: { shot: 10, ...price(0.2, 0.02, 10) }, binary: { photo }, pairedItem: { item: 1 } },
		{ json: { shot: '5', ...price(0.1, 0.02, 5) }, binary: { photo }, pairedItem: { item: 2 } },
	]);
	expect(hints[0]?.message).toBe('3 videos estimated at $0.32; nothing was submitted');
});

test('an error of an earlier node is not passed on: n8n would put it in place of the item', async () => {
	const error = new NodeOperationError({ name: 'Earlier' } as never, 'earlier');
	const { items } = await estimate({}, { items: [{ json: { shot: 1 }, error }] });
	const json = { error: 'earlier', ...price(0.1, 0.02, 5) };
	expect(items).toEqual([{ json, pairedItem: { item: 0 } }]);
});

test('what cannot be priced is refused by the field, as in Generate', async () => {
	const { items } = await estimate({ duration: 0, audio: 'voice' }, { settings: CONTINUE });
	const error =
		"'Duration (Seconds)' must be a whole number from 1 to 10, but is 0; 'Audio': no file in field \"voice\"";
	const json = { error, hint: expect.stringMatching(/\.$/) };
	expect(items).toEqual([{ json, pairedItem: { item: 0 } }]);
});

test.each<IDataObject>([
	{},
	{ duration: 9 },
	{ draft: true, resolution: '1080p' },
	added('{"duration": 4, "draft": true}'),
])('what is estimated for %j is what Runpod bills', async (parameters) => {
	const [estimated] = (await estimate(parameters)).items;
	const [made] = (await generate(simulator, { parameters })).items;
	expect(estimated?.json.estimatedCost).toBe(simulator.ledger.total);
	expect(made?.json.cost).toBe(simulator.ledger.total);
});
