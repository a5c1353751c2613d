/** Addresses that Runpod cannot reach, and pages that are no files, are pointed out before anything is spent. */
import type { IDataObject } from 'n8n-workflow';
import { startSimulator, type Simulator } from '../tools/simulator';
import { CONTINUE, credentialsOf } from './batch';
import { runNode } from './engine';

let simulator: Simulator;
beforeAll(async () => {
	simulator = await startSimulator();
});
beforeEach(() => simulator.reset());
afterAll(async () => await simulator.close());

/** A Base URL that is not of this machine; nobody answers there. */
const ELSEWHERE = { apiKey: 'rpa_key', baseUrl: 'https://runpod.invalid/v2' };

async function generate(fields: IDataObject, credentials = credentialsOf(simulator)) {
	return await runNode({
		parameters: { resource: 'video', operation: 'generate', prompt: 'A cat', ...fields },
		settings: CONTINUE,
		credentials,
	});
}

const image = (imageUrl: string) => ({ imageSource: 'url', imageUrl });
const audio = (audioUrl: string) => ({ audioSource: 'url', audioUrl });
const additional = (input: IDataObject) => ({ additionalFields: { additionalInput: input } });

const INNER: Array<[IDataObject, string]> = [
	[image('http://localhost:5678/a.png'), "'Image URL': Runpod cannot fetch the image"],
	[image('http://192.168.1.5/a.png'), "'Image URL': Runpod cannot fetch the image"],
	[audio('http://n8n:5678/a.mp3'), "'Audio URL': Runpod cannot fetch the audio"],
	[audio('http://[::1]/a.mp3'), "'Audio URL': Runpod cannot fetch the audio"],
	[
		additional({ image: 'http://nas.local/a.png' }),
		"'Additional Input (JSON)': Runpod cannot fetch the image",
	],
];

test.each(INNER)('%j is refused', async (fields, message) => {
	const { items } = await generate(fields, ELSEWHERE);
	expect(items[0]?.json.error).toContain(`${message}, because the URL points to`);
	expect(items[0]?.json.hint).toContain('reachable from the internet');
});

test.each(INNER)('%j may be reachable for a simulator on this machine', async (fields) => {
	const { items, hints } = await generate(fields);
	expect(items[0]?.json.status).toBe('COMPLETED');
	expect(JSON.stringify(hints)).not.toContain('points to');
});

test.each<[IDataObject, string, string]>([
	[
		image('https://drive.google.com/file/d/1AbC/view?usp=sharing'),
		"'Image URL' points to a Google Drive page, not to a file",
		'Use https://drive.google.com/uc?export=download&id=1AbC,',
	],
	[
		audio('https://www.youtube.com/watch?v=abc'),
		"'Audio URL' points to a YouTube page, not to a file",
		'Use a binary file',
	],
	[
		additional({ audio: 'https://www.dropbox.com/s/abc/a.mp3?dl=0' }),
		"'Additional Input (JSON)' points to a Dropbox page, not to a file",
		'Use https://www.dropbox.com/s/abc/a.mp3?raw=1,',
	],
])('%j is refused, and nothing is sent', async (fields, message, hint) => {
	const { items } = await generate(fields);
	expect(items[0]?.json.error).toBe(message);
	expect(items[0]?.json.hint).toContain(hint);
	expect(simulator.requests).toHaveLength(0);
});

const SHARE_PAGE = 'a share page is not the file';

test.each([
	['Invalid image format', true],
	['Failed to download image: HTTP 403', true],
	['cannot identify image file <_io.BytesIO object at 0x7f>', true],
	['CUDA out of memory', false],
	['Invalid value for fps', false],
])('a job that fails with "%s" names share pages: %s', async (error, isNamed) => {
	simulator.faults.add({ operation: 'runsync', kind: 'job', error });
	const { items } = await generate(image('https://files.example.com/s/abc'));
	expect(items[0]?.json.error).toContain('Runpod could not make the video');
	expect(String(items[0]?.json.hint).includes(SHARE_PAGE)).toBe(isNamed);
});

describe('a webhook', () => {
	const warning = (what: string) =>
		`Runpod cannot call the URL in 'Webhook URL', because it points to ${what}. If it belongs to this n8n instance, set WEBHOOK_URL to the public URL of this n8n instance.`;

	test.each([
		['http://localhost:5678/webhook/pruna-video', 'the machine itself (localhost)'],
		['http://10.0.0.5:5678/webhook/pruna-video', 'a private network (10.0.0.5)'],
		['http://n8n:5678/webhook/pruna-video', 'a host name without a domain (n8n)'],
		// n8n without WEBHOOK_URL.
		['={{ $execution.resumeUrl }}', 'the machine itself (localhost)'],
	])('%s is pointed out', async (webhookUrl, what) => {
		const { hints } = await generate({ options: { webhookUrl, timeout: 1 } }, ELSEWHERE);
		expect(hints).toContainEqual({
			message: warning(what),
			type: 'warning',
			location: 'outputPane',
		});
	});

	test('that a simulator on this machine can reach is not', async () => {
		const options = { webhookUrl: '={{ $execution.resumeUrl }}' };
		const { hints } = await generate({ options });
		expect(JSON.stringify(hints)).not.toContain('points to');
		expect(simulator.ledger.jobs).toHaveLength(1);
	});
});
