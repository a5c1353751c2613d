/** Images and audio: from an address, a data URI or a file of the input item. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { IBinaryData, IDataObject, IExecuteFunctions, IWorkflowSettings } from 'n8n-workflow';
import { startSimulator, type Simulator } from '../tools/simulator';
import { credentialsOf } from './batch';
import {
	node,
	NODE_NAME,
	runNode,
	simpleDescription,
	storeBinary,
	useBinaryMode,
	type EngineOptions,
} from './engine';

let simulator: Simulator;
beforeAll(async () => {
	simulator = await startSimulator();
});
beforeEach(() => simulator.reset());
afterAll(async () => await simulator.close());

const fixture = (name: string) =>
	readFileSync(join(__dirname, '../tools/simulator/fixtures', name));
const PNG = Buffer.from(
	'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
	'base64',
);
const CONTENTS: Record<string, Buffer> = {
	'image/png': PNG,
	'image/jpeg': Buffer.from('\xff\xd8\xff\xe0 as far as anyone looks', 'latin1'),
	'image/webp': Buffer.from('RIFF\0\0\0\0WEBPVP8 ', 'latin1'),
	'audio/flac': fixture('three-seconds.flac'),
	'audio/mpeg': fixture('three-seconds.mp3'),
	'audio/wav': fixture('three-seconds.wav'),
};
const dataUri = (mimeType: string, content = CONTENTS[mimeType]!) =>
	`data:${mimeType};base64,${content.toString('base64')}`;

async function generate(fields: IDataObject, binary: Record<string, IBinaryData> = {}) {
	return await runNode({
		parameters: { resource: 'video', operation: 'generate', prompt: 'A cat', ...fields },
		items: [{ json: {}, binary }],
		credentials: credentialsOf(simulator),
	});
}

const sent = () => simulator.ledger.jobs.at(-1)?.input ?? {};

describe.each(['filesystem', 'default'] as const)('a file in mode %s', (mode) => {
	beforeAll(async () => await useBinaryMode(mode));
	afterAll(async () => await useBinaryMode('filesystem'));

	test.each<[string, string, string, string]>([
		['a png', 'image/png', 'a.png', 'image/png'],
		['a jpeg', 'image/jpeg', 'a.jpeg', 'image/jpeg'],
		['a jpg', 'image/jpg', 'a.jpg', 'image/jpeg'],
		['a webp', 'image/webp', 'a.webp', 'image/webp'],
		['a png by its ending', 'application/octet-stream', 'a.PNG', 'image/png'],
		['a jpg by its ending', 'application/octet-stream', 'a.jpg', 'image/jpeg'],
		['a flac', 'audio/x-flac', 'a.flac', 'audio/flac'],
		['an mp3', 'audio/mpeg', 'a.mp3', 'audio/mpeg'],
		['a wav', 'audio/x-wav', 'a.wav', 'audio/wav'],
		['an mp3 by its ending', 'application/octet-stream', 'a.mp3', 'audio/mpeg'],
		['a wav by its ending', 'binary/octet-stream', 'a.wav', 'audio/wav'],
		['a flac by its ending', 'application/octet-stream', 'a.flac', 'audio/flac'],
	])('%s is sent as a data URI, byte by byte', async (_, stored, fileName, mimeType) => {
		const kind = mimeType.startsWith('image') ? 'image' : 'audio';
		const file = await storeBinary(CONTENTS[mimeType]!, stored, fileName);
		const { error } = await generate({ [`${kind}Source`]: 'binary' }, { data: file });

		expect(error).toBeUndefined();
		expect(sent()[kind]).toBe(dataUri(mimeType));
		expect(sent()).not.toHaveProperty(kind === 'image' ? 'aspect_ratio' : 'duration');
		expect(simulator.ledger.jobs[0]?.ignoredFields).toEqual([]);
	});

	// Base64 takes three bytes at a time, whatever the pieces in which a file is read.
	test.each([200_000, 200_001, 200_002])('%d bytes are sent byte by byte', async (bytes) => {
		const content = Buffer.concat([PNG, randomBytes(bytes - PNG.length)]);
		const file = await storeBinary(content, 'image/png', 'a.png');
		const { error } = await generate({ imageSource: 'binary' }, { data: file });

		expect(error).toBeUndefined();
		expect(sent().image === dataUri('image/png', content)).toBe(true);
	});

	test('image and audio from fields of other names, shown by kind and size', async () => {
		const photo = await storeBinary(PNG, 'image/png', 'a.png');
		const voice = await storeBinary(CONTENTS['audio/wav']!, 'audio/wav', 'a.wav');
		const { items, error } = await generate(
			{
				imageSource: 'binary',
				imageBinaryField: 'photo',
				audioSource: 'binary',
				audioBinaryField: ' voice ',
				options: { includeInput: true },
			},
			{ photo, voice },
		);

		expect(error).toBeUndefined();
		expect(sent()).toMatchObject({ image: dataUri('image/png'), audio: dataUri('audio/wav') });
		expect(items[0]?.json.input).toEqual({
			...sent(),
			image: `data:image/png (${PNG.length} B)`,
			audio: expect.stringMatching(/^data:audio\/wav \(\d+\.\d kB\)$/),
		});
		// Three seconds of audio are three seconds of video.
		expect(items[0]?.json.cost).toBe(0.06);
	});

	test.each<[string, IDataObject, string, Buffer, string]>([
		[
			'a gif',
			{},
			'image/gif',
			PNG,
			"'Image Field': 'image/gif' is not supported; use jpg, png or webp",
		],
		[
			'a text',
			{},
			'text/plain',
			PNG,
			"'Image Field': 'text/plain' is not supported; use jpg, png or webp",
		],
		['an empty file', {}, 'image/png', Buffer.alloc(0), "'Image Field': the file is empty"],
		[
			'another field',
			{ imageBinaryField: 'photo' },
			'image/png',
			PNG,
			`'Image Field': no file in field "photo"`,
		],
		[
			'a field from an expression that gives nothing',
			{ imageBinaryField: '={{ $json.nothing }}' },
			'image/png',
			PNG,
			"'Image Field' must be the name of a binary field, but is empty",
		],
		[
			'audio as image',
			{},
			'audio/wav',
			CONTENTS['audio/wav']!,
			"'Image Field': 'audio/wav' is not supported; use jpg, png or webp",
		],
	])('%s is refused, and nothing is sent', async (_, fields, mimeType, content, message) => {
		const file = await storeBinary(content, mimeType, 'a.bin');
		const { error } = await generate({ imageSource: 'binary', ...fields }, { data: file });
		expect(error?.message).toBe(message);
		expect(error?.description).not.toBe('');
		expect(simulator.requests).toHaveLength(0);
	});

	test.each<[string, IDataObject, number, string]>([
		['20 MB', {}, 16, '21.3 MB, but Runpod accepts at most 20 MB'],
		[
			'10 MB with Async',
			{ executionMode: 'async' },
			8,
			'10.7 MB, but Runpod accepts at most 10 MB',
		],
	])('above %s is refused, and nothing is sent', async (_, options, megabytes, message) => {
		const file = await storeBinary(Buffer.alloc(megabytes * 1024 ** 2), 'image/png', 'a.png');
		const { error } = await generate({ imageSource: 'binary', options }, { data: file });
		expect(error?.message).toBe(`The request is ${message}`);
		expect(error?.description).toContain('Use a URL instead of a file');
		expect(simulator.requests).toHaveLength(0);
	});
});

/** A form with a photo, then a node that passes on no file, then Pruna Video. */
const promptBetween: EngineOptions['extra'] = {
	nodes: [node('Prompt', 'prompt')],
	types: {
		prompt: {
			description: simpleDescription('prompt'),
			async execute(this: IExecuteFunctions) {
				return [
					this.getInputData().map((_, item) => ({
						json: { prompt: `shot ${item}` },
						pairedItem: { item },
					})),
				];
			},
		},
	},
	connections: {
		Source: { main: [[{ node: 'Prompt', type: 'main', index: 0 }]] },
		Prompt: { main: [[{ node: NODE_NAME, type: 'main', index: 0 }]] },
	},
};

