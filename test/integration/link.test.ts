/** Files that are sent as signed links to this n8n. */
import { Container } from '@n8n/di';
import { BinaryDataService } from 'n8n-core';
import type { IDataObject, IExecuteFunctions, INodeType } from 'n8n-workflow';
import { PrunaVideo } from '../../nodes/PrunaVideo/PrunaVideo.node';
import {
	generate as generateAll,
	RETRY,
	shown,
	simulator,
	submissions,
	useSimulator,
	type Batch,
} from './batch';
import { storeBinary, useBinaryMode } from './engine';
import { PNG } from './files';

useSimulator();
let tokens = 0;
beforeEach(async () => {
	await useBinaryMode('filesystem');
	// n8n's tokens hold the time: no two are alike.
	jest
		.spyOn(Container.get(BinaryDataService), 'createSignedToken')
		.mockImplementation(() => `secret-${tokens++}`);
});

const LINK = /^http:\/\/localhost\/rest\/binary-data\/signed\?token=secret-\d+$/;

async function generate(
	options: IDataObject = {},
	{ content = PNG, parameters, ...rest }: Batch & { content?: Buffer } = {},
) {
	return await generateAll(simulator, {
		parameters: { prompt: 'A cat', image: 'data', ...parameters },
		options: { sendFilesAs: 'link', ...options },
		items: [{ json: {}, binary: { data: await storeBinary(content, 'image/png', 'a.png') } }],
		...rest,
	});
}

/** The node in an n8n whose helper for links is another. */
function withLinks(createBinarySignedUrl: (() => string) | undefined): INodeType {
	const node = new PrunaVideo();
	const { execute } = node;
	node.execute = async function (this: IExecuteFunctions) {
		Object.assign(this.helpers, { createBinarySignedUrl });
		return await execute.call(this);
	};
	return node;
}

const sent = () => simulator.ledger.jobs.at(-1)?.input ?? {};

test.each(['sync', 'async'])('with %s a file of 40 MB is sent as a link', async (executionMode) => {
	const content = Buffer.concat([PNG, Buffer.alloc(40 * 1024 ** 2)]);
	const { error } = await generate({ executionMode }, { content });
	expect(error).toBeUndefined();
	expect(sent().image).toMatch(LINK);
	expect(sent()).not.toHaveProperty('aspect_ratio');
	expect(submissions(simulator)[0]?.bytes).toBeLessThan(1000);
});

test.each<[string, IDataObject, string]>([
	['as long as Runpod keeps the job in its queue', {}, '87000s'],
	['with the time until it is accepted', { timeout: 3600, policy: { ttl: 3_600_000 } }, '7200s'],
	['at least an hour', { timeout: 10, policy: '{"ttl": 60000}' }, '3600s'],
])('the link lasts %s', async (_, options, lifetime) => {
	await generate(options);
	const { createSignedToken } = Container.get(BinaryDataService);
	expect(jest.mocked(createSignedToken).mock.calls[0]?.[1]).toBe(lifetime);
});

test.each([undefined, 'Invalid image format'])('the link is not shown: %s', async (error) => {
	if (error !== undefined) simulator.faults.add({ operation: 'runsync', kind: 'job', error });
	const result = await generate();
	expect(sent().image).toMatch(LINK);
	expect(shown(result)).not.toContain('secret-');
});

test('the next try, which would get another link, continues with the same job', async () => {
	simulator.faults.add({ operation: 'video', kind: 'status', status: 404, times: 3 });
	const more = { parameters: { download: true }, settings: RETRY };
	const { items, error } = await generate({}, more);
	expect(error).toBeUndefined();
	expect(items[0]?.binary).toHaveProperty('data');
	expect(submissions(simulator)).toHaveLength(1);
});

test('a data URI in the field stays one', async () => {
	const image = `data:image/png;base64,${PNG.toString('base64')}`;
	expect((await generate({}, { parameters: { image } })).error).toBeUndefined();
	expect(sent().image).toBe(image);
});

const PUBLIC = { apiKey: 'rpa_key', baseUrl: 'https://runpod.example.com/v2' };
const CANNOT = "'Image': the file cannot be sent as a link, because";
const INSTEAD = /, or set the option 'Send Files As' to Data URI\.$/;

test.each<[string, (() => string) | undefined, string, string]>([
	['no links', undefined, 'this version of n8n cannot create links', 'Update n8n'],
	[
		'links that Runpod cannot reach',
		() => 'http://192.168.1.5:5678/rest/file',
		'the link points to a private network (192.168.1.5), which Runpod cannot reach',
		'Set WEBHOOK_URL to the public URL of this n8n instance',
	],
])('where n8n makes %s, it is refused, and nothing is sent', async (_, links, why, advice) => {
	const { error } = await generate({}, { credentials: PUBLIC, type: withLinks(links) });
	expect(error?.message).toBe(`${CANNOT} ${why}`);
	expect(error?.description).toContain(advice);
	expect(error?.description).toMatch(INSTEAD);
});

test('where n8n keeps binary data in memory, it is refused, and nothing is sent', async () => {
	await useBinaryMode('default');
	const { error } = await generate();
	expect(error?.message).toBe(`${CANNOT} n8n keeps binary data in memory`);
	expect(error?.description).toMatch(/^Set N8N_DEFAULT_BINARY_DATA_MODE to filesystem, /);
	expect(error?.description).toMatch(INSTEAD);
	expect(simulator.requests).toHaveLength(0);
});
