/** Pruna Video Trigger beside a simulator: for the tests of one file. */
import type { IDataObject } from 'n8n-workflow';
import { request } from 'undici';
import { startSimulator, type JobRecord, type Simulator } from '../tools/simulator';
import { credentialsOf } from './batch';
import { hurry } from './hurry';
import { startTrigger, type TriggerOptions, type TriggerServer } from './triggerServer';

/** The node's pauses pass so many times as fast. */
export const FASTER = 20;
/** On a busy machine hundreds of jobs take their time. */
const LONG_MS = 60_000;

export let simulator: Simulator;
const triggers: TriggerServer[] = [];

/** Starts and resets the simulator, and ends the triggers of each test. */
export function useStage(): void {
	beforeEach(async () => {
		// A job that is unknown at first has tests of its own.
		const unknownAtFirst = { looks: 0, ms: 0 };
		simulator = await startSimulator({ webhookRetryMs: 20, unknownAtFirst });
	});
	afterEach(async () => {
		await Promise.all(triggers.splice(0).map(async (trigger) => await trigger.close()));
		await simulator.close();
	});
	hurry(FASTER, Infinity);
}

export async function listen(options: TriggerOptions = {}): Promise<TriggerServer> {
	const trigger = await startTrigger({ credentials: credentialsOf(simulator), ...options });
	triggers.push(trigger);
	return trigger;
}

export async function post(path: string, body: unknown): Promise<IDataObject> {
	const answer = await request(`${simulator.baseUrl}/${path}`, {
		method: 'POST',
		headers: {
			authorization: `Bearer ${simulator.apiKey}`,
			'content-type': 'application/json',
		},
		body: JSON.stringify(body),
	});
	return (await answer.body.json()) as IDataObject;
}

/** Submits a job that calls `webhook`, and waits until it has ended and a call was answered 200. */
export async function runJob(webhook?: string, endpoint = 'p-video'): Promise<JobRecord> {
	const { id } = await post(`${endpoint}/run`, { input: { prompt: 'A cat' }, webhook });
	await simulator.waitFor(({ jobs }) => jobs.some((job) => job.id === id && isOver(job)), LONG_MS);
	return simulator.ledger.find(String(id))!;
}

function isOver({ status, webhook, webhookTries }: JobRecord): boolean {
	const hasEnded = !['IN_QUEUE', 'IN_PROGRESS'].includes(status);
	return hasEnded && (!webhook || webhookTries.at(-1)?.result === 200);
}

/** What a caller says of a job. */
export const completed = (id: string, more: IDataObject = {}) => ({
	id,
	status: 'COMPLETED',
	...more,
});

/** How often Runpod has been asked for a job. */
export const looks = () =>
	simulator.requests.filter(({ operation }) => operation === 'status').length;
