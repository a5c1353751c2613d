/** Addresses that Runpod cannot reach, and pages that are no files, are pointed out before anything is spent. */
import type { IDataObject } from 'n8n-workflow';
import { CONTINUE, generate as generateAll, simulator, useSimulator, type Batch } from './batch';

useSimulator();

/** A Base URL that is not of this machine; nobody answers there. */
const ELSEWHERE = { credentials: { apiKey: 'rpa_key', baseUrl: 'https://runpod.invalid/v2' } };

const generate = async (parameters: IDataObject, more: Batch = {}) =>
	await generateAll(simulator, { parameters, settings: CONTINUE, ...more });
const added = (additionalInput: IDataObject) => ({ additionalFields: { additionalInput } });

const INNER: Array<[IDataObject, string]> = [
	[{ image: 'http://localhost:5678/a.png' }, "'Image': Runpod cannot fetch the image"],
	[{ image: 'http://192.168.1.5/a.png' }, "'Image': Runpod cannot fetch the image"],
	[{ audio: 'http://n8n:5678/a.mp3' }, "'Audio': Runpod cannot fetch the audio"],
	[{ audio: 'http://[::1]/a.mp3' }, "'Audio': Runpod cannot fetch the audio"],
	[added({ image: 'http://nas.local/a.png' }), "'Additional Input (JSON)': Runpod cannot fetch"],
];

test.each(INNER)(
	'%j is refused, but may be reachable for a simulator here',
	async (fields, why) => {
		const { items } = await generate(fields, ELSEWHERE);
		expect(items[0]?.json.error).toContain(why);
		expect(items[0]?.json.error).toContain('because the URL points to');
		expect(items[0]?.json.hint).toContain('reachable from the internet');
		const near = await generate(fields);
		expect(near.items[0]?.json.status).toBe('COMPLETED');
		expect(JSON.stringify(near.hints)).not.toContain('points to');
	},
);

test.each<[IDataObject, string, string]>([
	[
		{ image: 'https://drive.google.com/file/d/1AbC/view?usp=sharing' },
		"'Image' points to a Google Drive page, not to a file",
		'Use https://drive.google.com/uc?export=download&id=1AbC,',
	],
	[
		{ audio: 'https://www.youtube.com/watch?v=abc' },
		"'Audio' points to a YouTube page, not to a file",
		'That page plays the file; it is not the file itself.',
	],
	[
		added({ audio: 'https://www.dropbox.com/s/abc/a.mp3?dl=0' }),
		"'Additional Input (JSON)' points to a Dropbox page, not to a file",
		'Use https://www.dropbox.com/s/abc/a.mp3?raw=1,',
	],
])('%j is refused, and nothing is sent', async (fields, message, hint) => {
	const { items } = await generate(fields);
	expect(items[0]?.json).toMatchObject({ error: message, hint: expect.stringContaining(hint) });
	expect(simulator.requests).toHaveLength(0);
});

test.each([
	['Invalid image format', true],
	['Failed to download image: HTTP 403', true],
	['cannot identify image file <_io.BytesIO object at 0x7f>', true],
	['CUDA out of memory', false],
	['Invalid value for fps', false],
])('a job that fails with "%s" names share pages: %s', async (error, isNamed) => {
	simulator.faults.add({ operation: 'runsync', kind: 'job', error });
	const { items } = await generate({ image: 'https://files.example.com/s/abc' });
	expect(items[0]?.json.error).toContain('Runpod could not make the video');
	expect(String(items[0]?.json.hint).includes('share page')).toBe(isNamed);
});

test.each([
	['http://10.0.0.5:5678/webhook/pruna-video', 'a private network (10.0.0.5)'],
	// n8n without WEBHOOK_URL.
	['={{ $execution.resumeUrl }}', 'the machine itself (localhost)'],
])('the webhook %s is pointed out, unless a simulator may reach it', async (webhookUrl, what) => {
	const { hints } = await generate({}, { options: { webhookUrl, timeout: 1 }, ...ELSEWHERE });
	expect(hints).toContainEqual({
		message: `Runpod cannot call the URL in 'Webhook URL', because it points to ${what}. If it belongs to this n8n instance, set WEBHOOK_URL to the public URL of this n8n instance.`,
		type: 'warning',
		location: 'outputPane',
	});
	const near = await generate({}, { options: { webhookUrl } });
	expect(JSON.stringify(near.hints)).not.toContain('points to');
	expect(simulator.ledger.jobs).toHaveLength(1);
});