describe.each(['filesystem', 'default'] as const)('a file by expression in mode %s', (mode) => {
	beforeAll(async () => await useBinaryMode(mode));
	afterAll(async () => await useBinaryMode('filesystem'));

	test.each<[string, string, IWorkflowSettings, EngineOptions['extra']]>([
		['from two nodes back', "={{ $('Source').item.binary.data }}", {}, promptBetween],
		['a name', '={{ "data" }}', {}, undefined],
		...(mode === 'filesystem'
			? ([
					// In memory mode n8n leaves the bytes out of it.
					['of the item', '={{ $binary.data }}', {}, undefined],
					['a path among the data', '_files.data', { binaryMode: 'combined' }, undefined],
					['a name among the data', 'data', { binaryMode: 'combined' }, undefined],
					[
						'from two nodes back, among the data',
						"={{ $('Source').item._files.data }}",
						{ binaryMode: 'combined' },
						promptBetween,
					],
				] satisfies Array<[string, string, IWorkflowSettings, EngineOptions['extra']]>)
			: []),
	])('%s', async (_, imageBinaryField, workflowSettings, extra) => {
		const contents = [PNG, Buffer.concat([PNG, Buffer.from('another')])];
		const { error } = await runNode({
			parameters: {
				resource: 'video',
				operation: 'generate',
				prompt: '={{ "shot " + $itemIndex }}',
				imageSource: 'binary',
				imageBinaryField,
			},
			items: await Promise.all(
				contents.map(async (content) => ({
					json: {},
					binary: { data: await storeBinary(content, 'image/png', 'a.png') },
				})),
			),
			credentials: credentialsOf(simulator),
			workflowSettings,
			extra,
		});

		expect(error).toBeUndefined();
		const byPrompt = new Map(simulator.ledger.jobs.map(({ input }) => [input.prompt, input.image]));
		expect(byPrompt).toEqual(
			new Map(contents.map((content, index) => [`shot ${index}`, dataUri('image/png', content)])),
		);
	});

	test.each<[string, string, string]>([
		['image/png', 'application/octet-stream', 'photo'],
		['image/jpeg', 'application/octet-stream', 'a.bin'],
		['image/webp', 'bin', 'a'],
		['audio/mpeg', 'application/octet-stream', 'voice'],
		['audio/wav', 'binary/octet-stream', 'a.dat'],
		['audio/flac', 'application/octet-stream', 'a.bin'],
	])(
		'of type %s, stored as %s, is known by its first bytes',
		async (mimeType, stored, fileName) => {
			const kind = mimeType.startsWith('image') ? 'image' : 'audio';
			const file = await storeBinary(CONTENTS[mimeType]!, stored, fileName);
			const { error } = await generate({ [`${kind}Source`]: 'binary' }, { data: file });
			expect(error).toBeUndefined();
			expect(sent()[kind]).toBe(dataUri(mimeType));
		},
	);

	test('a file of no known type is refused, and nothing is sent', async () => {
		const file = await storeBinary(Buffer.from('a text'), 'application/octet-stream', 'a.bin');
		const { error } = await generate({ imageSource: 'binary' }, { data: file });
		expect(error?.message).toBe(
			"'Image Field': a file of unknown type is not supported; use jpg, png or webp",
		);
		expect(simulator.requests).toHaveLength(0);
	});
});

