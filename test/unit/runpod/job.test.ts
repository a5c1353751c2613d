/** What counts as a job. */
import { isFinal, isJobId, jobIn, readJob } from '../../../nodes/PrunaVideo/runpod/job';
import { answered, ended } from './answered';

const SIGNS = [...".:~+=_-!$&'()*,;@?#%[]"].map((sign) => `a${sign}1`);
const LONGEST = 'x'.repeat(200);
const GOOD = `a sync-a1b2c3d4-e5f6-7890-abcd-ef1234567890-u1 9007199254740993 ..a ${LONGEST}`;
const BAD = `${LONGEST}x . .. ... ../run a/b a\\b jöb <b> a\0`;

test.each<[boolean, string[]]>([
	[true, [...GOOD.split(' '), ...SIGNS]],
	[false, [...BAD.split(' '), '', 'a b', 'a\n']],
])('job IDs: %s', (expected, ids) => {
	for (const id of ids) expect([id, isJobId(id)]).toEqual([id, expected]);
});

/** With a usable ID every state counts; in Runpod's own states the case of the letters does not matter. */
test.each<[status: string, isFinal: boolean, stated: unknown[]]>([
	['IN_QUEUE', false, ['IN_QUEUE']],
	['IN_PROGRESS', false, ['IN_PROGRESS', 'In_Progress']],
	['RUNNING', false, ['RUNNING']],
	['COMPLETED', true, ['COMPLETED', 'completed']],
	...['FAILED', 'CANCELLED', 'TIMED_OUT'].map((final): [string, boolean, unknown[]] => [
		...([final, true, [final]] as [string, boolean, unknown[]]),
	]),
	['EXPIRED', false, ['EXPIRED']],
	['Canceled', false, ['Canceled']],
	['UNKNOWN', false, [undefined, 7, '<b>', 'x'.repeat(41)]],
])('a job is %s, final: %s, by the status %j', (status, final, all) => {
	for (const stated of all) {
		const body = { id: 'a', status: stated };
		const job = readJob(body);
		expect(job).toEqual({ id: 'a', status, raw: body });
		expect(job && isFinal(job)).toBe(final);
	}
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
	[[{ id: 'a' }], undefined, undefined],
	['COMPLETED', undefined, undefined],
])('the job in %j', (body, id, idIfAsked) => {
	expect(readJob(body)?.id).toBe(id);
	expect(readJob(body, 'asked')?.id).toBe(idIfAsked);
});

const FAILED = { status: 'FAILED', error: 'x' };
/** "failed" without an ID, of a proxy or of Runpod's own refusal, is no job: the HTTP status decides. */
test.each<[number[], object, string | undefined]>([
	[[200, 404], { id: 'a', status: 'IN_QUEUE' }, 'a'],
	[[200, 400, 502], { id: 'a', ...FAILED }, 'a'],
	[[200], { id: 'a' }, 'a'],
	[[400, 404], { id: 'a', error: 'x' }, undefined],
	[[400], { id: 'a', status: 'PONDERING' }, undefined],
	[[200], FAILED, ''],
	[[400, 401, 402, 429], FAILED, undefined],
])('HTTP %j %j', (statuses, body, id) => {
	for (const answer of statuses.map((status) => answered(status, body))) {
		expect(jobIn(answer)?.id).toBe(id);
		expect(jobIn(answer, 'another')?.id).toBe(id === '' ? 'another' : undefined);
	}
	expect(jobIn(ended('timedOut'))).toBeUndefined();
});
