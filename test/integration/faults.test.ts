/**
 * The fault table: operation × fault. Each row says how often a new job was asked for, what became of the jobs in
 * Runpod's books, and what the user gets. How errors look in n8n's three error modes is in errors.test.ts.
 */
import type { IDataObject } from 'n8n-workflow';
import { startSimulator, type FaultRule, type Simulator } from '../tools/simulator';
import { credentialsOf, submissions } from './batch';
import { runNode } from './engine';
import { hurry } from './hurry';

const HURRY = 50;

let simulator: Simulator;
beforeAll(async () => {
	// A fresh job that is unknown, and health that is refused, have tests of their own.
	simulator = await startSimulator({
		unknownAtFirst: { looks: 0, ms: 0 },
		showsHealth: true,
		refusalShape: 'error',
	});
});
beforeEach(() => {
	simulator.reset();
	simulator.options.retryAfter = 'seconds';
});
afterEach(() => jest.useRealTimers());
afterAll(async () => await simulator.close());
hurry(HURRY);

/** Runs of the node by their name in the table; the last seven are about a job that is there already. */
const RUNS = {
	sync: { resource: 'video', operation: 'generate' },
	async: { resource: 'video', operation: 'generate', options: { executionMode: 'async' } },
	submit: { resource: 'job', operation: 'submit' },
	download: { resource: 'video', operation: 'generate', download: true },
	get: { resource: 'job', operation: 'get' },
	wait: { resource: 'job', operation: 'get', wait: true },
	cancel: { resource: 'job', operation: 'cancel' },
	retry: { resource: 'job', operation: 'retry' },
	health: { resource: 'endpoint', operation: 'getHealth' },
} satisfies Record<string, IDataObject>;
type RunName = keyof typeof RUNS;

/** The request that a fault befalls where it does not say which. */
const REQUEST: Record<RunName, FaultRule['operation']> = {
	sync: 'runsync',
	async: 'run',
	submit: 'run',
	download: 'video',
	get: 'status',
	wait: 'status',
	cancel: 'cancel',
	retry: 'retry',
	health: 'health',
};

const MAKES_JOB: readonly RunName[] = ['sync', 'async', 'submit', 'download'];
/** Those that give no video. */
const DATA: readonly RunName[] = ['submit', 'cancel', 'retry', 'health'];

type Fault = FaultRule extends infer Rule
	? Rule extends FaultRule
		? Omit<Rule, 'operation'> & { on?: FaultRule['operation'] }
		: never
	: never;

interface Row {
	run: RunName;
	fault: string;
	faults: Fault[];
	/** Requests that asked for a new job. */
	submissions: number;
	/** Jobs in the ledger by their state at the end. */
	jobs: Record<string, number>;
	/** What comes out: a video, data about a job or the endpoint, or this error; `<id>` is the job's. */
	outcome: 'video' | 'data' | { error: string };
	options?: IDataObject;
	baseUrl?: string;
	/** ms of the node's time between the answer that the fault is and the next try. */
	pauseMs?: number;
	/** Whether deadlines pass as fast as pauses do, which tests of minutes need. */
	isFast?: boolean;
	/** ms by which the machine's clock is set on (or back) once the job is accepted. */
	clockJump?: number;
	/** What has happened to the job that is there already; default: it is completed. */
	before?: 'completed' | 'failed' | 'running';
}

const always = { times: Infinity };
const status = (code: number, more: Partial<Extract<Fault, { kind: 'status' }>> = {}): Fault => ({
	kind: 'status',
	status: code,
	...more,
});
/** Where a 429 says when to come back; `<in 10 s>` becomes a date when the row runs. */
const later = (retryAfter: string, times = 1) =>
	status(429, { headers: { 'retry-after': retryAfter }, times });
/** An answer that names the job; `<id>` is its id. */
const naming = (httpCode: number, state: string): Fault => ({
	kind: 'body',
	status: httpCode,
	body: `{"id":"<id>","status":"${state}"}`,
	when: 'after',
});
const error = (message: string) => ({ error: message });

/** Requests that make a job: what may be repeated, what is refused, and what nobody can know. */
type Costly = [fault: string, faults: Fault[], submissions: number, jobs: number, error?: string];