test('a wrong name: the error lists the fields that the item has', async () => {
	const photo = await storeBinary(PNG, 'image/png', 'a.png');
	const fields = { imageSource: 'binary', imageBinaryField: 'foto' };
	const { error } = await generate(fields, { photo, data: photo });
	expect(error?.message).toBe(`'Image Field': no file in field "foto"`);
	expect(error?.description).toBe("The input item's binary fields are: photo, data.");
});

test('exactly 20 MB are sent, one byte more is not', async () => {
	const limit = 20 * 1024 ** 2;
	const content = Buffer.concat([PNG, Buffer.alloc(14.9 * 1024 ** 2)]);
	const file = await storeBinary(content, 'image/png', 'a.png');
	const request = async (prompt: string) => {
		const additionalFields = { seed: 1 };
		return await generate({ prompt, imageSource: 'binary', additionalFields }, { data: file });
	};
	expect((await request('x')).error).toBeUndefined();
	const padding = limit - (simulator.requests[0]?.bytes ?? 0);

	expect((await request('x'.repeat(1 + padding))).error).toBeUndefined();
	expect(simulator.requests.map(({ bytes, status }) => [bytes, status])).toContainEqual([
		limit,
		200,
	]);
	simulator.reset();
	expect((await request('x'.repeat(2 + padding))).error?.message).toMatch(
		/^The request is 20\.0 MB/,
	);
	expect(simulator.requests).toHaveLength(0);
});

