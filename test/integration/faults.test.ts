/** Plays the fault table in the profile of the run, where it says so in n8n's three error modes. */
import type { IDataObject, INode, INodeExecutionData } from 'n8n-workflow';
import type { FaultRule } from '../tools/simulator';
import {
	CONTINUE,
	credentialsOf,
	post,
	shown,
	simulator,
	submissions,
	useSimulator,
} from './batch';
import { runNode, type EngineResult } from './engine';
import { ADVICE, MAKING, OK, OPERATIONS, REQUEST, ROWS, STATE, type Row } from './faultTable';
import { hurry } from './hurry';

const HURRY = 50;

// Health that is refused, and a job that is unknown at first, are rows.
useSimulator({ showsHealth: true, unknownAtFirst: 0 });
hurry(HURRY);

/** What is there before; the other operations need no job. */
const BEFORE: Partial<Record<Row['operation'], Row['before']>> = {
	...({ get: 'ended', wait: 'ended', cancel: 'running', retry: 'failed' } as const),
};

function nameOf({ operation, name, faults, pauseMs, clockJump = 0, options, how }: Row): string {
	const said = faults.map(({ kind, ...fault }) => `${kind} ${JSON.stringify(fault)}`).join(', ');
	const more = [pauseMs && 'is honoured', clockJump && `clock ${clockJump}`, how && 'how', options];
	return [operation, name ?? said, JSON.stringify(more.filter(Boolean))].join(': ');
}

test(`the table has ${ROWS.length} rows, none twice`, () => {
	expect(ROWS.length).toBeGreaterThanOrEqual(60);
	expect(new Set(ROWS.map(nameOf)).size).toBe(ROWS.length);
});

const MODES: Array<[name: string, settings: Partial<INode>]> = [
	['', {}],
	[' · Continue On Fail', CONTINUE],
	[' · error output', { onError: 'continueErrorOutput' }],
];
const CASES = ROWS.flatMap((row) =>
	MODES.slice(0, row.item ? 3 : 1).map(
		([mode, settings]) => [`${nameOf(row)}${mode}`, row, settings] as const,
	),
);

test.each(CASES)('%s', async (_, row, settings) => {
	Object.assign(simulator.options, row.how);
	const rules = row.faults.flatMap(({ on = REQUEST[row.operation], ...fault }): FaultRule[] => {
		const places = fault.kind === 'job' ? ['*'] : on === 'looks' ? ['status', 'status-sync'] : [on];
		return places.map((operation) => ({ ...fault, operation }) as FaultRule);
	});
	for (const rule of rules.filter(({ kind }) => kind === 'job')) simulator.faults.add(rule);
	const before = row.before ?? BEFORE[row.operation];
	const jobId = before && row.baseUrl === undefined ? await existingJob(before) : 'job-1';
	const asked = submissions(simulator).length;
	for (const rule of rules.filter(({ kind }) => kind !== 'job')) simulator.faults.add(rule);
	for (const rule of rules) fillIn(rule, before && jobId);
	const unsubscribe = simulator.subscribe((change) => {
		if (change.kind === 'job') for (const rule of rules) fillIn(rule, change.job.id);
	});
	if (row.isFast) hurryDeadlines();
	if (row.clockJump !== undefined) setClock(row.clockJump);
	const { options, ...fields }: IDataObject = OPERATIONS[row.operation];
	const result = await runNode({
		parameters: {
			...{ prompt: 'A cat', jobId, ...fields },
			options: { ...(options as IDataObject), ...row.options },
		},
		settings: { ...settings, ...row.settings },
		credentials: { ...credentialsOf(simulator), ...(row.baseUrl && { baseUrl: row.baseUrl }) },
	});
	unsubscribe();
	await simulator.waitFor(({ jobs }) =>
		jobs.every(({ status }) => !isOpen(status) || isOpen(row.ledger)),
	);
	const id = simulator.ledger.jobs[0]?.id ?? jobId;
	const fill = (text: string) =>
		text.replaceAll('<id>', id).replaceAll('<video>', simulator.videoUrl(id));
	expect({
		asks: submissions(simulator).length - asked,
		ledger: simulator.ledger.countByStatus(),
		reads: toldBy(result, settings)?.error ?? kindOf(result, row),
	}).toEqual({
		asks: row.asks,
		ledger: row.ledger === '' ? {} : { [row.ledger]: 1 },
		reads: sentence(fill(row.reads)),
	});
	if (row.pauseMs !== undefined) {
		const pauseMs = pauseAfterFault(rules);
		expect(pauseMs).toBeGreaterThan(row.pauseMs - 200);
		// Much less than an hour, on a busy machine too.
		expect(pauseMs).toBeLessThan(5 * row.pauseMs + 50_000);
	}
	expect(JSON.stringify(result.hints)).toContain(fill(row.hint ?? ''));
	expect(shown(result)).not.toContain(simulator.apiKey);
	const told = toldBy(result, settings);
	if (told === undefined) return;
	const advice = ADVICE.find(([message]) => message.test(told.error))?.[1] ?? row.advice;
	expect(told.hint).toContain(fill(advice ?? 'an advice'));
	expect(told.hint).toContain(fill(row.advice ?? ''));
	const { error, hint, ...item } = told;
	const prompt = settings.onError && MAKING.includes(row.operation) ? { prompt: 'A cat' } : {};
	if (row.item) expect(item).toEqual({ ...JSON.parse(fill(JSON.stringify(row.item))), ...prompt });
	// Where it is known, the job is named, once; its video's address holds its ID too.
	if (row.ledger === '' || (row.asks > 0 && error.includes('may be running'))) return;
	const text = `${error} ${hint}`;
	expect([item.id, text]).toEqual([id, expect.stringContaining(id)]);
	expect(text.replaceAll(simulator.videoUrl(id), '').split(id).length).toBeLessThanOrEqual(2);
	if (rules.some(({ kind }) => kind === 'job')) expect(item.status).toBe(row.ledger);
});

