import type { JsonObject } from '../json';
import { LABELS } from '../labels';
import { readVideoResult, type VideoResult } from '../pvideo/result';
import { awaitJob } from '../runpod/awaitJob';
import type { Endpoint } from '../runpod/endpoint';
import { Failure, StillRunning } from '../runpod/failure';
import { isFinal, jobIn, reasonOf, type FinalJob, type Job } from '../runpod/job';
import { deadlineFromUse, pause, startDeadline, type Deadline } from '../runpod/time';
import { cancelJob, ended, makeJob } from './jobStates';
import type { Item } from './execution';
import type { Plan } from './operation';
import { stillUncertain, type Sent } from './record';
import { failedJob, noVideo } from './withoutVideo';

export interface VideoPlan extends Plan, Sent {
	request: string;
	endpointId: string;
	path: 'runsync' | 'run';
	estimatedCost: number | null;
	bytes: number;
	hasFile: boolean;
	timeoutSeconds: number;
	cancelsOnTimeout: boolean;
	resubmitsUncertain: boolean;
	/** The body, its files read; called once per submission. A Buffer holds JSON. */
	body(): Promise<JsonObject | Buffer>;
}

export interface FinishedJob {
	job: FinalJob;
	result: VideoResult;
	finishedAt: number;
	/** Whether this try has seen the job end. */
	isNew: boolean;
	deadline: Deadline;
	/** As they were sent: an earlier try may have sent others. */
	sent: Sent;
}

const LATE_RESULT_MS = 10_000;
const LATE_RESULT_PAUSE_MS = 1_000;

/**
 * Submits the job, unless an earlier try did, and waits until it has ended with a video.
 * @throws InvalidParameter above the budget; Failure, with the job's ID where one is known; Stopped
 */
export async function completeJob(item: Item, plan: VideoPlan): Promise<FinishedJob> {
	const deadline = deadlineFromUse(plan.timeoutSeconds * 1000);
	const known = item.record;
	if (known?.state === 'done') {
		const { job, result, response: raw, finishedAt, sent } = known;
		const ended: FinalJob = { id: job.id, status: 'COMPLETED', raw };
		return { job: ended, result, finishedAt, isNew: false, deadline, sent };
	}
	const ended = await followed(item, plan, deadline);
	return {
		...ended,
		finishedAt: Date.now(),
		isNew: true,
		deadline,
		sent: item.record?.sent ?? plan,
	};
}

/** Submits the job, unless an earlier try did, and does not wait for it. @throws as `completeJob` */
export async function submitJob(
	item: Item,
	plan: VideoPlan,
): Promise<{ job: Job; result: VideoResult }> {
	const known = item.record;
	if (known?.state === 'done') {
		const { job, result, response: raw } = known;
		return { job: { id: job.id, status: 'COMPLETED', raw }, result };
	}
	if (known?.state === 'running') return { job: await currentJob(item, known.job), result: {} };
	const { job } = await submit(item, plan, deadlineFromUse(plan.timeoutSeconds * 1000));
	if (!isFinal(job)) return { job, result: {} };
	const result = readVideoResult(job.raw.output);
	ended(item.execution, item.index, job, result);
	if (job.status === 'COMPLETED' || result.videoUrl !== undefined) return { job, result };
	throw failedJob(job, result, plan);
}

const CURRENT_STATE_MS = 5_000;

/** The current state of a job that an earlier try submitted; `UNKNOWN` if Runpod does not return it. */
export async function currentJob(
	{ execution }: Item,
	{ id, endpointId }: { id: string; endpointId: string },
): Promise<Job> {
	const endpoint = await execution.endpoint(endpointId);
	return await endpoint.getJob(id, CURRENT_STATE_MS).catch((error: unknown) => {
		if (error instanceof Failure) return { id, status: 'UNKNOWN', raw: { id } };
		throw error;
	});
}

