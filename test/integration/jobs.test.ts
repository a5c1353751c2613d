import type { IDataObject, INode } from 'n8n-workflow';
import { startSimulator, type Simulator } from '../tools/simulator';
import { CONTINUE, credentialsOf } from './batch';
import { runNode } from './engine';

let simulator: Simulator;
beforeAll(async () => {
	// A fresh job that is unknown, and health that is refused, have tests of their own.
	const known = { unknownAtFirst: { looks: 0, ms: 0 }, showsHealth: true };
	simulator = await startSimulator(known);
});
beforeEach(() => simulator.reset());
afterAll(async () => await simulator.close());

async function run(parameters: IDataObject, settings: Partial<INode> = {}) {
	return await runNode({
		parameters: { resource: 'job', ...parameters },
		settings,
		credentials: credentialsOf(simulator),
	});
}

async function submit(fields: IDataObject = {}): Promise<string> {
	const { items } = await run({ operation: 'submit', prompt: 'A cat', ...fields });
	return String(items[0]?.json.id);
}

test('submit returns the job at once, with its seed and price', async () => {
	simulator.hold();
	const { items, hints } = await run({ operation: 'submit', prompt: 'A cat', resolution: '1080p' });
	const [job] = simulator.ledger.jobs;
	expect(items).toEqual([
		{
			json: { id: job?.id, status: 'IN_QUEUE', seed: job?.input.seed, estimatedCost: 0.2 },
			pairedItem: { item: 0 },
		},
	]);
	expect(hints[0]?.message).toBe('1 job submitted, estimated at $0.20');
});

test('submit with audio has no known price', async () => {
	const { items, hints } = await run({
		operation: 'submit',
		prompt: 'A cat',
		audioSource: 'url',
		audioUrl: 'https://example.com/a.mp3',
		options: { maxCostPerItem: 1, includeInput: true },
	});
	expect(items[0]?.json).toMatchObject({
		estimatedCost: null,
		input: { audio: 'https://example.com/a.mp3' },
	});
	expect(hints.map(({ message }) => message).join()).toContain(
		'Videos with audio of unknown length cannot be priced in advance',
	);
});

test('get without waiting returns the state as data', async () => {
	simulator.hold();
	const id = await submit();
	expect((await run({ operation: 'get', jobId: ` ${id}\n` })).items[0]?.json).toEqual({
		id,
		status: 'IN_QUEUE',
	});
});

test('get of a completed job returns its video and file', async () => {
	const id = await submit();
	const { items, error } = await run({
		operation: 'get',
		jobId: id,
		wait: true,
		download: true,
		options: { pollInterval: 1 },
	});
	expect(error).toBeUndefined();
	expect(items[0]?.json).toMatchObject({
		id,
		status: 'COMPLETED',
		cost: 0.1,
		video_url: expect.any(String),
	});
	expect(items[0]?.json).not.toHaveProperty('seed');
	expect(items[0]?.binary?.data?.mimeType).toBe('video/mp4');
	const raw = await run({ operation: 'get', jobId: id, simplify: false });
	expect(raw.items[0]?.json).toMatchObject({ id, output: { cost: 0.1 } });
});

test('a failed job is data without waiting and an error with it', async () => {
	simulator.faults.add({ operation: 'run', kind: 'job', status: 'FAILED', error: 'no worker' });
	const id = await submit();
	const waited = await run({
		operation: 'get',
		jobId: id,
		wait: true,
		options: { pollInterval: 1 },
	});
	expect(waited.error?.message).toBe('Runpod could not make the video: no worker');
	expect(waited.error?.context).toMatchObject({ id, status: 'FAILED' });
	const { items, error } = await run({ operation: 'get', jobId: id });
	expect(error).toBeUndefined();
	expect(items[0]?.json).toMatchObject({ id, status: 'FAILED', error: 'no worker' });
	expect(
		(await run({ operation: 'get', jobId: id, simplify: false })).items[0]?.json,
	).toMatchObject({ id });

	const retried = await run({ operation: 'retry', jobId: id });
	expect(retried.items[0]?.json).toMatchObject({ id, status: 'IN_QUEUE' });
	expect(simulator.ledger.jobs).toHaveLength(1);
});