const MAY_RUN = '; the job may be running';
const costly: Costly[] = [
	['HTTP 400', [status(400)], 1, 0, 'Runpod rejected the request (HTTP 400): Simulated 400'],
	['HTTP 401', [status(401, always)], 1, 0, 'Runpod did not accept this API key: Simulated 401'],
	[
		'HTTP 402',
		[status(402)],
		1,
		0,
		'There is no credit left on this Runpod account: Simulated 402',
	],
	[
		'HTTP 403',
		[status(403)],
		1,
		0,
		"This API key has no access to the endpoint 'p-video': Simulated 403",
	],
	['HTTP 404', [status(404)], 1, 0, "The endpoint 'p-video' was not found: Simulated 404"],
	['HTTP 413', [status(413)], 1, 0, 'The request is too large for Runpod: Simulated 413'],
	...[409, 418, 422].map(
		(code): Costly => [
			`HTTP ${code}`,
			[status(code)],
			1,
			0,
			`Runpod rejected the request (HTTP ${code}): Simulated ${code}`,
		],
	),
	['HTTP 429 with seconds', [later('1', 2)], 3, 1],
	['HTTP 429 with a date', [later('<in 10 s>', 2)], 3, 1],
	['HTTP 429 with nothing', [status(429, { times: 3 })], 4, 1],
	['HTTP 429 with nonsense', [later('later')], 2, 1],
	[
		'HTTP 429 for longer than the timeout',
		[later('3600')],
		1,
		0,
		'Runpod is limiting requests: Simulated 429',
	],
	['HTTP 429 with the job in it', [naming(429, 'IN_QUEUE')], 1, 1],
	['HTTP 500 with the job in it', [naming(500, 'IN_PROGRESS')], 1, 1],
	['HTTP 503 with the job in it', [naming(503, 'IN_QUEUE')], 1, 1],
	['a job that is RUNNING', [naming(200, 'RUNNING')], 1, 1],
	['a job in an unknown state', [naming(200, 'PONDERING')], 1, 1],
	['a job in no state', [naming(200, '')], 1, 1],
	[
		'HTTP 500 with a job in an unknown state',
		[naming(500, 'PONDERING')],
		1,
		1,
		`Runpod returned an error (HTTP 500)${MAY_RUN}`,
	],
	// Twelve times and for longer than any count of tries: refusals cost nothing, so they are waited out.
	['HTTP 429 for long', [status(429, { times: 12 })], 13, 1],
	[
		'HTTP 500 before',
		[status(500)],
		1,
		0,
		`Runpod returned an error (HTTP 500): Simulated 500${MAY_RUN}`,
	],
	[
		'HTTP 408 after',
		[status(408, { when: 'after' })],
		1,
		1,
		`Runpod did not finish the request (HTTP 408): Simulated 408${MAY_RUN}`,
	],
	...[500, 502, 504, 520].map(
		(code): Costly => [
			`HTTP ${code} after`,
			[status(code, { when: 'after' })],
			1,
			1,
			`Runpod returned an error (HTTP ${code}): Simulated ${code}${MAY_RUN}`,
		],
	),
	['HTTP 503 twice', [status(503, { times: 2 })], 3, 1],
	['HTTP 503 for long', [status(503, { times: 12 })], 13, 1],
	['429, then 503, then fine', [status(429), status(503)], 3, 1],
	[
		'429, then a reset after acceptance',
		[status(429), { kind: 'reset', when: 'after' }],
		2,
		1,
		`The connection to Runpod was lost (ECONNRESET)${MAY_RUN}`,
	],
	[
		'reset before acceptance',
		[{ kind: 'reset' }],
		1,
		0,
		`The connection to Runpod was lost (ECONNRESET)${MAY_RUN}`,
	],
	[
		'reset after acceptance',
		[{ kind: 'reset', when: 'after' }],
		1,
		1,
		`The connection to Runpod was lost (ECONNRESET)${MAY_RUN}`,
	],
	[
		'HTML instead of JSON',
		[{ kind: 'body', body: '<b>Hi</b>', contentType: 'text/html', when: 'after' }],
		1,
		1,
		`Runpod answered with "Hi" instead of a job${MAY_RUN}`,
	],
	[
		'an empty body',
		[{ kind: 'body', body: '', when: 'after' }],
		1,
		1,
		`Runpod answered with an empty answer instead of a job${MAY_RUN}`,
	],
	[
		'a list',
		[{ kind: 'body', body: '[]', when: 'after' }],
		1,
		1,
		`Runpod answered with [] instead of a job${MAY_RUN}`,
	],
	[
		'a redirect',
		[{ kind: 'redirect', status: 308, location: 'http://127.0.0.1:9/' }],
		1,
		0,
		'The Runpod URL redirected to another address (HTTP 308)',
	],
];

