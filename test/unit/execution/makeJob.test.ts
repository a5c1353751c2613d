/** What is known of an item's job after what Runpod answered, and the budget that follows from it. */
import { ended, makeJob } from '../../../nodes/PrunaVideo/execution/jobStates';
import { type Execution, Item } from '../../../nodes/PrunaVideo/execution/execution';
import type { JobRecord } from '../../../nodes/PrunaVideo/execution/record';
import { Failure, Stopped } from '../../../nodes/PrunaVideo/runpod/failure';
import type { FinalJob, FinalState, Job } from '../../../nodes/PrunaVideo/runpod/job';
import { open } from './opened';

const OPEN: Job = { id: 'job-1', status: 'IN_QUEUE', raw: {} };
const LOST = new Failure('The connection broke', { description: 'Look.', isUncertain: true });
const REFUSED = new Failure('No', { description: 'Never.' });
const V = 'https://a.example/b.mp4';

type Step = (execution: Execution) => unknown;

/** Has a job made that is estimated at 10 cents; Runpod's answer is this, or an error. */
const submit =
	(answer: Job | Error = OPEN, index = 0, prepare = async () => {}): Step =>
	async (execution) => {
		const send = async () => (answer instanceof Error ? await Promise.reject(answer) : answer);
		const intent = { endpointId: 'p-video', estimatedCost: 0.1, request: 'a cat', seed: 7 };
		return await makeJob(new Item(execution, index), intent, { prepare, send });
	};
const fail =
	(error: Error, prepare?: () => Promise<void>): Step =>
	async (execution) =>
		await expect(submit(error, 0, prepare)(execution)).rejects.toBe(error);
const unprepared = fail(REFUSED, async () => await Promise.reject(REFUSED));
const final = (status: FinalState, raw = {}): FinalJob => ({ id: 'job-1', status, raw });
const end =
	(status: FinalState, cost?: number, hasVideo = status === 'COMPLETED'): Step =>
	(execution) =>
		ended(execution, 0, final(status), { cost, ...(hasVideo && { videoUrl: V }) });

test.each<[string, Step[], JobRecord['state'], number]>([
	['was refused', [fail(REFUSED)], 'none', 0],
	['could not be prepared', [unprepared], 'none', 0],
	['was not sent because of a stop', [fail(new Stopped())], 'none', 0],
	['may have been accepted', [fail(LOST)], 'uncertain', 0.1],
	['was open at a stop', [fail(new Stopped(true))], 'uncertain', 0.1],
	['met an unexpected error', [fail(new TypeError('x'))], 'uncertain', 0.1],
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
	['may be two', [fail(LOST), fail(LOST)], 'uncertain', 0.2],
	['may be one; another was refused', [fail(LOST), fail(REFUSED)], 'uncertain', 0.1],
	['runs beside one that may', [fail(LOST), submit()], 'running', 0.2],
	['is done beside one', [fail(LOST), submit(), end('COMPLETED', 0.05)], 'done', 0.15],
])('a job that %s', async (_, steps, state, committed) => {
	const execution = open();
	for (const step of steps) await step(execution);
	expect(execution.records.get(0)).toMatchObject({ state, sent: { request: 'a cat', seed: 7 } });
	expect(execution.kept.committed).toBe(committed);
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
