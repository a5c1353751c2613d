/** The one table: may a job have been accepted, will it pass by itself, and what does the user read? */
import type { Answer } from '../../../nodes/PrunaVideo/runpod/answer';
import { failedRequest } from '../../../nodes/PrunaVideo/runpod/failedRequest';
import {
	judge,
	mayRepeat,
	whatIsMissing,
	type Missing,
} from '../../../nodes/PrunaVideo/runpod/verdicts';

const answered = (status: number, body: unknown = ''): Answer => ({
	kind: 'answered',
	status,
	headers: {},
	body,
});
const ended = (kind: Exclude<Answer['kind'], 'answered'>): Answer => ({ kind, reason: 'x' });

/** Whether a job may have been accepted, and whether it passes. */
const NEVER_AND_PASSES = [false, true] as const;
const NEVER_AND_LASTS = [false, false] as const;
const MAYBE_AND_PASSES = [true, true] as const;
const MAYBE_AND_LASTS = [true, false] as const;

test.each<[Answer, readonly [boolean, boolean], string]>([
	[ended('unreached'), NEVER_AND_PASSES, 'Runpod could not be reached (x)'],
	[ended('refused'), NEVER_AND_LASTS, 'No connection to Runpod was made (x)'],
	[ended('timedOut'), MAYBE_AND_PASSES, 'Runpod did not answer (x)'],
	[ended('interrupted'), MAYBE_AND_PASSES, 'The connection to Runpod was lost (x)'],
	[ended('tooLarge'), MAYBE_AND_LASTS, "Runpod's answer is too large (x)"],
	[answered(200), MAYBE_AND_PASSES, 'Runpod answered with an empty answer instead of a job'],
	[answered(200, '<p>Hi'), MAYBE_AND_PASSES, 'Runpod answered with "Hi" instead of a job'],
	[answered(204), MAYBE_AND_PASSES, 'Runpod answered with an empty answer instead of a job'],
	[answered(301), NEVER_AND_LASTS, 'The Runpod URL redirected to another address (HTTP 301)'],
	[answered(308), NEVER_AND_LASTS, 'The Runpod URL redirected to another address (HTTP 308)'],
	[answered(400), NEVER_AND_LASTS, 'Runpod rejected the request (HTTP 400)'],
	[answered(401), NEVER_AND_LASTS, 'Runpod did not accept this API key'],
	[answered(402), NEVER_AND_LASTS, 'There is no credit left on this Runpod account'],
	[answered(403), NEVER_AND_LASTS, "This API key has no access to the endpoint 'p-video'"],
	[answered(404), NEVER_AND_LASTS, "The endpoint 'p-video' was not found"],
	[answered(408), MAYBE_AND_PASSES, 'Runpod did not finish the request (HTTP 408)'],
	[answered(413), NEVER_AND_LASTS, 'The request is too large for Runpod'],
	[answered(422), NEVER_AND_LASTS, 'Runpod rejected the request (HTTP 422)'],
	[answered(425), MAYBE_AND_PASSES, 'Runpod did not finish the request (HTTP 425)'],
	[answered(429), NEVER_AND_PASSES, 'Runpod is limiting requests'],
	[answered(451), NEVER_AND_LASTS, 'Runpod rejected the request (HTTP 451)'],
	[answered(499), NEVER_AND_LASTS, 'Runpod rejected the request (HTTP 499)'],
	[answered(500), MAYBE_AND_PASSES, 'Runpod returned an error (HTTP 500)'],
	[answered(501), MAYBE_AND_LASTS, 'Runpod returned an error (HTTP 501)'],
	[answered(502), MAYBE_AND_PASSES, 'Runpod returned an error (HTTP 502)'],
	[answered(503), NEVER_AND_PASSES, 'Runpod is not available (HTTP 503)'],
	[answered(504), MAYBE_AND_PASSES, 'Runpod returned an error (HTTP 504)'],
	...[520, 521, 522, 523, 524].map((code): [Answer, readonly [boolean, boolean], string] => [
		answered(code),
		MAYBE_AND_PASSES,
		`Runpod returned an error (HTTP ${code})`,
	]),
	[answered(599), MAYBE_AND_LASTS, 'Runpod returned an error (HTTP 599)'],
	[answered(0), MAYBE_AND_PASSES, 'Runpod answered with an empty answer instead of a job'],
])('%j: %j, "%s"', (answer, [mayBeAccepted, isPassing], message) => {
	expect(judge(answer)).toMatchObject({ mayBeAccepted, isPassing });
	expect(mayRepeat(answer, true)).toBe(isPassing && !mayBeAccepted);
	expect(mayRepeat(answer, false)).toBe(isPassing);

	const about = { endpointId: 'p-video', isCostly: false };
	const reading = failedRequest(answer, about);
	expect(reading).toMatchObject({ message, isUncertain: false });
	expect(reading.description).toMatch(/^[A-Z].*\.$/);

	const costly = failedRequest(answer, { ...about, isCostly: true });
	expect(costly.isUncertain).toBe(mayBeAccepted);
	expect(costly.message).toBe(mayBeAccepted ? `${message}; the job may be running` : message);
	expect(costly.description).toMatch(
		mayBeAccepted ? /^Check in the Runpod console whether the job ran/ : reading.description,
	);
});

