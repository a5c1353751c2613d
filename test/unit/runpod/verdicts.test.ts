/** The one table: may Runpod have accepted a job, will it pass by itself, and what does the user read? */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Answer } from '../../../nodes/PrunaVideo/runpod/answer';
import { readKeyCheck } from '../../../nodes/PrunaVideo/runpod/keyCheck';
import { jobRequestFailed, requestFailed } from '../../../nodes/PrunaVideo/runpod/messages';
import { judge, mayRepeat, whatIsMissing } from '../../../nodes/PrunaVideo/runpod/verdicts';
import { answered, ended } from './answered';

type Row = [answer: Answer, accepted: 'no' | 'maybe', lasts: 'passes' | 'stays', message: string];

const certificate: Answer = { kind: 'refused', reason: 'CERT_HAS_EXPIRED', isCertificate: true };
const late = (status: number, body: unknown) => answered(status, body, { tookMs: 6_000 });
const PAGE = '\n<!DOCTYPE html><title>Blocked</title>';
const NO_CONNECTION = 'No connection to Runpod was made';
const UNTRUSTED = `${NO_CONNECTION}: n8n does not trust the certificate (CERT_HAS_EXPIRED)`;
const NO_KEY = 'Runpod did not accept this API key';
const NO_ACCESS = "This API key has no access to the endpoint 'p-video'";
const BETWEEN = 'Something between n8n and Runpod blocked the request';
const REJECTED = 'Runpod rejected the request';
const UNFINISHED = 'Runpod did not finish the request';
const ERROR = 'Runpod returned an error';
const DOWN = 'Runpod is not available';
const envoy = (reason: string) =>
	`upstream connect error or disconnect/reset. reset reason: ${reason}`;
const gone = (reason: string) => answered(503, envoy(reason));

