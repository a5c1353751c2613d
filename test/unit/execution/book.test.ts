/** What the book knows of each item's job, the budget it keeps in step with that, and what it cancels. */
import type { IExecuteFunctions } from 'n8n-workflow';
import { Book } from '../../../nodes/PrunaVideo/execution/book';
import { Budget } from '../../../nodes/PrunaVideo/execution/budget';
import type { Entry } from '../../../nodes/PrunaVideo/execution/entry';
import { Kept, type Superseded } from '../../../nodes/PrunaVideo/execution/kept';
import type { Page } from '../../../nodes/PrunaVideo/execution/page';
import type { Endpoint } from '../../../nodes/PrunaVideo/runpod/endpoint';
import { Failure, Stopped } from '../../../nodes/PrunaVideo/runpod/failure';
import type { FinalJob, FinalState, Job } from '../../../nodes/PrunaVideo/runpod/job';

const INTENT = { fingerprint: 'a cat', seed: 7, estimatedCost: 0.1 };
const OPEN: Job = { id: 'job-1', status: 'IN_QUEUE', raw: {} };
const RUNNING: Entry = {
	...{ fingerprint: 'a cat', state: 'running', cost: 0.1 },
	...{ job: { id: 'job-1', endpointId: 'p-video' }, acceptedAt: 0 },
};
const LOST = new Failure('The connection broke', { description: 'Look.', isUncertain: true });
const REFUSED = new Failure('No', { description: 'Never.' });

function ended(status: FinalState, cost?: number): FinalJob {
	return { id: 'job-1', status, raw: { id: 'job-1', ...(cost !== undefined && { cost }) } };
}

interface Setup {
	entries?: Array<[number, Entry]>;
	superseded?: Superseded[];
	cancelsOnStop?: boolean;
	limit?: number;
}

/** A book, and the IDs that it has asked Runpod to cancel. `answer` is what Runpod says to that. */
function open({ entries = [], superseded = [], cancelsOnStop = true, limit = 1 }: Setup = {}) {
	const context = {};
	const functions = {
		getNode: () => ({ type: 'prunaVideo' }),
		getContext: () => context,
		getInputData: () => [{ json: {} }],
		getExecutionId: () => '1',
		evaluateExpression: () => 0,
		isToolExecution: () => false,
	} as unknown as IExecuteFunctions;
	Kept.take(functions).leave('thrown', new Map(entries), superseded, (stored) => stored);
	const kept = Kept.take(functions);
	const budget = new Budget(limit, kept.spending);
	const stop = new AbortController();
	const log: string[] = [];
	const book = new Book({
		...{ kept, budget, cancelsOnStop, stop: stop.signal },
		readResult: ({ raw }) => (typeof raw.cost === 'number' ? { cost: raw.cost } : {}),
		isEnding: () => false,
		log: (_, line) => log.push(line),
	});
	const asked: string[] = [];
	const runpod = { answer: (id: string): Job => ({ ...ended('CANCELLED'), id }) };
	const endpoint = {
		id: 'p-video',
		cancel: async (id: string) => {
			asked.push(id);
			return runpod.answer(id);
		},
	} as unknown as Endpoint;
	const close = async () => {
		await book.close('thrown', (stored) => stored);
		return JSON.stringify(context);
	};
	return { book, page: book.page(0), budget, stop, endpoint, asked, runpod, log, close };
}

type Opened = ReturnType<typeof open>;
type Step = (opened: Opened & { page: Page }) => unknown;
const reserve: Step = async ({ page }) => await page.reserve(INTENT);
const accept: Step = ({ page, endpoint }) => page.accepted(OPEN, endpoint, INTENT);
const refuse =
	(error: unknown): Step =>
	({ page }) =>
		page.notAccepted(error, true, INTENT);
const end =
	(status: FinalState, cost?: number): Step =>
	({ page }) =>
		page.ended(ended(status, cost));

test.each<[string, Step[], Entry['state'], number]>([
	['is about to be submitted', [reserve], 'refused', 0.1],
	['was refused', [reserve, refuse(REFUSED)], 'refused', 0],
	['was not sent for a stop', [reserve, refuse(new Stopped())], 'refused', 0],
	['may have been accepted', [reserve, refuse(LOST)], 'uncertain', 0.1],
	['was open at a stop', [reserve, refuse(new Stopped(true))], 'uncertain', 0.1],
	['runs', [reserve, accept], 'running', 0.1],
	['is done, as estimated', [reserve, accept, end('COMPLETED', 0.1)], 'done', 0.1],
	['is done for less', [reserve, accept, end('COMPLETED', 0.05)], 'done', 0.05],
	['is done for more', [reserve, accept, end('COMPLETED', 0.3)], 'done', 0.3],
	['is done, nobody says for how much', [reserve, accept, end('COMPLETED')], 'done', 0.1],
	['failed', [reserve, accept, end('FAILED')], 'failed', 0],
	['failed, and was billed', [reserve, accept, end('FAILED', 0.04)], 'failed', 0.04],
	['timed out', [reserve, accept, end('TIMED_OUT')], 'failed', 0],
	['was cancelled', [reserve, accept, end('CANCELLED')], 'cancelled', 0],
	[
		'failed and was billed, and another is done',
		[reserve, accept, end('FAILED', 0.04), reserve, accept, end('COMPLETED', 0.1)],
		'done',
		0.14,
	],
	[
		'is done, and is told so twice',
		[reserve, accept, end('COMPLETED'), end('COMPLETED')],
		'done',
		0.1,
	],
	[
		'is done, whatever a late cancel says',
		[reserve, accept, end('COMPLETED'), end('FAILED')],
		'done',
		0.1,
	],
	['may be two', [reserve, refuse(LOST), reserve, refuse(LOST)], 'uncertain', 0.2],
	[
		'may be one, another was refused',
		[reserve, refuse(LOST), reserve, refuse(REFUSED)],
		'uncertain',
		0.1,
	],
	['runs beside one that may', [reserve, refuse(LOST), reserve, accept], 'running', 0.2],
	[
		'is done beside one that may be',
		[reserve, refuse(LOST), reserve, accept, end('COMPLETED', 0.05)],
		'done',
		0.15,
	],
])('a job that %s', async (_, steps, state, committed) => {
	const opened = open();
	for (const step of steps) await step(opened);

	expect(opened.page.entry).toMatchObject({ state, fingerprint: 'a cat', seed: 7 });
	expect(opened.budget.committed).toBe(committed);
});

