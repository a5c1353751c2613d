import { jobIn, type Endpoint } from '../runpod/endpoint';
import { Failure } from '../runpod/failure';
import { failedJobRequest } from '../runpod/failures';
import type { Job } from '../runpod/job';
import { pause, startDeadline } from '../runpod/time';
import { mayBeNew, mayRepeat } from '../runpod/verdicts';
import { Recent } from './recent';

/**
 * Pauses before each status check, in ms: Runpod's records may lag a moment behind its call. Anything slower is left
 * to the next call.
 */
const PAUSES_MS = [0, 1_000, 2_000];
/** For all status checks of one call together, in ms. */
const VERIFY_MS = 6_000;

/**
 * The most status checks per minute and trigger that find no finished job: anyone who knows the trigger's URL can
 * cause them, and they use the user's key. Runpod allows 12 000 a minute; 400 jobs that end together need 400.
 */
const MOST_FRUITLESS = 600;
const MINUTE_MS = 60_000;
const MOST_TRIGGERS = 1_000;

const fruitless = new Recent<{ checks: number }>(MOST_TRIGGERS, MINUTE_MS);

/** The status checks that one call of a trigger may cause. */
export class StatusChecks {
	private made = 0;

	/**
	 * @param trigger identifies it within this process
	 */
	constructor(private readonly trigger: string) {}

	/** Whether one more may be made; if so, counts it. */
	take(): boolean {
		const minute = fruitless.get(this.trigger) ?? { checks: 0 };
		if (minute.checks >= MOST_FRUITLESS) return false;
		if (minute.checks === 0) fruitless.set(this.trigger, minute);
		minute.checks++;
		this.made++;
		return true;
	}

	/** Uncounts the checks of this call, because they found a finished job. */
	wereOfUse(): void {
		const minute = fruitless.get(this.trigger);
		if (minute !== undefined) minute.checks = Math.max(0, minute.checks - this.made);
		this.made = 0;
	}
}

/**
 * Fetches the job from Runpod. Does not wait for a running job.
 *
 * @throws Failure where Runpod does not know the job (yet) or cannot be asked
 */
export async function verify(
	endpoint: Endpoint,
	jobId: string,
	checks: StatusChecks,
): Promise<Job> {
	const deadline = startDeadline(VERIFY_MS);
	let failure = new Failure('This trigger was called too often within a minute', {
		description:
			'Most of these calls did not name a finished job. If they do not come from Runpod, replace the trigger node to get a new webhook URL.',
	});
	for (const ms of PAUSES_MS) {
		if (ms > 0) await pause(Math.min(ms, deadline.remaining()));
		if (deadline.remaining() === 0 || !checks.take()) break;
		const answer = await endpoint.checkStatus(jobId, deadline.remaining());
		const job = jobIn(answer, jobId)?.job;
		if (job?.id === jobId) return job;
		failure = failedJobRequest(answer, { endpointId: endpoint.id, jobId });
		if (!mayBeNew(answer) && !mayRepeat(answer, false)) break;
	}
	throw failure;
}