const TABLE: Row[] = [
	[ended('unreached'), 'no', 'passes', 'Runpod could not be reached (x)'],
	[ended('refused'), 'no', 'stays', `${NO_CONNECTION} (x)`],
	[certificate, 'no', 'stays', UNTRUSTED],
	[ended('timedOut'), 'maybe', 'passes', 'Runpod did not answer (x)'],
	[ended('interrupted'), 'maybe', 'passes', 'The connection to Runpod was lost (x)'],
	[ended('tooLarge'), 'maybe', 'stays', "Runpod's answer is too large (x)"],
	[answered(0), 'maybe', 'passes', 'Runpod answered with an empty answer instead of a job'],
	[answered(200, '<p>Hi'), 'maybe', 'passes', 'Runpod answered with "Hi" instead of a job'],
	[answered(204), 'maybe', 'passes', 'Runpod answered with an empty answer instead of a job'],
	[answered(301), 'no', 'stays', 'The Runpod URL redirected to another address (HTTP 301)'],
	[answered(308), 'no', 'stays', 'The Runpod URL redirected to another address (HTTP 308)'],
	[answered(400, 'no fps'), 'no', 'stays', `${REJECTED} (HTTP 400): no fps`],
	[answered(401, 'unauthorized'), 'no', 'stays', `${NO_KEY}: unauthorized`],
	[answered(401, PAGE), 'no', 'stays', `${BETWEEN} (HTTP 401): Blocked`],
	[answered(402), 'no', 'stays', 'There is no credit left on this Runpod account'],
	[answered(403, { error: 'forbidden' }), 'no', 'stays', `${NO_ACCESS}: forbidden`],
	[answered(403, PAGE), 'no', 'stays', `${BETWEEN} (HTTP 403): Blocked`],
	[answered(403, 'error code: 1010'), 'no', 'stays', `${BETWEEN} (HTTP 403): error code: 1010`],
	[answered(404), 'no', 'stays', "The endpoint 'p-video' was not found"],
	[answered(407), 'no', 'stays', 'The proxy between n8n and Runpod requires a login (HTTP 407)'],
	[answered(408), 'maybe', 'passes', `${UNFINISHED} (HTTP 408)`],
	[answered(413), 'no', 'stays', 'The request is too large for Runpod'],
	[answered(422), 'no', 'stays', `${REJECTED} (HTTP 422)`],
	[answered(425), 'maybe', 'passes', `${UNFINISHED} (HTTP 425)`],
	[answered(429), 'no', 'passes', 'Runpod is limiting requests'],
	[answered(451, 'no'), 'no', 'stays', `${BETWEEN} (HTTP 451): no`],
	[answered(499), 'no', 'stays', `${REJECTED} (HTTP 499)`],
	[answered(500), 'maybe', 'passes', `${ERROR} (HTTP 500)`],
	[answered(501), 'maybe', 'stays', `${ERROR} (HTTP 501)`],
	[answered(502), 'maybe', 'passes', `${ERROR} (HTTP 502)`],
	[answered(503, { error: 'busy' }), 'no', 'passes', `${DOWN} (HTTP 503): busy`],
	[late(503, { error: 'busy' }), 'maybe', 'passes', `${ERROR} (HTTP 503): busy`],
	[answered(503, ''), 'maybe', 'passes', `${ERROR} (HTTP 503)`],
	[answered(503, PAGE), 'maybe', 'passes', `${ERROR} (HTTP 503): Blocked`],
	[late(503, 'no healthy upstream'), 'no', 'passes', `${DOWN} (HTTP 503): no healthy upstream`],
	...['connection failure', 'remote connection failure', 'connection refused'].map(
		(why): Row => [late(503, envoy(why)), 'no', 'passes', `${DOWN} (HTTP 503): ${envoy(why)}`],
	),
	...['connection termination', 'connection timeout', 'overflow'].map(
		(why): Row => [gone(why), 'maybe', 'passes', `${ERROR} (HTTP 503): ${envoy(why)}`],
	),
	[answered(504), 'maybe', 'passes', `${ERROR} (HTTP 504)`],
	...[520, 521, 522, 523, 524].map(
		(status): Row => [answered(status), 'maybe', 'passes', `${ERROR} (HTTP ${status})`],
	),
	[answered(599), 'maybe', 'stays', `${ERROR} (HTTP 599)`],
];

test.each(TABLE)('%j: accepted %s, %s, "%s"', (answer, accepted, lasts, message) => {
	const mayBeAccepted = accepted === 'maybe';
	const isPassing = lasts === 'passes';
	expect(judge(answer)).toMatchObject({ mayBeAccepted, isPassing });
	expect(mayRepeat(answer, true)).toBe(isPassing && !mayBeAccepted);
	expect(mayRepeat(answer, false)).toBe(isPassing);

	const about = { endpointId: 'p-video', isCostly: false };
	const reading = requestFailed(answer, about);
	expect(reading).toMatchObject({ message, isUncertain: false });
	expect(reading.description).toMatch(/^[A-Z].*\.$/);

	if (answer.kind === 'answered' && answer.status >= 300) {
		const given = { ...answer, body: { error: 'account suspended: unpaid' } };
		expect(requestFailed(given, about).message).toMatch(/^[A-Z].{10,}: account suspended: unpaid$/);
	}

	// The credential's test says the same, unless something else than Runpod's API seems to answer.
	const isElsewhere = /not found|instead of a job/.test(message);
	const shown = isElsewhere
		? `The 'Base URL' does not lead to Runpod's API (${message}). Set it to https://api.runpod.ai/v2.`
		: `${isPassing ? 'The key could not be checked: ' : ''}${message}. ${reading.description}`;
	expect(readKeyCheck(answer)).toEqual({ status: 'Error', message: shown });

	const costly = requestFailed(answer, { ...about, isCostly: true });
	expect(costly.isUncertain).toBe(mayBeAccepted);
	expect(costly.message).toBe(mayBeAccepted ? `${message}; the job may be running` : message);
	const unclear = /may be billed a second time/;
	expect(costly.description).toMatch(mayBeAccepted ? unclear : reading.description);
});

