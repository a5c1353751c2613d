/** What the property tests feed the node with. */
import fc from 'fast-check';
import type { IDataObject } from 'n8n-workflow';
import type { FaultRule } from '../simulator';

const PNG = 'data:image/png;base64,iVBORw0KGgo=';

/** Anything that an expression can give: all JSON, and what JavaScript has besides. */
const anything = fc.oneof(
	fc.jsonValue({ maxDepth: 3 }),
	fc.constantFrom<unknown>(
		undefined,
		NaN,
		Infinity,
		-0,
		2 ** 53,
		'',
		' ',
		'5',
		'5.5',
		'true',
		'null',
		'[object Object]',
		'a'.repeat(70_000),
		'\u0000\u202e<b>\u001b[31m',
		'__proto__',
		{ constructor: { prototype: { polluted: 1 } } },
		[[[]]],
		new Date(0),
	),
	fc.string({ unit: 'binary', maxLength: 40 }),
);

/** Mostly what the field is made for, now and then anything. */
function mostly(...good: unknown[]): fc.Arbitrary<unknown> {
	return fc.oneof(
		{ arbitrary: fc.constantFrom(...good), weight: 6 },
		{ arbitrary: anything, weight: 1 },
	);
}

function collection(fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<unknown> {
	return fc.oneof(
		{ arbitrary: fc.record(fields, { requiredKeys: [] }), weight: 12 },
		{ arbitrary: anything, weight: 1 },
	);
}

const additionalFields = collection({
	seed: mostly(0, 42, 2147483647, '7'),
	additionalInput: mostly(
		'{}',
		'{"camera": "still"}',
		{ negative_prompt: 'rain' },
		'{"duration": 3}',
	),
});

const options = collection({
	concurrency: mostly(1, 5, 400),
	executionMode: mostly('sync', 'async'),
	syncWait: mostly(1, 90, 300),
	timeout: mostly(1, 600),
	pollInterval: mostly(1, 30),
	maxCostPerItem: mostly(1, 0.1, 0),
	maxCostPerExecution: mostly(100, 1000),
	cancelOnStop: mostly(true, false),
	fileName: mostly('a.mp4', '../../etc/passwd', 'sunset'),
	includeInput: mostly(true, false),
	endpointId: mostly('p-video'),
	executionTimeout: mostly(5, 604800),
	ttl: mostly(10, 604800),
	lowPriority: mostly(true, false),
});

/** One item's values for every field of the node. */
export const fieldValues: fc.Arbitrary<Record<string, unknown>> = fc.record({
	prompt: mostly('A cat', 'Eine Möwe über dem Meer 🌊', 7),
	imageSource: mostly('none', 'none', 'url', 'binary'),
	imageUrl: mostly(PNG, 'https://a.example/a.png'),
	imageBinaryField: mostly('data', 'nothing'),
	audioSource: mostly('none', 'none', 'none', 'url', 'binary'),
	audioUrl: mostly('https://a.example/a.mp3'),
	audioBinaryField: mostly('data'),
	duration: mostly(1, 5, 10, '3'),
	resolution: mostly('720p', '1080p'),
	aspectRatio: mostly('16:9', '1:1'),
	fps: mostly(24, 48, '24'),
	draft: mostly(true, false, 'yes'),
	saveAudio: mostly(true, false),
	promptUpsampling: mostly(true, false),
	download: mostly(false, false, false, true),
	binaryPropertyName: mostly('data', 'video'),
	simplify: mostly(true, false),
	webhookUrl: mostly('', 'https://a.example/hook'),
	jobId: mostly('job-1', ' job-2\n'),
	wait: mostly(false, true),
	additionalFields,
	options,
});

/** A body that no server should send, and some that one should. */
export const serverBody: fc.Arbitrary<string> = fc.oneof(
	fc.json({ maxDepth: 4 }),
	fc.string({ unit: 'binary', maxLength: 200 }),
	fc
		.record(
			{
				id: fc.oneof(
					fc.constantFrom<unknown>('job-1', '../x', '', 7),
					fc.jsonValue({ maxDepth: 1 }),
				),
				status: fc.oneof(
					fc.constantFrom<unknown>(
						'COMPLETED',
						'FAILED',
						'IN_QUEUE',
						'CANCELLED',
						'TIMED_OUT',
						'ODD',
					),
					fc.jsonValue({ maxDepth: 1 }),
				),
				output: fc.oneof(
					fc.record(
						{
							video_url: fc.constantFrom<unknown>(
								'https://a.example/v.mp4',
								'file:///x',
								'',
								null,
								5,
							),
							cost: fc.constantFrom<unknown>(0.1, -1, '0.1', null, 1e308),
						},
						{ requiredKeys: [] },
					),
					fc.jsonValue({ maxDepth: 2 }),
				),
				error: fc.oneof(
					fc.jsonValue({ maxDepth: 3 }),
					fc.constant('{"message":"{\\"error\\":1}"}'),
				),
				delayTime: fc.jsonValue({ maxDepth: 1 }),
				__proto__: fc.jsonValue({ maxDepth: 1 }),
			},
			{ requiredKeys: [] },
		)
		.map((body) => JSON.stringify(body)),
);

export const serverStatus = fc.oneof(
	{ arbitrary: fc.constantFrom(200, 200, 200, 400), weight: 4 },
	{
		arbitrary: fc.constantFrom(201, 204, 401, 402, 403, 404, 409, 413, 418, 422, 500, 502, 504),
		weight: 1,
	},
);

/** Without the operation, which `faultsOf` puts in. */
type Trouble = FaultRule extends infer Rule
	? Rule extends FaultRule
		? Omit<Rule, 'operation'>
		: never
	: never;

const when = fc.constantFrom('before' as const, 'after' as const);
const unreadable = fc.constantFrom(
	'',
	'<html>502</html>',
	'{"id": ',
	'null',
	'[]',
	'{"status":"IN_QUEUE"}',
);
const refusals = fc.constantFrom(400, 401, 402, 403, 404, 409, 413, 422, 429, 503);
const failures = fc.constantFrom(500, 502, 504, 520);

/** Once the job is accepted a refusal would be a lie that no client can see through, so those come before. */
const onSubmission: fc.Arbitrary<Trouble> = fc.oneof(
	refusals.map((status): Trouble => ({ kind: 'status', status, when: 'before' })),
	fc.record({ status: failures, when }).map((fault): Trouble => ({ kind: 'status', ...fault })),
	when.map((moment): Trouble => ({ kind: 'reset', when: moment })),
	when.map((moment): Trouble => ({ kind: 'hang', when: moment })),
	fc.record({ body: unreadable, when }).map((fault): Trouble => ({ kind: 'body', ...fault })),
	fc
		.constantFrom('FAILED', 'TIMED_OUT', 'CANCELLED')
		.map((status): Trouble => ({ kind: 'job', status })),
	fc.constantFrom<Trouble>({ kind: 'job', output: null }, { kind: 'job', output: 'oops' }),
	fc.constant<Trouble>({ kind: 'forget' }),
);

const onStatus: fc.Arbitrary<Trouble> = fc.oneof(
	fc.oneof(refusals, failures).map((status): Trouble => ({ kind: 'status', status })),
	fc.constantFrom<Trouble>({ kind: 'reset' }, { kind: 'hang' }, { kind: 'forget' }),
	unreadable.map((body): Trouble => ({ kind: 'body', body })),
);

export interface ItemTroubles {
	submission: Trouble[];
	status: Trouble[];
}

export interface StoryBatch {
	items: ItemTroubles[];
	executionMode: 'sync' | 'async';
	concurrency: number;
	settings: IDataObject;
	/** ms until the user stops the execution. */
	stopAfter?: number;
}

/** A batch, what befalls each of its items, and how the user set the node up. */
export const story: fc.Arbitrary<StoryBatch> = fc
	.record({
		items: fc.array(
			fc.record({
				submission: fc.array(onSubmission, { maxLength: 3 }),
				status: fc.array(onStatus, { maxLength: 3 }),
			}),
			{ minLength: 1, maxLength: 6 },
		),
		executionMode: fc.constantFrom('sync' as const, 'async' as const),
		concurrency: fc.integer({ min: 1, max: 6 }),
		settings: fc.record(
			{
				retryOnFail: fc.constant(true),
				onError: fc.constantFrom('continueRegularOutput', 'continueErrorOutput'),
			},
			{ requiredKeys: [] },
		),
		stop: fc.option(fc.integer({ min: 0, max: 60 }), { freq: 3 }),
	})
	.map(({ stop, executionMode, settings, ...rest }) =>
		stop === null
			? { ...rest, executionMode, settings }
			: // In Sync mode Runpod has told no id yet, so there is nothing to promise.
				{ ...rest, executionMode: 'async' as const, settings, stopAfter: stop },
	);

/** The rules for the simulator; an item's prompt names it. */
export function faultsOf(
	{ items, executionMode }: StoryBatch,
	prompts: readonly string[],
): FaultRule[] {
	const submission = executionMode === 'sync' ? 'runsync' : 'run';
	return items.flatMap((troubles, index) => {
		const match = { prompt: prompts[index] };
		return [
			...troubles.submission.map(
				(fault) => ({ ...fault, operation: submission, match }) as FaultRule,
			),
			...troubles.status.map((fault) => ({ ...fault, operation: 'status', match }) as FaultRule),
		];
	});
}