test('what Async refuses, Sync sends', async () => {
	const content = Buffer.concat([PNG, Buffer.alloc(8 * 1024 ** 2)]);
	const file = await storeBinary(content, 'image/png', 'a.png');
	expect((await generate({ imageSource: 'binary' }, { data: file })).error).toBeUndefined();
	expect(simulator.ledger.jobs).toHaveLength(1);
});

const ADDRESS = 'https://example.com/a';

test.each<[string, IDataObject, object]>([
	['image from an address', { imageSource: 'url', imageUrl: ` ${ADDRESS}\n` }, { image: ADDRESS }],
	[
		'image from a data URI',
		{ imageSource: 'url', imageUrl: dataUri('image/webp') },
		{ image: dataUri('image/webp') },
	],
	['audio from an address', { audioSource: 'url', audioUrl: ADDRESS }, { audio: ADDRESS }],
	[
		'audio from a data URI',
		{ audioSource: 'url', audioUrl: dataUri('audio/mpeg') },
		{ audio: dataUri('audio/mpeg') },
	],
	[
		'both',
		{ imageSource: 'url', imageUrl: ADDRESS, audioSource: 'url', audioUrl: ADDRESS },
		{ image: ADDRESS, audio: ADDRESS },
	],
])('%s', async (_, fields, expected) => {
	expect((await generate(fields)).error).toBeUndefined();
	expect(sent()).toMatchObject(expected);
	expect(simulator.ledger.jobs[0]).toMatchObject({ ignoredFields: [], status: 'COMPLETED' });
});

test.each<[string, IDataObject, string]>([
	['no address', { imageSource: 'url', imageUrl: 'photo.png' }, "'Image URL' must be a URL"],
	[
		'a data URI of a gif',
		{ imageSource: 'url', imageUrl: 'data:image/gif;base64,R0lGODlh' },
		"'Image URL': 'image/gif' is not supported",
	],
	[
		'an image as audio',
		{ audioSource: 'url', audioUrl: dataUri('image/png') },
		"'Audio URL': 'image/png' is not supported",
	],
	[
		'no base64',
		{ audioSource: 'url', audioUrl: 'data:audio/wav,x' },
		"'Audio URL' is not a base64",
	],
	['an unknown source', { imageSource: 'disk' }, "'Image Source' must be one of none, url, binary"],
])('%s is refused, and nothing is sent', async (_, fields, message) => {
	expect((await generate(fields)).error?.message).toContain(message);
	expect(simulator.requests).toHaveLength(0);
});

test('a file that the additional input replaces is not sent', async () => {
	const file = await storeBinary(PNG, 'image/png', 'a.png');
	const additionalFields = { additionalInput: { image: ADDRESS } };
	await generate({ imageSource: 'binary', additionalFields }, { data: file });
	expect(sent().image).toBe(ADDRESS);
});
