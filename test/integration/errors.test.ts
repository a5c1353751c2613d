/** What users see when something goes wrong, beside the fault table: fields, batches, and never the key. */
import type { IDataObject } from 'n8n-workflow';
import type { Fault } from '../tools/simulator';
import {
	CONTINUE,
	generate,
	shots,
	shown,
	simulator,
	submissions,
	useSimulator,
	type Batch,
} from './batch';
import { runNode } from './engine';
import { hurry } from './hurry';

useSimulator({ unknownAtFirst: 0 });
hurry(50);

const ERROR_OUTPUT = { onError: 'continueErrorOutput' } as const;

const NO_PRICE =
	'Not submitted: a cost limit is set, but the cost is not known in advance. No price';
const added = (additionalInput: string) => ({ additionalFields: { additionalInput } });
test.each<[Batch['parameters'], Batch['options'], string]>([
	[{ prompt: ' ' }, {}, `'Prompt' must say what the video should show, but is " "`],
	[{}, { timeout: 0 }, "'Timeout (Seconds)' must be a whole number from 1 to 86400, but is 0"],
	[{}, { maxCostPerExecution: 0.05 }, 'Not submitted: with this item ($0.10) the execution would'],
	[added('{"resolution":"4k"}'), { maxCostPerItem: 1 }, NO_PRICE],
])('refused: %j, options %j', async (parameters, options, message) => {
	const { error } = await generate(simulator, { parameters, options });
	expect(error?.message).toContain(message);
	expect(error?.description).toMatch(/^[A-Z].{20,}\.$/s);
	const { items } = await generate(simulator, { parameters, options, settings: CONTINUE });
	expect(items[0]?.json).toMatchObject({ error: error?.message, hint: error?.description });
	expect(simulator.requests).toHaveLength(0);
});

const DURATION = "'Duration (Seconds)' must be a whole number from 1 to 10, but is 11";
test('several wrong rows: a line each, ten, and how many more; every fault of a row in its line', async () => {
	const { error } = await generate(simulator, {
		prompts: ['a fox', ...Array.from({ length: 12 }, () => ' ')],
		parameters: { duration: '={{ $itemIndex === 1 ? 11 : 5 }}', draft: '={{ $itemIndex !== 2 }}' },
		options: { timeout: '={{ $itemIndex === 1 ? 0 : 600 }}' },
	});
	const empty = `'Prompt' must say what the video should show, but is " "`;
	expect(error?.message.split('\n')).toEqual([
		'12 items were not submitted',
		`item 1: ${empty}; ${DURATION}; 'Timeout (Seconds)' must be a whole number from 1 to 86400, but is 0`,
		...Array.from({ length: 9 }, (_, index) => `item ${index + 2}: ${empty}`),
		'and 2 more',
	]);
	expect(error?.context?.itemIndex).toBe(1);
	expect(simulator.requests).toHaveLength(0);
});

test.each([1, 2])('of %i items "Items in Parallel" is named from two on', async (count) => {
	simulator.faults.add({ operation: '*', kind: 'status', status: 429, times: Infinity });
	const { error } = await generate(simulator, { prompts: shots(count), options: { timeout: 1 } });
	expect(error?.description?.includes("Lower 'Items in Parallel'")).toBe(count > 1);
});

test('once an item has failed no other begins; those that run are awaited and listed, each once', async () => {
	const prompts = shots(20);
	const befalls = (prompt: string, fault: Fault) =>
		simulator.faults.add({ ...fault, operation: 'runsync', match: { prompt } });
	befalls('shot 1.', { kind: 'job', error: 'no light' });
	befalls('shot 2.', { kind: 'status', status: 400, body: { error: 'no room' } });
	simulator.hold('finish');
	const running = generate(simulator, { prompts, options: { concurrency: 5 } });
	await simulator.waitFor(
		(ledger, requests) =>
			ledger.count('IN_PROGRESS') === 4 && requests.some(({ status }) => status === 400),
	);
	// What the node has been sent before this answer, it has read.
	await generate(simulator, { parameters: { resource: 'endpoint', operation: 'getHealth' } });
	simulator.release();
	const { error } = await running;

	expect(submissions(simulator)).toHaveLength(5);
	expect(simulator.ledger.countByStatus()).toEqual({ COMPLETED: 3, FAILED: 1 });

	const idOf = (index: number) =>
		simulator.ledger.jobs.find(({ input }) => input.prompt === prompts[index])?.id ?? '';
	const video = (index: number) =>
		`item ${index}: ${idOf(index)} ${simulator.videoUrl(idOf(index))}`;
	expect(error?.message).toBe(
		'Runpod rejected the request (HTTP 400): no room (3 of 20 items finished)',
	);
	expect(error?.context?.itemIndex).toBe(2);
	expect(error?.description).toBe(
		`Fix the problem named above, then run again. Other items: ${video(0)}, ` +
			`item 1: Runpod could not make the video: no light ${idOf(1)} (FAILED), ${video(3)}, ${video(4)}.`,
	);
});

