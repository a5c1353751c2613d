/** What the property tests feed the node with. */
import fc from 'fast-check';
import type { IDataObject } from 'n8n-workflow';
import type { FaultRule, Trouble } from '../tools/simulator';

/** One of these, each as often as its weight says. */
const either = <T>(...parts: Array<[weight: number, arbitrary: fc.Arbitrary<T>]>) =>
	fc.oneof(...parts.map(([weight, arbitrary]) => ({ weight, arbitrary })));

const PNG = 'data:image/png;base64,iVBORw0KGgo=';

/** The key of the property tests: no text holds a part of it by chance. */
export const API_KEY = 'rpa_Vx7KqPw2ZtLm9RbYc4HdNs8GfJe3Ua6TQx';

/** The key as a server or a user could bring it into a text: whole, within others, and where a long text is cut. */
const withKey: fc.Arbitrary<string> = fc.oneof(
	fc.constantFrom(
		API_KEY,
		`Bearer ${API_KEY}`,
		`https://a.example/v.mp4?token=${API_KEY}`,
		`{"message":"{\\"error\\":\\"${API_KEY}\\"}"}`,
		`<b>${API_KEY}</b>`,
	),
	fc.integer({ min: 0, max: 400 }).map((before) => `${'x'.repeat(before)}${API_KEY}`),
);

/** JSON in which the key stands somewhere, now and then. */
function jsonLike(maxDepth: number): fc.Arbitrary<unknown> {
	const named = fc.dictionary(fc.constantFrom('message', 'error', API_KEY), withKey);
	return either<unknown>([3, fc.jsonValue({ maxDepth })], [1, withKey], [1, named]);
}

/** Names that the user gives to what comes out: those may hold anything, so here not the key. */
const name = (...good: string[]) =>
	either<unknown>([6, fc.constantFrom(...good)], [1, fc.jsonValue({ maxDepth: 1 })]);

/** Anything that an expression can give: all JSON, and what JavaScript has besides. */
const anything = fc.oneof(
	jsonLike(3),
	fc.constantFrom<unknown>(
		...[undefined, NaN, Infinity, -0, 2 ** 53],
		...['', ' ', '5', '5.5', 'true', 'null', '[object Object]', '__proto__'],
		...['a'.repeat(70_000), '\u0000\u202e<b>\u001b[31m'],
		{ constructor: { prototype: { polluted: 1 } } },
		[[[]]],
		new Date(0),
	),
	fc.string({ unit: 'binary', maxLength: 40 }),
);

/** Mostly what the field is made for, now and then anything. */
function mostly(...good: unknown[]): fc.Arbitrary<unknown> {
	return either([6, fc.constantFrom(...good)], [1, anything]);
}

