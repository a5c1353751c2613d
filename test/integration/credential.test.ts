/** The credential: its test, as n8n runs it, and what people paste into it. */
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CredentialTestContext } from 'n8n-core';
import type { ICredentialDataDecryptedObject, ICredentialTestFunctions } from 'n8n-workflow';
import { PrunaVideoRunpodApi } from '../../credentials/PrunaVideoRunpodApi.credentials';
import codex from '../../nodes/PrunaVideo/PrunaVideo.node.json';
import triggerCodex from '../../nodes/PrunaVideo/PrunaVideoTrigger.node.json';
import manifest from '../../package.json';
import { PrunaVideo } from '../../nodes/PrunaVideo/PrunaVideo.node';
import { PrunaVideoTrigger } from '../../nodes/PrunaVideo/PrunaVideoTrigger.node';
import { connect } from '../../nodes/PrunaVideo/runpod/connection';
import { startSimulator, type Simulator } from '../tools/simulator';
import { generate, shown } from './batch';
import { prepareEngine } from './engine';

let simulator: Simulator;
beforeAll(async () => {
	await prepareEngine();
	simulator = await startSimulator();
});
beforeEach(() => simulator.reset());
afterAll(async () => await simulator.close());

const credential = new PrunaVideoRunpodApi();

/** What n8n shows under the credential's fields. */
async function testCredential(
	data: ICredentialDataDecryptedObject,
	node: PrunaVideo | PrunaVideoTrigger = new PrunaVideo(),
): Promise<string> {
	const context: ICredentialTestFunctions = new CredentialTestContext();
	const tested = { id: '1', name: 'Runpod', type: credential.name, data };
	const result = await node.methods.credentialTest.testCredential.call(context, tested);
	expect(result.status).toBe(result.message === 'Connection successful!' ? 'OK' : 'Error');
	return result.message;
}

describe('its test', () => {
	const rejected = 'Runpod did not accept this API key';
	const forbidden = 'This API key has no access to Pruna Video';

	test.each<[string, (of: Simulator) => ICredentialDataDecryptedObject, string]>([
		['a good key', ({ apiKey, baseUrl }) => ({ apiKey, baseUrl }), 'Connection successful!'],
		['a key with spaces', ({ apiKey, baseUrl }) => ({ apiKey: ` ${apiKey}\n`, baseUrl }), 'Conn'],
		['a URL with a slash', ({ apiKey, baseUrl }) => ({ apiKey, baseUrl: `${baseUrl}/` }), 'Conn'],
		['slashes', ({ apiKey, baseUrl }) => ({ apiKey, baseUrl: `\n ${baseUrl}// ` }), 'Conn'],
		['a wrong key', ({ baseUrl }) => ({ apiKey: 'rpa_wrong', baseUrl }), rejected],
		['a forbidden key', (of) => ({ apiKey: of.forbiddenKey, baseUrl: of.baseUrl }), forbidden],
		[
			'a URL that leads nowhere',
			({ apiKey, baseUrl }) => ({ apiKey, baseUrl: `${baseUrl}/more` }),
			"The 'Base URL' does not lead to Runpod's API",
		],
	])('%s', async (_, credentials, expected) => {
		const message = await testCredential(credentials(simulator));
		expect(message).toContain(expected);
		expect(message).not.toContain(simulator.apiKey);
		expect(simulator.requests.map(({ method }) => method)).toEqual(['GET']);
		expect(simulator.ledger.jobs).toHaveLength(0);
	});

	test.each([new PrunaVideo(), new PrunaVideoTrigger()])(
		'requests the status of a job that does not exist, whichever node runs it',
		async (node) => {
			const { apiKey, baseUrl } = simulator;
			expect(node.description.credentials).toMatchObject([
				{ name: credential.name, testedBy: 'testCredential' },
			]);
			await testCredential({ apiKey, baseUrl }, node);
			expect(simulator.requests).toMatchObject([
				{
					path: expect.stringMatching(/^\/v2\/p-video\/status\/[\w-]+$/),
					headers: { authorization: `Bearer ${apiKey}` },
				},
			]);
		},
	);

	test('succeeds even if the health of the endpoint is refused to everyone', async () => {
		simulator.faults.add({ operation: 'health', kind: 'status', status: 401, times: Infinity });
		const { apiKey, baseUrl } = simulator;
		expect(await testCredential({ apiKey, baseUrl })).toBe('Connection successful!');
	});

	test.each<[string, ICredentialDataDecryptedObject, string]>([
		['no key', { apiKey: ' ' }, 'The API key is missing. Open the credential'],
		['an invisible character', { apiKey: 'rpa_\u200bsome_key' }, 'The API key contains invalid'],
		['a query', { apiKey: 'rpa_key', baseUrl: 'https://a.example/?b' }, "contains a '?' or '#'. O"],
		['http', { apiKey: 'rpa_key', baseUrl: 'http://a.example' }, 'send the API key unencrypted. O'],
	])('sends nothing with %s', async (_, data, expected) => {
		const { baseUrl } = simulator;
		expect(await testCredential({ baseUrl, ...data })).toContain(expected);
		expect(simulator.requests).toHaveLength(0);
	});

	test('says that the key could not be checked where nobody answers', async () => {
		const baseUrl = 'http://127.0.0.1:9/v2';
		expect(await testCredential({ apiKey: 'rpa_key', baseUrl })).toBe(
			"The key could not be checked: Runpod could not be reached (ECONNREFUSED). Check the network and 'Base URL', then test again.",
		);
	});

	test('says that the key could not be checked where the connection breaks', async () => {
		simulator.faults.add({ operation: 'status', kind: 'reset', when: 'before' });
		const { apiKey, baseUrl } = simulator;
		expect(await testCredential({ apiKey, baseUrl })).toContain(
			'could not be reached (ECONNRESET)',
		);
	});

	test('does not send the key to another address', async () => {
		const elsewhere = await startSimulator();
		simulator.faults.add({
			operation: 'status',
			kind: 'redirect',
			status: 302,
			location: `${elsewhere.baseUrl}/p-video/status/other`,
		});
		const { apiKey, baseUrl } = simulator;
		expect(await testCredential({ apiKey, baseUrl })).toContain(
			"The 'Base URL' redirects to another address",
		);
		await elsewhere.close();
		expect(simulator.requests).toHaveLength(1);
		expect(elsewhere.requests).toHaveLength(0);
	});
});

