/**
 * The one table: operation × fault → how often a new job is asked for, the job in Runpod's ledger, what the user reads.
 * faults.test.ts plays its rows.
 */
import type { IDataObject, INode } from 'n8n-workflow';
import type { FaultRule, Simulator, Trouble } from '../tools/simulator';
import { RETRY } from './batch';

/** What the node is told to do; the last five are about a job or endpoint that is there already. */
export const OPERATIONS = {
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
export type Operation = keyof typeof OPERATIONS;

/** `looks`: `status` and `status-sync`. */
type Place = FaultRule['operation'] | 'looks';
/** The request that a fault befalls where it does not say which. */
export const REQUEST: Record<Operation, Place> = {
	...({ sync: 'runsync', async: 'run', submit: 'run', download: 'video', get: 'status' } as const),
	...({ wait: 'looks', cancel: 'cancel', retry: 'retry', health: 'health' } as const),
};

export type Fault = Trouble & { on?: Place };

/** A video, from the operations that give one; else the state of the job or endpoint. */
export const OK = 'OK';
/** The state of the job instead of a video. */
export const STATE = 'STATE';

interface More {
	/** In place of the fault's. */
	name?: string;
	options?: IDataObject;
	settings?: Partial<INode>;
	/** The simulator's options. */
	how?: Partial<Simulator['options']>;
	baseUrl?: string;
	/** What became of the job that is there already. */
	before?: 'ended' | 'failed' | 'running';
	/** Part of the description, where `ADVICE` is not enough. */
	advice?: string;
	/** The error item beside `error`, `hint` and `prompt`: such a row is played in all three error modes. */
	item?: IDataObject;
	/** Part of a hint in the output pane. */
	hint?: string;
	/** ms of the node's time between the answer that the fault is and the next try. */
	pauseMs?: number;
	/** Whether deadlines pass as fast as pauses do, which tests of minutes need. */
	isFast?: boolean;
	/** ms by which the machine's clock is set on (or back) once the job is accepted. */
	clockJump?: number;
}

export interface Row extends More {
	operation: Operation;
	faults: readonly Fault[];
	/** Requests that asked for a new job. */
	asks: number;
	/** The state of the one job in the ledger at the end; empty where there is none. */
	ledger: string;
	/** OK, STATE or the error's message; `<id>` and `<video>` are the job's. */
	reads: string;
}

/** What to do, which the description says beside the message; the first that matches. */
export const ADVICE: ReadonlyArray<[message: RegExp, advice: string]> = [
	[/; the job may be running$/, 'https://console.runpod.io/user/billing'],
	[/^Runpod did not report|^Runpod reports the state|was still/, 'Fetch it with Job > Get'],
	[/accept this API key/, 'in the Runpod console under API Keys'],
	[/no credit left/, 'in the Runpod console under Billing'],
	[/has no access to/, 'Give the key access to it'],
	[/^The endpoint '.*' was not found/, "Check the option 'Endpoint ID'"],
	[/^Job \S+ was not found/, 'Results are kept for 1 minute'],
	[/^The proxy .* requires a login/, 'HTTPS_PROXY'],
	[/^Something between/, 'neither the key nor the credential is at fault'],
	[/^The request is too large/, "set the option 'Send Files As' to Link"],
	[/^Runpod is limiting/, 'Run again later.'],
	[/could not be reached/, 'Nothing was sent.'],
	[/redirected/, 'The API key is not sent to another address.'],
	[/^Runpod rejected/, 'Fix the problem named above'],
	[/could not make the video/, 'Job <id> failed'],
	[/was cancelled$/, 'in the Runpod console or by the API'],
	[/timed out on Runpod/, "Raise executionTimeout or ttl in the option 'Policy"],
	[/completed (but|without)/, 'Fetch it with Job > Get'],
	[/could not be downloaded/, 'You can download it from <video> for 7 days'],
	[/^Runpod returned an error/, 'Run again later.'],
	[/^Runpod did not answer/, 'It is safe to run again.'],
	[/instead of a job$/, "the credential's 'Base URL'"],
];

const SUBMITTING = ['sync', 'async', 'submit'] as const;
export const MAKING: readonly Operation[] = [...SUBMITTING, 'download'];

type Line = [faults: Fault | Fault[], asks: number, ledger: string, reads: string, more?: More];
/** The same rows for several operations; those about a job that is there ask for no new one. */
const rows = (operations: readonly Operation[], ...lines: readonly Line[]): Row[] =>
	operations.flatMap((operation) =>
		lines.map(([fault, times, ledger, reads, more]) => {
			const [faults, asks] = [[fault].flat(), MAKING.includes(operation) ? times : 0];
			return { operation, faults, asks, ledger, reads, ...more };
		}),
	);

type Status = Extract<Fault, { kind: 'status' }>;
type Body = Extract<Fault, { kind: 'body' }>;
type Ending = Extract<Fault, { kind: 'job' }>;

const x = (times: number, fault: Fault): Fault => ({ ...fault, times });
const ever = (fault: Fault): Fault => x(Infinity, fault);
const http = (status: number, body?: unknown): Status => ({ kind: 'status', status, body });
const says = (body: string): Body => ({ kind: 'body', body });
const after = (fault: Status | Body): Fault => ({ ...fault, when: 'after' });
/** A 429 that says when to come back; `<in 10 s>` becomes a date when the row runs. */
const later = (at: string): Status => ({ ...http(429), headers: { 'retry-after': at } });
/** An answer that names the job; `<id>` is its ID. */
const naming = (status: number, state: string, mark = ''): Fault =>
	after({ ...says(`${mark}{"id":"<id>","status":"${state}"}`), status });
const cut = (bytes: number | 'id'): Fault => ({ kind: 'truncate', bytes });
const ends = (how: Omit<Ending, 'kind'>): Fault => ({ kind: 'job', ...how });
const fails = (error?: unknown, output?: unknown): Fault =>
	ends({ status: 'FAILED', error, output });
const reset: Fault = { kind: 'reset' };
const lateReset: Fault = { kind: 'reset', when: 'after' };
const hang: Fault = { kind: 'hang' };
const lateHang: Fault = { kind: 'hang', when: 'after' };
const elsewhere: Fault = { kind: 'redirect', status: 308, location: 'http://127.0.0.1:9/' };

const DONE = 'COMPLETED';
const MAY_RUN = '; the job may be running';
const LOST = 'The connection to Runpod was lost (ECONNRESET)';
const UNREACHED = 'Runpod could not be reached (ECONNREFUSED)';
const KEY = 'Runpod did not accept this API key';
const CREDIT = 'There is no credit left on this Runpod account';
const ACCESS = "This API key has no access to the endpoint 'p-video'";
const ENDPOINT = "The endpoint 'p-video' was not found";
const PROXY = 'The proxy between n8n and Runpod requires a login (HTTP 407): Login';
const TOO_LARGE = 'The request is too large for Runpod';
const LIMITED = 'Runpod is limiting requests: Simulated 429';
const REDIRECTED = 'The Runpod URL redirected to another address (HTTP 308)';
const UNFINISHED = 'Runpod did not finish the request (HTTP 408): Simulated 408';
const NOT_FOUND = 'Job <id> was not found on Runpod. It may have expired';
const COULD_NOT = 'Runpod could not make the video';
const CANCELLED = 'Job <id> was cancelled';
const TIMED_OUT = 'Job <id> timed out on Runpod';
const failed = (code: number, reason = `Simulated ${code}`) =>
	`Runpod returned an error (HTTP ${code}): ${reason}`;
const rejected = (code: number, reason = `Simulated ${code}`) =>
	`Runpod rejected the request (HTTP ${code}): ${reason}`;
const between = (code: number, reason: string) =>
	`Something between n8n and Runpod blocked the request (HTTP ${code}): ${reason}`;
const silent = (seconds: number | string) =>
	`Runpod did not answer (no answer within ${seconds} s)`;
const noJob = (instead: string) => `Runpod answered with ${instead} instead of a job`;
const unreported = (problem: string) =>
	`Runpod did not report the status of job <id> within 1 s: ${problem}`;

const REASON = 'account suspended: unpaid invoice';
const SUSPENDED = { error: REASON };
const WORDS = 'too large a prompt, and no balance';
const UNREADABLE = { detail: [{ loc: [{ toString: 1 }], msg: 'boom' }] };
const NO_TASK = { status: 'FAILED' };
const TERMINATED = 'upstream connect error. reset reason: connection termination';
const NOWHERE = { baseUrl: 'http://127.0.0.1:1/v2', isFast: true, options: { timeout: 60 } };
const NOBODY = { ...NOWHERE, baseUrl: 'https://nothing.invalid/v2' };

const FAST = { isFast: true };

/** Requests that make a job: what is refused costs nothing, and what passes by itself is waited out. */
const refusals = [
	...rows(
		SUBMITTING,
		[http(400), 1, '', rejected(400)],
		[ever(http(401)), 1, '', `${KEY}: Simulated 401`],
		[http(402), 1, '', `${CREDIT}: Simulated 402`, { item: { httpCode: 402 } }],
		[http(403), 1, '', `${ACCESS}: Simulated 403`],
		[http(404), 1, '', `${ENDPOINT}: Simulated 404`],
		[http(409), 1, '', rejected(409)],
		[http(413), 1, '', `${TOO_LARGE}: Simulated 413`],
		[http(422, { message: 'teapot' }), 1, '', rejected(422, 'teapot')],
		[x(2, later('1')), 3, DONE, OK],
		[x(2, later('<in 10 s>')), 3, DONE, OK],
		[later('later'), 2, DONE, OK],
		[later('3600'), 1, '', LIMITED, { advice: 'The server asked to wait 3600 s.' }],
		// Longer than any count of tries.
		[x(12, http(429)), 13, DONE, OK],
		[x(12, http(503)), 13, DONE, OK],
		[[http(429), http(503)], 3, DONE, OK],
		[http(503, 'no healthy upstream'), 2, DONE, OK],
		[http(429, NO_TASK), 2, DONE, OK],
		[elsewhere, 1, '', REDIRECTED],
	),
	// The status says what it is about, whatever the words, which are shown.
	...rows(
		['sync'],
		[http(400, SUSPENDED), 1, '', rejected(400, REASON)],
		[http(400, WORDS), 1, '', rejected(400, WORDS)],
		// The ID of a request is not taken for that of a job.
		[http(400, { id: 'request-1', error: WORDS }), 1, '', rejected(400, WORDS)],
		[http(401, SUSPENDED), 1, '', `${KEY}: ${REASON}`],
		[http(401, NO_TASK), 1, '', KEY],
		[http(402, SUSPENDED), 1, '', `${CREDIT}: ${REASON}`],
		[http(402, NO_TASK), 1, '', CREDIT],
		[http(403, { error: 'forbidden' }), 1, '', `${ACCESS}: forbidden`],
		[http(404, 'endpoint not found'), 1, '', `${ENDPOINT}: endpoint not found`],
		// What stands in between.
		[http(403, 'error code: 1010'), 1, '', between(403, 'error code: 1010')],
		[http(403, '<h1>Access Blocked</h1>'), 1, '', between(403, 'Access Blocked')],
		[http(401, '<p>Sign in</p>'), 1, '', between(401, 'Sign in')],
		[http(451, 'Blocked'), 1, '', between(451, 'Blocked')],
		[http(407, '<p>Login</p>'), 1, '', PROXY],
		[[], 0, '', 'Runpod could not be reached (ENOTFOUND)', { name: 'no such host', ...NOBODY }],
	),
	...rows(
		['sync', 'async', 'get', 'cancel', 'retry', 'health'],
		[[], 0, '', UNREACHED, { name: 'connection refused', ...NOWHERE }],
	),
];

/** What nobody can know: such a request is sent once. */
const uncertain = [
	...rows(
		SUBMITTING,
		[http(500), 1, '', failed(500) + MAY_RUN],
		[after(http(500)), 1, DONE, failed(500) + MAY_RUN],
		[after(http(502, '<h1>Bad</h1>')), 1, DONE, failed(502, 'Bad') + MAY_RUN],
		[after(http(504)), 1, DONE, failed(504) + MAY_RUN, { item: { httpCode: 504 } }],
		[after(http(520)), 1, DONE, failed(520) + MAY_RUN],
		[after(http(408)), 1, DONE, UNFINISHED + MAY_RUN],
		[after(http(503, TERMINATED)), 1, DONE, failed(503, TERMINATED) + MAY_RUN],
		[after(http(503, { error: TERMINATED })), 1, DONE, failed(503, TERMINATED) + MAY_RUN],
		// More than five seconds by the node's clock.
		[[{ kind: 'delay', ms: 200 }, after(http(503))], 1, DONE, failed(503) + MAY_RUN, FAST],
		[[http(429), lateReset], 2, DONE, LOST + MAY_RUN],
		[reset, 1, '', LOST + MAY_RUN],
		[lateReset, 1, DONE, LOST + MAY_RUN, { item: {} }],
		[cut(5), 1, DONE, LOST + MAY_RUN],
		[after(says('<b>Hi</b>')), 1, DONE, noJob('"Hi"') + MAY_RUN],
		[after(says('')), 1, DONE, noJob('an empty answer') + MAY_RUN],
		[after(says('[]')), 1, DONE, noJob('[]') + MAY_RUN],
		[after(says('{"id": ')), 1, DONE, noJob('"{"id":"') + MAY_RUN],
		[naming(500, 'PONDERING'), 1, DONE, `Runpod returned an error (HTTP 500)${MAY_RUN}`],
	),
	...rows(
		['sync'],
		[http(500, UNREADABLE), 1, '', failed(500, 'boom') + MAY_RUN],
		[hang, 1, '', silent(100) + MAY_RUN],
		[lateHang, 1, DONE, silent(100) + MAY_RUN],
	),
	...rows(
		['async'],
		[hang, 1, '', silent(10) + MAY_RUN],
		[lateHang, 1, DONE, silent(10) + MAY_RUN],
	),
	...rows(['submit'], [lateHang, 1, DONE, silent(10) + MAY_RUN]),
];

/** An answer that names the job is used, whatever is wrong with it. */
const named = rows(
	SUBMITTING,
	[naming(429, 'IN_QUEUE'), 1, DONE, OK],
	[naming(500, 'IN_PROGRESS'), 1, DONE, OK],
	[naming(503, 'IN_QUEUE'), 1, DONE, OK],
	[naming(200, 'RUNNING'), 1, DONE, OK],
	[naming(200, 'in_queue'), 1, DONE, OK],
	[naming(200, 'PONDERING'), 1, DONE, OK],
	[naming(200, ''), 1, DONE, OK],
	[naming(200, 'IN_QUEUE', '\ufeff'), 1, DONE, OK],
	[cut('id'), 1, DONE, OK],
	[{ kind: 'trickle', bytes: 20, intervalMs: 2 }, 1, DONE, OK],
);

const V = 'https://v.example/a.mp4';
const OOM = { status: 'error', error: { message: 'CUDA out of memory' } };
const WORKER = { advice: "The fault is the worker's, not yours" };
const REFUSED = { advice: 'The model refused the content' };
const FILE = { advice: 'A URL must lead to the file itself' };
const AGAIN = { advice: 'Another try may work' };
const FREE = { advice: 'Job <id> failed and is not billed. Fix the problem named above' };
const BILLED_MAYBE = { advice: 'It may have been billed. Fetch it with Job > Get' };
const CHARGED = 'Runpod reports that it was billed ($0.25)';
const job = { id: '<id>', status: DONE };
const BILLED = { advice: CHARGED, item: { ...job, status: 'FAILED', cost: 0.25 } };
const PAID = { ...FAST, advice: CHARGED, item: { ...job, cost: 0.25 } };
const GAVE_UP = ends({ status: DONE, error: 'it gave up', output: undefined });
const CALLED = { settings: RETRY, hint: 'Runpod reports status FAILED for job <id>, although' };
const LATE = { how: { lateOutput: { looks: 2 } }, name: 'COMPLETED, twice without its output' };
const ASSERTION = `{"error_type":"<class 'AssertionError'>","error_message":""}`;
const UPSTREAM = 'Error submitting task: 429, {"code":429,"message":"slow down"}';
const NESTED = 'Error submitting task: 400, {"code":400,"message":"bad light"}';
const LOST_WORKER = 'job timed out after 1 retries';
const LOCATED = [{ loc: ['input', 'fps'], msg: 'must be 24 or 48' }];
const KEY_ERROR = "the field 'image' is missing or not known to the model";
const NO_WORDS = `${COULD_NOT}: AssertionError, without a message`;
const noVideo = (instead: string) =>
	`Job <id> completed but returned ${instead} instead of a video`;

/** How an accepted job ends, seen by its own request, by polling and by Job > Get. */
const endings = rows(
	['sync', 'async', 'wait'],
	[fails('no light'), 1, 'FAILED', `${COULD_NOT}: no light`, FREE],
	[fails(NESTED), 1, 'FAILED', `${COULD_NOT}: bad light`, FREE],
	[fails(undefined, OOM), 1, 'FAILED', `${COULD_NOT}: CUDA out of memory`, WORKER],
	[fails('flagged by safety'), 1, 'FAILED', `${COULD_NOT}: flagged by safety`, REFUSED],
	[fails('cannot decode image'), 1, 'FAILED', `${COULD_NOT}: cannot decode image`, FILE],
	[fails(), 1, 'FAILED', `${COULD_NOT} and gave no reason`, FREE],
	[fails(ASSERTION), 1, 'FAILED', NO_WORDS, FREE],
	[fails("'image'"), 1, 'FAILED', `${COULD_NOT}: ${KEY_ERROR}`, FREE],
	[fails(LOCATED), 1, 'FAILED', `${COULD_NOT}: input.fps: must be 24 or 48`, FREE],
	[fails({ code: 1001 }), 1, 'FAILED', `${COULD_NOT}: code 1001`, FREE],
	[fails(UPSTREAM), 1, 'FAILED', `${COULD_NOT}: slow down`, AGAIN],
	[fails(LOST_WORKER), 1, 'FAILED', `${COULD_NOT}: ${LOST_WORKER}`, AGAIN],
	[fails('late', { cost: 0.25 }), 1, 'FAILED', `${COULD_NOT}: late`, BILLED],
	[fails('late', { video_url: V, cost: 0.25 }), 1, 'FAILED', OK, CALLED],
	[ends({ status: 'TIMED_OUT' }), 1, 'TIMED_OUT', TIMED_OUT],
	[ends({ status: 'TIMED_OUT', error: 'slow' }), 1, 'TIMED_OUT', `${TIMED_OUT}: slow`],
	[ends({ status: 'CANCELLED' }), 1, 'CANCELLED', CANCELLED],
	[ends({ status: 'CANCELLED', omit: ['delayTime'] }), 1, 'CANCELLED', CANCELLED],
	[[], 1, DONE, OK, LATE],
	[ends({ omit: ['output'] }), 1, DONE, noVideo('no output'), FAST],
	[ends({ output: null }), 1, DONE, noVideo('no output'), FAST],
	[ends({ output: 'oops' }), 1, DONE, noVideo('"oops"'), FAST],
	[ends({ output: [1] }), 1, DONE, noVideo('[1]'), FAST],
	[ends({ output: { cost: 0.25 } }), 1, DONE, noVideo('{"cost":0.25}'), PAID],
	[ends({ output: { url: 'file:///a' } }), 1, DONE, noVideo('{"url":"file:///a"}'), FAST],
	[GAVE_UP, 1, DONE, 'Job <id> completed without a video: it gave up', BILLED_MAYBE],
);

const BRIEF = { options: { timeout: 1 } };
const PROBLEM = { status: 404, title: 'Not Found', detail: 'job not found' };
const slow = ends({ executionTimeMs: 60_000 });
const stuck = ends({ executionTimeMs: 60_000, progress: OOM });
const STILL = 'Job <id> was still IN_PROGRESS after 1 s';
const QUEUED = { advice: 'It is waiting for a worker on Runpod and will be billed once it runs.' };
const RUNS = { advice: 'It keeps running on Runpod and is billed.', ...BRIEF };
const RUNNING = { ...RUNS, item: { ...job, status: 'IN_PROGRESS' } };
const IDLE = { ...QUEUED, ...BRIEF, how: { workers: 0 }, name: 'still queued' };
const IDLE_SOON = { ...IDLE, how: { workers: 0, timeScale: 0.01 } };

const look = (fault: Fault): Fault => ({ ...fault, on: 'looks' });
const WAIT = look(says('<p>Wait</p>'));
const NO_WORD = { ...BRIEF, item: { id: '<id>' } };
const EXPIRED = 'Runpod reports the state EXPIRED for job <id> after 1 s';

/** While a job runs nothing that passes may end the wait, and nothing may be submitted again. */
const polls = [
	...rows(
		['async', 'wait'],
		...[408, 429, 500, 502, 503, 504, 520].map(
			(code): Line => [x(3, look(http(code))), 1, DONE, OK],
		),
		[look(http(404, PROBLEM)), 1, DONE, OK],
		[x(3, look(reset)), 1, DONE, OK],
		[x(2, look(hang)), 1, DONE, OK],
		[look(naming(500, 'IN_PROGRESS')), 1, DONE, OK],
		[look(naming(200, 'RUNNING')), 1, DONE, OK],
		[look(naming(200, 'Completed')), 1, DONE, OK],
		[look(naming(200, 'PONDERING')), 1, DONE, OK],
		[look(naming(200, '')), 1, DONE, OK],
		[x(7, WAIT), 1, DONE, OK],
		[x(2, look(says(''))), 1, DONE, OK],
		[look(says('{"id":"other","status":"FAILED"}')), 1, DONE, OK],
		[[http(500), reset, says('x'), http(429)].map(look), 1, DONE, OK],
		[ever(WAIT), 1, DONE, unreported(noJob('"Wait"')), BRIEF],
		[ever(look(http(500))), 1, DONE, unreported(failed(500)), NO_WORD],
		[ever(look(naming(200, 'EXPIRED'))), 1, DONE, EXPIRED, BRIEF],
	),
	// Where the node knows that there is a job, refusals pass as well; Job > Get believes them.
	...rows(['async'], ...[400, 401, 403].map((code): Line => [look(http(code)), 1, DONE, OK]), [
		ever(look(http(401))),
		1,
		DONE,
		unreported(`${KEY}: Simulated 401`),
		BRIEF,
	]),
	...rows(
		['wait'],
		[http(400), 0, DONE, rejected(400)],
		[http(401), 0, DONE, `${KEY}: Simulated 401`],
		[http(403), 0, DONE, `${ACCESS}: Simulated 403`],
	),
];

const first = (fault: Fault): Fault => ({ ...fault, on: 'status-sync' });
const at = (pauseMs: number): More => ({ pauseMs });
/** What Runpod asks for is waited for, though not for so long that the result is gone meanwhile. */
const pauses = [
	...rows(['sync', 'submit'], [later('10'), 2, DONE, OK, at(10_000)]),
	...rows(['download'], [later('10'), 1, DONE, OK, at(10_000)]),
	...rows(['get', 'retry'], [later('10'), 0, DONE, OK, at(10_000)]),
	...rows(['cancel'], [later('10'), 0, 'CANCELLED', OK, at(10_000)]),
	...rows(['health'], [later('10'), 0, '', OK, at(10_000)]),
	...rows(['async'], [first(later('<in 10 s>')), 1, DONE, OK, at(9_000)]),
	...rows(
		['wait'],
		[first(later('10')), 0, DONE, OK, at(10_000)],
		[first(later('3600')), 0, DONE, OK, at(20_000)],
		[first(later('Thu, 01 Jan 1970 00:00:00 GMT')), 0, DONE, OK, at(1_000)],
		[first(later('0')), 0, DONE, OK, at(1_000)],
	),
];

const GONE = http(404, { detail: 'endpoint not found' });
const HI = says('<p>Hi</p>');
const ONLY = 'Job <id> is COMPLETED; only FAILED and TIMED_OUT can be retried';
const DONE_BEFORE = { before: 'ended', name: 'a completed job' } as const;
const FAILED_BEFORE = { before: 'failed', name: 'a failed job' } as const;
const RUNS_BEFORE = { before: 'running', name: 'a running job' } as const;
const HIDDEN = "Runpod does not return the health of the endpoint 'p-video' for this API key";
const PUBLIC = { advice: 'Public endpoints such as p-video may not return it' };

/** Requests about a job or the endpoint cost nothing and are repeated; only a retry costs. */
const asking = [
	...rows(
		['get'],
		[x(10, http(500)), 0, DONE, OK],
		[ever(http(500)), 0, DONE, failed(500), FAST],
		[http(404, PROBLEM), 0, DONE, NOT_FOUND],
		[GONE, 0, DONE, `${ENDPOINT}: endpoint not found`],
		[x(2, http(429)), 0, DONE, OK],
		[reset, 0, DONE, OK],
		[x(2, HI), 0, DONE, OK],
		[ever(HI), 0, DONE, noJob('"Hi"'), FAST],
		[x(2, hang), 0, DONE, OK],
		[ever(hang), 0, DONE, silent('<n>'), FAST],
		[http(520), 0, DONE, OK],
		[http(408), 0, DONE, OK],
		[http(422), 0, DONE, rejected(422)],
		[naming(500, 'IN_PROGRESS'), 0, DONE, STATE],
		[naming(200, 'PONDERING'), 0, DONE, STATE],
		[[], 0, 'IN_PROGRESS', STATE, RUNS_BEFORE],
		[[], 0, 'FAILED', STATE, FAILED_BEFORE],
		[[], 0, DONE, OK, LATE],
	),
	...rows(
		['cancel'],
		...[408, 500, 502, 503, 504, 520].map((code): Line => [after(http(code)), 0, 'CANCELLED', OK]),
		[x(2, http(502)), 0, 'CANCELLED', OK],
		[x(2, http(429)), 0, 'CANCELLED', OK],
		[reset, 0, 'CANCELLED', OK],
		[lateReset, 0, 'CANCELLED', OK],
		[hang, 0, 'CANCELLED', OK],
		[lateHang, 0, 'CANCELLED', OK],
		[http(409), 0, 'IN_PROGRESS', rejected(409)],
		[ever(http(500)), 0, 'IN_PROGRESS', failed(500), FAST],
		[http(404), 0, 'IN_PROGRESS', NOT_FOUND],
		[GONE, 0, 'IN_PROGRESS', `${ENDPOINT}: endpoint not found`],
		[[], 0, DONE, OK, DONE_BEFORE],
		[[], 0, 'FAILED', OK, FAILED_BEFORE],
	),
	...rows(
		['retry'],
		[x(2, http(429)), 0, DONE, OK],
		[http(503), 0, DONE, OK],
		[http(500), 0, 'FAILED', failed(500) + MAY_RUN],
		[after(http(500)), 0, DONE, failed(500) + MAY_RUN],
		[after(http(503, TERMINATED)), 0, DONE, failed(503, TERMINATED) + MAY_RUN],
		[after(http(520)), 0, DONE, failed(520) + MAY_RUN],
		[after(http(408)), 0, DONE, UNFINISHED + MAY_RUN],
		[lateReset, 0, DONE, LOST + MAY_RUN],
		[hang, 0, 'FAILED', silent(15) + MAY_RUN],
		[lateHang, 0, DONE, silent(15) + MAY_RUN],
		[after(HI), 0, DONE, noJob('"Hi"') + MAY_RUN],
		[http(422), 0, 'FAILED', rejected(422)],
		[http(404, PROBLEM), 0, 'FAILED', NOT_FOUND],
		[GONE, 0, 'FAILED', `${ENDPOINT}: endpoint not found`],
		[naming(503, 'IN_QUEUE'), 0, DONE, OK],
		[naming(500, 'IN_QUEUE'), 0, DONE, OK],
		[cut('id'), 0, DONE, OK],
		[[], 0, DONE, rejected(400, ONLY), { ...DONE_BEFORE, how: { refusalShape: 'error' } }],
	),
	...rows(
		['health'],
		[hang, 0, '', OK],
		[reset, 0, '', OK],
		[x(2, http(500)), 0, '', OK],
		[http(520), 0, '', OK],
		[http(422), 0, '', rejected(422)],
		[http(403), 0, '', `${ACCESS}: Simulated 403`],
		[says('fine'), 0, '', noJob('"fine"')],
		[[], 0, '', HIDDEN, { name: 'hidden from every key', how: { showsHealth: false }, ...PUBLIC }],
	),
];

/** At the end of the wait; the clock of the machine does not move it. */
const waits = [
	...rows(['sync'], [[], 1, 'IN_QUEUE', 'Job <id> was still IN_QUEUE after 1 s', IDLE_SOON]),
	...rows(
		['async'],
		[slow, 1, 'IN_PROGRESS', STILL, RUNNING],
		[stuck, 1, 'IN_PROGRESS', `${STILL}: CUDA out of memory`, RUNNING],
		[[], 1, 'IN_QUEUE', 'Job <id> was still IN_QUEUE after 1 s', IDLE],
		[x(2, { ...http(500), on: 'status' }), 1, DONE, OK, { clockJump: 3_600_000 }],
		[x(2, { ...http(500), on: 'status' }), 1, DONE, OK, { clockJump: -3_600_000, name: 'back' }],
	),
];

const BLOCKED = 'its host answered HTTP 403: Access Blocked';
const NEW = { ...FAST, item: { ...job, video_url: '<video>', cost: 0.1, httpCode: 403 } };
const noDownload = (problem: string) => `The video could not be downloaded: ${problem}`;
/** The video's file; more of these, byte by byte and in both of n8n's modes, in download.test.ts. */
const downloads = rows(
	['download'],
	[ever(http(403, '<h1>Access Blocked')), 1, DONE, noDownload(BLOCKED), NEW],
	[x(2, http(500)), 1, DONE, OK],
	[x(2, reset), 1, DONE, OK],
	[ever(cut(500)), 1, DONE, noDownload('the connection was lost')],
);

export const ROWS: readonly Row[] = [
	...[...refusals, ...uncertain, ...named, ...endings, ...polls, ...pauses],
	...[...asking, ...waits, ...downloads],
];