/** The error item as it came, or what it would be where an error was thrown; undefined where there is none. */
function toldBy(
	{ error, items, errorItems }: EngineResult,
	{ onError }: Partial<INode>,
): (IDataObject & { error: string; hint: string }) | undefined {
	if (error === undefined) {
		const isSplit = onError === 'continueErrorOutput';
		expect(isSplit ? items : errorItems).toEqual([]);
		const [item] = isSplit ? errorItems : items;
		const { json = {}, pairedItem }: Partial<INodeExecutionData> = item ?? {};
		if (typeof json.error !== 'string' || typeof json.hint !== 'string') return undefined;
		expect(pairedItem).toEqual({ item: 0 });
		return { ...json, error: json.error, hint: json.hint };
	}
	expect([items, errorItems, error.context?.itemIndex]).toEqual([[], [], 0]);
	expect(error.name).toMatch(/^Node(Api|Operation)Error$/);
	const { message, description, context = {}, httpCode } = error;
	const names = ['id', 'status', 'video_url', 'cost'].filter((name) => context[name] !== undefined);
	const known = Object.fromEntries(names.map((name) => [name, context[name]]));
	const code = httpCode && { httpCode: Number(httpCode) };
	return { ...known, ...code, error: message, hint: String(description) };
}

function isOpen(status: string): boolean {
	return status === 'IN_QUEUE' || status === 'IN_PROGRESS';
}

function kindOf({ items }: EngineResult, { operation }: Row): string {
	const givesState = ['submit', 'cancel', 'retry', 'health'].includes(operation);
	return givesState || typeof items[0]?.json.video_url === 'string' ? OK : STATE;
}

/** Puts a job into Runpod's books, without the node. */
async function existingJob(before: NonNullable<Row['before']>): Promise<string> {
	if (before === 'failed') simulator.faults.add({ operation: 'run', kind: 'job', error: 'no' });
	if (before === 'running') simulator.hold('finish');
	const id = String((await post(simulator, 'p-video/run', { input: { prompt: 'A cat' } })).id);
	const isThere = (status = 'IN_QUEUE') =>
		before === 'running' ? status === 'IN_PROGRESS' : !isOpen(status);
	await simulator.waitFor((ledger) => isThere(ledger.find(id)?.status));
	return id;
}

function hurryDeadlines(): void {
	const [now, began] = [performance.now.bind(performance), performance.now()];
	jest.spyOn(performance, 'now').mockImplementation(() => began + HURRY * (now() - began));
}

function setClock(byMs: number): void {
	const now = Date.now.bind(Date);
	const isSet = () => simulator.ledger.jobs.length > 0;
	jest.spyOn(Date, 'now').mockImplementation(() => now() + (isSet() ? byMs : 0));
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
function pauseAfterFault([rule]: FaultRule[]): number {
	const [first, second] = simulator.requests.filter(
		({ operation }) => operation === rule?.operation,
	);
	return HURRY * ((second?.at ?? 0) - (first?.answeredAt ?? 0));
}

/** A machine's resolver says in one of two ways that there is no such name; `<n>` is any number. */
function sentence(text: string): unknown {
	if (!/<n>|ENOTFOUND/.test(text)) return text;
	const pattern = text.replace(/[()]/g, '\\$&').replace('<n>', '\\d+');
	return expect.stringMatching(`^${pattern.replace('ENOTFOUND', '(ENOTFOUND|EAI_AGAIN)')}$`);
}