describe('its test, by what the server at the base URL is', () => {
	const problem = (detail: string) => JSON.stringify({ status: 404, title: 'Not Found', detail });

	let server: Server;
	let answer: [status: number, type: string, body: string];
	let baseUrl: string;
	beforeAll(async () => {
		server = createServer((_, response) => {
			const [status, type, body] = answer;
			response.writeHead(status, { 'content-type': type }).end(body);
		});
		await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
		baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v2`;
	});
	afterAll(() => {
		server.closeAllConnections();
		server.close();
	});

	test.each<[string, typeof answer, string]>([
		['knows no such job', [404, 'application/json', problem('job not found')], 'Connection succ'],
		['says so as text', [404, 'text/plain', 'job not found'], 'Connection succ'],
		[
			'knows no such endpoint',
			[404, 'application/json', problem('endpoint not found')],
			'not lead',
		],
		['refuses the key', [401, 'text/plain', 'unauthorized'], 'not accept this API key ("unauth'],
		['is a website', [200, 'text/html', '<!doctype html><p>Hello</p>'], 'not lead'],
		['has no such page', [404, 'text/html', '<p>job not found</p>'], 'not lead'],
		['is down', [502, 'text/html', '<p>Bad gateway</p>'], 'could not be checked'],
		['says nothing', [404, 'text/plain', ''], 'not lead'],
		['repeats the key', [403, 'text/plain', 'no rpa_some_key here'], 'Video ("no *** here")'],
	])('%s', async (_, given, expected) => {
		answer = given;
		expect(await testCredential({ apiKey: 'rpa_some_key', baseUrl })).toContain(expected);
	});
});

describe('its form', () => {
	test("has the key, hidden, and Runpod's URL", () => {
		expect(credential.name).toBe('prunaVideoRunpodApi');
		expect(credential.displayName).toBe('Pruna Video Runpod API');
		expect(credential.properties).toMatchObject([
			{
				displayName: 'API Key',
				name: 'apiKey',
				type: 'string',
				typeOptions: { password: true },
				required: true,
			},
			{ displayName: 'Base URL', name: 'baseUrl', default: 'https://api.runpod.ai/v2' },
		]);
	});

	test('says where to create the key', () => {
		const hint = credential.properties[0]?.hint ?? '';
		expect(hint.replace(/<[^>]*>/g, '')).toBe(
			'Create one in the Runpod console under Settings > API Keys',
		);
		expect(hint).toContain('href="https://console.runpod.io/user/settings"');
	});

	test('leads to the docs of this package, as the nodes do', () => {
		const home = manifest.homepage.replace(/#.*/, '');
		const { primaryDocumentation, credentialDocumentation } = codex.resources;
		const trigger = triggerCodex.resources;
		expect(primaryDocumentation).toEqual([{ url: manifest.homepage }]);
		expect(trigger.primaryDocumentation).toEqual([
			{ url: `${home}/blob/main/docs/async.md#the-trigger` },
		]);
		expect(credentialDocumentation).toEqual([{ url: credential.documentationUrl }]);
		expect(trigger.credentialDocumentation).toEqual(credentialDocumentation);
		expect(credential.documentationUrl).toBe(`${home}#your-first-video`);
		expect(readFileSync('README.md', 'utf8')).toContain('\n## Your first video\n');
		expect(readFileSync('docs/async.md', 'utf8')).toContain('\n## The trigger\n');
	});

	test.each<[unknown, string]>([
		['rpa_key', 'Bearer rpa_key'],
		[' rpa_key\r\n', 'Bearer rpa_key'],
		['\trpa_key', 'Bearer rpa_key'],
		[undefined, 'Bearer '],
	])('a key of %j is sent as %j, beside the other headers', async (apiKey, authorization) => {
		if (typeof credential.authenticate !== 'function') throw new Error('authenticate is data');
		const request = { url: '/', headers: { accept: 'application/json' } };
		expect(await credential.authenticate({ apiKey } as never, request)).toEqual({
			url: '/',
			headers: { accept: 'application/json', Authorization: authorization },
		});
		expect(request.headers).not.toHaveProperty('Authorization');
	});
});

