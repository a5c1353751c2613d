/** Retry On Fail resumes: what was billed is used again, what is running is followed, what is uncertain is not repeated. */
import { ExecuteContext } from 'n8n-core';
import type { IDataObject } from 'n8n-workflow';
import { PrunaVideo } from '../../nodes/PrunaVideo/PrunaVideo.node';
import type { FaultRule } from '../tools/simulator';
import {
	CONTINUE,
	generate,
	inLoop,
	promptsOf,
	RETRY,
	shots,
	simulator,
	submissions,
	useSimulator,
	type Batch,
} from './batch';
import { NODE_NAME, storeBinary, useBinaryMode } from './engine';

useSimulator();
jest.setTimeout(60_000);

const BOTH = { ...RETRY, ...CONTINUE };
const FIVE = { ...RETRY, maxTries: 5 };
/** Two looks at each job, then the try is over. */
const SHORT = { executionMode: 'async', timeout: 1 };
const SUBMIT = { resource: 'job', operation: 'submit' };

const fault = (prompt: string, rule: Partial<FaultRule>) =>
	simulator.faults.add({ operation: 'runsync', ...rule, match: { prompt } } as FaultRule);
const fail = (prompt: string, times = 1) =>
	fault(prompt, { kind: 'job', error: 'no worker', times });
const refuse = (prompt: string, times = 1) => fault(prompt, { kind: 'status', status: 400, times });
const jobs = () => simulator.ledger.jobs;
const jobsOf = (prompt: string) =>
	jobs().filter(({ input }) => String(input.prompt).startsWith(prompt));

/** The node, and what its context held after each of its tries; `atEnd` is called then. */
function listening(atEnd: (tries: number) => unknown = () => undefined) {
	const kept: string[] = [];
	const type = new PrunaVideo();
	const { execute } = type;
	type.execute = async function () {
		try {
			return await execute.call(this);
		} finally {
			atEnd(kept.push(JSON.stringify(this.getContext('node'))));
		}
	};
	return { type, kept };
}

describe('ten items of which one fails at first', () => {
	test.each([1, undefined, 10])(
		'cost eleven submissions, %s in parallel; nothing is asked again, and the seed stays',
		async (concurrency) => {
			fail('shot 3.');
			const { items, error, context } = await generate(simulator, {
				prompts: shots(10),
				options: { concurrency },
				settings: RETRY,
			});

			expect(error).toBeUndefined();
			expect(promptsOf(items, simulator)).toEqual(shots(10));
			expect(simulator.ledger.countByStatus()).toEqual({ COMPLETED: 10, FAILED: 1 });
			// Runpod keeps the result of a synchronous job for a minute only.
			expect(simulator.requests.map(({ operation }) => operation)).toEqual(
				Array(11).fill('runsync'),
			);
			const seed = items[3]?.json.seed;
			expect(jobsOf('shot 3.').map(({ input }) => input.seed)).toEqual([seed, seed]);
			expect(context).toEqual({ prunaVideoSpent: 1 });
		},
	);

	test.each([
		{ failing: 0, name: 'where it is the first', submitted: 11 },
		{ failing: 3, name: 'not otherwise, as n8n does not try again', submitted: 10 },
	])('with Continue On Fail: $name', async ({ failing, submitted }) => {
		fail(`shot ${failing}.`);
		const { items, context } = await generate(simulator, { prompts: shots(10), settings: BOTH });

		expect(submissions(simulator)).toHaveLength(submitted);
		expect(items.filter(({ json }) => json.status === 'COMPLETED')).toHaveLength(submitted - 1);
		if (failing > 0) expect(items[failing]?.json.error).toMatch(/no worker/);
		else expect(context).toEqual({ prunaVideoSpent: 1 });
	});
});

