/** The credential: its test, as n8n runs it, and what people paste into it. */
import type { ICredentialDataDecryptedObject, INodeType } from 'n8n-workflow';
import { RunpodApi } from '../../credentials/RunpodApi.credentials';
import { startSimulator, type Simulator } from '../simulator';
import { generate, shown } from './batch';
import { runNode, simpleDescription } from './engine';

let simulator: Simulator;
beforeAll(async () => {
	simulator = await startSimulator();
});
beforeEach(() => simulator.reset());
afterAll(async () => await simulator.close());

const credential = new RunpodApi();

/** n8n tests a credential by a node whose only parameter is the test's request (n8n, `CredentialsTester`). */
const tester: INodeType = {
	description: {
		...simpleDescription('tester'),
		credentials: [{ name: 'runpodApi', required: true }],
		properties: [
			{
				displayName: 'Temp',
				name: 'temp',
				type: 'string',
				routing: { request: credential.test.request },
				default: '',
			},
		],
	},
};

/** What n8n shows under the credential's fields. */
async function testCredential(credentials: ICredentialDataDecryptedObject): Promise<string> {
	const { error } = await runNode({ parameters: {}, type: tester, credentials });
	if (error === undefined) return 'Connection successful!';
	const rule = credential.test.rules?.find(
		({ type, properties }) =>
			type === 'responseCode' && String(properties.value) === error.httpCode,
	);
	return rule?.properties.message ?? `HTTP ${error.httpCode}`;
}

describe('its test', () => {
	const rejected = 'Runpod did not accept this API key. Paste it again, or make a new one';
	const forbidden = 'This key may not use Pruna Video. Allow it for p-video';

	test.each<[string, (of: Simulator) => ICredentialDataDecryptedObject, string]>([
		['a good key', ({ apiKey, baseUrl }) => ({ apiKey, baseUrl }), 'Connection successful!'],
		['a key with spaces', ({ apiKey, baseUrl }) => ({ apiKey: ` ${apiKey}\n`, baseUrl }), 'Conn'],
		['a URL with a slash', ({ apiKey, baseUrl }) => ({ apiKey, baseUrl: `${baseUrl}/` }), 'Conn'],
		['slashes', ({ apiKey, baseUrl }) => ({ apiKey, baseUrl: `\n ${baseUrl}// ` }), 'Conn'],
		['a wrong key', ({ baseUrl }) => ({ apiKey: 'rpa_wrong', baseUrl }), rejected],
		['no key', ({ baseUrl }) => ({ apiKey: '', baseUrl }), rejected],
		['a forbidden key', (of) => ({ apiKey: of.forbiddenKey, baseUrl: of.baseUrl }), forbidden],
		[
			'a URL that leads nowhere',
			({ apiKey, baseUrl }) => ({ apiKey, baseUrl: `${baseUrl}/more` }),
			'HTTP 404',
		],
	])('%s', async (_, credentials, expected) => {
		expect(await testCredential(credentials(simulator))).toContain(expected);
		const seen = simulator.requests.map(({ method }) => method);
		expect(new Set(seen)).toEqual(new Set(['GET']));
		expect(simulator.ledger.jobs).toHaveLength(0);
	});

	test('asks for the health of p-video', async () => {
		await testCredential({ apiKey: simulator.apiKey, baseUrl: simulator.baseUrl });
		expect(simulator.requests).toMatchObject([
			{ path: '/v2/p-video/health', headers: { authorization: `Bearer ${simulator.apiKey}` } },
		]);
	});

	test.each([401, 403])('says for %i what happened and what to do next', (status) => {
		const rule = credential.test.rules?.find(({ properties }) => properties.value === status);
		expect(rule?.properties.message).toMatch(/\. .*Settings > API Keys\.$/);
	});

	test('does not take the key to another address', async () => {
		const elsewhere = await startSimulator();
		simulator.faults.add({
			operation: 'health',
			kind: 'redirect',
			status: 302,
			location: `${elsewhere.baseUrl}/p-video/health`,
		});
		await testCredential({ apiKey: simulator.apiKey, baseUrl: simulator.baseUrl });
		await elsewhere.close();
		expect(simulator.requests).toHaveLength(1);
		expect(elsewhere.requests).toHaveLength(0);
	});
});

describe('its fields', () => {
	test('are the key, hidden, and the address of Runpod', () => {
		expect(credential.name).toBe('runpodApi');
		expect(credential.displayName).toBe('Runpod API');
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
	const baseUrlMessage = "The credential's 'Base URL' is not an address that starts with https://";
	const keyMessage = 'The API key holds characters that no key has';

	test.each<[string, ICredentialDataDecryptedObject, string]>([
		['without a scheme', { apiKey: 'rpa_some_key', baseUrl: 'api.runpod.ai/v2' }, baseUrlMessage],
		['to a file', { apiKey: 'rpa_some_key', baseUrl: 'file:///v2' }, baseUrlMessage],
		['with a query', { apiKey: 'rpa_some_key', baseUrl: 'https://a.example/?b=' }, baseUrlMessage],
		[
			'with a fragment',
			{ apiKey: 'rpa_some_key', baseUrl: 'https://a.example/#b' },
			baseUrlMessage,
		],
		['without an address', { apiKey: 'rpa_some_key', baseUrl: '' }, baseUrlMessage],
		['with an invisible character', { apiKey: 'rpa_\u200bsome_key', baseUrl: 'set' }, keyMessage],
		['with a line break inside', { apiKey: 'rpa_some\n_key', baseUrl: 'set' }, keyMessage],
	])('%s', async (_, { apiKey, baseUrl }, message) => {
		const credentials = { apiKey, baseUrl: baseUrl === 'set' ? simulator.baseUrl : baseUrl };
		const result = await generate(simulator, { credentials } as never);
		expect(result.error?.message).toBe(message);
		expect(result.error?.description).toContain('Open the credential Runpod API');
		expect(shown(result)).not.toContain(JSON.stringify(apiKey).slice(1, -1));
		expect(simulator.requests).toHaveLength(0);
	});
});
