import { readKeyCheck } from '../../../nodes/PrunaVideo/runpod/keyCheck';

const KEY = 'rpa_0123456789';
const JSON_404 = { status: 404, title: 'Not Found' };

const WRONG_URL = "The 'Base URL' does not lead to Runpod's API";
const REDIRECTED = "The 'Base URL' redirects to another address";
const REJECTED = 'Runpod did not accept this API key';
const FORBIDDEN = 'This API key has no access to Pruna Video';
const UNCHECKED = 'The key could not be checked: Runpod answered with HTTP';

/** An object is sent as JSON. */
function check(statusCode: number, body: unknown) {
	const text = typeof body === 'string' ? body : JSON.stringify(body);
	return readKeyCheck({ statusCode, body: text }, KEY);
}

describe('a key that Runpod accepts', () => {
	test.each<[string, number, unknown]>([
		['problem document', 404, { ...JSON_404, detail: 'job not found' }],
		['detail alone', 404, { detail: 'Job not found' }],
		['message', 404, { message: 'job 0000-u1 not found' }],
		['error, beside a title', 404, { title: 'Not Found', error: 'job not found' }],
		['error that only repeats the status', 404, { error: 'Not Found', detail: 'job not found' }],
		['error as an object', 404, { error: { code: 404, message: 'job does not exist' } }],
		['text', 404, 'job not found'],
		['a request, not a job', 404, { error: 'request does not exist' }],
		['the endpoint that has no such job', 404, 'job not found on endpoint p-video'],
		['a job after all', 200, { id: '0000-u1', status: 'IN_QUEUE' }],
	])('%s', (_, status, body) => {
		expect(check(status, body)).toEqual({ status: 'OK', message: 'Connection successful!' });
	});
});

describe('any other answer is reported, with what to do', () => {
	test.each<[string, number, unknown, string]>([
		['wrong key', 401, 'unauthorized', `${REJECTED} ("unauthorized"). Paste it again, or create`],
		['empty 401', 401, '', `${REJECTED}. Paste it again, or create`],
		['suspended', 401, { error: 'account suspended' }, `${REJECTED} ("account suspended").`],
		[
			'restricted key',
			403,
			{ error: 'forbidden' },
			`${FORBIDDEN} ("forbidden"). Give it access to p-`,
		],
		['no endpoint', 404, { ...JSON_404, detail: 'endpoint not found' }, `${WRONG_URL} ("endpoint`],
		['no endpoint, as text', 404, 'endpoint not found for this job', WRONG_URL],
		['another API', 404, { detail: 'Not Found' }, `${WRONG_URL} ("Not Found"). Set 'Base URL' to`],
		['a path repeated', 404, 'Cannot GET /job/v2/p-video/status/0000-u1', WRONG_URL],
		['no words', 404, '', WRONG_URL],
		['a page', 404, '<html><body>job not found</body></html>', `${WRONG_URL}. Set 'Base URL' to`],
		['a page with 200', 200, '\n<!doctype html>', WRONG_URL],
		['a page with 401', 401, '<html>Sign in</html>', WRONG_URL],
		['a page with 403', 403, '<html>Blocked</html>', WRONG_URL],
		['JSON that is no job', 200, { ok: true }, WRONG_URL],
		['redirect', 302, '', `${REDIRECTED}. Set 'Base URL' to https://api.runpod.ai/v2.`],
		['rate limit', 429, '', `${UNCHECKED} 429. Wait a minute, then test again.`],
		['down', 503, 'try later', `${UNCHECKED} 503 ("try later"). Wait a minute`],
		['down, as a page', 502, '<html>', `${UNCHECKED} 502. Wait a minute`],
		['no credit', 402, { error: 'no credit' }, `${UNCHECKED} 402 ("no credit"). Check the account`],
	])('%s', (_, status, body, message) => {
		const result = check(status, body);
		expect(result).toEqual({ status: 'Error', message: expect.stringContaining(message) });
		expect(result.message).toMatch(/\. .+\.$/);
	});
});

test.each([
	['text', `the key ${KEY} is wrong`],
	['JSON', { error: KEY, [KEY]: [KEY] }],
	['where a text is cut', `${'x'.repeat(295)}${KEY}`],
])('the key is not repeated: %s', (_, body) => {
	for (const status of [200, 401, 403, 404, 500]) {
		expect(check(status, body).message).not.toContain(KEY.slice(0, 6));
	}
});

test.each([undefined, null, 'text', {}, { statusCode: '200', body: '{}' }])(
	'an answer of %j is no answer',
	(response) => {
		expect(readKeyCheck(response, KEY).status).toBe('Error');
	},
);