describe('an item keeps its first job, whatever its expressions give in later tries', () => {
	const prompt = '={{ $json.prompt }} {{ $now.toMillis() }} {{ Math.random() }}';

	test.each<[string, Batch['parameters'], Batch['settings']]>([
		['Generate', {}, FIVE],
		['Generate', {}, { ...FIVE, ...CONTINUE }],
		['Submit', SUBMIT, FIVE],
		['Submit', SUBMIT, { ...FIVE, ...CONTINUE }],
	])('%s, %j, %j: one job an item in five tries', async (_, parameters, settings) => {
		const { type, kept } = listening();
		const first = { prompt: 'shot 0.' };
		simulator.faults.add({ operation: '*', kind: 'status', status: 400, match: first, times: 4 });
		const { items, error } = await generate(simulator, {
			prompts: shots(3),
			parameters: { prompt, ...parameters },
			options: { concurrency: 3 },
			settings,
			type,
		});

		expect(error).toBeUndefined();
		expect(kept).toHaveLength(5);
		expect(jobs()).toHaveLength(3);
		for (const [index, { json }] of items.entries()) {
			const sent = simulator.ledger.find(String(json.id))?.input;
			expect(sent?.prompt).toMatch(new RegExp(`^shot ${index}\\. `));
			expect(json.seed).toBe(sent?.seed);
			if (parameters?.operation !== 'submit') expect(json.prompt).toBe(sent?.prompt);
		}
	});

	test('a job that is running is followed, not cancelled', async () => {
		simulator.hold('finish');
		const { type, kept } = listening((tries) => tries === 2 && simulator.release());
		const options = { ...SHORT, maxCostPerExecution: 0.1 };
		const parameters = { prompt };
		const { items } = await generate(simulator, { parameters, options, settings: FIVE, type });

		expect(kept).toHaveLength(3);
		expect(simulator.ledger.countByStatus()).toEqual({ COMPLETED: 1 });
		expect(items[0]?.json).toMatchObject({ id: jobs()[0]?.id, prompt: jobs()[0]?.input.prompt });
	});

	test.each([{}, { maxCostPerExecution: 0.1 }])(
		'what may be running is not sent in other words either, and is named so: %j',
		async (options) => {
			simulator.faults.add({ operation: 'runsync', kind: 'reset', when: 'after' });
			const batch = { parameters: { prompt }, options, settings: FIVE };
			const { error } = await generate(simulator, batch);

			expect(submissions(simulator)).toHaveLength(1);
			expect(error?.message).toMatch(/; the job may be running$/);
		},
	);

	test('a video whose download fails is not made again', async () => {
		simulator.faults.add({ operation: 'video', kind: 'status', status: 410, times: Infinity });
		const parameters = { prompt, download: true };
		const { error } = await generate(simulator, { parameters, settings: FIVE });

		expect(simulator.ledger.countByStatus()).toEqual({ COMPLETED: 1 });
		expect(error?.context).toMatchObject({ id: jobs()[0]?.id, cost: 0.1 });
	});
});

test('a result that says error, though it is completed, makes n8n try again: it is not made twice', async () => {
	simulator.faults.add({ operation: 'runsync', kind: 'job', status: 'COMPLETED', error: 'odd' });
	const { items } = await generate(simulator, {
		prompts: ['a cat', 'a dog'],
		parameters: { simplify: false },
		options: { simplify: false },
		settings: RETRY,
	});

	expect(submissions(simulator)).toHaveLength(2);
	expect(items[0]?.json).toMatchObject({ status: 'COMPLETED', error: 'odd' });
});

test('the last try names what earlier ones made, also of items that it did not reach', async () => {
	fault('shot 2.', { kind: 'reset', when: 'after' });
	// In the second try the first item's file is gone.
	const { type } = listening(() =>
		simulator.faults.add({ operation: 'video', kind: 'status', status: 410, times: Infinity }),
	);
	const { error, context } = await generate(simulator, {
		prompts: shots(3),
		parameters: { download: true },
		options: { concurrency: 1 },
		settings: { ...RETRY, maxTries: 2 },
		type,
	});

	expect(error?.message).toMatch(/^The video could not be downloaded/);
	const [first, second] = jobs().map(({ id }) => id);
	expect(error?.description).toContain(`item 1: ${second} http`);
	expect(error?.description).toContain('item 2: (a job whose ID is not known may be running)');
	for (const id of [first, second]) expect(JSON.stringify(context)).toContain(id);
	expect(submissions(simulator)).toHaveLength(3);
});