/** A final job and its result: of a completed one without a video the result may still come. */
export async function withResult(
	endpoint: Endpoint,
	job: FinalJob,
	limitMs: number,
): Promise<{ job: FinalJob; result: VideoResult }> {
	const late = startDeadline(Math.min(LATE_RESULT_MS, limitMs));
	for (let current = job; ; ) {
		const result = readVideoResult(current.raw.output);
		const isLate = current.status === 'COMPLETED' && result.videoUrl === undefined;
		const mayCome = isLate && current.id !== '' && reasonOf(current) === undefined;
		if (!mayCome || late.remaining() === 0) return { job: current, result };
		await pause(Math.min(LATE_RESULT_PAUSE_MS, late.remaining()), endpoint.stop);
		const next = jobIn(await endpoint.look(job.id, LATE_RESULT_MS), job.id);
		if (next !== undefined && isFinal(next)) current = next;
	}
}

async function followed(
	item: Item,
	plan: VideoPlan,
	deadline: Deadline,
): Promise<{ job: FinalJob; result: VideoResult }> {
	const { endpoint, job } = await found(item, plan, deadline);
	const final = isFinal(job) ? job : await wait(item, plan, endpoint, job.id, deadline);
	const whole = await withResult(endpoint, final, deadline.remaining());
	ended(item.execution, item.index, whole.job, whole.result);
	if (whole.result.videoUrl !== undefined) return whole;
	if (whole.job.status === 'COMPLETED') throw noVideo(whole.job, whole.result);
	throw failedJob(whole.job, whole.result, plan);
}

async function found(
	item: Item,
	plan: VideoPlan,
	deadline: Deadline,
): Promise<{ endpoint: Endpoint; job: Job }> {
	const { record, execution, index } = item;
	if (record?.state !== 'running') return await submit(item, plan, deadline);
	const { id, endpointId } = record.job;
	const endpoint = await execution.endpoint(endpointId);
	execution.records.underWay.add(index);
	return { endpoint, job: await wait(item, plan, endpoint, id, deadline) };
}

async function wait(
	{ execution, index }: Item,
	{ timeoutSeconds, cancelsOnTimeout }: VideoPlan,
	endpoint: Endpoint,
	jobId: string,
	deadline: Deadline,
): Promise<FinalJob> {
	const how = { deadline, seconds: timeoutSeconds, isKnown: true };
	return await awaitJob(endpoint, jobId, how).catch(async (error: unknown) => {
		if (!(error instanceof StillRunning) || !cancelsOnTimeout) throw error;
		const job = await cancelJob(execution, index);
		if (job !== undefined && job.status !== 'CANCELLED') return job;
		const { message, description, job: known } = error;
		if (job === undefined) {
			throw new Failure(message, {
				description: `The job could not be cancelled. ${description}`,
				job: known,
			});
		}
		// The node itself cancelled it, so a later try may submit a new one.
		const record = execution.records.get(index);
		if (record?.state === 'cancelled') execution.records.set(index, { ...record, state: 'failed' });
		throw new Failure(message, {
			description: `The job was cancelled ('${LABELS.cancelOnTimeout}'). Raise the timeout in the options, or run the item again.`,
			job: { ...known, status: 'CANCELLED' },
		});
	});
}

const RESUBMITTED = `Some items were submitted again ('${LABELS.resubmitUncertain}'): their first jobs may have run and been billed too.`;

/** Submits a new job, unless an earlier try may have submitted it. */
async function submit(
	item: Item,
	plan: VideoPlan,
	deadline: Deadline,
): Promise<{ endpoint: Endpoint; job: Job }> {
	const { execution, record: before } = item;
	const { endpointId, path: mode, bytes, hasFile, resubmitsUncertain } = plan;
	if (before?.state === 'uncertain' && !resubmitsUncertain) throw stillUncertain(before.problem);
	if (before?.state === 'cancelled') {
		const job: FinalJob = { id: before.job.id, status: 'CANCELLED', raw: {} };
		throw failedJob(job, {}, { endpointId: before.job.endpointId });
	}
	const endpoint = await execution.endpoint(endpointId);
	const job = await makeJob(item, plan, {
		prepare: async () => await plan.body(),
		send: async (body) => {
			const repeats = !execution.isOut;
			return await endpoint.submit({ mode, body, bytes, deadline, hasFile, repeats });
		},
	});
	if (before?.state === 'uncertain') execution.tally.note(RESUBMITTED);
	return { endpoint, job };
}