const submitting = (['sync', 'async', 'submit'] as const).flatMap((run) =>
	costly.map(
		([fault, faults, count, jobs, message]): Row => ({
			run,
			fault,
			faults,
			submissions: count,
			jobs: jobs === 0 ? {} : { COMPLETED: jobs },
			outcome: message === undefined ? (run === 'submit' ? 'data' : 'video') : error(message),
		}),
	),
);

const HANGS: Row[] = [
	{
		run: 'sync',
		fault: 'no answer, before acceptance',
		faults: [{ kind: 'hang' }],
		options: { syncWait: 1 },
		submissions: 1,
		jobs: {},
		outcome: error(`Runpod did not answer (no answer within 11 s)${MAY_RUN}`),
	},
	{
		run: 'async',
		fault: 'no answer, after acceptance',
		faults: [{ kind: 'hang', when: 'after' }],
		submissions: 1,
		jobs: { COMPLETED: 1 },
		outcome: error(`Runpod did not answer (no answer within 10 s)${MAY_RUN}`),
	},
	...(['before', 'after'] as const).map(
		(when): Row => ({
			run: 'submit',
			fault: `no answer, ${when} acceptance`,
			faults: [{ kind: 'hang', when }],
			submissions: 1,
			jobs: when === 'after' ? { COMPLETED: 1 } : {},
			outcome: error(`Runpod did not answer (no answer within 10 s)${MAY_RUN}`),
		}),
	),
	{
		run: 'sync',
		fault: 'an answer that trickles',
		faults: [{ kind: 'trickle', bytes: 20, intervalMs: 2 }],
		submissions: 1,
		jobs: { COMPLETED: 1 },
		outcome: 'video',
	},
	{
		run: 'sync',
		fault: 'an answer that is cut off',
		faults: [{ kind: 'truncate', bytes: 10 }],
		submissions: 1,
		jobs: { COMPLETED: 1 },
		outcome: error(`The connection to Runpod was lost (ECONNRESET)${MAY_RUN}`),
	},
	...(['sync', 'async', 'get', 'cancel', 'retry', 'health'] as const).map(
		(run): Row => ({
			run,
			fault: 'connection refused',
			faults: [],
			baseUrl: 'http://127.0.0.1:1/v2',
			isFast: true,
			options: { timeout: 60 },
			submissions: 0,
			jobs: {},
			outcome: error('Runpod could not be reached (ECONNREFUSED)'),
		}),
	),
	{
		run: 'sync',
		fault: 'a name that nobody has',
		faults: [],
		baseUrl: 'https://nothing.invalid/v2',
		isFast: true,
		options: { timeout: 60 },
		submissions: 0,
		jobs: {},
		outcome: error('Runpod could not be reached (ENOTFOUND|EAI_AGAIN)'),
	},
];

/** How an accepted job ends; polling sees it with async. */
type End = [fault: string, fault: Fault, state: string, error: string];

const NO_VIDEO = (instead: string) =>
	`Job <id> completed but returned ${instead} instead of a video`;
const ends: End[] = [
	[
		'FAILED',
		{ kind: 'job', error: 'no light' },
		'FAILED',
		'Runpod could not make the video: no light',
	],
	[
		'FAILED and its reason in the output',
		{ kind: 'job', status: 'FAILED', output: { error: 'no light' } },
		'FAILED',
		'Runpod could not make the video: no light',
	],
	['TIMED_OUT', { kind: 'job', status: 'TIMED_OUT' }, 'TIMED_OUT', 'Job <id> timed out on Runpod'],
	['CANCELLED', { kind: 'job', status: 'CANCELLED' }, 'CANCELLED', 'Job <id> was cancelled'],
	['no output', { kind: 'job', omit: ['output'] }, 'COMPLETED', NO_VIDEO('no output')],
	['output null', { kind: 'job', output: null }, 'COMPLETED', NO_VIDEO('no output')],
	['output a text', { kind: 'job', output: 'oops' }, 'COMPLETED', NO_VIDEO('"oops"')],
	['output a list', { kind: 'job', output: [1] }, 'COMPLETED', NO_VIDEO('[1]')],
	[
		'output without an address',
		{ kind: 'job', output: { cost: 0.1 } },
		'COMPLETED',
		NO_VIDEO('{"cost":0.1}'),
	],
];

