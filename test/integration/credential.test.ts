/** The credential: its form, and its test as n8n runs it. What people paste into it: unit/runpod/connection.test.ts. */
import { readFileSync } from 'node:fs';
import { CredentialTestContext } from 'n8n-core';
import type { ICredentialDataDecryptedObject } from 'n8n-workflow';
import { PrunaVideoRunpodApi } from '../../credentials/PrunaVideoRunpodApi.credentials';
import codex from '../../nodes/PrunaVideo/PrunaVideo.node.json';
import { PrunaVideo } from '../../nodes/PrunaVideo/PrunaVideo.node';
import triggerCodex from '../../nodes/PrunaVideo/PrunaVideoTrigger.node.json';
import { PrunaVideoTrigger } from '../../nodes/PrunaVideo/PrunaVideoTrigger.node';
import manifest from '../../package.json';
import type { Simulator } from '../tools/simulator';
import { FORBIDDEN_KEY } from '../tools/simulator/options';
import { generate, shown, simulator, useSimulator } from './batch';
import { startScripted } from './scripted';

useSimulator();

const credential = new PrunaVideoRunpodApi();
const GOOD = 'Connection successful!';
const ELSEWHERE = "The 'Base URL' does not lead";

/** What n8n shows under the credential's fields. */
async function testCredential(
	data: ICredentialDataDecryptedObject,
	node: PrunaVideo | PrunaVideoTrigger = new PrunaVideo(),
): Promise<string> {
	expect(node.description.credentials).toMatchObject([
		{ name: 'prunaVideoRunpodApi', testedBy: 'testCredential' },
	]);
	const tested = { id: '1', name: 'Runpod', type: credential.name, data };
	const { testCredential: run } = node.methods.credentialTest;
	const { status, message } = await run.call(new CredentialTestContext(), tested);
	expect(status).toBe(message === GOOD ? 'OK' : 'Error');
	return message;
}

describe('its test asks for the status of a job that does not exist, and spends nothing', () => {
	const ask = (change: (of: Simulator) => ICredentialDataDecryptedObject) => change;
	test.each([
		['a good key', ask(() => ({})), GOOD],
		['a key in quotes', ask(({ apiKey }) => ({ apiKey: ` "Bearer ${apiKey}"\n` })), GOOD],
		['a wrong key', ask(() => ({ apiKey: 'rpa_wrong' })), 'Runpod did not accept this API key'],
		['one without access', ask(() => ({ apiKey: FORBIDDEN_KEY })), 'key has no access to'],
		['a long URL', ask((of) => ({ baseUrl: `${of.baseUrl}/more` })), ELSEWHERE],
	])('%s', async (_, change, expected) => {
		// Public endpoints may refuse their health to everyone.
		simulator.faults.add({ operation: 'health', kind: 'status', status: 401, times: Infinity });
		const { apiKey, baseUrl } = simulator;
		for (const node of [new PrunaVideo(), new PrunaVideoTrigger()]) {
			const message = await testCredential({ apiKey, baseUrl, ...change(simulator) }, node);
			expect(message).toContain(expected);
			expect(message).not.toContain(apiKey);
		}
		const [first, ...others] = simulator.requests;
		expect(first).toMatchObject({
			method: 'GET',
			path: expect.stringMatching(/\/status\/[\w-]+$/),
		});
		expect([others.length, simulator.ledger.jobs]).toEqual([1, []]);
	});
});