describe('a job that is running', () => {
	beforeEach(() => simulator.hold('finish'));

	test('is followed by the next try, with identical prompts too: to each item its own', async () => {
		const { type } = listening((tries) => tries === 1 && simulator.release());
		const { items, error } = await generate(simulator, {
			prompts: ['a cat', 'a cat', 'a cat'],
			options: { ...SHORT, timeout: 2 },
			settings: RETRY,
			type,
		});

		expect(error).toBeUndefined();
		expect(submissions(simulator)).toHaveLength(3);
		expect(new Set(items.map(({ json }) => json.id)).size).toBe(3);
		for (const { json } of items) {
			expect(simulator.ledger.find(String(json.id))?.input.seed).toBe(json.seed);
		}
	});

	test.each<[string, string, string, RegExp]>([
		['no try saw its end', '', '', /^Job \S+ was still IN_PROGRESS after 1 s/],
		['a later try cannot be read', 'duration', '11', /must be a whole number from 1 to 10/],
		['later settings cannot be read', 'concurrency', '0', /'Items in Parallel' must be a whole/],
	])('is named when %s', async (_, field, value, message) => {
		const json: IDataObject = { prompt: 'a cat', duration: 5, concurrency: 5 };
		const { type } = listening(() => Object.assign(json, { [field]: value }));
		const { error, context } = await generate(simulator, {
			items: [{ json }],
			parameters: { duration: '={{ $json.duration }}' },
			options: { ...SHORT, concurrency: '={{ $json.concurrency }}' },
			settings: { ...RETRY, maxTries: 2 },
			type,
		});

		const [job] = jobs();
		expect(submissions(simulator)).toHaveLength(1);
		expect(error?.message).toMatch(message);
		expect(`${error?.message} ${error?.description}`).toContain(job?.id);
		expect(error?.context).toMatchObject({ id: job?.id, itemIndex: 0 });
		expect(JSON.stringify(context)).toContain('"state":"running"');
	});
});

test('a video that comes only in the next try is remembered, and not asked for again', async () => {
	simulator.options.lateOutput = { looks: Infinity };
	refuse('shot 1.', 2);
	const asked: number[] = [];
	const { type, kept } = listening(() => {
		simulator.options.lateOutput = { looks: 0 };
		asked.push(simulator.requests.filter(({ jobId }) => jobId === jobsOf('shot 0.')[0]?.id).length);
	});
	const options = { timeout: 2, concurrency: 1 };
	const settings = { ...FIVE, maxTries: 4 };
	const { items } = await generate(simulator, { prompts: shots(2), options, settings, type });

	expect(promptsOf(items, simulator)).toEqual(shots(2));
	expect(jobs()).toHaveLength(2);
	expect(kept.map((text) => /"state":"(done|running)"/.exec(text)?.[1])).toEqual([
		...['running', 'done', 'done', undefined],
	]);
	expect(new Set(asked.slice(1)).size).toBe(1);
});

test('a submitted job that Runpod answers as failed is submitted anew', async () => {
	const body = JSON.stringify({ id: 'job-1', status: 'FAILED', error: 'Invalid audio format' });
	simulator.faults.add({ operation: 'run', kind: 'body', status: 400, body });
	const options = { maxCostPerExecution: 0.1 };
	const { items, hints } = await generate(simulator, {
		...{ parameters: SUBMIT, options, settings: RETRY },
	});

	expect(submissions(simulator)).toHaveLength(2);
	expect(items[0]?.json.id).toBe(jobs()[0]?.id);
	expect(hints.map(({ message }) => message)).toEqual(['1 job submitted, estimated at $0.10']);
});

test.each<[string, Partial<FaultRule>, number]>([
	['accepted, and again if it was refused', { kind: 'status', status: 402 }, 3],
	['perhaps accepted', { kind: 'reset', when: 'after' }, 2],
])('Job > Retry is sent once if it was %s', async (_, rule, sent) => {
	fail('shot', 2);
	await generate(simulator, { prompts: shots(2), settings: CONTINUE });
	simulator.faults.add({ operation: 'retry', ...rule, skip: 1 } as FaultRule);
	const { items, error } = await generate(simulator, {
		items: jobs().map(({ id }) => ({ json: { id } })),
		parameters: { resource: 'job', operation: 'retry', jobId: '={{ $json.id }}' },
		options: { concurrency: 1 },
		settings: RETRY,
	});

	const [first, second] = jobs().map(({ id }) => id);
	const retries = simulator.requests.filter(({ operation }) => operation === 'retry');
	expect(retries.map(({ jobId }) => jobId)).toEqual([first, second, second].slice(0, sent));
	if (sent === 3) expect(items.map(({ json }) => json.id)).toEqual([first, second]);
	else expect(error?.context).toMatchObject({ id: second, itemIndex: 1 });
	expect(error?.message ?? 'the job may be running').toMatch(/the job may be running/);
});