const ending = (['sync', 'async'] as const).flatMap((run) =>
	ends.map(
		([fault, rule, state, message]): Row => ({
			run,
			fault: `the job ends with ${fault}`,
			faults: [rule],
			submissions: 1,
			jobs: { [state]: 1 },
			outcome: error(message),
		}),
	),
);

/** While a job runs nothing that passes may end the wait, and nothing may be submitted again. */
type Poll = [fault: string, faults: Fault[], outcome: 'video' | string, options?: IDataObject];

const polls: Poll[] = [
	...[408, 429, 500, 502, 503, 504, 520].map(
		(code): Poll => [`HTTP ${code} three times`, [status(code, { times: 3 })], 'video'],
	),
	['HTTP 404 once', [status(404)], 'video'],
	['resets', [{ kind: 'reset', times: 3 }], 'video'],
	['no answer', [{ kind: 'hang', times: 2 }], 'video'],
	['HTTP 500 with the running job', [naming(500, 'IN_PROGRESS')], 'video'],
	['RUNNING', [naming(200, 'RUNNING')], 'video'],
	['no state', [naming(200, '')], 'video'],
	['HTML four times', [{ kind: 'body', body: '<p>Wait</p>', times: 4 }], 'video'],
	[
		'HTML five times, not in a row',
		[
			{ kind: 'body', body: '<p>Wait</p>', times: 4 },
			naming(200, 'IN_PROGRESS'),
			{ kind: 'body', body: '<p>Wait</p>', times: 4 },
		],
		'video',
	],
	['HTML twice', [{ kind: 'body', body: '<p>Wait</p>', times: 2 }], 'video'],
	['HTML seven times', [{ kind: 'body', body: '<p>Wait</p>', times: 7 }], 'video'],
	[
		'HTML until the timeout',
		[{ kind: 'body', body: '<p>Wait</p>', ...always }],
		'Runpod did not report the status of job <id> within 1 s: Runpod answered with "Wait" instead of a job',
		{ timeout: 1 },
	],
	['an empty body twice', [{ kind: 'body', body: '', times: 2 }], 'video'],
	['another job', [{ kind: 'body', body: '{"id":"other","status":"FAILED"}' }], 'video'],
	['an unknown state', [naming(200, 'PONDERING')], 'video'],
	[
		'faults of every kind',
		[status(500), { kind: 'reset' }, { kind: 'body', body: 'x' }, status(429)],
		'video',
	],
];

/** Where the node knows that there is a job, Runpod's own refusals pass as well; Job > Get believes them. */
const refusedPolls: Record<'async' | 'wait', Poll[]> = {
	async: [
		...[400, 401, 403].map((code): Poll => [`HTTP ${code} once`, [status(code)], 'video']),
		[
			'HTTP 401 until the timeout',
			[status(401, always)],
			'Runpod did not report the status of job <id> within 1 s: Runpod did not accept this API key: Simulated 401',
			{ timeout: 1 },
		],
	],
	wait: [
		['HTTP 400', [status(400)], 'Runpod rejected the request (HTTP 400): Simulated 400'],
		['HTTP 401', [status(401)], 'Runpod did not accept this API key: Simulated 401'],
		[
			'HTTP 403',
			[status(403)],
			"This API key has no access to the endpoint 'p-video': Simulated 403",
		],
	],
};

const polling = (['async', 'wait'] as const).flatMap((run) =>
	[...polls, ...refusedPolls[run]].map(
		([fault, faults, outcome, options = {}]): Row => ({
			run,
			fault: `${fault} while polling`,
			faults: faults.flatMap((rule) => [
				{ ...rule, on: 'status' as const },
				{ ...rule, on: 'status-sync' as const },
			]),
			options,
			submissions: run === 'async' ? 1 : 0,
			jobs: { COMPLETED: 1 },
			outcome: outcome === 'video' ? 'video' : error(outcome),
		}),
	),
);

/** Whether the request that is put off is the one that makes the job. */
const submitsAgain = (run: RunName) => run === 'sync' || run === 'submit';

