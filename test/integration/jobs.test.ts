/** Job > Submit, Get, Cancel and Retry, and Endpoint > Get Health. */
import type { IDataObject } from 'n8n-workflow';
import type { FaultRule } from '../tools/simulator';
import { CONTINUE, generate, RETRY, shots, simulator, useSimulator, type Batch } from './batch';

// A fresh job that is unknown, and health that is refused, have tests of their own.
useSimulator({ unknownAtFirst: 0, showsHealth: true });

const run = async (operation: string, fields: IDataObject = {}, more: Batch = {}) =>
	await generate(simulator, { parameters: { resource: 'job', operation, ...fields }, ...more });

async function submit(fields: IDataObject = {}): Promise<string> {
	const { items } = await run('submit', fields);
	return String(items[0]?.json.id);
}

/** A job that has ended; by default COMPLETED. */
async function ended(error?: string): Promise<string> {
	if (error !== undefined) simulator.faults.add({ operation: 'run', kind: 'job', error });
	const id = await submit();
	await simulator.waitFor((ledger) => ledger.find(id)?.executionTime !== undefined);
	return id;
}

test.each<[string, IDataObject, number | null, string]>([
	['1080p', { resolution: '1080p' }, 0.2, 'estimated at $0.20'],
	['audio by URL', { audio: 'https://example.com/a.mp3' }, null, 'and 1 unknown cost'],
])('submit returns the job at once, with seed and price: %s', async (_, fields, price, hint) => {
	simulator.hold();
	const { items, hints } = await run('submit', fields);
	const [job] = simulator.ledger.jobs;
	const json = { id: job?.id, status: 'IN_QUEUE', seed: job?.input.seed, estimatedCost: price };
	expect(items).toEqual([{ json, pairedItem: { item: 0 } }]);
	expect(Object.keys(items[0]!.json)).toEqual(Object.keys(json));
	expect(hints[0]?.message).toMatch(/^1 job submitted, estimated at /);
	expect(hints[0]?.message).toContain(hint);
});

test.each<[string, FaultRule | undefined]>([
	['IN_PROGRESS', undefined],
	['UNKNOWN', { operation: 'status', kind: 'forget' }],
	['UNKNOWN', { operation: 'status', kind: 'status', status: 400 }],
])('submit in a later try says what Runpod does: %s, %j', async (state, rule) => {
	simulator.hold('finish');
	if (rule) simulator.faults.add(rule);
	simulator.faults.add({ operation: 'run', kind: 'status', status: 400, skip: 1 });
	const batch = { prompts: shots(2), options: { concurrency: 1 }, settings: RETRY };
	const { items } = await run('submit', {}, batch);
	expect(items.map(({ json }) => json.status)).toEqual([state, 'IN_QUEUE']);
	expect(items.map(({ json }) => json.id)).toEqual(simulator.ledger.jobs.map(({ id }) => id));
});

test('get returns the state of an open job as data, and with waiting names it at the timeout; cancel ends it', async () => {
	simulator.hold();
	const id = await submit();
	const { items } = await run('get', { jobId: ` ${id}\n` });
	expect(items[0]?.json).toEqual({ id, status: 'IN_QUEUE' });
	const { error } = await run('get', { jobId: id, wait: true }, { options: { timeout: 1 } });
	expect(error?.message).toBe(`Job ${id} was still IN_QUEUE after 1 s`);
	const cancelled = await run('cancel', { jobId: id });
	expect(cancelled.items[0]?.json).toMatchObject({ id, status: 'CANCELLED' });
});

test('get of a completed job returns its video and file, without prompt and seed', async () => {
	const jobId = await submit();
	const { items, error } = await run('get', { jobId, wait: true, download: true });
	expect(error).toBeUndefined();
	expect(Object.keys(items[0]!.json)).toEqual([
		...['video_url', 'cost', 'status', 'delayTime', 'executionTime', 'id', 'expiresAt'],
	]);
	expect(items[0]?.json).toMatchObject({ id: jobId, status: 'COMPLETED', cost: 0.1 });
	expect(items[0]?.binary?.data?.mimeType).toBe('video/mp4');
	// It may have been ready for as long as Runpod keeps results: half an hour.
	const hours = (Date.parse(String(items[0]?.json.expiresAt)) - Date.now()) / 3_600_000;
	expect(hours).toBeCloseTo(7 * 24 - 0.5, 1);
	const raw = await run('get', { jobId }, { options: { simplify: false } });
	expect(raw.items[0]?.json).toMatchObject({ id: jobId, output: { cost: 0.1 } });
});

test('a failed job is data without waiting and an error with it; a retry requeues it', async () => {
	const id = await ended('no worker');
	const waited = await run('get', { jobId: id, wait: true });
	expect(waited.error?.message).toBe('Runpod could not make the video: no worker');
	expect(waited.error?.context).toMatchObject({ id, status: 'FAILED' });
	const { items, error } = await run('get', { jobId: id });
	expect(error).toBeUndefined();
	expect(items[0]?.json).toMatchObject({ id, status: 'FAILED', error: 'no worker' });
	const raw = await run('get', { jobId: id }, { options: { simplify: false } });
	expect(raw.items[0]?.json).toMatchObject({ id });

	const retried = await run('retry', { jobId: id });
	expect(retried.items[0]?.json).toMatchObject({ id, status: 'IN_QUEUE' });
	expect(simulator.ledger.jobs).toHaveLength(1);
});

test.each([
	[undefined, { status: 'COMPLETED', video_url: expect.stringMatching(/^http/), cost: 0.1 }],
	['no worker', { status: 'FAILED', error: 'no worker' }],
])('a cancel of a job that has ended says what became of it: %s', async (error, known) => {
	const id = await ended(error);
	const { items, hints } = await run('cancel', { jobId: id });
	expect(items[0]?.json).toMatchObject({ id, ...known });
	expect(hints[0]?.message).toBe(`Job ${id} was not cancelled: its status is ${known.status}`);
});

const HOSTILE = ['../health', 'a/b', '..', 'a b', 'a\\b', 'jöb', 'a\u202eb', '<a>'];
test.each(['={{ "" }}', '={{ $json.nothing }}', '  ', ...HOSTILE])(
	'the ID %j is refused before a request',
	async (jobId) => {
		for (const operation of ['get', 'cancel', 'retry']) {
			const { items } = await run(operation, { jobId }, { settings: CONTINUE });
			expect(items[0]?.json.error).toMatch(/^'Job ID' must be a valid job ID, but is /);
			expect(items[0]?.json.hint).toContain('{{ $json.id }}');
		}
		expect(simulator.requests).toHaveLength(0);
	},
);

test('an unknown operation says so', async () => {
	const { error } = await run('dance');
	expect(error?.message).toContain("The operation 'dance' does not exist for the resource 'job'");
});