describe('what is kept between tries', () => {
	test('is one object per run: v and the items', async () => {
		fail('shot 1.');
		const { run, context } = await generate(simulator, {
			prompts: shots(2),
			options: { concurrency: 2 },
		});
		const items = { 0: { state: 'done', executionId: 'execution-1' }, 1: { state: 'failed' } };
		expect(context).toMatchObject({ prunaVideo: { 0: { v: 1, items } } });

		// That of another version of the node is ignored.
		Object.assign((context.prunaVideo as IDataObject)[0] ?? {}, { v: 2 });
		await generate(simulator, { retryOf: run });
		expect(simulator.ledger.countByStatus()).toEqual({ COMPLETED: 3, FAILED: 1 });
	});

	test('is known for the next try, whatever is thrown', async () => {
		const hints = jest.spyOn(ExecuteContext.prototype, 'addExecutionHints');
		hints.mockImplementationOnce(() => {
			throw new Error('the editor is gone');
		});
		const { items } = await generate(simulator, { prompts: shots(2), settings: RETRY });

		expect(hints).toHaveBeenCalledTimes(2);
		expect(promptsOf(items, simulator)).toEqual(shots(2));
		expect(submissions(simulator)).toHaveLength(2);
	});

	const answer = (more: string) =>
		`{"id":"job-1","status":"COMPLETED","output":{"cost":0.1,"result":"http://a.example/b.mp4"},"more":${more}}`;
	const deep = (levels: number) => answer('['.repeat(levels) + ']'.repeat(levels));

	test.each<[string, string, number]>([
		['answers of 20 MB', answer(`"${'x'.repeat(20e6)}"`), 6],
		['an answer that is 20 000 lists deep', deep(20_000), 2],
		['an answer that is 400 lists deep', deep(400), 2],
	])('stays small, and one job is made for an item: %s', async (_, body, count) => {
		const { type, kept } = listening();
		refuse('shot 0.', 2);
		fault('shot', { kind: 'body', body, when: 'after', times: count - 1 });
		const { items, error } = await generate(simulator, {
			prompts: shots(count),
			options: { concurrency: count, simplify: false },
			settings: RETRY,
			type,
		});

		expect(error).toBeUndefined();
		expect(jobs()).toHaveLength(count);
		expect(items.filter(({ json }) => json.id === 'job-1')).toHaveLength(count - 1);
		expect(kept).toHaveLength(3);
		for (const text of kept) expect(text.length).toBeLessThan(10_000);
	});

	test('is without the key', async () => {
		const { type, kept } = listening();
		const video_url = `http://127.0.0.1:9/?token=${simulator.apiKey}`;
		fault('shot 0.', { kind: 'job', output: { video_url, cost: 0.1 } });
		const body = { error: `${'x'.repeat(290)}${simulator.apiKey}` };
		fault('shot 1.', { kind: 'status', status: 500, body, when: 'after' });
		const parameters = { download: true };
		await generate(simulator, { prompts: shots(2), parameters, settings: RETRY, type });

		expect(kept).toHaveLength(3);
		for (const text of kept) {
			expect(text).toMatch(/"state":"done".*"state":"uncertain"/);
			expect(text).not.toContain(simulator.apiKey.slice(0, 8));
		}
	});
});

test('a video that is used again expires when it did at first', async () => {
	const now = Date.now.bind(Date);
	let jump = 0;
	jest.spyOn(Date, 'now').mockImplementation(() => now() + jump);
	const { type } = listening(() => (jump = 3_600_000));
	fail('shot 1.');
	const { items } = await generate(simulator, { prompts: shots(2), settings: RETRY, type });

	const inDays = items.map(({ json }) => (Date.parse(String(json.expiresAt)) - now()) / 86_400_000);
	expect(inDays).toEqual([expect.closeTo(7, 2), expect.closeTo(7 + 1 / 24, 2)]);
});