describe("Runpod's own reason is shown with ours, whatever the status", () => {
	test.each([300, 400, 401, 402, 403, 404, 408, 413, 429, 500, 502, 503, 524])('%i', (status) => {
		for (const body of [{ error: 'account suspended: unpaid' }, 'account suspended: unpaid']) {
			const { message } = failedRequest(answered(status, body), {
				endpointId: 'p-video',
				isCostly: false,
			});
			expect(message).toMatch(/^[A-Z].{10,}: account suspended: unpaid$/);
		}
	});
});

test.each([
	[401, { error: 'account suspended: unpaid' }, true],
	[403, 'Your balance is too low', true],
	[400, { error: 'insufficient funds' }, true],
	[400, 'no credit left', true],
	[401, 'unauthorized', false],
	[400, 'prompt too long', false],
])('HTTP %i %j is about the account, so no new key is asked for: %s', (status, body, isAbout) => {
	const { message, description } = failedRequest(answered(status, body), {
		endpointId: 'p-video',
		isCostly: true,
	});
	expect(message.startsWith('Runpod did not accept the request for this account')).toBe(isAbout);
	expect(description.includes('under Billing')).toBe(isAbout);
	expect(description.includes('key')).toBe(status === 401 && !isAbout);
});

test.each([
	[400, { error: 'bad request: body: exceeded max body size of 10MiB' }, true],
	[422, 'Payload Too Large', true],
	[500, 'too large', false],
	[400, 'prompt too long', false],
])('HTTP %i %j is about the size: %s', (status, body, isAboutSize) => {
	const { message, description } = failedRequest(answered(status, body), {
		endpointId: 'p-video',
		isCostly: true,
	});
	expect(message.startsWith('The request is too large for Runpod')).toBe(isAboutSize);
	expect(description.includes('Use a URL instead of a file')).toBe(isAboutSize);
});

describe('a refusal after a file names the alternatives', () => {
	const LINK = "'Send Files As' to Link";
	test.each([
		[400, { error: 'bad request: property input is required' }, true, true],
		[400, 'bad request: property input is required', true, true],
		[502, '<h1>Bad gateway</h1>', true, true],
		[400, { error: 'bad request: property input is required' }, false, false],
		[401, 'unauthorized', true, false],
		[429, '', true, false],
	])('HTTP %i %j, with a file: %s', (status, body, hasFile, isNamed) => {
		const failure = failedRequest(answered(status, body), {
			endpointId: 'p-video',
			isCostly: true,
			hasFile,
		});
		expect(failure.description.includes(LINK)).toBe(isNamed);
	});
});

const problem = (detail: string) => ({ status: 404, title: 'Not Found', detail });
test.each<[number, unknown, Missing | undefined]>([
	[404, problem('job not found'), 'job'],
	[404, 'job not found', 'job'],
	[404, { error: 'Job not found: unknown id, or its result has expired' }, 'job'],
	[404, { error: 'request does not exist' }, 'job'],
	[404, problem('endpoint not found'), 'endpoint'],
	[404, 'endpoint not found', 'endpoint'],
	[404, '<h1>Not Found</h1>', 'unclear'],
	[404, '404 page not found', 'unclear'],
	[404, '', 'unclear'],
	[404, {}, 'unclear'],
	[400, 'job not found', undefined],
	[500, 'job not found', undefined],
])('HTTP %i %j: missing is %s', (status, body, missing) => {
	expect(whatIsMissing(answered(status, body))).toBe(missing);
});

test('without an answer nothing is missing', () => {
	expect(whatIsMissing(ended('timedOut'))).toBeUndefined();
});