/** Whon Runpod asks for is waited for, though not for so long that the result is gone meanwhile. */
const PAUSES: Row[] = (
	[
		['sync', 'in seconds', '10', 10_000],
		['submit', 'in seconds', '10', 10_000],
		['async', 'in seconds', '10', 10_000],
		['async', 'as a date', '<in 10 s>', 9_000],
		['wait', 'in seconds', '10', 10_000],
		['wait', 'as a date', '<in 10 s>', 9_000],
		['wait', 'of an hour', '3600', 20_000],
		['wait', 'in the past', 'Thu, 01 Jan 1970 00:00:00 GMT', 1_000],
		['wait', 'of less than Poll Interval', '0', 1_000],
		['get', 'in seconds', '10', 10_000],
		['cancel', 'in seconds', '10', 10_000],
		['retry', 'in seconds', '10', 10_000],
		['health', 'in seconds', '10', 10_000],
		['download', 'in seconds', '10', 10_000],
	] as const
).map(
	([run, what, retryAfter, pauseMs]): Row => ({
		run,
		fault: `HTTP 429 with Retry-After ${what} is honoured`,
		faults: [
			{
				...later(retryAfter),
				on: run === 'async' || run === 'wait' ? 'status-sync' : REQUEST[run],
			},
		],
		pauseMs,
		submissions: !MAKES_JOB.includes(run) ? 0 : submitsAgain(run) ? 2 : 1,
		jobs: run === 'health' ? {} : run === 'cancel' ? { CANCELLED: 1 } : { COMPLETED: 1 },
		outcome: DATA.includes(run) ? 'data' : 'video',
		...(run === 'cancel' && { before: 'running' }),
		...(run === 'retry' && { before: 'failed' }),
	}),
);

const CLOCKS: Row[] = [3_600_000, -3_600_000].map((clockJump) => ({
	run: 'async',
	fault: `the clock is set by ${clockJump / 60_000} minutes`,
	faults: [{ kind: 'status', status: 500, on: 'status', times: 2 }],
	clockJump,
	submissions: 1,
	jobs: { COMPLETED: 1 },
	outcome: 'video',
}));

/** Requests about a job or the endpoint that cost nothing are repeated; a retry costs. */
type About = [
	run: RunName,
	fault: string,
	faults: Fault[],
	jobs: Record<string, number>,
	outcome: Row['outcome'],
	before?: Row['before'],
];