test.each([undefined, '', ' '])('a Base URL of %j is that of Runpod', async (baseUrl) => {
	const context = { helpers: {}, getCredentials: async () => ({ apiKey: 'rpa_key', baseUrl }) };
	expect(await connect(context as never)).toMatchObject({ baseUrl: 'https://api.runpod.ai/v2' });
});

describe('a video is made', () => {
	test.each<[string, (of: Simulator) => ICredentialDataDecryptedObject]>([
		['as pasted', ({ apiKey, baseUrl }) => ({ apiKey, baseUrl })],
		['with spaces and a line break', (of) => ({ apiKey: ` ${of.apiKey}\n`, baseUrl: of.baseUrl })],
		['with slashes at the end', (of) => ({ apiKey: of.apiKey, baseUrl: `${of.baseUrl}//` })],
		['with all of it', (of) => ({ apiKey: `\n${of.apiKey} `, baseUrl: ` ${of.baseUrl}/\n` })],
	])('%s', async (_, credentials) => {
		const { error } = await generate(simulator, { credentials: credentials(simulator) });
		expect(error).toBeUndefined();
		expect(simulator.requests.map(({ path }) => path)).toEqual(['/v2/p-video/runsync?wait=90000']);
		expect(simulator.requests[0]?.headers.authorization).toBe(`Bearer ${simulator.apiKey}`);
	});
});

describe('nothing is sent', () => {
	const notAnAddress = "The credential's 'Base URL' is not a URL that starts with https://";
	const withMore = "The credential's 'Base URL' contains a '?' or '#'";
	const withUser = "The credential's 'Base URL' contains a user name or password";
	const inTheClear =
		"The credential's 'Base URL' starts with http://, which would send the API key unencrypted";
	const keyMessage = 'The API key contains invalid characters';

	test.each<[string, ICredentialDataDecryptedObject, string]>([
		['without a scheme', { apiKey: 'rpa_some_key', baseUrl: 'api.runpod.ai/v2' }, notAnAddress],
		['to a file', { apiKey: 'rpa_some_key', baseUrl: 'file:///v2' }, notAnAddress],
		['with a query', { apiKey: 'rpa_some_key', baseUrl: 'https://a.example/?b=' }, withMore],
		['with a fragment', { apiKey: 'rpa_some_key', baseUrl: 'https://a.example/#b' }, withMore],
		['with a user', { apiKey: 'rpa_some_key', baseUrl: 'https://u:p@a.example/v2' }, withUser],
		['unencrypted', { apiKey: 'rpa_some_key', baseUrl: 'http://a.example/v2' }, inTheClear],
		['without a key', { apiKey: '  ', baseUrl: 'set' }, 'The API key is missing'],
		['with an invisible character', { apiKey: 'rpa_\u200bsome_key', baseUrl: 'set' }, keyMessage],
		['with a line break inside', { apiKey: 'rpa_some\n_key', baseUrl: 'set' }, keyMessage],
	])('%s', async (_, { apiKey, baseUrl }, message) => {
		const credentials = { apiKey, baseUrl: baseUrl === 'set' ? simulator.baseUrl : baseUrl };
		const result = await generate(simulator, { credentials } as never);
		expect(result.error?.message).toBe(message);
		expect(result.error?.description).toContain('Open the credential Pruna Video Runpod API');
		if (String(apiKey).trim() !== '') {
			expect(shown(result)).not.toContain(JSON.stringify(apiKey).slice(1, -1));
		}
		expect(simulator.requests).toHaveLength(0);
	});
});
