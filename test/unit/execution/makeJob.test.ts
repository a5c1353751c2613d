/** What is known of an item's job, the budget that follows from it, and what is cancelled. */
import { cancelJob, cancelOnStop, ended } from '../../../nodes/PrunaVideo/execution/ended';
import type { Execution } from '../../../nodes/PrunaVideo/execution/execution';
import { makeJob } from '../../../nodes/PrunaVideo/execution/makeJob';
import { Item } from '../../../nodes/PrunaVideo/execution/operation';
import { keptResponse, type JobRecord } from '../../../nodes/PrunaVideo/execution/record';
import type { Endpoint } from '../../../nodes/PrunaVideo/runpod/endpoint';
import { Failure, Stopped } from '../../../nodes/PrunaVideo/runpod/failure';
import type { FinalJob, FinalState, Job } from '../../../nodes/PrunaVideo/runpod/job';
import { FAILED, open, RUNNING, type Setup } from './opened';

const OPEN: Job = { id: 'job-1', status: 'IN_QUEUE', raw: {} };
const LOST = new Failure('The connection broke', { description: 'Look.', isUncertain: true });
const REFUSED = new Failure('No', { description: 'Never.' });
const V = 'https://a.example/b.mp4';

type Step = (execution: Execution) => unknown;

/** Has a job made that is estimated at 10 cents, and Runpod's answer is this. */
const submit =
	(answer: Job | Error = OPEN, index = 0, prepare = async () => {}): Step =>
	async (execution) =>
		await makeJob(
			new Item(execution, index),
			{ endpointId: 'p-video', estimatedCost: 0.1, request: 'a cat', seed: 7 },
			{
				prepare,
				send: async () => {
					if (answer instanceof Error) throw answer;
					return answer;
				},
			},
		);
const refuse =
	(error: Error): Step =>
	async (execution) =>
		await expect(submit(error)(execution)).rejects.toBe(error);
const unprepared: Step = async (execution) =>
	await expect(submit(OPEN, 0, async () => Promise.reject(REFUSED))(execution)).rejects.toBe(
		REFUSED,
	);
const final = (status: FinalState): FinalJob => ({
	id: 'job-1',
	status,
	raw: { id: 'job-1', status },
});
const end =
	(status: FinalState, cost?: number, hasVideo = status === 'COMPLETED'): Step =>
	(execution) =>
		ended(execution, 0, final(status), { cost, ...(hasVideo && { videoUrl: V }) });

test.each<[string, Step[], JobRecord['state'], number]>([
	['was refused', [refuse(REFUSED)], 'none', 0],
	['could not be prepared', [unprepared], 'none', 0],
	['was not sent because of a stop', [refuse(new Stopped())], 'none', 0],
	['may have been accepted', [refuse(LOST)], 'uncertain', 0.1],
	['was open at a stop', [refuse(new Stopped(true))], 'uncertain', 0.1],
	['met an unexpected error', [refuse(new TypeError('x'))], 'uncertain', 0.1],
	['runs', [submit()], 'running', 0.1],
	['is done, as estimated', [submit(), end('COMPLETED', 0.1)], 'done', 0.1],
	['is done for less', [submit(), end('COMPLETED', 0.05)], 'done', 0.05],
	['is done for more', [submit(), end('COMPLETED', 0.3)], 'done', 0.3],
	['is done, nobody says for how much', [submit(), end('COMPLETED')], 'done', 0.1],
	['has no video yet', [submit(), end('COMPLETED', 0.1, false)], 'running', 0.1],
	['failed', [submit(), end('FAILED')], 'failed', 0],
	['failed, and was billed', [submit(), end('FAILED', 0.04)], 'failed', 0.04],
	['failed, but has a video', [submit(), end('FAILED', 0.04, true)], 'done', 0.04],
	['timed out', [submit(), end('TIMED_OUT')], 'failed', 0],
	['was cancelled', [submit(), end('CANCELLED')], 'cancelled', 0],
	['is told to be done twice', [submit(), end('COMPLETED'), end('COMPLETED')], 'done', 0.1],
	['is done, says a late cancel', [submit(), end('COMPLETED'), end('FAILED')], 'done', 0.1],
	['failed at a cost; another runs', [submit(), end('FAILED', 0.04), submit()], 'running', 0.14],
	['may be two', [refuse(LOST), refuse(LOST)], 'uncertain', 0.2],
	['may be one; another was refused', [refuse(LOST), refuse(REFUSED)], 'uncertain', 0.1],
	['runs beside one that may', [refuse(LOST), submit()], 'running', 0.2],
	['is done beside one', [refuse(LOST), submit(), end('COMPLETED', 0.05)], 'done', 0.15],
])('a job that %s', async (_, steps, state, committed) => {
	const execution = open();
	for (const step of steps) await step(execution);
	expect(execution.records.get(0)).toMatchObject({ state, sent: { request: 'a cat', seed: 7 } });
	expect(execution.kept.committed).toBe(committed);
});

