/** What counts as a job. */
import { isDocumented, isFinal, isJobId, readJob } from '../../../nodes/PrunaVideo/runpod/job';
import { isHttpBaseUrl, trimBaseUrl } from '../../../nodes/PrunaVideo/runpod/baseUrl';

test.each([
	['sync-a1b2c3d4-e5f6-7890-abcd-ef1234567890-u1', true],
	['a', true],
	['x'.repeat(200), true],
	['x'.repeat(201), false],
	['', false],
	['-a', false],
	['../run', false],
	['a/b', false],
	['a?b', false],
	['a%2fb', false],
	['.', false],
	['a b', false],
	['a\n', false],
])('job id %.50j: %s', (id, expected) => {
	expect(isJobId(id)).toBe(expected);
});

test.each<[unknown, { status: string; final: boolean; documented: boolean } | undefined]>([
	[
		{ id: 'a', status: 'IN_QUEUE' },
		{ status: 'IN_QUEUE', final: false, documented: true },
	],
	[
		{ id: 'a', status: 'IN_PROGRESS' },
		{ status: 'IN_PROGRESS', final: false, documented: true },
	],
	[
		{ id: 'a', status: 'RUNNING' },
		{ status: 'RUNNING', final: false, documented: true },
	],
	[
		{ id: 'a', status: 'COMPLETED' },
		{ status: 'COMPLETED', final: true, documented: true },
	],
	[
		{ id: 'a', status: 'FAILED' },
		{ status: 'FAILED', final: true, documented: true },
	],
	[
		{ id: 'a', status: 'CANCELLED' },
		{ status: 'CANCELLED', final: true, documented: true },
	],
	[
		{ id: 'a', status: 'TIMED_OUT' },
		{ status: 'TIMED_OUT', final: true, documented: true },
	],
	[
		{ id: 'a', status: 'PONDERING' },
		{ status: 'PONDERING', final: false, documented: false },
	],
	[{ id: 'a' }, { status: 'UNKNOWN', final: false, documented: false }],
	[
		{ id: 'a', status: 7 },
		{ status: 'UNKNOWN', final: false, documented: false },
	],
	[
		{ id: 'a', status: '<b>' },
		{ status: 'UNKNOWN', final: false, documented: false },
	],
	[{ id: '../a', status: 'COMPLETED' }, undefined],
	[{ id: 7, status: 'COMPLETED' }, undefined],
	[{ status: 'COMPLETED' }, undefined],
	['COMPLETED', undefined],
	[[{ id: 'a' }], undefined],
	[null, undefined],
])('the job in %j', (body, expected) => {
	const job = readJob(body);
	expect(job && { status: job.status, final: isFinal(job), documented: isDocumented(job) }).toEqual(
		expected,
	);
	if (job) expect(job.raw).toBe(body);
});

test.each<[unknown, string, boolean]>([
	['https://api.runpod.ai/v2', 'https://api.runpod.ai/v2', true],
	[' https://api.runpod.ai/v2/\n', 'https://api.runpod.ai/v2', true],
	['http://127.0.0.1:8080/v2///', 'http://127.0.0.1:8080/v2', true],
	['https://a.example/v2?x=1', 'https://a.example/v2?x=1', false],
	['https://a.example/v2#x', 'https://a.example/v2#x', false],
	['ftp://a.example', 'ftp://a.example', false],
	['api.runpod.ai', 'api.runpod.ai', false],
	['', '', false],
	[undefined, '', false],
])('base URL %j', (value, trimmed, isUsable) => {
	expect(trimBaseUrl(value)).toBe(trimmed);
	expect(isHttpBaseUrl(trimmed)).toBe(isUsable);
});