describe('its test, by what answers at the base URL', () => {
	const UNCHECKED = 'The key could not be checked: ';
	const BETWEEN = 'Something between n8n and Runpod blocked the request';
	const REDIRECT = 'The API key is not sent to another address';

	test.each([
		['knows no such job', 404, 'job not found', GOOD],
		['says nothing', 404, '', ELSEWHERE],
		['is a website', 200, '<!doctype html><p>Hello</p>', ELSEWHERE],
		['repeats the key', 403, 'no rpa_some_key here', 'has no access to the endpoint'],
		['is a block page', 403, '<html><h1>Blocked by policy</h1></html>', BETWEEN],
		['is a proxy with a login', 407, '<p>Login</p>', 'n8n and Runpod requires a login'],
		['leads elsewhere', 302, '', REDIRECT],
		['is reset', 0, '', `${UNCHECKED}The connection to Runpod was lost (ECONNRESET)`],
	])('%s', async (_, status, body, expected) => {
		const server = await startScripted((_operation, response) => {
			if (status === 0) return response.destroy();
			return response.writeHead(status, { location: '/v2/elsewhere' }).end(body);
		});
		const { baseUrl } = server.credentials;
		const message = await testCredential({ apiKey: 'rpa_some_key', baseUrl });
		await server.close();
		expect(message).toContain(expected);
		expect(message).not.toContain('rpa_some_key');
		if (expected === BETWEEN) expect(message).toContain('neither the key nor the credential');
		expect(server.requests).toHaveLength(1);
	});
});

describe('neither its test nor a video sends anything, and the key is not shown', () => {
	test.each([
		['without a key', { apiKey: ' ' }, 'The API key is missing'],
		['an invisible character', { apiKey: 'rpa_\u200bsome_key' }, 'The API key contains invalid'],
		['a query', { baseUrl: 'https://a.example/?b' }, "'Base URL' contains a '?' or '#'"],
		['a user', { baseUrl: 'https://u:p@a.example/v2' }, 'contains a user name or password'],
		['http', { baseUrl: 'http://a.example' }, 'would send the API key unencrypted'],
	])('%s', async (_, wrong, expected) => {
		const { baseUrl } = simulator;
		const credentials = { apiKey: 'rpa_some_key', baseUrl, ...wrong };
		const result = await generate(simulator, { credentials });
		const { message = '', description = '' } = result.error ?? {};
		expect(message).toContain(expected);
		expect(description).toContain('Open the credential Pruna Video Runpod API');
		expect(shown(result)).not.toContain('some_key');
		expect(await testCredential(credentials)).toBe(`${message}. ${description}`);
		expect(simulator.requests).toHaveLength(0);
	});
});

describe('its form', () => {
	test('has the key, hidden, and where to create one, and the URL of Runpod', () => {
		expect(credential).toMatchObject({
			name: 'prunaVideoRunpodApi',
			displayName: 'Pruna Video Runpod API',
			properties: [
				{
					displayName: 'API Key',
					name: 'apiKey',
					typeOptions: { password: true },
					required: true,
					hint: expect.stringContaining('href="https://console.runpod.io/user/settings"'),
				},
				{ displayName: 'Base URL', name: 'baseUrl', default: 'https://api.runpod.ai/v2' },
			],
		});
	});

	test('leads to the docs of this package, as the nodes do', () => {
		const { homepage } = manifest;
		const home = homepage.replace(/#.*/, '');
		const firstVideo = `${home}#your-first-video`;
		const trigger = `${home}/blob/main/docs/async.md#the-trigger`;
		const leadTo = (url: string) => ({
			primaryDocumentation: [{ url }],
			credentialDocumentation: [{ url: firstVideo }],
		});
		expect(codex.resources).toEqual(leadTo(homepage));
		expect(triggerCodex.resources).toEqual(leadTo(trigger));
		expect(credential.documentationUrl).toBe(firstVideo);
		expect(readFileSync('README.md', 'utf8')).toContain('\n## Your first video\n');
		expect(readFileSync('docs/async.md', 'utf8')).toContain('\n## The trigger\n');
	});
});

test('a video is made with what was pasted', async () => {
	const { apiKey, baseUrl } = simulator;
	const credentials = { apiKey: ` "Bearer ${apiKey}"\n`, baseUrl: `\n ${baseUrl}// ` };
	const { error } = await generate(simulator, { credentials });
	expect(error).toBeUndefined();
	expect(simulator.requests[0]?.headers.authorization).toBe(`Bearer ${apiKey}`);
});
