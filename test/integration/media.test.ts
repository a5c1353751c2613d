/** Images and audio: from an address, a data URI or a file of the input item. What files may be is in rows.test.ts. */
import { randomBytes } from 'node:crypto';
import type { IBinaryData, IDataObject, IExecuteFunctions, IWorkflowSettings } from 'n8n-workflow';
import { generate as generateAll, simulator, useSimulator, type Batch } from './batch';
import { node, NODE_NAME, simpleDescription, storeBinary, useBinaryMode } from './engine';
import { PNG, sound } from './files';

useSimulator();

const CONTENTS = {
	'image/png': PNG,
	'image/jpeg': Buffer.from('\xff\xd8\xff\xe0 as far as anyone looks', 'latin1'),
	'image/webp': Buffer.from('RIFF\0\0\0\0WEBPVP8 ', 'latin1'),
	'audio/flac': sound('.flac'),
	'audio/mpeg': sound('.mp3'),
	'audio/wav': sound('.wav'),
};
type Type = keyof typeof CONTENTS;
const dataUri = (mimeType: Type, content = CONTENTS[mimeType]) =>
	`data:${mimeType};base64,${content.toString('base64')}`;

async function generate(
	parameters: IDataObject,
	binary: Record<string, IBinaryData> = {},
	options: IDataObject = {},
) {
	return await generateAll(simulator, {
		parameters: { prompt: 'A cat', ...parameters },
		options,
		items: [{ json: {}, binary }],
	});
}

const sent = () => simulator.ledger.jobs.at(-1)?.input ?? {};

const COMBINED: IWorkflowSettings = { binaryMode: 'combined' };

/** A form with a photo, then a node that passes on no file, then Pruna Video. */
const promptBetween: Batch['extra'] = {
	nodes: [node('Prompt', 'prompt')],
	types: {
		prompt: {
			description: simpleDescription('prompt'),
			async execute(this: IExecuteFunctions) {
				const items = this.getInputData();
				return [items.map((_, item) => ({ json: {}, pairedItem: { item } }))];
			},
		},
	},
	connections: {
		Source: { main: [[{ node: 'Prompt', type: 'main', index: 0 }]] },
		Prompt: { main: [[{ node: NODE_NAME, type: 'main', index: 0 }]] },
	},
};

describe.each(['filesystem', 'default'] as const)('a file in mode %s', (mode) => {
	beforeAll(async () => await useBinaryMode(mode));
	afterAll(async () => await useBinaryMode('filesystem'));

	test.each<[Type, string, string]>([
		['image/png', 'application/octet-stream', 'photo'],
		['image/jpeg', 'image/jpg', 'a.jpg'],
		['image/webp', 'bin', 'a'],
		['audio/flac', 'audio/x-flac', 'a.flac'],
		['audio/mpeg', 'audio/mpeg', 'a.mp3'],
		['audio/wav', 'binary/octet-stream', 'a.dat'],
	])('%s, stored as %s, is sent as a data URI, byte by byte', async (type, stored, fileName) => {
		const kind = type.startsWith('image') ? 'image' : 'audio';
		const data = await storeBinary(CONTENTS[type], stored, fileName);
		const { error } = await generate({ [kind]: ' data ' }, { data });

		expect(error).toBeUndefined();
		expect(sent()[kind]).toBe(dataUri(type));
		expect(sent()).not.toHaveProperty(kind === 'image' ? 'aspect_ratio' : 'duration');
		expect(simulator.ledger.jobs[0]?.ignoredFields).toEqual([]);
	});

	// Base64 takes three bytes at a time, whatever the pieces in which a file is read.
	test.each([200_000, 200_001, 200_002])('%d bytes are sent byte by byte', async (bytes) => {
		const content = Buffer.concat([PNG, randomBytes(bytes - PNG.length)]);
		const data = await storeBinary(content, 'image/png', 'a.png');
		const { error } = await generate({ image: 'data' }, { data });

		expect(error).toBeUndefined();
		expect(sent().image === dataUri('image/png', content)).toBe(true);
	});

	test('image and audio from two fields: the video is as long as the audio', async () => {
		const photo = await storeBinary(PNG, 'image/png', 'a.png');
		const voice = await storeBinary(CONTENTS['audio/wav'], 'audio/wav', 'a.wav');
		const { items, error } = await generate({ image: 'photo', audio: 'voice' }, { photo, voice });

		expect(error).toBeUndefined();
		expect(sent()).toMatchObject({ image: dataUri('image/png'), audio: dataUri('audio/wav') });
		expect(items[0]?.json.cost).toBe(0.06);
	});

	test.each<[string, IDataObject, number, RegExp]>([
		['nothing', {}, 0, /^'Image': the file is empty$/],
		['16 MB', {}, 16, /^The request is 21\.3 MB, but Runpod accepts at most 20 MB$/],
		['8 MB with Async', { executionMode: 'async' }, 8, /10\.7 MB, .* at most 10 MB$/],
	])('%s is refused, and nothing is sent', async (_, options, megabytes, message) => {
		const data = await storeBinary(Buffer.alloc(megabytes * 1024 ** 2), 'image/png', 'a.png');
		const { error } = await generate({ image: 'data' }, { data }, options);
		expect(error?.message).toMatch(message);
		expect(error?.description).toMatch(megabytes > 0 ? 'Use a URL instead of a file' : 'Check');
		expect(simulator.requests).toHaveLength(0);
	});

	test.each<[string, string, IWorkflowSettings, Batch['extra']]>([
		['from two nodes back', "={{ $('Source').item.binary.data }}", {}, promptBetween],
		['a name', '={{ "data" }}', {}, undefined],
		...(mode === 'filesystem'
			? ([
					// In memory mode n8n leaves the bytes out of it.
					['of the item', '={{ $binary.data }}', {}, undefined],
					['a path among the data', '_files.data', COMBINED, undefined],
					['a name among the data', 'data', COMBINED, undefined],
					['back, in it', "={{ $('Source').item._files.data }}", COMBINED, promptBetween],
				] satisfies Array<[string, string, IWorkflowSettings, Batch['extra']]>)
			: []),
	])('by expression, %s: each item has its own', async (_, image, workflowSettings, extra) => {
		const contents = [PNG, Buffer.concat([PNG, Buffer.from('another')])];
		const files = contents.map(async (content) => await storeBinary(content, 'image/png', 'a.png'));
		const { error } = await generateAll(simulator, {
			parameters: { prompt: '={{ "shot " + $itemIndex }}', image },
			items: (await Promise.all(files)).map((data) => ({ json: {}, binary: { data } })),
			workflowSettings,
			extra,
		});

		expect(error).toBeUndefined();
		const byPrompt = new Map(simulator.ledger.jobs.map(({ input }) => [input.prompt, input.image]));
		expect(byPrompt).toEqual(
			new Map(contents.map((content, index) => [`shot ${index}`, dataUri('image/png', content)])),
		);
	});
});