function collection(fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<unknown> {
	return either<unknown>([12, fc.record(fields, { requiredKeys: [] })], [1, anything]);
}

const additionalFields = collection({
	seed: mostly(0, 42, 2147483647, '7'),
	fps: mostly(24, 48, '24'),
	saveAudio: mostly(true, false),
	promptUpsampling: mostly(true, false),
	additionalInput: mostly('{"camera": "still"}', { negative_prompt: 'rain' }, '{"duration": 3}'),
});

const options = collection({
	concurrency: mostly(1, 5, 400),
	executionMode: mostly('sync', 'async'),
	timeout: mostly(1, 600),
	maxCostPerItem: mostly(1, 0.1, 0),
	maxCostPerExecution: mostly(100, 1000),
	cancelOnStop: mostly(true, false),
	fileName: name('a.mp4', '../../etc/passwd', 'sunset'),
	simplify: mostly(true, false),
	binaryPropertyName: name('data', 'video'),
	cancelOnTimeout: mostly(false, true),
	resubmitUncertain: mostly(false, true),
	sendFilesAs: mostly('dataUri'),
	webhookUrl: mostly('', 'https://a.example/hook'),
	endpointId: mostly('p-video'),
	policy: mostly('{}', { ttl: 600_000 }, '{"executionTimeout": 6000, "lowPriority": true}'),
});

/** One item's values for every field of the node. */
export const fieldValues: fc.Arbitrary<Record<string, unknown>> = fc.record({
	prompt: mostly('A cat', 'Eine Möwe über dem Meer 🌊', 7),
	image: mostly('', '', PNG, 'https://a.example/a.png', 'data', 'nothing'),
	audio: mostly('', '', '', 'https://a.example/a.mp3', 'data'),
	duration: mostly(1, 5, 10, '3', ''),
	resolution: mostly('720p', '1080p'),
	aspectRatio: mostly('16:9', '1:1', '9x16'),
	draft: mostly(true, false, 'yes'),
	download: mostly(false, false, false, true),
	webhookUrl: mostly('', 'https://a.example/hook'),
	jobId: mostly('job-1', ' job-2\n'),
	wait: mostly(false, true),
	additionalFields,
	options,
});

const STATES = 'COMPLETED FAILED IN_QUEUE CANCELLED TIMED_OUT RUNNING ODD'.split(' ');
const VIDEO = 'https://a.example/v.mp4';
const ADDRESSES = [VIDEO, `${VIDEO}?token=${API_KEY}`, 'file:///x', '', null, 5];

/** A body that no server should send, and some that one should. */
export const serverBody: fc.Arbitrary<string> = fc.oneof(
	fc.json({ maxDepth: 4 }),
	fc.string({ unit: 'binary', maxLength: 200 }),
	withKey,
	jsonLike(2).map((body) => JSON.stringify(body)),
	fc
		.record(
			{
				id: fc.oneof(fc.constantFrom<unknown>('job-1', '../x', '', 7, API_KEY), jsonLike(1)),
				status: fc.oneof(fc.constantFrom<unknown>(...STATES), jsonLike(1)),
				output: fc.oneof(
					fc.record(
						{
							video_url: fc.constantFrom<unknown>(...ADDRESSES),
							cost: fc.constantFrom<unknown>(0.1, -1, '0.1', null, 1e308),
						},
						{ requiredKeys: [] },
					),
					jsonLike(2),
				),
				error: fc.oneof(jsonLike(3), fc.constant('{"message":"{\\"error\\":1}"}')),
				delayTime: jsonLike(1),
				// In brackets it is a name like any other.
				['__proto__']: jsonLike(1),
			},
			{ requiredKeys: [] },
		)
		.map((body) => JSON.stringify(body)),
);

const ODD = [201, 204, 308, 401, 402, 403, 404, 408, 409, 413, 418, 422, 500, 502, 504, 520];
const USUAL = [200, 200, 200, 400];
export const serverStatus = either([4, fc.constantFrom(...USUAL)], [1, fc.constantFrom(...ODD)]);

/** Where `Retry-After` sends a client: nowhere, far away, into the past, or to no time at all. */
const retryAfter: fc.Arbitrary<string> = fc.oneof(
	fc.constantFrom(
		...['0', '1', '-1', '-5', '1e9', '999999999999', '9'.repeat(400), 'NaN', 'Infinity', '', ' '],
		...['0.5', '5s', '0x10', 'later', 'later 5', 'null', '1, 2', API_KEY],
		...['Thu, 01 Jan 1970 00:00:00 GMT', 'Fri, 31 Dec 9999 23:59:59 GMT', '2001-02-30', 'GMT'],
	),
	fc.string({ unit: fc.constantFrom(...'0123456789.-+: GMTabc'), maxLength: 12 }),
);

/** Answers that send a client away, with headers that no server should send. */
export const hostileHeaders = fc.record({
	status: fc.constantFrom(429, 429, 503, 503, 300, 301, 302, 303, 304, 307, 308),
	headers: fc.record(
		{
			'retry-after': retryAfter,
			location: fc.constantFrom('<stranger>', '//evil.invalid/', 'file:///etc/passwd', '', '/loop'),
			'content-type': fc.constantFrom('', 'application/json', 'text/html', `a/${API_KEY}`),
			'www-authenticate': fc.constantFrom('Basic', `Bearer ${API_KEY}`),
		},
		{ requiredKeys: [] },
	),
	times: fc.constantFrom(1, 3, Infinity),
});

const when = fc.constantFrom('before' as const, 'after' as const);
const UNREADABLE = ['', '<html>502</html>', '{"id": ', 'null', '[]', '{"status":"IN_QUEUE"}'];
const unreadable = fc.constantFrom(...UNREADABLE);
/** Envoy's words. */
const LOST_UPSTREAM =
	'upstream connect error or disconnect/reset before headers. reset reason: connection termination';
const refusals = fc.constantFrom(400, 401, 402, 403, 404, 408, 409, 413, 422, 429, 503);
const failures = fc.constantFrom(500, 502, 504, 520);
const ends = fc.constantFrom('FAILED', 'TIMED_OUT', 'CANCELLED');

/** Once the job is accepted a refusal would be a lie that no client can see through, so those come before. */
const onSubmission: fc.Arbitrary<Trouble> = fc.oneof(
	refusals.map((status): Trouble => ({ kind: 'status', status, when: 'before' })),
	fc.record({ status: failures, when }).map((fault): Trouble => ({ kind: 'status', ...fault })),
	when.map((moment): Trouble => ({ kind: 'reset', when: moment })),
	when.map((moment): Trouble => ({ kind: 'hang', when: moment })),
	fc.record({ body: unreadable, when }).map((fault): Trouble => ({ kind: 'body', ...fault })),
	ends.map((status): Trouble => ({ kind: 'job', status })),
	fc.constantFrom<Trouble>({ kind: 'job', output: null }, { kind: 'job', output: 'oops' }),
	fc.constant<Trouble>({ kind: 'forget' }),
	// An edge that loses its upstream once the job is accepted, and says so as text or JSON.
	fc
		.constantFrom(LOST_UPSTREAM, JSON.stringify({ message: 'oops', error: LOST_UPSTREAM }))
		.map((body): Trouble => ({ kind: 'status', status: 503, body, when: 'after' })),
);

const onStatus: fc.Arbitrary<Trouble> = fc.oneof(
	fc.oneof(refusals, failures).map((status): Trouble => ({ kind: 'status', status })),
	fc.constantFrom<Trouble>({ kind: 'reset' }, { kind: 'hang' }, { kind: 'forget' }),
	unreadable.map((body): Trouble => ({ kind: 'body', body })),
);

const onVideo: fc.Arbitrary<Trouble> = fc.oneof(
	fc
		.constantFrom(403, 404, 429, 500, 503)
		.chain((status) =>
			fc.constantFrom(1, 9).map((times): Trouble => ({ kind: 'status', status, times })),
		),
	fc.constantFrom<Trouble>(
		{ kind: 'reset' },
		{ kind: 'hang' },
		{ kind: 'truncate', bytes: 100 },
		{ kind: 'body', body: '<p>', contentType: 'text/html' },
	),
);

export interface ItemTroubles {
	submission: Trouble[];
	status: Trouble[];
	video?: Trouble[];
}

export interface Scenario {
	/** Video > Generate or Job > Submit. */
	operation: 'generate' | 'submit';
	download: boolean;
	/** How long a job takes, in ms: longer than `runsync` waits here, polling follows. */
	takesMs: number;
	items: ItemTroubles[];
	executionMode: 'sync' | 'async';
	concurrency: number;
	/** Whether a later try submits again what may have been accepted. */
	resubmitUncertain?: boolean;
	cancelOnTimeout?: boolean;
	settings: IDataObject;
	/** ms until the user stops the execution. */
	stopAfter?: number;
}

const SETTINGS = {
	retryOnFail: fc.constant(true),
	onError: fc.constantFrom('continueRegularOutput', 'continueErrorOutput'),
};

/** A batch, what befalls each of its items, and how the user set the node up. */
export const scenario: fc.Arbitrary<Scenario> = fc
	.record({
		operation: fc.constantFrom('generate' as const, 'generate' as const, 'submit' as const),
		download: fc.constantFrom(false, false, true),
		takesMs: fc.constantFrom(3, 3, 30),
		items: fc.array(
			fc.record({
				submission: fc.array(onSubmission, { maxLength: 3 }),
				status: fc.array(onStatus, { maxLength: 3 }),
				video: fc.array(onVideo, { maxLength: 2 }),
			}),
			{ minLength: 1, maxLength: 6 },
		),
		executionMode: fc.constantFrom('sync' as const, 'async' as const),
		concurrency: fc.integer({ min: 1, max: 6 }),
		resubmitUncertain: fc.constantFrom(false, false, true),
		cancelOnTimeout: fc.constantFrom(false, false, true),
		settings: fc.record(SETTINGS, { requiredKeys: [] }),
		stop: either<number | null>([3, fc.constant(null)], [1, fc.integer({ min: 0, max: 60 })]),
	})
	.map(({ stop, executionMode, settings, ...rest }) =>
		stop === null
			? { ...rest, executionMode, settings }
			: // In Sync mode Runpod has told no id yet, so there is nothing to promise.
				{ ...rest, executionMode: 'async' as const, settings, stopAfter: stop },
	);

/** The rules for the simulator; an item's prompt names it. */
export function faultsOf(
	{ items, executionMode, operation, takesMs }: Scenario,
	prompts: readonly string[],
): FaultRule[] {
	const submission = executionMode === 'sync' && operation === 'generate' ? 'runsync' : 'run';
	return items.flatMap((troubles, index) => {
		const match = { prompt: prompts[index] };
		const on = (operation: FaultRule['operation'], faults: Trouble[] = []): FaultRule[] =>
			faults.map((fault) => ({ ...fault, operation, match }));
		return [
			...on(submission, troubles.submission),
			// For whichever job no other end is told above.
			...on(submission, [{ kind: 'job', executionTimeMs: takesMs, times: Infinity }]),
			...troubles.status.flatMap((fault) => [
				...on('status', [fault]),
				...on('status-sync', [fault]),
			]),
			...on('video', troubles.video),
		];
	});
}
