/** Prices by Runpod's page "Pruna Video", section "Cost calculation", in USD. */
import type { JsonObject } from '../../../nodes/PrunaVideo/json';
import { dollars, formatDollars } from '../../../nodes/PrunaVideo/money';
import { estimateCost } from '../../../nodes/PrunaVideo/pvideo/input';

test.each([
	['720p', 5, false, 0.1, 0.02],
	['1080p', 5, false, 0.2, 0.04],
	['720p', 5, true, 0.025, 0.005],
	['1080p', 5, true, 0.05, 0.01],
	['1080p', 3, true, 0.03, 0.01],
])('%s, %i s, draft %s: $%f', (resolution, duration, draft, estimatedCost, pricePerSecond) => {
	const estimate = { estimatedCost, pricePerSecond, seconds: duration, currency: 'USD' };
	expect(estimateCost({ resolution, duration, draft })).toEqual(estimate);
});

/** What is left out has the API's default; a draft that may be none for Runpod counts in full. */
test.each<[cost: number, audioSeconds: number | undefined, ...inputs: JsonObject[]]>([
	[0.1, undefined, {}, { draft: 'yes' }, { draft: 1 }, { draft: 'true' }, { draft: {} }],
	[0.1, undefined, { audio: null }, { audio: '' }, { audio: ' \n' }],
	[0.1, 3, { duration: 5 }],
	[0.2, undefined, { resolution: '1080p' }],
	[0.01, undefined, { duration: 2, draft: true }],
	[0.06, 3, { audio: 'data:a', duration: 9 }],
	[0.12016, 3.004, { audio: 'data:a', resolution: '1080p' }],
	[0.001667, 1 / 3, { audio: 'data:a', draft: true }],
])('$%d, with audio of %p s: %j', (estimatedCost, audioSeconds, ...inputs) => {
	for (const input of inputs) {
		expect([input, estimateCost(input, audioSeconds)]).toMatchObject([input, { estimatedCost }]);
	}
});

const NO_LENGTH =
	'The length of the audio is not known: only that of a WAV, FLAC or MP3 file can be read';
const NO_DURATION = 'The duration is not a whole number of seconds';
const noPrice = (resolution: unknown) =>
	`No price is known for the resolution ${JSON.stringify(resolution)}`;

type Unknown = [input: JsonObject, perSecond: number | null, seconds: number | null, note: string];

test.each<Unknown>([
	// What might be audio for Runpod has an unknown price, whatever it is.
	...['https://a.example/a.mp3', 'voice.mp3', ['data:a'], [], {}, true, 0].map(
		(audio): Unknown => [{ audio }, 0.02, null, NO_LENGTH],
	),
	...['4k', 720, 'constructor', ['720p']].map(
		(resolution): Unknown => [{ resolution }, null, 5, noPrice(resolution)],
	),
	...['long', '5', -100, 0, 2.5, NaN, Infinity, []].map(
		(duration): Unknown => [{ duration }, 0.02, null, NO_DURATION],
	),
])('%j: the cost is not known, and a note says why', (input, pricePerSecond, seconds, note) => {
	const estimate = { estimatedCost: null, pricePerSecond, seconds, currency: 'USD', note };
	expect(estimateCost(input)).toEqual(estimate);
});

test("another endpoint's prices are not known; seconds are told to the hundredth", () => {
	const note = "No price is known for the endpoint 'mine'";
	const unknown = { estimatedCost: null, pricePerSecond: null, seconds: 7.24, note };
	expect(estimateCost({ audio: 'data:a' }, 7.236, 'mine')).toMatchObject(unknown);
});

test.each([
	[0, '$0.00'],
	[0.3, '$0.30'],
	[0.1 + 0.2, '$0.30'],
	[0.025, '$0.025'],
	[12, '$12.00'],
	[0.000001, '$0.000001'],
])('%d USD is written %s', (amount, text) => {
	expect(formatDollars(amount)).toBe(text);
});

test('sums of cents stay sums of cents', () => {
	const cents = Array.from({ length: 1000 }, () => 0.1);
	expect(cents.reduce((total, cost) => dollars(total + cost))).toBe(100);
});