const DONE = { COMPLETED: 1 };
const about: About[] = [
	['get', 'HTTP 500 twice', [status(500, { times: 2 })], DONE, 'video'],
	['get', 'HTTP 500 ten times', [status(500, { times: 10 })], DONE, 'video'],
	[
		'get',
		'HTTP 500 for longer than a minute',
		[status(500, always)],
		DONE,
		error('Runpod returned an error (HTTP 500): Simulated 500'),
	],
	[
		'get',
		'HTTP 404',
		[status(404)],
		DONE,
		error('Job <id> was not found on Runpod. It may have expired'),
	],
	['get', 'HTTP 429 twice', [status(429, { times: 2 })], DONE, 'video'],
	['get', 'a reset', [{ kind: 'reset' }], DONE, 'video'],
	['get', 'HTML twice', [{ kind: 'body', body: '<p>Hi</p>', times: 2 }], DONE, 'video'],
	[
		'get',
		'HTML for longer than a minute',
		[{ kind: 'body', body: '<p>Hi</p>', ...always }],
		DONE,
		error('Runpod answered with "Hi" instead of a job'),
	],
	['get', 'no answer twice', [{ kind: 'hang', times: 2 }], DONE, 'video'],
	[
		'get',
		'no answer for longer than a minute',
		[{ kind: 'hang', ...always }],
		DONE,
		error('Runpod did not answer (no answer within <n> s)'),
	],
	['get', 'HTTP 520', [status(520)], DONE, 'video'],
	['get', 'HTTP 408', [status(408)], DONE, 'video'],
	[
		'get',
		'HTTP 422',
		[status(422)],
		DONE,
		error('Runpod rejected the request (HTTP 422): Simulated 422'),
	],
	['get', 'HTTP 500 with the running job', [naming(500, 'IN_PROGRESS')], DONE, 'data'],
	['get', 'a job in an unknown state', [naming(200, 'PONDERING')], DONE, 'data'],
	['get', 'a job that runs', [], { IN_PROGRESS: 1 }, 'data', 'running'],
	['get', 'a job that failed', [], { FAILED: 1 }, 'data', 'failed'],
	[
		'wait',
		'a job that failed',
		[],
		{ FAILED: 1 },
		error('Runpod could not make the video and gave no reason'),
		'failed',
	],
	['cancel', 'HTTP 502 twice', [status(502, { times: 2 })], { CANCELLED: 1 }, 'data', 'running'],
	['cancel', 'HTTP 429 twice', [status(429, { times: 2 })], { CANCELLED: 1 }, 'data', 'running'],
	...[408, 500, 502, 503, 504, 520].map(
		(code): About => [
			'cancel',
			`HTTP ${code} after it was cancelled`,
			[status(code, { when: 'after' })],
			{ CANCELLED: 1 },
			'data',
			'running',
		],
	),
	[
		'cancel',
		'a reset after it was cancelled',
		[{ kind: 'reset', when: 'after' }],
		{ CANCELLED: 1 },
		'data',
		'running',
	],
	[
		'cancel',
		'no answer after it was cancelled',
		[{ kind: 'hang', when: 'after' }],
		{ CANCELLED: 1 },
		'data',
		'running',
	],
	['cancel', 'no answer before', [{ kind: 'hang' }], { CANCELLED: 1 }, 'data', 'running'],
	[
		'cancel',
		'HTTP 409',
		[status(409)],
		{ IN_PROGRESS: 1 },
		error('Runpod rejected the request (HTTP 409): Simulated 409'),
		'running',
	],
	[
		'cancel',
		'HTTP 500 for longer than a minute',
		[status(500, always)],
		{ IN_PROGRESS: 1 },
		error('Runpod returned an error (HTTP 500): Simulated 500'),
		'running',
	],
	['cancel', 'a reset before', [{ kind: 'reset' }], { CANCELLED: 1 }, 'data', 'running'],
	[
		'cancel',
		'HTTP 404',
		[status(404)],
		{ IN_PROGRESS: 1 },
		error('Job <id> was not found on Runpod. It may have expired'),
		'running',
	],
	['cancel', 'a job that has ended', [], DONE, 'video'],
	['cancel', 'a job that has failed', [], { FAILED: 1 }, 'data', 'failed'],
	['retry', 'HTTP 429 twice', [status(429, { times: 2 })], DONE, 'data', 'failed'],
	['retry', 'HTTP 503', [status(503)], DONE, 'data', 'failed'],
	[
		'retry',
		'HTTP 500 before',
		[status(500)],
		{ FAILED: 1 },
		error(`Runpod returned an error (HTTP 500): Simulated 500${MAY_RUN}`),
		'failed',
	],
	[
		'retry',
		'HTTP 500 after',
		[status(500, { when: 'after' })],
		DONE,
		error(`Runpod returned an error (HTTP 500): Simulated 500${MAY_RUN}`),
		'failed',
	],
	[
		'retry',
		'a reset after',
		[{ kind: 'reset', when: 'after' }],
		DONE,
		error(`The connection to Runpod was lost (ECONNRESET)${MAY_RUN}`),
		'failed',
	],
	[
		'retry',
		'no answer before',
		[{ kind: 'hang' }],
		{ FAILED: 1 },
		error(`Runpod did not answer (no answer within 15 s)${MAY_RUN}`),
		'failed',
	],
	[
		'retry',
		'no answer after',
		[{ kind: 'hang', when: 'after' }],
		DONE,
		error(`Runpod did not answer (no answer within 15 s)${MAY_RUN}`),
		'failed',
	],
	[
		'retry',
		'HTTP 520 after',
		[status(520, { when: 'after' })],
		DONE,
		error(`Runpod returned an error (HTTP 520): Simulated 520${MAY_RUN}`),
		'failed',
	],
	[
		'retry',
		'HTTP 408 after',
		[status(408, { when: 'after' })],
		DONE,
		error(`Runpod did not finish the request (HTTP 408): Simulated 408${MAY_RUN}`),
		'failed',
	],
	...[409, 422].map(
		(code): About => [
			'retry',
			`HTTP ${code}`,
			[status(code)],
			{ FAILED: 1 },
			error(`Runpod rejected the request (HTTP ${code}): Simulated ${code}`),
			'failed',
		],
	),
	['retry', 'HTTP 503 with the job in it', [naming(503, 'IN_QUEUE')], DONE, 'data', 'failed'],
	['retry', 'HTTP 500 with the job in it', [naming(500, 'IN_QUEUE')], DONE, 'data', 'failed'],
	[
		'retry',
		'HTML',
		[{ kind: 'body', body: '<p>Hi</p>', when: 'after' }],
		DONE,
		error(`Runpod answered with "Hi" instead of a job${MAY_RUN}`),
		'failed',
	],
	[
		'retry',
		'a job that is completed',
		[],
		DONE,
		error(
			'Runpod rejected the request (HTTP 400): Job <id> is COMPLETED; only FAILED and TIMED_OUT can be retried',
		),
	],
	['health', 'no answer', [{ kind: 'hang' }], {}, 'data'],
	['health', 'a reset', [{ kind: 'reset' }], {}, 'data'],
	['health', 'HTTP 520', [status(520)], {}, 'data'],
	[
		'health',
		'HTTP 422',
		[status(422)],
		{},
		error('Runpod rejected the request (HTTP 422): Simulated 422'),
	],
	['health', 'HTTP 500 twice', [status(500, { times: 2 })], {}, 'data'],
	[
		'health',
		'HTTP 403',
		[status(403)],
		{},
		error("This API key has no access to the endpoint 'p-video': Simulated 403"),
	],
	['health', 'a text', [{ kind: 'body', body: 'fine' }], {}, 'data'],
];