describe('a retry from the list of executions', () => {
	test.each<[string, Batch['settings'], number]>([
		['without Retry On Fail', {}, 1],
		['after all tries of Retry On Fail', { ...RETRY, maxTries: 2 }, 2],
		['with all tries of Retry On Fail before it', RETRY, 5],
	])('only submits again what failed, %s', async (_, settings, times) => {
		fail('shot 1.', times);
		const batch = { prompts: shots(3), options: { concurrency: 3 }, settings };
		const failed = await generate(simulator, batch);
		expect(failed.error).toBeDefined();
		const { items, error, context } = await generate(simulator, { ...batch, retryOf: failed.run });

		expect(error).toBeUndefined();
		expect(promptsOf(items, simulator)).toEqual(shots(3));
		expect(simulator.ledger.countByStatus()).toEqual({ COMPLETED: 3, FAILED: times });
		expect(context).toEqual({ prunaVideoSpent: 0.3 });
	});

	test('takes a job over whose webhook is another one by now', async () => {
		fault('shot 1.', { operation: 'run', kind: 'status', status: 400 });
		const batch = {
			prompts: shots(3),
			parameters: { ...SUBMIT, webhookUrl: '={{ $execution.resumeUrl }}' },
			options: { concurrency: 3 },
		};
		const failed = await generate(simulator, batch);
		expect(failed.error).toBeDefined();
		const { items } = await generate(simulator, { ...batch, retryOf: failed.run });

		expect(promptsOf(items, simulator)).toEqual(shots(3));
		expect(jobs()).toHaveLength(3);
		const webhooks = submissions(simulator).map(({ body }) => (body as IDataObject).webhook);
		expect(new Set(webhooks).size).toBe(2);
	});

	const image = { parameters: { image: 'data' } };
	test.each<[string, Parameters<typeof useBinaryMode>[0], Batch]>([
		['a file', 'filesystem', image],
		['a file in memory', 'default', image],
		['a file as a link', 'filesystem', { ...image, options: { sendFilesAs: 'link' } }],
		['a policy', 'filesystem', { options: { policy: '{"ttl": 60000}' } }],
	])('takes over what runs and what is done with %s', async (_, mode, { parameters, options }) => {
		simulator.options.executionTimeMs = ({ prompt }) => (prompt === 'shot 0.' ? 5 : 2_000);
		await useBinaryMode(mode);
		const png = await storeBinary(Buffer.from('89504e470d0a1a0a', 'hex'), 'image/png');
		const items = shots(2).map((prompt) => ({ json: { prompt }, binary: { data: png } }));
		const batch = { items, parameters, options: { ...SHORT, ...options } };
		const failed = await generate(simulator, batch);
		expect(failed.error?.message).toMatch(/was still IN_PROGRESS/);
		batch.options.timeout = 20;
		const again = await generate(simulator, { ...batch, retryOf: failed.run });
		simulator.options.executionTimeMs = 20;
		await useBinaryMode('filesystem');

		expect(promptsOf(again.items, simulator)).toEqual(shots(2));
		expect(submissions(simulator)).toHaveLength(2);
	});

	test('leaves the job of another request alone, and counts it', async () => {
		simulator.hold('finish');
		const parameters = {
			draft: '={{ $json.prompt === "shot 1." && $execution.id.endsWith("2") }}',
		};
		const batch = { prompts: shots(2), parameters, options: { ...SHORT, timeout: 2 } };
		const failed = await generate(simulator, batch);
		const tight = { ...batch.options, maxCostPerExecution: 0.224 };
		const refused = await generate(simulator, { ...batch, options: tight, retryOf: failed.run });
		expect(refused.error?.message).toMatch(/would cost \$0\.225, above/);
		simulator.release();
		const { items } = await generate(simulator, { ...batch, retryOf: failed.run });

		expect(simulator.ledger.countByStatus()).toEqual({ COMPLETED: 3 });
		expect(items.map(({ json }) => json.id)).toEqual([jobs()[0]?.id, jobs()[2]?.id]);
		expect(jobs()[2]?.input).toMatchObject({ draft: true });
	});

	test('makes a video that was cancelled, because the user asks for it again', async () => {
		fault('a cat', { kind: 'job', status: 'CANCELLED' });
		const failed = await generate(simulator, { settings: RETRY });
		expect(submissions(simulator)).toHaveLength(1);
		const { items } = await generate(simulator, { settings: RETRY, retryOf: failed.run });

		expect(items[0]?.json.id).toBe(jobs()[1]?.id);
	});

	test('counts what the failed execution spent, even if that had no limit', async () => {
		refuse('shot 1.');
		const batch = { prompts: shots(2), options: { concurrency: 2 } };
		const failed = await generate(simulator, batch);
		const options = { maxCostPerExecution: 0.15 };
		const { error } = await generate(simulator, { ...batch, options, retryOf: failed.run });

		expect(error?.message).toMatch(/the execution would cost \$0.20, above/);
		expect(simulator.ledger.total).toBe(0.1);
	});

	test('counts what earlier turns of its loop spent, too', async () => {
		fault('a cat', { kind: 'status', status: 400, skip: 2 });
		const failed = await generate(simulator, { extra: inLoop(3) });
		const options = { maxCostPerExecution: 0.25 };
		const { error } = await generate(simulator, { options, extra: inLoop(0), retryOf: failed.run });
		expect(error?.message).toMatch(/the execution would cost \$0.30, above/);
	});

	test('says within seconds, each time, that Runpod does not know the job any more', async () => {
		simulator.hold('finish');
		const { run } = await generate(simulator, { options: SHORT });
		simulator.release();
		for (const operation of ['status', 'status-sync'] as const) {
			simulator.faults.add({ operation, kind: 'forget' });
		}
		const now = performance.now.bind(performance);
		jest.spyOn(performance, 'now').mockImplementation(() => now() + 3_600_000);
		const began = performance.now();
		const options = { executionMode: 'async', resubmitUncertain: true };
		const second = await generate(simulator, { options, retryOf: run });
		const { error } = await generate(simulator, { options: SHORT, retryOf: second.run });

		expect(performance.now() - began).toBeLessThan(20_000);
		expect(error?.message).toMatch(`Job ${jobs()[0]?.id} was not found on Runpod`);
		expect(submissions(simulator)).toHaveLength(1);
	});

	const dear = { resolution: '1080p' };
	const bad = { ...dear, duration: '={{ $json.prompt === "shot 1." ? 11 : 5 }}' };
	test.each<[string, Batch]>([
		['one that is invalid', { parameters: { duration: 11 } }],
		['one of which an item is invalid', { parameters: bad }],
		['one above its limit', { parameters: dear, options: { maxCostPerExecution: 0.2 } }],
		['one that Runpod refuses', { parameters: { ...dear, prompt: '={{ $json.prompt }}!' } }],
	])('keeps each job until a new one is made, also over another request: %s', async (_, other) => {
		refuse('shot 1.');
		refuse('!', 2);
		const failed = await generate(simulator, { prompts: shots(2) });
		const refused = await generate(simulator, { prompts: shots(2), ...other, retryOf: failed.run });
		expect(refused.error).toBeDefined();
		const { items } = await generate(simulator, { prompts: shots(2), retryOf: refused.run });

		expect(items.map(({ json }) => json.id)).toEqual(jobs().map(({ id }) => id));
		expect(jobs()).toHaveLength(2);
	});
});

