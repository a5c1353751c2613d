/** Images and audio: what is taken as an address or a data URI, and how long audio makes the video. */
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { useSimulator } from './client';

const client = useSimulator({ executionTimeMs: 0 });

const fixture = (name: string) => readFileSync(join(__dirname, 'fixtures', name));
const uri = (type: string, bytes: Buffer) => `data:${type};base64,${bytes.toString('base64')}`;
const latin1 = (text: string) => Buffer.from(text, 'latin1');
const JPEG = latin1('\xff\xd8\xff\xe0 and more');
const PNG = latin1('\x89PNG\r\n\x1a\n and more');
const WEBP = latin1('RIFF\0\0\0\0WEBPVP8 ');
const GIF = latin1('GIF89a and more');
const [MP3, FLAC, WAV] = ['mp3', 'flac', 'wav'].map((type) => fixture(`three-seconds.${type}`)) as [
	Buffer,
	Buffer,
	Buffer,
];

async function refusal(input: object): Promise<unknown> {
	const { status, body } = await client.runsync(input);
	expect([200, 400]).toContain(status);
	return status === 200 ? null : body.error;
}

describe.each([
	['image', 'image/jpeg', JPEG],
	['image', 'image/jpg', JPEG],
	['image', 'IMAGE/PNG', PNG],
	['image', 'image/webp', WEBP],
	['audio', 'audio/flac', FLAC],
	['audio', 'audio/x-flac', FLAC],
	['audio', 'audio/mpeg', MP3],
	['audio', 'audio/mp3', MP3],
	['audio', 'audio/wav', WAV],
	['audio', 'audio/wave', WAV],
	['audio', 'audio/x-wav', WAV],
	['audio', 'audio/vnd.wave', WAV],
])('%s as data URI of %s', (field, type, bytes) => {
	const base64 = bytes.toString('base64');
	test.each<[string, string, string | null]>([
		['plain', `data:${type};base64,${base64}`, null],
		['with a parameter', `data:${type};name=a;base64,${base64}`, null],
		['in capitals', `DATA:${type};BASE64,${base64}`, null],
		['not base64', `data:${type},${base64}`, `Invalid ${field} format`],
		['empty', `data:${type};base64,`, `Invalid ${field} format`],
		['without a comma', `data:${type};base64`, `Invalid ${field} format`],
		['without its padding', `data:${type};base64,${base64}A`, `Invalid ${field} format`],
		['with a line break', `data:${type};base64,${base64}\n`, `Invalid ${field} format`],
		[
			'with another alphabet',
			`data:${type};base64,${base64.slice(4)}-_-_`,
			`Invalid ${field} form`,
		],
		['of other bytes', uri(type, GIF), `Invalid ${field} format`],
		['behind a space', ` data:${type};base64,${base64}`, `${field} must be`],
	])('%s', async (_, value, error) => {
		const found = await refusal({ [field]: value });
		if (error === null) expect(found).toBeNull();
		else expect(found).toContain(error);
	});
});

test.each<[string, string, Buffer]>([
	['image', 'image/gif', GIF],
	['image', 'image/png', JPEG],
	['image', 'image/svg+xml', PNG],
	['image', 'audio/wav', WAV],
	['image', '', PNG],
	['audio', 'audio/ogg', latin1('OggS and more')],
	['audio', 'audio/mp4', MP3],
	['audio', 'audio/wav', MP3],
	['audio', 'image/png', PNG],
	['audio', 'audio/mpeg', latin1('ID3')],
	['audio', 'audio/wav', WAV.subarray(0, 12)],
	['audio', 'video/mp4', WAV],
])('%s may not be a data URI of %s with other content', async (field, type, bytes) => {
	expect(await refusal({ [field]: uri(type, bytes) })).toBe(`Invalid ${field} format`);
});

