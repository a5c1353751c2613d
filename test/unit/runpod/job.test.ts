/** What counts as a job. */
import { isDocumented, isFinal, isJobId, readJob } from '../../../nodes/PrunaVideo/runpod/job';

test.each([
	['sync-a1b2c3d4-e5f6-7890-abcd-ef1234567890-u1', true],
	['a', true],
	['x'.repeat(200), true],
	['x'.repeat(201), false],
	['', false],
	['9007199254740993', true],
	...[...".:~+=_-!$&'()*,;@?#%[]"].map((sign): [string, boolean] => [`a${sign}1`, true]),
	['..a', true],
	['.', false],
	['..', false],
	['...', false],
	['../run', false],
	['a/b', false],
	['a\\b', false],
	['a b', false],
	['a\n', false],
	['a\u0000', false],
	['jöb', false],
	['<b>', false],
])('job id %.50j: %s', (id, expected) => {
	expect(isJobId(id)).toBe(expected);
});

const job = (status: string, final: boolean, documented: boolean) => ({
	id: 'a',
	status,
	final,
	documented,
});

test.each<[unknown, ReturnType<typeof job> | undefined]>([
	[{ id: 'a', status: 'IN_QUEUE' }, job('IN_QUEUE', false, true)],
	[{ id: 'a', status: 'IN_PROGRESS' }, job('IN_PROGRESS', false, true)],
	[{ id: 'a', status: 'RUNNING' }, job('RUNNING', false, true)],
	[{ id: 'a', status: 'COMPLETED' }, job('COMPLETED', true, true)],
	[{ id: 'a', status: 'FAILED' }, job('FAILED', true, true)],
	[{ id: 'a', status: 'CANCELLED' }, job('CANCELLED', true, true)],
	[{ id: 'a', status: 'TIMED_OUT' }, job('TIMED_OUT', true, true)],
	[{ id: 'a', status: 'completed' }, job('COMPLETED', true, true)],
	[{ id: 'a', status: 'In_Progress' }, job('IN_PROGRESS', false, true)],
	[{ id: 'a', status: 'PONDERING' }, job('PONDERING', false, false)],
	[{ id: 'a', status: 'EXPIRED' }, job('EXPIRED', false, false)],
	[{ id: 'a', status: 'Canceled' }, job('Canceled', false, false)],
	[{ id: 'a' }, job('UNKNOWN', false, false)],
	[{ id: 'a', status: 7 }, job('UNKNOWN', false, false)],
	[{ id: 'a', status: '<b>' }, job('UNKNOWN', false, false)],
	[{ id: 'a', status: 'x'.repeat(41) }, job('UNKNOWN', false, false)],
	[
		{ id: 7, status: 'IN_QUEUE' },
		{ ...job('IN_QUEUE', false, true), id: '7' },
	],
	[
		{ id: '../a', status: 'COMPLETED', output: 'V' },
		{ ...job('COMPLETED', true, true), id: '../a' },
	],
	[
		{ status: 'COMPLETED', output: {} },
		{ ...job('COMPLETED', true, true), id: '' },
	],
	[
		{ status: 'FAILED', error: 'no' },
		{ ...job('FAILED', true, true), id: '' },
	],
	[{ id: '../a', status: 'IN_QUEUE' }, undefined],
	[{ id: '../a', status: 'COMPLETED' }, undefined],
	[{ status: 'COMPLETED' }, undefined],
	[{ status: 'FAILED', error: '' }, undefined],
	[{ status: 404, title: 'Not Found', detail: 'job not found' }, undefined],
	[{ error: 'no' }, undefined],
	['COMPLETED', undefined],
	[[{ id: 'a' }], undefined],
	[null, undefined],
])('the job in %j', (body, expected) => {
	const found = readJob(body);
	const { id = '', status = '' } = found ?? {};
	expect(found && { id, status, final: isFinal(found), documented: isDocumented(found) }).toEqual(
		expected,
	);
	if (found) expect(found.raw).toBe(body);
});

test.each<[unknown, string | undefined]>([
	[{ status: 'IN_PROGRESS' }, 'asked'],
	[{ id: null, status: 'COMPLETED' }, 'asked'],
	[{ id: '', status: 'FAILED' }, 'asked'],
	[{ id: 'other', status: 'COMPLETED' }, 'other'],
	[{ status: 'PONDERING' }, undefined],
	[{ status: 404, detail: 'job not found' }, undefined],
	['COMPLETED', undefined],
])('asked for a job, %j is about %s', (body, id) => {
	expect(readJob(body, 'asked')?.id).toBe(id);
});
