/** Requests on the way to Runpod: what is read of an answer, and when a request is sent again. */
import { Readable } from 'node:stream';
import type { Answer } from '../../../nodes/PrunaVideo/runpod/answer';
import type { RequestContext } from '../../../nodes/PrunaVideo/runpod/connection';
import { repeatDelayMs, send } from '../../../nodes/PrunaVideo/runpod/http';
import { startDeadline } from '../../../nodes/PrunaVideo/runpod/time';
import { answered, ended } from './answered';

/** Sends a request once, to a server that answers so. */
async function answerTo(response: unknown): Promise<Answer> {
	const helpers = { httpRequestWithAuthentication: async () => response };
	const context = { helpers } as unknown as RequestContext;
	return await send(
		{ context, baseUrl: 'https://a.example', apiKey: 'rpa_0123456789' },
		{
			method: 'POST',
			url: () => 'https://a.example/run',
			timeoutMs: () => 20_000,
			deadline: startDeadline(20_000),
			isCostly: true,
			isSettled: () => true,
		},
	);
}

/** A body that ends well, or breaks after its text. */
function streamed(text: string, isBroken = false): object {
	const chunks = (function* () {
		yield Buffer.from(text);
		if (isBroken) throw Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
	})();
	return { statusCode: 200, headers: { a: 'b' }, body: Readable.from(chunks) };
}

const flood = (id: string) => `{${id}"output":[${'1,'.repeat(30_000)}1]}`;

test.each<[string, unknown, object]>([
	['nothing', undefined, { kind: 'interrupted', reason: 'the answer could not be read' }],
	['no status', { body: 'x' }, { kind: 'interrupted', reason: 'the answer could not be read' }],
	['no body', { statusCode: 204 }, { kind: 'answered', status: 204, headers: {}, body: '' }],
	['a body that was read', { statusCode: 200, body: { id: 'x' } }, { body: { id: 'x' } }],
	['text', { statusCode: 200, body: '{"id":1}' }, { status: 200, body: { id: 1 } }],
	['a stream', streamed('{"id":"x"}'), { status: 200, headers: { a: 'b' }, body: { id: 'x' } }],
	['the key', streamed('{"id":"rpa_0123456789"}'), { body: { id: '***' } }],
	['whole, then lost', streamed('{"id":"x"}', true), { kind: 'answered', body: { id: 'x' } }],
	['lost behind the ID', streamed('{"id":"x",', true), { kind: 'answered', body: { id: 'x' } }],
	['ended behind the ID', streamed('{"id":"x"'), { kind: 'answered', body: { id: 'x' } }],
	['lost in the ID', streamed('{"id":"x', true), { kind: 'interrupted', reason: 'ECONNRESET' }],
	['a flood', streamed(flood('')), { kind: 'tooLarge', reason: 'too many parts' }],
	['a flood behind the ID', streamed(flood('"id":"x",')), { body: { id: 'x' } }],
	['33 MB', streamed('x'.repeat(33 * 1024 ** 2)), { kind: 'tooLarge', reason: 'more than 32 MB' }],
])('an answer that is %s', async (_, response, expected) => {
	expect(await answerTo(response)).toMatchObject(expected);
});

const tooMany = (retryAfter: unknown) =>
	answered(429, '', { headers: { 'retry-after': retryAfter } });
const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000).toUTCString();
const UNUSABLE = ['soon', 'later 5', '-5', 'NaN', '1e3', '9'.repeat(400), undefined, ['2']];

/** In ms; the least and the most, by chance: parallel items do not all repeat at the same moment. */
test.each<[Retry: unknown, least: number, most: number]>([
	[' 2 ', 2000, 2062],
	['0.5', 500, 562],
	[3, 3000, 3062],
	['0', 250, 312],
	[inSeconds(10_000), 9_000_000, 10_000_100],
	...[inSeconds(-10), 'Thu Jan  1 00:00:00 1970'].map((past): [string, number, number] => [
		past,
		250,
		312,
	]),
	...UNUSABLE.map((header): [unknown, number, number] => [header, 125, 250]),
])('a 429 with Retry-After %j is repeated after %i to %i ms', (header, least, most) => {
	const [early, late] = delaysOf(tooMany(header));
	expect(early).toBeGreaterThanOrEqual(least);
	expect(late).toBeLessThanOrEqual(most);
	expect(late).toBeGreaterThan(early!);
});

function delaysOf(answer: Answer, failedTries = 1): number[] {
	const random = jest.spyOn(Math, 'random');
	const delays = [0, 1 - 2 ** -53].map((chance) => {
		random.mockReturnValue(chance);
		return Math.floor(repeatDelayMs(answer, failedTries) + 1e-9);
	});
	random.mockRestore();
	return delays;
}

test.each([
	[1, 125, 250],
	[2, 250, 500],
	[4, 1000, 2000],
	[6, 4000, 8000],
	[5000, 4000, 8000],
])('after %i failed tries the wait is from %i to %i ms', (failedTries, least, most) => {
	expect(delaysOf(ended('interrupted'), failedTries)).toEqual([least, most]);
});
