/** Images and audio: from an address, a data URI or a file of the input item. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { IBinaryData, IDataObject } from 'n8n-workflow';
import { startSimulator, type Simulator } from '../simulator';
import { credentialsOf } from './batch';
import { runNode, storeBinary, useBinaryMode } from './engine';

let simulator: Simulator;
beforeAll(async () => {
	simulator = await startSimulator();
});
beforeEach(() => simulator.reset());
afterAll(async () => await simulator.close());

const fixture = (name: string) => readFileSync(join(__dirname, '../simulator/fixtures', name));
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
		['a gif', {}, 'image/gif', PNG, "'Image Field': 'image/gif' is not supported"],
		['a text', {}, 'text/plain', PNG, "'Image Field': 'text/plain' is not supported"],
		['an empty file', {}, 'image/png', Buffer.alloc(0), "'Image Field': the file is empty"],
		[
			'another field',
			{ imageBinaryField: 'photo' },
			'image/png',
			PNG,
			`'Image Field': the item has no file in the field "photo"`,
		],
		[
			'a field from an expression that gives nothing',
			{ imageBinaryField: '={{ $json.nothing }}' },
			'image/png',
			PNG,
			"'Image Field': the item has no file in the field empty",
		],
		[
			'audio as image',
			{},
			'audio/wav',
			CONTENTS['audio/wav']!,
			"'Image Field': 'audio/wav' is not supported",
		],
	])('%s is refused, and nothing is sent', async (_, fields, mimeType, content, message) => {
		const file = await storeBinary(content, mimeType, 'a.bin');
		const { error } = await generate({ imageSource: 'binary', ...fields }, { data: file });
		expect(error?.message).toBe(message);
		expect(error?.description).not.toBe('');
		expect(simulator.requests).toHaveLength(0);
	});

	test.each<[string, IDataObject, number, string]>([
		['20 MB', {}, 16, '21.3 MB, but Runpod takes at most 20 MB'],
		['10 MB with Async', { executionMode: 'async' }, 8, '10.7 MB, but Runpod takes at most 10 MB'],
	])('above %s is refused, and nothing is sent', async (_, options, megabytes, message) => {
		const file = await storeBinary(Buffer.alloc(megabytes * 1024 ** 2), 'image/png', 'a.png');
		const { error } = await generate({ imageSource: 'binary', options }, { data: file });
		expect(error?.message).toBe(`The request is ${message}`);
		expect(error?.description).toContain('as a URL');
		expect(simulator.requests).toHaveLength(0);
	});
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
	['no address', { imageSource: 'url', imageUrl: 'photo.png' }, "'Image URL' must be an address"],
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
