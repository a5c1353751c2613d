/** What counts as a job. */
import { isFinal, isJobId, jobIn, readJob } from '../../../nodes/PrunaVideo/runpod/job';
import { answered, ended } from './answered';

const GOOD = [
	'sync-a1b2c3d4-e5f6-7890-abcd-ef1234567890-u1',
	'a',
	'x'.repeat(200),
	'9007199254740993',
];
const SIGNS = [...".:~+=_-!$&'()*,;@?#%[]"].map((sign) => `a${sign}1`);
const BAD = [
	'x'.repeat(201),
	'',
	'.',
	'..',
	'...',
	'../run',
	'a/b',
	'a\\b',
	'a b',
	'a\n',
	'jöb',
	'<b>',
];

test.each<[boolean, string[]]>([
	[true, [...GOOD, ...SIGNS, '..a']],
	[false, BAD],
])('job IDs: %s', (expected, ids) => {
	for (const id of ids) expect([id, isJobId(id)]).toEqual([id, expected]);
});

/** With a usable ID every state counts; in Runpod's own states the case of the letters does not matter. */
test.each<[unknown, string, boolean]>([
	...['IN_QUEUE', 'IN_PROGRESS', 'RUNNING'].map((s): [string, string, boolean] => [s, s, false]),
	...['COMPLETED', 'FAILED', 'CANCELLED', 'TIMED_OUT'].map((s): [string, string, boolean] => [
		s,
		s,
		true,
	]),
	['completed', 'COMPLETED', true],
	['In_Progress', 'IN_PROGRESS', false],
	...['EXPIRED', 'Canceled'].map((s): [string, string, boolean] => [s, s, false]),
	...[undefined, 7, '<b>', 'x'.repeat(41)].map((s): [unknown, string, boolean] => [
		s,
		'UNKNOWN',
		false,
	]),
])('a job of status %j is %s, final: %s', (stated, status, final) => {
	const body = { id: 'a', status: stated };
	const job = readJob(body);
	expect(job).toEqual({ id: 'a', status, raw: body });
	expect(job && isFinal(job)).toBe(final);
});

/** A job that nobody asked for, and one that answers a question about the job 'asked'. */
test.each<[unknown, string | undefined, string | undefined]>([
	[{ id: 7, status: 'IN_QUEUE' }, '7', '7'],
	[{ id: '../a', status: 'COMPLETED', output: 'V' }, '../a', 'asked'],
	[{ status: 'COMPLETED', output: {} }, '', 'asked'],
	[{ status: 'FAILED', error: 'no' }, '', 'asked'],
	[{ id: '../a', status: 'IN_QUEUE' }, undefined, 'asked'],
	[{ id: null, status: 'COMPLETED' }, undefined, 'asked'],
	[{ id: '', status: 'FAILED', error: '' }, undefined, 'asked'],
	[{ status: 'PONDERING' }, undefined, undefined],
	[{ status: 404, title: 'Not Found', detail: 'job not found' }, undefined, undefined],
	[{ error: 'no' }, undefined, undefined],
	...['COMPLETED', [{ id: 'a' }], null].map((body): [unknown, undefined, undefined] => [
		body,
		undefined,
		undefined,
	]),
])('the job in %j', (body, id, idIfAsked) => {
	expect(readJob(body)?.id).toBe(id);
	expect(readJob(body, 'asked')?.id).toBe(idIfAsked);
});

/** "failed" without an ID, of a proxy or of Runpod's own refusal, is no job: the HTTP status decides. */
test.each<[number, unknown, string | undefined]>([
	[200, { id: 'a' }, 'a'],
	[200, { status: 'FAILED', error: 'x' }, ''],
	[400, { id: 'a', status: 'FAILED', error: 'x' }, 'a'],
	[502, { id: 'a', status: 'IN_QUEUE' }, 'a'],
	[400, { id: 'a', status: 'PONDERING' }, undefined],
	[404, { id: 'a', error: 'x' }, undefined],
	...[400, 401, 402, 429].map(
		(status): [number, unknown, undefined] =>
			[...[status, { status: 'FAILED', error: 'x' }], undefined] as [number, unknown, undefined],
	),
])('HTTP %i %j', (status, body, id) => {
	expect(jobIn(answered(status, body))?.id).toBe(id);
	expect(jobIn(answered(status, body), 'another')?.id).toBe(id === '' ? 'another' : undefined);
	expect(jobIn(ended('timedOut'))).toBeUndefined();
});