test('a job that is still running at the timeout is named', async () => {
	simulator.hold();
	const id = await submit();
	const { error } = await run({
		operation: 'get',
		jobId: id,
		wait: true,
		options: { timeout: 1, pollInterval: 1 },
	});
	expect(error?.message).toBe(`Job ${id} was still IN_QUEUE after 1 s`);
});

test('cancel cancels', async () => {
	simulator.hold();
	const id = await submit();
	expect((await run({ operation: 'cancel', jobId: id })).items[0]?.json).toMatchObject({
		id,
		status: 'CANCELLED',
	});
	expect(simulator.ledger.countByStatus()).toEqual({ CANCELLED: 1 });
});

test.each([
	['whose answer was lost', { kind: 'reset', when: 'after' }],
	['whose answer came too late', { kind: 'status', status: 502, when: 'after' }],
] as const)('a cancel %s is still a cancel', async (_, fault) => {
	simulator.hold();
	const id = await submit();
	simulator.faults.add({ operation: 'cancel', ...fault });
	const { items, error } = await run({ operation: 'cancel', jobId: id });
	expect(error).toBeUndefined();
	expect(items[0]?.json).toMatchObject({ id, status: 'CANCELLED' });
});

test('a cancel of a job that has ended says what became of it', async () => {
	const id = await submit();
	await simulator.waitFor((ledger) => ledger.count('COMPLETED') === 1);
	const completed = await run({ operation: 'cancel', jobId: id });
	expect(completed.items[0]?.json).toMatchObject({
		id,
		status: 'COMPLETED',
		video_url: expect.stringMatching(/^http/),
		cost: 0.1,
	});
	expect(completed.hints.map(({ message }) => message)).toEqual([
		`Job ${id} was not cancelled: its status is COMPLETED`,
	]);
	expect(simulator.ledger.countByStatus()).toEqual({ COMPLETED: 1 });

	simulator.faults.add({ operation: 'run', kind: 'job', status: 'FAILED', error: 'no worker' });
	const other = await submit();
	await simulator.waitFor((ledger) => ledger.count('FAILED') === 1);
	const failed = await run({ operation: 'cancel', jobId: other });
	expect(failed.items[0]?.json).toMatchObject({ id: other, status: 'FAILED', error: 'no worker' });
});

test('health counts jobs and workers', async () => {
	await submit();
	const { items } = await run({ resource: 'endpoint', operation: 'getHealth' });
	expect(items[0]?.json).toMatchObject({ jobs: expect.any(Object), workers: expect.any(Object) });
});

test.each([
	['get', 'unknown-job'],
	['cancel', 'unknown-job'],
	['retry', 'unknown-job'],
])('%s of an unknown job says that it was not found', async (operation, jobId) => {
	const { error } = await run({ operation, jobId });
	expect(error?.message).toContain('Job unknown-job was not found on Runpod');
	expect(error?.httpCode).toBe('404');
});

test.each([
	['={{ "" }}', "'Job ID' must be a valid job ID, but is empty"],
	['  ', "'Job ID' must be a valid job ID, but is empty"],
	['../health', "'Job ID' must be a valid job ID, but is"],
	['a/b', "'Job ID' must be a valid job ID, but is"],
	['..', "'Job ID' must be a valid job ID, but is"],
	['<a>', "'Job ID' must be a valid job ID, but is"],
	['a b', "'Job ID' must be a valid job ID, but is"],
])('the id %j is refused before a request', async (jobId, message) => {
	for (const operation of ['get', 'cancel', 'retry']) {
		const { error } = await run({ operation, jobId });
		expect(error?.message).toContain(message);
		const { items } = await run({ operation, jobId }, CONTINUE);
		expect(items[0]?.json.error).toContain(message);
	}
	expect(simulator.requests).toHaveLength(0);
});

test('an unknown operation says so', async () => {
	const { error } = await run({ operation: 'dance' });
	expect(error?.message).toContain("The operation 'dance' does not exist for the resource 'job'");
});
