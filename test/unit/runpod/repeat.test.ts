/** When a request is sent again. That it is, and how often, is in verdicts.test.ts and the integration tests. */
import type { Answer } from '../../../nodes/PrunaVideo/runpod/answer';
import { repeatDelayMs } from '../../../nodes/PrunaVideo/runpod/repeat';

const tooMany = (retryAfter: unknown): Answer => ({
	kind: 'answered',
	status: 429,
	headers: { 'retry-after': retryAfter },
	body: '',
});
const interrupted: Answer = { kind: 'interrupted', reason: 'x' };
const inTenSeconds = () => new Date(Date.now() + 10_000).toUTCString();
const tenSecondsAgo = () => new Date(Date.now() - 10_000).toUTCString();

test.each<[string, unknown, number, number]>([
	['seconds', '2', 2000, 2100],
	['a fraction', '0.5', 500, 600],
	['a number', 3, 3000, 3100],
	['nothing to wait for', '0', 250, 320],
	['a date', inTenSeconds(), 8000, 10_100],
	['a date that has passed', tenSecondsAgo(), 250, 320],
	['a word', 'soon', 125, 250],
	['a word and a number', 'later 5', 125, 250],
	['below zero', '-5', 125, 250],
	['no number', 'NaN', 125, 250],
	['a number in another notation', '1e3', 125, 250],
	['spaces around it', ' 2 ', 2000, 2100],
	['a date of the oldest kind', 'Thu Jan  1 00:00:00 1970', 250, 320],
	['a date far away', 'Fri, 31 Dec 9999 23:59:59 GMT', 1e12, 1e15],
	['more than a number holds', '9'.repeat(400), Infinity, Infinity],
	['no such header', undefined, 125, 250],
	['a list', ['2'], 125, 250],
])('Retry-After with %s', (_, header, least, most) => {
	const delay = repeatDelayMs(tooMany(header), 1);
	expect(delay).toBeGreaterThanOrEqual(least);
	expect(delay).toBeLessThanOrEqual(most);
});

test.each([
	[1, 125, 250],
	[2, 250, 500],
	[4, 1000, 2000],
	[6, 4000, 8000],
	[50, 4000, 8000],
	[5000, 4000, 8000],
])('after %i failed tries the wait is from %i to %i ms', (failedTries, least, most) => {
	for (const random of [0, 1 - 2 ** -53]) {
		const spy = jest.spyOn(Math, 'random').mockReturnValue(random);
		const delay = repeatDelayMs(interrupted, failedTries);
		spy.mockRestore();
		expect(Math.round(delay)).toBe(random === 0 ? least : most);
	}
});

test('parallel items that were all told to wait 2 s do not repeat at the same moment', () => {
	const random = jest.spyOn(Math, 'random');
	const delays = [0, 0.5, 0.999].map((chance) => {
		random.mockReturnValue(chance);
		return repeatDelayMs(tooMany('2'), 1);
	});
	random.mockRestore();
	expect(new Set(delays).size).toBe(3);
});