test('docs/errors.md has the same table', () => {
	const docs = readFileSync(join(__dirname, '../../../docs/errors.md'), 'utf8');
	const [section = ''] = docs.split('## Requests to Runpod')[1]!.split('\n## ');
	const lines = section.split('\n').filter((line) => /^\| (?!how|---)/.test(line));
	const rows = lines.map((line) => line.slice(2, -2).split(/ +\| /));
	for (const [index, row] of rows.entries()) {
		if (row[1]?.includes('the same')) row[1] = rows[index - 1]?.[1] ?? '';
	}
	const statuses = Array.from({ length: 300 }, (_, index) => answered(300 + index));
	const said = [...TABLE.map(([answer]) => answer), ...statuses].map((answer) => {
		const { message } = requestFailed(answer, { endpointId: 'p-video', isCostly: false });
		const code = answer.kind === 'answered' && answer.status >= 300 ? String(answer.status) : '';
		const names = [code, code.replace(/..$/, 'xx'), code.replace(/.$/, 'x')];
		const row = rows.find(([how = '', , start = '']) => {
			const isNamed = names.some((name) => how.includes(name));
			return isNamed && message.startsWith(start.replace(/( \(|'?…|;).*/, ''));
		});
		const unsent = mayRepeat(answer, true) ? 'no; repeated' : 'no';
		const accepted = judge(answer).mayBeAccepted ? 'maybe' : unsent;
		const told = row?.[1]?.replace(/( until|; ends).*/, '');
		expect([message, told]).toEqual([message, accepted]);
		return row;
	});
	expect(new Set(said).size).toBe(rows.length);
});

test.each([
	[413, '', true, true],
	[400, 'bad request: property input is required', false, false],
	[401, 'unauthorized', true, false],
	[429, '', true, false],
])('HTTP %i %j, with a file %s: a link is proposed: %s', (status, body, hasFile, isNamed) => {
	const about = { endpointId: 'p-video', isCostly: true, hasFile };
	const { description } = requestFailed(answered(status, body), about);
	expect(description.includes("'Send Files As' to Link")).toBe(isNamed);
});

const problem = (detail: string) => ({ status: 404, title: 'Not Found', detail });
/** What a 404 means while a job is looked for, and what the credential's test makes of it. */
test.each<[unknown, ReturnType<typeof whatIsMissing>]>([
	[problem('job not found'), 'job'],
	['job not found', 'job'],
	[{ error: 'Not Found', detail: 'job 0000-u1 not found' }, 'job'],
	[{ error: { code: 404, message: 'job does not exist' } }, 'job'],
	[{ error: 'request does not exist' }, 'job'],
	['job 0000-u1 not found for endpoint p-video', 'job'],
	[problem('endpoint not found'), 'endpoint'],
	['endpoint not found', 'endpoint'],
	['Cannot GET /job/v2/p-video/status/0000-u1', 'unclear'],
	['<h1>job not found</h1>', 'unclear'],
	['404 page not found', 'unclear'],
	['', 'unclear'],
	[{}, 'unclear'],
])('HTTP 404 %j: missing is %s', (body, missing) => {
	const answer = answered(404, body);
	expect(whatIsMissing(answer)).toBe(missing);
	expect(whatIsMissing(answered(400, body))).toBeUndefined();
	expect(readKeyCheck(answer).status).toBe(missing === 'job' ? 'OK' : 'Error');
	const isEndpoint = missing === 'endpoint';
	const about = { endpointId: 'p-video', isCostly: true, job: { id: 'job-1' } };
	const { message, isUncertain, job } = jobRequestFailed(answer, about);
	expect([message.startsWith('The endpoint'), isUncertain]).toEqual([isEndpoint, false]);
	expect(job).toEqual({ id: 'job-1', httpCode: 404 });
});