describe("'Resubmit Uncertain Jobs'", () => {
	const lose = (times = 1) =>
		simulator.faults.add({ operation: 'runsync', kind: 'reset', when: 'after', times });
	const resubmit = async (more: Batch = {}) =>
		await generate(simulator, {
			settings: RETRY,
			...more,
			options: { resubmitUncertain: true, ...more.options },
		});

	test.each([
		{ lost: 1, submitted: 2, isMade: true },
		{ lost: 2, submitted: 3, isMade: true },
		// Once in each try.
		{ lost: 3, submitted: 3, isMade: false },
	])('$lost answers lost: $submitted submissions', async ({ lost, submitted, isMade }) => {
		lose(lost);
		const { items, hints } = await resubmit();

		expect(hints.some(({ message }) => message.startsWith('Some items were submitted again'))).toBe(
			isMade,
		);
		expect(jobs()).toHaveLength(submitted);
		expect(items.length > 0).toBe(isMade);
	});

	test.each([
		{ lost: 2, prompts: shots(1), submitted: 2 },
		// What does not fit is not begun.
		{ lost: 1, prompts: shots(2), submitted: 1 },
	])('counts each of them against the limit: $submitted', async ({ lost, prompts, submitted }) => {
		lose(lost);
		const options = { maxCostPerExecution: 0.25, concurrency: 1 };
		const { error } = await resubmit({ prompts, options });

		expect(error?.message).toMatch(/the execution would cost \$0.30, above/);
		expect(error?.description).toMatch(/a job .*may be running/i);
		expect(jobs()).toHaveLength(submitted);
	});

	test('does not forget the first job where Runpod refuses the second', async () => {
		lose();
		refuse('a cat');
		const { type, kept } = listening();
		const { error } = await resubmit({ settings: { ...RETRY, maxTries: 2 }, type });

		expect(error?.message).toMatch(/^Runpod rejected the request/);
		expect(error?.description).toMatch(/a job .*may be running/i);
		expect(kept.at(-1)).toContain('"state":"uncertain"');
	});
});