test.each<[string, string, RegExp | null]>([
	['image', 'https://example.com/a.png', null],
	['image', 'http://example.com/a.JPG?size=1.gif', null],
	['image', 'HTTPS://example.com/a.jpeg#a', null],
	['image', 'https://example.com/a.webp', null],
	['image', 'https://example.com/no-ending', null],
	['image', 'https://example.com/v1.2/photo', null],
	['image', 'https://example.com/photo.php', null],
	['image', 'https://example.com', null],
	['audio', 'https://example.com/a.flac', null],
	['audio', 'https://example.com/a.mp3', null],
	['audio', 'https://example.com/a.wav', null],
	['image', 'https://example.com/a.gif', /^Invalid image format$/],
	['image', 'https://example.com/a.BMP?x=1', /^Invalid image format$/],
	['image', 'https://example.com/a.mp3', /^Invalid image format$/],
	['image', 'https://example.com/a.mp4', /^Invalid image format$/],
	['audio', 'https://example.com/a.ogg', /^Invalid audio format$/],
	['audio', 'https://example.com/a.m4a', /^Invalid audio format$/],
	['audio', 'https://example.com/a.png', /^Invalid audio format$/],
	['image', 'photo.png', /^image must be an http\(s\) URL/],
	['image', '/tmp/photo.png', /^image must be/],
	['image', '//example.com/a.png', /^image must be/],
	['image', 'ftp://example.com/a.png', /^image must be/],
	['image', 'file:///tmp/a.png', /^image must be/],
	['image', 'https:example.com/a.png', /^image must be/],
	['image', 'https:///a.png', /^image must be/],
	['image', 'https://', /^image must be/],
	['image', ' https://example.com/a.png', /^image must be/],
	['image', 'https://example.com/a.png\n', /^image must be/],
	['image', 'https://example.com/a b.png', /^image must be/],
	['audio', 'javascript:alert(1)', /^audio must be/],
])('%s at %j is refused: %s', async (field, address, error) => {
	const found = await refusal({ [field]: address });
	if (error === null) expect(found).toBeNull();
	else expect(found).toMatch(error);
});

test.each([
	'three-seconds.wav',
	'three-seconds.flac',
	'three-seconds.mp3',
	'three-seconds-cbr.mp3',
])('%s makes three seconds, whatever duration says', async (name) => {
	const type = name.endsWith('mp3') ? 'audio/mpeg' : `audio/${name.split('.')[1]}`;
	const { body } = await client.runsync({ audio: uri(type, fixture(name)), duration: 10 });
	expect(body.status).toBe('COMPLETED');
	const [job] = client.simulator.ledger.jobs;
	expect(job?.seconds).toBeCloseTo(3, 0);
	expect(job?.price).toBeCloseTo((job?.seconds ?? 0) * 0.02, 5);
	expect(job?.ignoredFields).toEqual(['duration']);
});

test('a fraction of a second is billed as such', async () => {
	const half = Buffer.from(WAV);
	const wholeLength = half.readUInt32LE(half.indexOf('data') + 4);
	half.writeUInt32LE(wholeLength / 2, half.indexOf('data') + 4);
	const { body } = await client.runsync({ audio: uri('audio/wav', half) });
	expect(body.output).toMatchObject({ cost: 0.03 });
});

describe('fetched', () => {
	let files: Server;
	let address: string;
	const CONTENT: Record<string, Buffer> = { '/a': PNG, '/gif': GIF, '/wav': WAV, '/a.gif': PNG };
	beforeEach(async () => {
		client.simulator.options.fetchMedia = true;
		files = createServer((request, response) => {
			const [path = '', query] = (request.url ?? '').split('?');
			if (query === 'moved') response.writeHead(302, { location: path });
			else if (!CONTENT[path]) response.writeHead(404);
			response.end(CONTENT[path]);
		});
		await new Promise<void>((resolve) => files.listen(0, '127.0.0.1', resolve));
		const bound = files.address();
		address = `http://127.0.0.1:${typeof bound === 'object' && bound ? bound.port : 0}`;
	});
	afterEach(() => files.close());

	test.each<[string, string, string | null]>([
		['image', '/a', null],
		['image', '/a?moved', null],
		['image', '/a.gif', null],
		['audio', '/wav', null],
		['image', '/gif', 'Invalid image format'],
		['image', '/wav', 'Invalid image format'],
		['audio', '/a', 'Invalid audio format'],
		['image', '/gone', 'Failed to download image: HTTP 404'],
	])('%s from %s: %s', async (field, path, error) => {
		expect(await refusal({ [field]: address + path })).toBe(error);
	});

	test('its audio decides the length', async () => {
		await client.runsync({ audio: `${address}/wav` });
		expect(client.simulator.ledger.total).toBe(0.06);
	});

	test('a server that is not there fails the job', async () => {
		expect(await refusal({ image: 'http://127.0.0.1:1/a' })).toMatch(/^Failed to download image: /);
	});
});
