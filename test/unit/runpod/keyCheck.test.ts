/** What the credential's test says; what a 404 means to it is in verdicts.test.ts. Never the key. */
import type { ICredentialTestFunctions, IDataObject } from 'n8n-workflow';
import { testCredential } from '../../../nodes/PrunaVideo/runpod/keyCheck';

const KEY = 'rpa_0123456789';
const BETWEEN = 'Something between n8n and Runpod blocked the request';
const NO_API = (what: string) =>
	`The 'Base URL' does not lead to Runpod's API (${what}). Set it to https://api.runpod.ai/v2.`;

/** Tests a credential against a server that answers so, or in vain. */
async function check(answer: unknown, data: IDataObject = { apiKey: KEY }) {
	const request = async (_options: object) => {
		if (answer instanceof Error) throw answer;
		return answer;
	};
	const functions = { helpers: { request } } as unknown as ICredentialTestFunctions;
	const credential = { id: '1', name: 'x', type: 'x', data: data as never };
	return await testCredential.call(functions, credential);
}

test('a job after all is a good key', async () => {
	const answer = { statusCode: 200, body: '{"id":"0000-u1","status":"IN_QUEUE"}' };
	expect(await check(answer)).toEqual({ status: 'OK', message: 'Connection successful!' });
});

test.each<[number, unknown, string]>([
	[401, 'unauthorized', 'Runpod did not accept this API key: unauthorized. Open the credential'],
	[403, { error: 'no' }, "This API key has no access to the endpoint 'p-video': no. Give the key"],
	[404, 'endpoint not found', NO_API("The endpoint 'p-video' was not found: endpoint not found")],
	[200, '\n<!doctype html>Hi', NO_API('Runpod answered with "Hi" instead of a job')],
	[200, { ok: true }, NO_API('Runpod answered with {"ok":true} instead of a job')],
	[403, 'error code: 1010', `${BETWEEN} (HTTP 403): error code: 1010. It is not Runpod's answer`],
	[302, '', 'The Runpod URL redirected to another address (HTTP 302). The API key is not sent'],
	[503, { error: 'x' }, 'Runpod is not available (HTTP 503): x. Runpod did not accept the request'],
])('HTTP %i %j: "%s"', async (statusCode, body, message) => {
	const text = typeof body === 'string' ? body : JSON.stringify(body);
	const result = await check({ statusCode, body: text });
	expect(result).toEqual({ status: 'Error', message: expect.stringContaining(message) });
	expect(result.message).toMatch(/\. .+\.$/);
});

test.each<unknown>([
	`the key ${KEY} is wrong`,
	{ error: KEY, [KEY]: [KEY] },
	`${'x'.repeat(295)}${KEY} is where a text is cut`,
])('the key is not repeated: %j', async (body) => {
	for (const statusCode of [200, 401, 403, 404, 500]) {
		expect((await check({ statusCode, body })).message).not.toContain(KEY.slice(0, 6));
	}
});

const lost = Object.assign(new Error(KEY), { code: 'ENOTFOUND', syscall: 'getaddrinfo' });
test.each<[string, unknown, IDataObject, string]>([
	['no connection', lost, { apiKey: KEY }, 'Runpod could not be reached (ENOTFOUND). Nothing was'],
	['nothing', undefined, { apiKey: KEY }, 'does not lead to'],
	['a status that is none', { statusCode: '200', body: '{}' }, { apiKey: KEY }, 'does not lead'],
	['no credential', undefined, {}, 'The API key is missing. Open the credential'],
])('%s is reported, not thrown', async (_, answer, data, message) => {
	const result = await check(answer, data);
	expect(result).toEqual({ status: 'Error', message: expect.stringContaining(message) });
	expect(result.message).not.toContain(KEY);
});
