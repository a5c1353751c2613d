/** What can be asked without a cent: jobs that do not exist, and inputs that cannot become a video. */

import { NoAnswer, type Exchange, type Question } from './client';
import { readOutput } from './output';
import { Stop } from './purse';
import { fieldsOf, type Session } from './session';

/** What an answer is held against: its status and its body as JSON, `404 {"error":"…"}`. */
interface Check {
	row: number;
	about: string;
	request: [method: string, path: string, question?: Question];
	seen?: RegExp;
	documented: RegExp;
}

const MADE_UP = '00000000-0000-4000-8000-000000000000-u1';
const STATUS = `/status/${MADE_UP}`;
const UNAUTHORIZED = { seen: /^401 "unauthorized/, documented: /^401/ };
const NO_INPUT = /^400 .*"detail":.*property input is required/;

// prettier-ignore
const CHECKS: Check[] = [
	{ row: 3, about: 'a body without input', request: ['POST', '/run', { requestBody: {} }], seen: NO_INPUT, documented: /^400/ },
	{ row: 2, about: 'status of a made-up job', request: ['GET', STATUS], seen: /^404 .*"detail":"job not found"/, documented: /^404 .*job/i },
	{ row: 2, about: 'the same with a wrong key', request: ['GET', STATUS, { key: 'wrong' }], ...UNAUTHORIZED },
	{ row: 2, about: 'the same without a key', request: ['GET', STATUS, { key: 'none' }], ...UNAUTHORIZED },
	{ row: 2, about: 'health', request: ['GET', '/health'], ...UNAUTHORIZED, documented: /^200 .*"workers"/ },
	{ row: 17, about: 'the long look at a made-up job', request: ['GET', `/status-sync/${MADE_UP}`], documented: /^404 .*job/i },
	{ row: 11, about: 'an empty input', request: ['POST', '/run', { requestBody: { input: {} } }], seen: /^(400 .*"detail":.*property input|200 .*error_message)/, documented: /^(400|200 .*FAILED)/ },
	{ row: 7, about: 'a body of 10 MiB and a byte', request: ['POST', '/run', { requestBody: {}, requestBytes: 10 * 2 ** 20 + 1 }], seen: /^(400 .*exceeded max|502)/, documented: /^413/ },
];

/** Throws Stop where the key or the endpoint is not good, or nobody answers. */
export async function checkFree(session: Session): Promise<void> {
	for (const check of CHECKS) {
		const { row, about, seen, documented } = check;
		try {
			const answer = await answerTo(session, check);
			const said = `${answer.status} ${JSON.stringify(answer.body)}`;
			const isDocumented = documented.test(said) ? 'documented' : 'NEW';
			session.found(row, about, seen?.test(said) ? 'as seen' : isDocumented, session.seen(answer));
			if (check === CHECKS[0]) stopUnlessGood(answer.status);
		} catch (error) {
			if (!(error instanceof NoAnswer)) throw error;
			if (check === CHECKS[0]) throw new Stop(`Runpod does not answer: ${error.message}`);
			session.found(row, about, 'NEW', `no answer: ${error.message}`);
		}
	}
}

async function answerTo(session: Session, { about, request }: Check): Promise<Exchange> {
	const [method, path, question = {}] = request;
	const scenario = { about, exchanges: [] };
	if (method === 'GET') return await session.ask(scenario, method, path, question);
	const { submission, job } = await session.submit(scenario, path, question);
	if (!job) return submission;
	const final = await session.finish(job);
	const isFree = readOutput(fieldsOf(final).output).cost === undefined;
	session.found(13, 'a failed job', isFree ? 'as seen' : 'NEW', isFree ? 'no cost' : 'a cost');
	return final;
}

function stopUnlessGood(status: number): void {
	if (status === 401 || status === 403) throw new Stop('Runpod refuses this key.');
	if (status === 404) throw new Stop('There is no endpoint p-video at this address.');
	const isPlain = status === 400 || status === 402 || status === 200;
	if (!isPlain) throw new Stop(`Runpod answers with ${status}. Try again later.`);
}
