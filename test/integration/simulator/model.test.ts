/** What p-video takes, ignores, refuses and costs. Source: Runpod's page of the model. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from './client';

const client = new Client({ executionTimeMs: 0 });

const fixture = (name: string) =>
	readFileSync(join(__dirname, '../../tools/simulator/fixtures', `three-seconds${name}`));
const uri = (type: string, bytes: Buffer) => `data:${type};base64,${bytes.toString('base64')}`;
const AUDIO = { audio: 'https://example.com/a.mp3' };
const IMAGE = { image: 'https://example.com/a.png' };
const PNG = Buffer.from('\x89PNG\r\n\x1a\n and more', 'latin1');

test.each<[object, number, number]>([
	[{}, 5, 0.1],
	[{ duration: 1 }, 1, 0.02],
	[{ resolution: '1080p', duration: 10 }, 10, 0.4],
	[{ draft: true, duration: 1 }, 1, 0.005],
	[{ draft: true, resolution: '1080p', duration: 10 }, 10, 0.1],
	[{ fps: 48, save_audio: false, prompt_upsampling: false, seed: -1, aspect_ratio: '1:1' }, 5, 0.1],
	[{ ...IMAGE, duration: 2, aspect_ratio: 'ignored' }, 2, 0.04],
	[{ ...AUDIO, duration: 99 }, 5, 0.1],
	[{ unknown: 1 }, 5, 0.1],
	[{ image: uri('IMAGE/PNG', PNG) }, 5, 0.1],
])('%j makes %d s for $%d', async (input, seconds, cost) => {
	const { body } = await client.runsync(input);
	expect(body.output).toEqual({ video_url: expect.stringMatching(/^http:.*\.mp4$/), cost });
	expect(client.simulator.ledger.jobs[0]).toMatchObject({ seconds, price: cost });
	expect(client.simulator.ledger.total).toBe(cost);
});

test.each<[string, unknown, string]>([
	...[undefined, null, '', '\n\t', 5].map((value): [string, unknown, string] => [
		'prompt',
		value,
		'',
	]),
	...[0, 11, 1.5, '5', null].map((value): [string, unknown, string] => ['duration', value, '']),
	...['4k', 720].map((value): [string, unknown, string] => ['resolution', value, '']),
	['fps', 25, ''],
	['aspect_ratio', '5:4', ''],
	['seed', '7', ''],
	['draft', 'true', ''],
	['image', 'photo.png', ''],
	['audio', null, ''],
	['image', uri('image/gif', Buffer.from('GIF89a')), 'Invalid image format'],
	['image', `${uri('image/png', PNG)}\n`, 'Invalid image format'],
	['audio', uri('audio/wav', fixture('.mp3')), 'Invalid audio format'],
	['audio', uri('audio/wav', fixture('.wav').subarray(0, 12)), 'Invalid audio format'],
])('%s may not be %j', async (field, value, error) => {
	const { status, body } = await client.runsync({ [field]: value });
	expect([status, body.status]).toEqual([400, 'FAILED']);
	expect(body.error).toMatch(error === '' ? new RegExp(`^${field} (must be|is required)`) : error);
	expect(client.simulator.ledger.total).toBe(0);
});

test.each([
	['.wav', 'audio/wav'],
	['.flac', 'audio/flac'],
	['.mp3', 'audio/mpeg'],
	['-cbr.mp3', 'audio/mpeg'],
])('%s makes three seconds, whatever duration says', async (name, type) => {
	await client.runsync({ audio: uri(type, fixture(name)), duration: 10 });
	const [job] = client.simulator.ledger.jobs;
	expect(job?.seconds).toBeCloseTo(3, 0);
	expect(job?.price).toBeCloseTo((job?.seconds ?? 0) * 0.02, 5);
	expect(job?.ignoredFields).toEqual(['duration']);
});