test('a job that is accepted is logged at once, with item and endpoint', async () => {
	const log: string[] = [];
	await submit()(open({ log }));
	expect(log).toEqual(['Pruna Video: job job-1 accepted (item 0, endpoint p-video)']);
});

test('three times ten cents fit into thirty cents; a fourth waits for those that run', async () => {
	const execution = open({ limit: 0.3 });
	for (const index of [0, 1, 2]) await submit(OPEN, index)(execution);
	const [fourth, fifth] = [3, 4].map((index) => submit(OPEN, index)(execution));
	const isWaiting = new Promise((resolve) => setImmediate(resolve, 'waits'));
	expect(await Promise.race([fourth, isWaiting])).toBe('waits');
	end('FAILED')(execution);
	execution.records.leave(0);
	await fourth;
	// The fifth woke up in the same moment.
	expect(execution.kept.committed).toBe(0.3);
	for (const index of [1, 2, 3]) execution.records.leave(index);
	await expect(fifth).rejects.toThrow(/^Not submitted: with this item \(\$0.10\) .* \$0.40, above/);
	expect(execution.records.get(4)).toBeUndefined();
});

test('of two at the same moment one is above the limit; no item waits for itself', async () => {
	const execution = open({ limit: 0.1 });
	const both = [0, 1].map(async (index) => await submit(OPEN, index)(execution));
	await both[0];
	expect(execution.kept.committed).toBe(0.1);
	execution.records.leave(0);
	await expect(both[1]).rejects.toThrow(/^Not submitted/);
	execution.records.underWay.add(0);
	await expect(submit()(execution)).rejects.toThrow(/^Not submitted/);
});

/** An execution that finds this record, and the IDs that it asks Runpod to cancel. */
function cancelling(
	record: JobRecord | undefined,
	setup: Setup,
	answer = (): Job => final('CANCELLED'),
) {
	const stop = new AbortController();
	const execution = open({ ...setup, stop: stop.signal });
	if (record !== undefined) execution.records.set(0, record);
	const asked: string[] = [];
	const cancel = async (id: string) => {
		asked.push(id);
		return answer();
	};
	jest
		.spyOn(execution, 'endpoint')
		.mockResolvedValue({ id: 'p-video', cancel } as unknown as Endpoint);
	return { execution, stop, asked };
}

describe('a stop', () => {
	test.each<[string, JobRecord, Setup, string[]]>([
		['cancels what an earlier try left running', RUNNING, {}, ['job-1']],
		['leaves it alone where it should', RUNNING, { cancelsOnStop: false }, []],
		['leaves what has ended alone', FAILED, {}, []],
	])(
		'%s, whether it comes before or after the watch begins',
		async (_, record, setup, cancelled) => {
			for (const isEarly of [true, false]) {
				const { execution, stop, asked } = cancelling(record, setup);
				if (isEarly) stop.abort();
				const endWatch = cancelOnStop(execution);
				stop.abort();
				await endWatch();
				expect(asked).toEqual(cancelled);
			}
		},
	);

	test('cancels a job that is accepted after it, and does nothing once the watch has ended', async () => {
		for (const isLate of [false, true]) {
			const { execution, stop, asked } = cancelling(undefined, {});
			const endWatch = cancelOnStop(execution);
			if (isLate) await endWatch();
			stop.abort();
			await submit()(execution);
			await endWatch();
			expect([asked, execution.kept.committed]).toEqual(isLate ? [[], 0.1] : [['job-1'], 0]);
		}
	});
});

const fail = (): Job => {
	throw REFUSED;
};
test.each<[string, () => Job, JobRecord['state'], number]>([
	[
		'that it is done',
		() => ({ ...final('COMPLETED'), raw: { output: { result: V } } }),
		'done',
		0.1,
	],
	['that it has failed', () => final('FAILED'), 'failed', 0],
	['that it is cancelled', () => final('CANCELLED'), 'cancelled', 0],
	['that it runs', () => ({ ...OPEN, status: 'IN_PROGRESS' }), 'running', 0.1],
	['nothing', fail, 'running', 0.1],
])('a cancel of which Runpod says %s', async (_, answer, state, committed) => {
	const { execution, asked } = cancelling(RUNNING, {}, answer);
	await cancelJob(execution, 0);
	expect(asked).toEqual(['job-1']);
	expect(execution.records.get(0)?.state).toBe(state);
	expect(execution.kept.committed).toBe(committed);
});

test('of a long response, only what the node reads is kept for the next try', () => {
	const raw = {
		...final('COMPLETED').raw,
		executionTime: 9,
		delayTime: ['x'],
		output: { result: V },
	};
	const result = { videoUrl: V, cost: 0.1 };
	expect(keptResponse({ ...final('COMPLETED'), raw }, result)).toBe(raw);
	const long = { ...raw, output: { result: V, echo: 'x'.repeat(20_000) } };
	expect(keptResponse({ ...final('COMPLETED'), raw: long }, result)).toEqual({
		...{ id: 'job-1', status: 'COMPLETED', executionTime: 9, output: { video_url: V, cost: 0.1 } },
	});
});