test('the last of 450 submissions fails: every job is named, since all of them run', async () => {
	const match = { prompt: 'shot 449.' };
	simulator.faults.add({ operation: 'run', kind: 'status', status: 400, match });
	const parameters = { resource: 'job', operation: 'submit' };
	const { error } = await generate(simulator, { prompts: shots(450), parameters });
	const unnamed = simulator.ledger.jobs.filter(({ id }) => !error?.description?.includes(id));
	expect([simulator.ledger.jobs.length, unnamed]).toEqual([449, []]);
});

test('settings of the whole execution that cannot be used stop every item', async () => {
	const message = `'Items in Parallel' must be a whole number from 1 to 400, but is "many"`;
	const batch = { prompts: shots(2), options: { concurrency: 'many' } };

	const { error } = await generate(simulator, batch);
	expect(error?.message).toBe(`${message} (0 of 2 items finished)`);
	expect(error?.context?.itemIndex).toBe(0);
	const { items } = await generate(simulator, { ...batch, settings: CONTINUE });
	expect(items).toEqual(
		[0, 1].map((item) => ({
			json: { error: message, hint: expect.any(String) },
			pairedItem: { item },
		})),
	);
	expect(simulator.requests).toHaveLength(0);
});

test('an expression that cannot be evaluated is for the user to fix', async () => {
	const { error } = await generate(simulator, {
		parameters: { prompt: "={{ $('Nope').item.json.x }}" },
	});
	expect(error?.message).toMatch(/Nope|Referenced node/);
	expect(error?.description).not.toMatch(/report|^$/);
	expect(error?.context?.itemIndex).toBe(0);
});

test('without items, nothing happens', async () => {
	const { items, error } = await runNode({
		parameters: { resource: 'video', operation: 'generate', prompt: 'x' },
		items: [],
	});
	expect([items, error]).toEqual([[], undefined]);
});

const V = 'http://127.0.0.1:9';
describe('a key that the server sends back is taken out', () => {
	test.each<[string, number, IDataObject, IDataObject]>([
		['the reason', 400, { error: 'bad <key>' }, { error: expect.stringMatching(/: bad \*\*\*$/) }],
		[
			"the video's address",
			200,
			{ id: 'job-1', status: 'COMPLETED', output: { video_url: `${V}/<key>.mp4`, cost: 0.1 } },
			{ id: 'job-1', status: 'COMPLETED', video_url: `${V}/***.mp4`, cost: 0.1 },
		],
		["the job's ID", 200, { id: '<key>', status: 'FAILED', error: 'x' }, { status: 'FAILED' }],
		["the job's state", 200, { id: 'job-1', status: '<key>' }, { id: 'job-1' }],
	])('%s, in all error modes', async (_, status, answer, known) => {
		const body = JSON.stringify(answer).replaceAll('<key>', simulator.apiKey);
		const fault = { kind: 'body', status, body, times: Infinity } as const;
		for (const operation of ['runsync', 'status', 'status-sync'] as const) {
			simulator.faults.add({ ...fault, operation });
		}
		const batch = { parameters: { download: true }, options: { timeout: 1 } };
		for (const settings of [CONTINUE, ERROR_OUTPUT, {}]) {
			const result = await generate(simulator, { ...batch, settings });
			const { items, errorItems, error } = result;
			const told = error ? { ...error.context, error: error.message } : undefined;
			expect(told ?? [...items, ...errorItems][0]?.json).toMatchObject(known);
			expect(shown(result)).not.toContain(simulator.apiKey);
		}
	});

	test('from outputs', async () => {
		const echo = { [simulator.apiKey]: [simulator.apiKey, 1, null] };
		const output = { video_url: 'https://a.example/b.mp4', cost: 0.1, echo };
		simulator.faults.add({ operation: 'runsync', kind: 'job', output });
		const { items } = await generate(simulator, { options: { simplify: false } });
		expect(items[0]?.json.output).toMatchObject({ cost: 0.1, echo: { '***': ['***', 1, null] } });
	});
});

test.each<[string, Batch['parameters'], Batch['options']]>([
	['a field', { resolution: '<key>' }, {}],
	['a field whose value is cut', { resolution: `${'x'.repeat(40)}<key>` }, {}],
	['an option', {}, { executionMode: '<key>' }],
	['an option of the whole execution', {}, { concurrency: '<key>' }],
])('a key that the user put into %s is taken out of errors', async (_, parameters, options) => {
	const withKey = <T>(fields: T): T =>
		JSON.parse(JSON.stringify(fields).replace('<key>', simulator.apiKey)) as T;
	for (const settings of [{}, CONTINUE]) {
		const batch = { parameters: withKey(parameters), options: withKey(options), settings };
		const result = await generate(simulator, batch);
		expect(shown(result)).toContain('***');
		expect(shown(result)).not.toContain(simulator.apiKey.slice(0, 8));
	}
});
