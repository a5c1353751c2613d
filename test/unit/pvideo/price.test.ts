/** Prices by Runpod's page "Pruna Video", section "Cost calculation", in USD. */
import type { JsonObject } from '../../../nodes/PrunaVideo/json';
import { dollars, formatDollars } from '../../../nodes/PrunaVideo/money';
import { estimateCost } from '../../../nodes/PrunaVideo/pvideo/price';

test.each([
	['720p', 5, false, 0.1],
	['720p', 10, false, 0.2],
	['1080p', 5, false, 0.2],
	['1080p', 10, false, 0.4],
	['720p', 5, true, 0.025],
	['1080p', 5, true, 0.05],
	['720p', 1, true, 0.005],
	['1080p', 3, true, 0.03],
	['720p', 7, false, 0.14],
])('%s, %i s, draft %s: $%f', (resolution, duration, draft, estimatedCost) => {
	expect(estimateCost({ resolution, duration, draft })).toEqual({
		estimatedCost,
		pricePerSecond: { '720p': 0.02, '1080p': 0.04 }[resolution]! * (draft ? 0.25 : 1),
		seconds: duration,
		currency: 'USD',
	});
});

test.each(['yes', 1, 'true', null, {}])(
	'a draft that is %j may be none for Runpod: it counts in full',
	(draft) => {
		const { estimatedCost } = estimateCost({ resolution: '720p', duration: 5, draft });
		expect(estimatedCost).toBe(0.1);
	},
);

const unknown = { estimatedCost: null, currency: 'USD' };

test.each([
	[
		'audio',
		{ resolution: '720p', duration: 5, audio: 'https://example.com/a.mp3' },
		{
			pricePerSecond: 0.02,
			seconds: null,
			note: 'With audio the video is as long as the audio, so the cost is known only afterwards',
		},
	],
	[
		'a resolution without a price',
		{ resolution: '4k', duration: 5 },
		{ pricePerSecond: null, seconds: 5, note: 'No price is known for the resolution "4k"' },
	],
	[
		'a resolution of another type',
		{ resolution: 720, duration: 5 },
		{ pricePerSecond: null, seconds: 5, note: 'No price is known for the resolution 720' },
	],
	[
		'a resolution that every object has',
		{ resolution: 'constructor', duration: 5 },
		{
			pricePerSecond: null,
			seconds: 5,
			note: 'No price is known for the resolution "constructor"',
		},
	],
	[
		'a duration that is no number',
		{ resolution: '1080p', duration: 'long' },
		{
			pricePerSecond: 0.04,
			seconds: null,
			note: 'The duration is not a whole number of seconds, so the cost cannot be estimated',
		},
	],
	...[-100, 0, 2.5, NaN, Infinity, '5'].map((duration): [string, JsonObject, object] => [
		`a duration of ${JSON.stringify(duration)} (${duration})`,
		{ resolution: '1080p', duration },
		{
			pricePerSecond: 0.04,
			seconds: null,
			note: 'The duration is not a whole number of seconds, so the cost cannot be estimated',
		},
	]),
])('%s: not known beforehand, and a note says why', (_, input, expected) => {
	expect(estimateCost(input)).toEqual({ ...unknown, ...expected });
});

test.each([null, '', false, 0])('an audio of %j is none', (audio) => {
	expect(estimateCost({ resolution: '720p', duration: 5, audio }).estimatedCost).toBe(0.1);
});

test.each([
	[0, '$0.00'],
	[0.3, '$0.30'],
	[0.1 + 0.2, '$0.30'],
	[0.025, '$0.025'],
	[0.005, '$0.005'],
	[12, '$12.00'],
	[0.000001, '$0.000001'],
])('%d USD is written %s', (amount, text) => {
	expect(formatDollars(amount)).toBe(text);
});

test('sums of cents stay sums of cents', () => {
	const sum = Array.from({ length: 1000 }, () => 0.1).reduce((total, cost) =>
		dollars(total + cost),
	);
	expect(sum).toBe(100);
});
