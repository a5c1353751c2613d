/** Images and audio: what is taken as an address or a data URI, and how long audio makes the video. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { useSimulator } from './client';

const client = useSimulator({ executionTimeMs: 0 });

const fixture = (name: string) =>
	readFileSync(join(__dirname, '../../tools/simulator/fixtures', name));
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

test.each<[string, string, Buffer]>([
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
])('%s may be a data URI of %s', async (field, type, bytes) => {
	expect(await refusal({ [field]: uri(type, bytes) })).toBeNull();
});

const BASE64 = PNG.toString('base64');
test.each<[string, string, string | null]>([
	['with a parameter', `data:image/png;name=a;base64,${BASE64}`, null],
	['in capitals', `DATA:image/png;BASE64,${BASE64}`, null],
	['not base64', `data:image/png,${BASE64}`, 'Invalid image format'],
	['empty', 'data:image/png;base64,', 'Invalid image format'],
	['without a comma', 'data:image/png;base64', 'Invalid image format'],
	['without its padding', `data:image/png;base64,${BASE64}A`, 'Invalid image format'],
	['with a line break', `data:image/png;base64,${BASE64}\n`, 'Invalid image format'],
	['with another alphabet', `data:image/png;base64,${BASE64.slice(4)}-_-_`, 'Invalid image format'],
	[
		'behind a space',
		` data:image/png;base64,${BASE64}`,
		'image must be an http(s) URL or a data URI',
	],
])('a data URI %s', async (_, image, error) => {
	expect(await refusal({ image })).toBe(error);
});

test.each<[string, string, Buffer]>([
	['image', 'image/gif', GIF],
	['image', 'image/png', JPEG],
	['image', 'audio/wav', WAV],
	['image', '', PNG],
	['audio', 'audio/ogg', latin1('OggS and more')],
	['audio', 'audio/wav', MP3],
	['audio', 'audio/mpeg', latin1('ID3')],
	['audio', 'audio/wav', WAV.subarray(0, 12)],
])('%s may not be a data URI of %s with other content', async (field, type, bytes) => {
	expect(await refusal({ [field]: uri(type, bytes) })).toBe(`Invalid ${field} format`);
});

test.each<[string, string, RegExp | null]>([
	['image', 'https://example.com/a.png', null],
	['image', 'https://example.com/no-ending', null],
	['audio', 'https://example.com/a.mp3', null],
	['image', 'photo.png', /^image must be an http\(s\) URL/],
	['image', 'ftp://example.com/a.png', /^image must be/],
	['image', 'https:example.com/a.png', /^image must be/],
	['image', ' https://example.com/a.png', /^image must be/],
	['image', 'https://example.com/a b.png', /^image must be/],
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

	test('what was fetched is in the ledger, with its sha256', async () => {
		await client.runsync({ image: `${address}/a`, audio: `${address}/wav` });
		const entry = (field: string, path: string, content: Buffer) => ({
			...{ field, url: address + path, bytes: content.length },
			sha256: createHash('sha256').update(content).digest('hex'),
		});
		const fetched = client.simulator.ledger.jobs[0]?.fetched;
		expect(fetched).toHaveLength(2);
		expect(fetched).toContainEqual(entry('image', '/a', PNG));
		expect(fetched).toContainEqual(entry('audio', '/wav', WAV));
	});

	test('its audio decides the length', async () => {
		await client.runsync({ audio: `${address}/wav` });
		expect(client.simulator.ledger.total).toBe(0.06);
	});

	test('a server that is not there fails the job', async () => {
		expect(await refusal({ image: 'http://127.0.0.1:1/a' })).toMatch(/^Failed to download image: /);
	});
});