test('where n8n leaves the bytes out of an expression, the name of the field is advised', async () => {
	await useBinaryMode('default');
	const data = await storeBinary(PNG, 'image/png', 'a.png');
	const { error } = await generate({ image: '={{ $binary.data }}' }, { data });
	await useBinaryMode('filesystem');
	expect(error?.message).toBe("'Image': the file has no content that can be read");
	expect(error?.description).toContain('Use the name of the field that holds the file');
});

test('what Async refuses, Sync sends: exactly 20 MB, and not one byte more', async () => {
	const limit = 20 * 1024 ** 2;
	const content = Buffer.concat([PNG, Buffer.alloc(14.9 * 1024 ** 2)]);
	const data = await storeBinary(content, 'image/png', 'a.png');
	const request = async (prompt: string) =>
		await generate({ prompt, image: 'data', additionalFields: { seed: 1 } }, { data });
	expect((await request('x')).error).toBeUndefined();
	const padding = limit - (simulator.requests[0]?.bytes ?? 0);

	expect((await request('x'.repeat(1 + padding))).error).toBeUndefined();
	const [, { bytes, status } = {}] = simulator.requests;
	expect([bytes, status]).toEqual([limit, 200]);
	simulator.reset();
	const { error } = await request('x'.repeat(2 + padding));
	expect(error?.message).toMatch(/^The request is 20\.0 MB/);
	expect(simulator.requests).toHaveLength(0);
});

const ADDRESS = 'https://example.com/a';
const WEBP = dataUri('image/webp');

test.each<[string, IDataObject, object]>([
	['a data URI', { image: WEBP }, { image: WEBP }],
	['audio as one', { audio: ` ${dataUri('audio/mpeg')}\n` }, { audio: dataUri('audio/mpeg') }],
	['one of the wrong type', { image: WEBP.replace('webp', 'jpg') }, { image: WEBP }],
	['one with parameters', { image: WEBP.replace(';', ';charset=utf-8;') }, { image: WEBP }],
	['both', { image: ADDRESS, audio: ADDRESS }, { image: ADDRESS, audio: ADDRESS }],
])('%s', async (_, parameters, expected) => {
	expect((await generate(parameters)).error).toBeUndefined();
	expect(sent()).toMatchObject(expected);
	expect(simulator.ledger.jobs[0]).toMatchObject({ ignoredFields: [], status: 'COMPLETED' });
});

test.each<[IDataObject, string]>([
	[{ image: 'data:image/gif;base64,R0lGODlh' }, "'Image': the file is GIF; use jpg, png or webp"],
	[{ audio: dataUri('image/png') }, "'Audio': the file is PNG; use flac, mp3 or wav"],
	[{ audio: 'data:audio/wav,x' }, "'Audio' is not a base64 data URI"],
	[{ image: WEBP.slice(0, -2) }, "'Image' is not a base64 data URI"],
])('%j is refused, and nothing is sent', async (parameters, message) => {
	const { error } = await generate(parameters);
	expect(error?.message).toBe(message);
	expect(error?.description).toMatch(/\S\.$/);
	expect(simulator.requests).toHaveLength(0);
});

test('a file that n8n has lost is named before anything is sent', async () => {
	const data = await storeBinary(PNG, 'image/png', 'a.png');
	const { error } = await generate({ image: 'data' }, { data: { ...data, id: `${data.id}0` } });
	expect(error?.message).toMatch(/^'Image': n8n could not read the file \(/);
	expect(simulator.requests).toHaveLength(0);
});

test('a file that the additional input replaces is not sent', async () => {
	const data = await storeBinary(PNG, 'image/png', 'a.png');
	const additionalFields = { additionalInput: { image: ADDRESS } };
	await generate({ image: 'data', additionalFields }, { data });
	expect(sent().image).toBe(ADDRESS);
});
