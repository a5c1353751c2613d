/** What docs/security.md promises and no other test shows: where the key goes, and what hostile texts can do. */
import type { IDataObject } from 'n8n-workflow';
import type { FaultRule } from '../tools/simulator';
import { CONTINUE, generate, simulator, useSimulator } from './batch';
import { hurry } from './hurry';
import { startScripted, type Scripted } from './scripted';

useSimulator();
hurry(50);
/** Another host, as far as addresses can tell: it keeps what it is sent. */
let stranger: Scripted;
let strangerUrl: string;
let heard: string[];

beforeAll(async () => {
	stranger = await startScripted((_, response, { url, rawHeaders }) => {
		heard.push(JSON.stringify([url, rawHeaders]));
		response.writeHead(200, { 'content-type': 'video/mp4' }).end('video');
	});
	strangerUrl = stranger.credentials.baseUrl;
});
beforeEach(() => (heard = []));
afterAll(async () => await stranger.close());

const elsewhere = () => ({ kind: 'redirect', status: 307, location: `${strangerUrl}/x` }) as const;
const videoOf = (url: string) =>
	({ operation: 'runsync', kind: 'job', output: { video_url: url, cost: 0.1 } }) as const;

async function job(operation: string, more: IDataObject = {}) {
	const parameters = { resource: 'job', operation, jobId: 'job-1', ...more };
	return await generate(simulator, { parameters, settings: CONTINUE });
}

describe('the key stays with the host of the base URL', () => {
	test.each<[string, FaultRule['operation'], () => Promise<unknown>]>([
		['runsync', 'runsync', async () => await generate(simulator)],
		['run', 'run', async () => await generate(simulator, { options: { executionMode: 'async' } })],
		['status', 'status', async () => await job('get')],
		['cancel', 'cancel', async () => await job('cancel')],
		['retry', 'retry', async () => await job('retry')],
	])('%s: a redirect is not followed', async (_, operation, run) => {
		simulator.faults.add({ operation, ...elsewhere(), times: Infinity });
		const result = await run();
		expect(heard).toEqual([]);
		expect(JSON.stringify(result)).toContain('redirected to another address (HTTP 307)');
	});

	test.each([false, true])('a download does not carry it, redirected: %s', async (isRedirected) => {
		if (isRedirected) simulator.faults.add({ operation: 'video', ...elsewhere() });
		else simulator.faults.add(videoOf(`${strangerUrl}/video.mp4`));
		const { items } = await generate(simulator, { parameters: { download: true } });
		expect(items[0]?.binary?.data).toMatchObject({ mimeType: 'video/mp4' });
		expect(heard).toHaveLength(1);
		expect(heard.join()).not.toContain(simulator.apiKey);
		expect(heard.join().toLowerCase()).not.toContain('authorization');
	});

	test('URLs of images and audio are fetched by Runpod, not by the node', async () => {
		const media = { image: `${strangerUrl}/a.png`, audio: `${strangerUrl}/a.mp3` };
		const { items } = await generate(simulator, { parameters: media, settings: CONTINUE });
		expect(items).toHaveLength(1);
		// Runpod would fetch them, the simulator does not.
		expect(heard).toEqual([]);
	});
});

describe('IDs cannot change the path of a request', () => {
	const HOSTILE = ['../health', 'a/b', '..', 'a b', 'a\\b', 'jöb', 'a\u202eb', 'a<b>'];

	test('none of them is the ID of an endpoint', async () => {
		const prompts = [...HOSTILE, 'a?b=c', 'a#b', '%2e%2e', 'a:b~c+d'];
		const options = { endpointId: '={{ $json.prompt }}' };
		const { items } = await generate(simulator, { prompts, options, settings: CONTINUE });
		for (const { json } of items) expect(json.error).toContain("'Endpoint ID'");
		expect(simulator.requests).toEqual([]);
	});

	test.each(HOSTILE)('id %j of a job in an answer', async (id) => {
		const body = JSON.stringify({ id, status: 'IN_QUEUE' });
		simulator.faults.add({ operation: 'run', kind: 'body', body });
		await generate(simulator, { options: { executionMode: 'async' }, settings: CONTINUE });
		expect(simulator.requests.map(({ operation }) => operation)).toEqual(['run']);
	});
});

test('texts from a server are short and contain no markup', async () => {
	const hostile = `<img src=x onerror=alert(1)>\u001b[31mred\u0000\u202e <a href="javascript:x">${'long '.repeat(5000)}`;
	simulator.faults.add({ operation: 'runsync', kind: 'job', error: hostile });
	const { items } = await generate(simulator, { settings: CONTINUE });
	const message = String(items[0]?.json.error);
	expect(message).toMatch(/^Runpod could not make the video: \[31mred long/);
	expect(message).not.toMatch(/[<>\p{Cc}\p{Cf}]/u);
	expect(message.length).toBeLessThan(400);
});
