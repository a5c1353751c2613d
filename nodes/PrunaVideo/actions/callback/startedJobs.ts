import type { IWebhookFunctions } from 'n8n-workflow';
import { isJsonObject } from '../../json';
import type { FinalJob } from '../../runpod/job';

/** Runpod repeats a call within half a minute, and tells a job's result for half an hour; then `verify` refuses it. */
const KEPT_MS = 60 * 60 * 1000;
/** The workflow's static data is written to n8n's database with every call, so it should stay small. */
const MOST_STORED = 1000;
const STORED = 'startedJobs';

/** Per trigger: which ends of jobs have started its workflow, and when (ms since 1970), oldest first. */
const started = new Map<string, Map<string, number>>();

/**
 * Whether this is the first call for this end of the job; from then on it is not.
 *
 * Remembered in this process, which settles calls that come at the same time, and in the workflow's static data, which
 * outlives a restart and is seen by n8n's other processes.
 */
export function isFirstCall(context: IWebhookFunctions, job: FinalJob, now = Date.now()): boolean {
	const { id: workflowId } = context.getWorkflow();
	const trigger = `${workflowId}/${context.getNode().id}`;
	const staticData = context.getWorkflowStaticData('node');
	const known = new Map([...storedIn(staticData), ...(started.get(trigger) ?? [])]);
	for (const [end, at] of known) if (now - at > KEPT_MS) known.delete(end);

	const end = endOf(job);
	if (known.has(end)) return false;
	known.set(end, now);
	started.set(trigger, known);
	staticData[STORED] = Object.fromEntries([...known].slice(-MOST_STORED));
	return true;
}

/** A job that was retried ends again under the same id, after another wait and another time of work. */
function endOf({ id, status, raw }: FinalJob): string {
	return `${id} ${status} ${Number(raw.delayTime ?? 0)} ${Number(raw.executionTime ?? 0)}`;
}

function storedIn(staticData: Record<string, unknown>): Array<[string, number]> {
	const stored = staticData[STORED];
	if (!isJsonObject(stored)) return [];
	return Object.entries(stored).filter(
		(entry): entry is [string, number] => typeof entry[1] === 'number',
	);
}