const asking = about.map(
	([run, fault, faults, jobs, outcome, before]): Row => ({
		run,
		fault,
		faults,
		submissions: 0,
		jobs,
		outcome,
		...(before !== undefined && { before }),
		...(fault.endsWith('longer than a minute') && { isFast: true }),
	}),
);

/** The video's file; more of these, byte by byte and in both of n8n's modes, in download.test.ts. */
type Download = [fault: string, faults: Fault[], problem?: string];

const downloads: Download[] = [
	['HTTP 403', [status(403)], 'not found (HTTP 403); videos expire after 7 days'],
	['HTTP 404', [status(404)], 'not found (HTTP 404); videos expire after 7 days'],
	['HTTP 500 twice', [status(500, { times: 2 })]],
	['HTTP 500 always', [status(500, always)], 'the server answered HTTP 500'],
	[
		'HTML',
		[{ kind: 'body', body: '<p>', contentType: 'text/html' }],
		"the server sent 'text/html' instead of a video",
	],
	[
		'an empty file',
		[{ kind: 'body', body: '', contentType: 'video/mp4', ...always }],
		'it was empty',
	],
	['cut off once', [{ kind: 'truncate', bytes: 500 }]],
	['cut off always', [{ kind: 'truncate', bytes: 500, ...always }], 'the connection was lost'],
	['reset twice', [{ kind: 'reset', times: 2 }]],
	['a trickle', [{ kind: 'trickle', bytes: 4000, intervalMs: 2 }]],
	['no answer', [{ kind: 'hang', ...always }], 'it took too long'],
];

const downloading = downloads.map(
	([fault, faults, problem]): Row => ({
		run: 'download',
		fault,
		faults,
		...(fault === 'no answer' && { options: { timeout: 10 } }),
		submissions: 1,
		jobs: DONE,
		outcome:
			problem === undefined ? 'video' : error(`The video could not be downloaded: ${problem}`),
	}),
);

const ROWS: Row[] = [
	...submitting,
	...HANGS,
	...ending,
	...polling,
	...PAUSES,
	...CLOCKS,
	...asking,
	...downloading,
];

/** Puts a job into Runpod's books, without the node. */
async function existingJob(before: NonNullable<Row['before']>): Promise<string> {
	if (before === 'failed')
		simulator.faults.add({ operation: 'run', kind: 'job', status: 'FAILED' });
	if (before === 'running') simulator.hold('finish');
	const response = await fetch(`${simulator.baseUrl}/p-video/run`, {
		method: 'POST',
		headers: {
			authorization: `Bearer ${simulator.apiKey}`,
			'content-type': 'application/json',
		},
		body: JSON.stringify({ input: { prompt: 'A cat' } }),
	});
	const { id } = (await response.json()) as { id: string };
	const state = { completed: 'COMPLETED', failed: 'FAILED', running: 'IN_PROGRESS' }[before];
	await simulator.waitFor((ledger) => ledger.find(id)?.status === state);
	return id;
}

const NEEDS_JOB: readonly RunName[] = ['get', 'wait', 'cancel', 'retry'];

test(`the table has ${ROWS.length} rows: at least 60, none twice`, () => {
	expect(ROWS.length).toBeGreaterThanOrEqual(60);
	expect(new Set(ROWS.map(({ run, fault }) => `${run} ${fault}`)).size).toBe(ROWS.length);
});