describe("'Cancel on Timeout'", () => {
	const overdue = async (rule?: Partial<FaultRule>, settings: Batch['settings'] = {}) => {
		simulator.hold('finish');
		if (rule) simulator.faults.add({ operation: 'cancel', ...rule } as FaultRule);
		const options = { ...SHORT, timeout: 2, cancelOnTimeout: true };
		return await generate(simulator, { options, settings });
	};

	test('cancels the job and says so; a later try makes another', async () => {
		const { error } = await overdue(undefined, { ...RETRY, maxTries: 2 });

		expect(simulator.ledger.countByStatus()).toEqual({ CANCELLED: 2 });
		expect(error?.message).toMatch(/was still IN_PROGRESS after 2 s/);
		expect(error?.description).toMatch(/^The job was cancelled/);
		expect(error?.context).toMatchObject({ status: 'CANCELLED' });
	});

	const output = { video_url: 'https://a.example/b.mp4', cost: 0.1 };
	test.each<[object, number, RegExp]>([
		[{ status: 'COMPLETED', output }, 200, /https:\/\/a\.example\/b\.mp4/],
		[{ status: 'FAILED', error: 'no light' }, 200, /Runpod could not make the video: no light/],
		[{ status: 'TIMED_OUT' }, 200, /Job \S+ (timed out on Runpod|was still)/],
		[{ error: 'forbidden' }, 403, /The job could not be cancelled\. It keeps running/],
	])('returns what has ended if cancel answers %j, HTTP %d', async (answer, status, said) => {
		const { items, error } = await overdue({ kind: 'status', status, body: answer });

		expect(`${error?.message} ${error?.description} ${JSON.stringify(items)}`).toMatch(said);
		expect(submissions(simulator)).toHaveLength(1);
		expect(simulator.ledger.countByStatus()).toEqual({ IN_PROGRESS: 1 });
	});

	test('asks for the video if cancel says COMPLETED and no more', async () => {
		const { items } = await overdue({
			...{ kind: 'body', body: JSON.stringify({ status: 'COMPLETED' }) },
			// It is completed by the time its cancel arrives.
			match: () => (simulator.release(), true),
		});

		expect(items[0]?.json.video_url).toBe(simulator.videoUrl(jobs()[0]!.id));
		expect(simulator.ledger.countByStatus()).toEqual({ COMPLETED: 1 });
	});
});

describe('a loop that asks for the same prompt twice', () => {
	const busy: Partial<FaultRule> = { kind: 'job', error: 'busy' };
	const lost: Partial<FaultRule> = { kind: 'reset', when: 'after' };
	const twice = { ...BOTH, maxTries: 2 };
	test.each<[string, Partial<FaultRule> | undefined, Batch['settings'], object]>([
		['gets two videos', undefined, RETRY, { COMPLETED: 2 }],
		['also if the second fails at first', { ...busy, skip: 1 }, RETRY, { COMPLETED: 2, FAILED: 1 }],
		['does not inherit a failed turn', { ...busy, times: 2 }, twice, { COMPLETED: 1, FAILED: 2 }],
		['does not inherit an uncertain submission', lost, BOTH, { COMPLETED: 2 }],
	])('%s', async (_, rule, settings, ledger) => {
		if (rule) fault('a cat', rule);
		const { run } = await generate(simulator, { extra: inLoop(2), settings });

		const turns = run.data.resultData.runData[NODE_NAME] ?? [];
		const [first, second] = turns.map(({ data }) => data?.main?.[0]?.[0]?.json);
		expect(run.data.resultData.error).toBeUndefined();
		expect(turns).toHaveLength(2);
		expect(second).toMatchObject({ status: 'COMPLETED' });
		expect(first?.id).not.toBe(second?.id);
		await simulator.waitFor(() => simulator.ledger.count('IN_PROGRESS') === 0);
		expect(simulator.ledger.countByStatus()).toEqual(ledger);
	});
});