test('one that is above the limit is not set aside', async () => {
	const { page, budget } = open({ limit: 0.05 });
	await expect(page.reserve(INTENT)).rejects.toThrow(/^Not submitted/);

	expect(budget.committed).toBe(0);
	expect(page.entry).toBeUndefined();
});

test('items of unknown cost go one at a time; one that is refused because of the limit does not block the others', async () => {
	const { book, budget } = open({ limit: 0.05 });
	const unknown = { ...INTENT, estimatedCost: null };
	await book.page(0).reserve(unknown);
	const [second, third] = [1, 2].map(async (index) => await book.page(index).reserve(unknown));
	const isWaiting = Symbol('waiting');
	const first = await Promise.race([
		second,
		new Promise((resolve) => setImmediate(resolve, isWaiting)),
	]);
	expect(first).toBe(isWaiting);
	budget.add(0.1);
	book.page(0).rest();

	await expect(second).rejects.toThrow(/is used up/);
	book.page(1).rest();
	await expect(third).rejects.toThrow(/is used up/);
});

describe('a stop', () => {
	test.each<[string, Setup, string[]]>([
		['cancels what an earlier try left running', { entries: [[0, RUNNING]] }, ['job-1']],
		[
			'cancels what items do not ask for any more',
			{ superseded: [{ itemIndex: 0, entry: RUNNING }] },
			['job-1'],
		],
		['leaves it alone where it shall', { entries: [[0, RUNNING]], cancelsOnStop: false }, []],
		[
			'leaves what has ended alone',
			{ entries: [[0, { ...RUNNING, state: 'failed', status: 'FAILED' } as Entry]] },
			[],
		],
	])('%s, whether it comes before or after the jobs are adopted', async (_, setup, cancelled) => {
		for (const when of ['before', 'after']) {
			const { book, stop, endpoint, asked, close } = open(setup);
			if (when === 'before') stop.abort();
			await book.adopt(async () => endpoint);
			if (when === 'after') stop.abort();
			await close();

			expect(asked).toEqual(cancelled);
		}
	});

	test('cancels a job that is accepted after it', async () => {
		const opened = open();
		await reserve(opened);
		opened.stop.abort();
		await accept(opened);
		await opened.close();

		expect(opened.asked).toEqual(['job-1']);
		expect(opened.page.entry?.state).toBe('cancelled');
		expect(opened.budget.committed).toBe(0);
	});

	test('no longer has any effect once the book is closed', async () => {
		const { book, stop, endpoint, asked, close } = open({ entries: [[0, RUNNING]] });
		await book.adopt(async () => endpoint);
		await close();
		stop.abort();

		expect(asked).toEqual([]);
	});
});

test.each<[string, (id: string) => Job, Entry['state'], number]>([
	['that it is done', () => ended('COMPLETED', 0.1), 'done', 0.1],
	['that it has failed', () => ended('FAILED'), 'failed', 0],
	['that it is cancelled', () => ended('CANCELLED'), 'cancelled', 0],
	['that it runs', () => ({ ...OPEN, status: 'IN_PROGRESS' }), 'running', 0.1],
	[
		'nothing',
		() => {
			throw REFUSED;
		},
		'running',
		0.1,
	],
])('a cancel of which Runpod says %s', async (_, answer, state, committed) => {
	const opened = open();
	await reserve(opened);
	await accept(opened);
	opened.runpod.answer = answer;
	// Twice at once is one request.
	await Promise.all([opened.page.cancel(), opened.page.cancel()]);

	expect(opened.asked).toEqual(['job-1']);
	expect(opened.page.entry?.state).toBe(state);
	expect(opened.budget.committed).toBe(committed);
	expect(opened.log.join()).toContain('job job-1 accepted (item 0, endpoint p-video)');
});

test.each<[string, Entry, string[]]>([
	['running', RUNNING, ['cancelled']],
	['refused', { fingerprint: 'a cat', state: 'refused' }, []],
	['failed', { ...RUNNING, state: 'failed', status: 'FAILED' } as Entry, ['failed']],
])('what is %s and no longer requested', async (_, entry, states) => {
	const { book, endpoint, close } = open({ entries: [[0, entry]] });
	await book.adopt(async () => endpoint);
	await book.supersede(0, 'a dog');

	expect(book.superseded.map((each) => each.entry.state)).toEqual(states);
	expect(book.page(0).entry).toBeUndefined();
	expect(JSON.parse(await close()).prunaVideo[0][0].items).toEqual({});
});