test.each(ROWS)('$run: $fault', async (row) => {
	const { run, faults, baseUrl, clockJump } = row;
	const isReachable = baseUrl === undefined;
	const jobId =
		NEEDS_JOB.includes(run) && isReachable ? await existingJob(row.before ?? 'completed') : 'job-1';
	const asked = submissions(simulator).length;
	const rules = faults.map(({ on = REQUEST[run], ...fault }) => {
		return { ...fault, operation: on } as FaultRule;
	});
	for (const rule of rules) simulator.faults.add(rule);
	for (const rule of rules) fillIn(rule, NEEDS_JOB.includes(run) ? jobId : undefined);
	const unsubscribe = simulator.subscribe((change) => {
		if (change.kind === 'job') for (const rule of rules) fillIn(rule, change.job.id);
	});
	if (row.isFast) {
		const [now, began] = [performance.now.bind(performance), performance.now()];
		jest.spyOn(performance, 'now').mockImplementation(() => began + HURRY * (now() - began));
	}
	if (clockJump !== undefined) {
		const now = Date.now.bind(Date);
		const isSet = () => simulator.ledger.jobs.length > 0;
		jest.spyOn(Date, 'now').mockImplementation(() => now() + (isSet() ? clockJump : 0));
	}
	const fields: IDataObject = RUNS[run];
	const { items, error: failure } = await runNode({
		parameters: {
			prompt: 'A cat',
			jobId,
			...fields,
			options: { ...(fields.options as IDataObject), pollInterval: 1, ...row.options },
		},
		credentials: { ...credentialsOf(simulator), ...(!isReachable && { baseUrl }) },
	});
	unsubscribe();
	await simulator.waitFor(({ jobs }) => jobs.every(({ status: state }) => state !== 'IN_QUEUE'));
	const isHeld = row.before === 'running';
	await simulator.waitFor((ledger) => isHeld || ledger.count('IN_PROGRESS') === 0);

	const id = simulator.ledger.jobs[0]?.id ?? jobId;
	expect({
		submissions: submissions(simulator).length - asked,
		jobs: simulator.ledger.countByStatus(),
		outcome: failure === undefined ? outcomeOf(items[0]?.json ?? {}) : { error: failure.message },
	}).toEqual({
		submissions: row.submissions,
		jobs: row.jobs,
		outcome:
			typeof row.outcome === 'string' ? row.outcome : { error: sentence(row.outcome.error, id) },
	});
	if (row.pauseMs !== undefined) {
		expect(pauseAfterFault(row)).toBeGreaterThan(row.pauseMs - 200);
		// Much less than an hour, on a busy machine too.
		expect(pauseAfterFault(row)).toBeLessThan(5 * row.pauseMs + 50_000);
	}
	// Where a job was accepted and its id was told, the error names it.
	const isTold = row.faults.every(
		({ kind, on }) => kind === 'job' || on === 'status' || on === 'status-sync',
	);
	if (failure !== undefined && simulator.ledger.jobs.length > 0 && isTold) {
		expect(`${failure.message} ${failure.description}`).toContain(id);
	}
});

function outcomeOf(json: IDataObject): 'video' | 'data' {
	return typeof json.video_url === 'string' ? 'video' : 'data';
}

/** Puts the job's id, where it is known by now, and the date into what the fault sends. */
function fillIn(rule: FaultRule, id: string | undefined): void {
	if (rule.kind === 'body' && typeof rule.body === 'string' && id !== undefined) {
		rule.body = rule.body.replaceAll('<id>', id);
	}
	if (rule.kind === 'status' && rule.headers?.['retry-after'] === '<in 10 s>') {
		const at = new Date(Date.now() + 10_000).toUTCString();
		rule.headers = { ...rule.headers, 'retry-after': at };
	}
}

/** ms of the node's time from the answer that the fault was to the next request of the kind. */
function pauseAfterFault({ faults }: Row): number {
	const [{ on } = {}] = faults;
	const [first, second] = simulator.requests.filter(({ operation }) => operation === on);
	return HURRY * ((second?.at ?? 0) - (first?.answeredAt ?? 0));
}

/** Names are not found in one of two ways, by how the machine's resolver is set up. */
function sentence(text: string, id: string): unknown {
	const message = text.replaceAll('<id>', id);
	if (message.includes('<n>')) {
		const [before, after] = message.split('<n>').map((part) => part.replace(/[()]/g, '\\$&'));
		return expect.stringMatching(new RegExp(`^${before}\\d+${after}$`));
	}
	return message.includes('ENOTFOUND')
		? expect.stringMatching(/^Runpod could not be reached \((ENOTFOUND|EAI_AGAIN)\)$/)
		: message;
}
