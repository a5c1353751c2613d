/** Video > Estimate Cost: the price before spending. */
import type { IDataObject } from 'n8n-workflow';
import { startSimulator, type Simulator } from '../simulator';
import { CONTINUE, generate } from './batch';
import { runNode, type EngineOptions } from './engine';

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
	'With audio the video is as long as the audio, so the cost is known only afterwards';
const withAudio = (pricePerSecond: number) => ({
	estimatedCost: null,
	pricePerSecond,
	seconds: null,
	currency: 'USD',
	note: AUDIO_NOTE,
});

test.each<[string, IDataObject, object]>([
	['none touched', {}, price(0.1, 0.02, 5)],
	['duration', { duration: 10 }, price(0.2, 0.02, 10)],
	['duration from an expression', { duration: '={{ "7" }}' }, price(0.14, 0.02, 7)],
	['resolution', { resolution: '1080p' }, price(0.2, 0.04, 5)],
	['draft', { draft: true }, price(0.025, 0.005, 5)],
	['all', { duration: 3, resolution: '1080p', draft: true }, price(0.03, 0.01, 3)],
	['audio from a URL', { audioSource: 'url' }, withAudio(0.02)],
	['audio from a file', { audioSource: 'binary', resolution: '1080p' }, withAudio(0.04)],
	['additional input wins', additional('{"duration": 2}'), price(0.04, 0.02, 2)],
	['audio in it', additional({ audio: 'https://example.com/a.mp3' }), withAudio(0.02)],
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
	expect(hints).toEqual([]);
});

test('sends nothing, and needs no credential', async () => {
	const { items } = await estimate({}, { credentials: {} });
	expect(items[0]?.json).toEqual(price(0.1, 0.02, 5));
	expect(simulator.requests).toHaveLength(0);
});

test('prices every item, in order', async () => {
	const { items } = await estimate(
		{ duration: '={{ $json.seconds }}' },
		{ items: [{ json: { seconds: 1 } }, { json: { seconds: 10 } }, { json: { seconds: '5' } }] },
	);
	expect(items).toEqual([
		{ json: price(0.02, 0.02, 1), pairedItem: { item: 0 } },
		{ json: price(0.2, 0.02, 10), pairedItem: { item: 1 } },
		{ json: price(0.1, 0.02, 5), pairedItem: { item: 2 } },
	]);
});

test.each<[IDataObject, string]>([
	[{ duration: 0 }, "'Duration (Seconds)' must be a whole number from 1 to 10, but is 0"],
	[{ resolution: '4k' }, `'Resolution' must be one of 720p, 1080p, but is "4k"`],
	[{ draft: 'no' }, `'Draft Mode' must be true or false, but is "no"`],
	[{ audioSource: 'cd' }, `'Audio Source' must be one of none, url, binary, but is "cd"`],
	[additional('[]'), `'Additional Input' must be a JSON object, but is "[]"`],
])('%j is refused', async (fields, message) => {
	expect((await estimate(fields)).error?.message).toBe(message);
	const { items } = await estimate(fields, { settings: CONTINUE });
	expect(items).toEqual([{ json: { error: message }, pairedItem: { item: 0 } }]);
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
