import { baseUrlProblem, readBaseUrl } from '../../../nodes/PrunaVideo/runpod/baseUrl';

const DEFAULT = 'https://api.runpod.ai/v2';

describe('the base URL as the user meant it', () => {
	test.each<[unknown, string]>([
		['https://a.example/v2', 'https://a.example/v2'],
		[' \n https://a.example/v2// \r\n', 'https://a.example/v2'],
		['', DEFAULT],
		[' \n', DEFAULT],
		[undefined, DEFAULT],
		[null, DEFAULT],
	])('%j', (value, expected) => {
		expect(readBaseUrl(value)).toBe(expected);
	});
});

describe('a base URL that can be used', () => {
	test.each([
		DEFAULT,
		'HTTPS://A.example:8443/runpod/v2',
		'http://localhost:3000/v2',
		'http://127.0.0.1:3000/v2',
		'http://127.9.9.9/v2',
		'http://[::1]:3000/v2',
		'https://a.example/user@team/v2',
	])('%s', (url) => {
		expect(baseUrlProblem(url)).toBeUndefined();
	});
});

describe('a base URL that is refused', () => {
	test.each([
		['api.runpod.ai/v2', 'is not a URL'],
		['https:api.runpod.ai/v2', 'is not a URL'],
		['https://', 'is not a URL'],
		['https://a.example/v 2', 'is not a URL'],
		['https://a.exam\nple/v2', 'is not a URL'],
		['https://a.example/v2\u0000', 'is not a URL'],
		['ftp://a.example/v2', 'is not a URL'],
		['file:///v2', 'is not a URL'],
		['https://a.example/v2?', "contains a '?' or '#'"],
		['https://a.example/v2?b=c', "contains a '?' or '#'"],
		['https://a.example/v2#', "contains a '?' or '#'"],
		['https://user:secret@a.example/v2', 'contains a user name or password'],
		['https://user@a.example/v2', 'contains a user name or password'],
		['https://:secret@a.example/v2', 'contains a user name or password'],
		['http://a.example/v2', 'starts with http://'],
		['http://10.0.0.1/v2', 'starts with http://'],
		['http://localhost.a.example/v2', 'starts with http://'],
		['http://127.0.0.1.a.example/v2', 'starts with http://'],
		['http://127.0.0.1@a.example/v2', 'contains a user name or password'],
	])('%j', (url, what) => {
		const problem = baseUrlProblem(url);
		expect(problem?.message).toContain(`The credential's 'Base URL' ${what}`);
		expect(problem?.description).toContain(`set it to ${DEFAULT}`);
		expect(problem?.message).not.toContain('secret');
	});
});
