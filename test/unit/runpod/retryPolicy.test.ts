/** Nothing that may cost is sent twice; what only reads is repeated on every passing fault. */
import { mayRepeat, retryDelay } from '../../../nodes/PrunaVideo/runpod/retryPolicy';
import type { Answer } from '../../../nodes/PrunaVideo/runpod/transport';

const answered = (status: number, headers = {}): Answer => ({
	kind: 'answered',
	status,
	headers,
	body: '',
});
const unreached: Answer = { kind: 'unreached', reason: 'x' };
const interrupted: Answer = { kind: 'interrupted', reason: 'x' };
const timedOut: Answer = { kind: 'timedOut', reason: 'x' };

test.each<[Answer, boolean, boolean]>([
	[answered(429), true, true],
	[answered(503), true, true],
	[unreached, true, true],
	[answered(408), false, true],
	[answered(425), false, true],
	[answered(500), false, true],
	[answered(502), false, true],
	[answered(504), false, true],
	[answered(520), false, true],
	[answered(521), false, true],
	[answered(522), false, true],
	[answered(523), false, true],
	[answered(524), false, true],
	[interrupted, false, true],
	[timedOut, false, true],
	[answered(200), false, false],
	[answered(400), false, false],
	[answered(401), false, false],
	[answered(402), false, false],
	[answered(403), false, false],
	[answered(404), false, false],
	[answered(413), false, false],
	[answered(501), false, false],
	[{ kind: 'stopped' }, false, false],
])('%j is repeated when costly: %s, when safe: %s', (answer, costly, safe) => {
	expect(mayRepeat(answer, 'costly')).toBe(costly);
	expect(mayRepeat(answer, 'safe')).toBe(safe);
});

const inTenSeconds = () => new Date(Date.now() + 10_000).toUTCString();
const tenSecondsAgo = () => new Date(Date.now() - 10_000).toUTCString();

test.each<[string, unknown, number, number]>([
	['seconds', '2', 2000, 2100],
	['a fraction', '0.5', 500, 600],
	['a number', 3, 3000, 3100],
	['nothing to wait for', '0', 0, 100],
	['a date', inTenSeconds(), 8000, 10_100],
	['a date that has passed', tenSecondsAgo(), 0, 100],
	['a word', 'soon', 125, 250],
	['a word and a number', 'later 5', 125, 250],
	['below zero', '-5', 125, 250],
	['no number', 'NaN', 125, 250],
	['a number in another notation', '1e3', 125, 250],
	['spaces around it', ' 2 ', 2000, 2100],
	['a date of the oldest kind', 'Thu Jan  1 00:00:00 1970', 0, 100],
	['a date far away', 'Fri, 31 Dec 9999 23:59:59 GMT', 1e12, 1e15],
	['more than a number holds', '9'.repeat(400), Infinity, Infinity],
	['no such header', undefined, 125, 250],
	['a list', ['2'], 125, 250],
])('Retry-After with %s', (_, header, least, most) => {
	const delay = retryDelay(answered(429, { 'retry-after': header }), 1);
	expect(delay).toBeGreaterThanOrEqual(least);
	expect(delay).toBeLessThanOrEqual(most);
});

test.each([
	[1, 125, 250],
	[2, 250, 500],
	[4, 1000, 2000],
	[6, 4000, 8000],
	[50, 4000, 8000],
])('after %i failed tries the wait is from %i to %i ms', (failedTries, least, most) => {
	for (const random of [0, 1 - 2 ** -53]) {
		const spy = jest.spyOn(Math, 'random').mockReturnValue(random);
		const delay = retryDelay(interrupted, failedTries);
		spy.mockRestore();
		expect(Math.round(delay)).toBe(random === 0 ? least : most);
	}
});

test('parallel items that were all told to wait 2 s do not come back together', () => {
	const random = jest.spyOn(Math, 'random');
	const delays = [0, 0.5, 0.999].map((chance) => {
		random.mockReturnValue(chance);
		return retryDelay(answered(429, { 'retry-after': '2' }), 1);
	});
	random.mockRestore();
	expect(new Set(delays).size).toBe(3);
});
