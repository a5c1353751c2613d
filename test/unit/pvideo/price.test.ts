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

test.each([
	['720p', false, 3, 3, 0.06],
	['1080p', false, 3.004, 3, 0.12016],
	['720p', false, 7.236, 7.24, 0.14472],
	['720p', true, 1 / 3, 0.33, 0.001667],
])(
	'%s, draft %s, audio of %d s: %d seconds for $%d, whatever the duration',
	(resolution, draft, length, seconds, estimatedCost) => {
		expect(estimateCost({ resolution, draft, audio: 'data:a', duration: 9 }, length)).toMatchObject(
			{
				seconds,
				estimatedCost,
			},
		);
	},
);

test('an audio length without audio changes nothing', () => {
	expect(estimateCost({ resolution: '720p', duration: 5 }, 3).estimatedCost).toBe(0.1);
});

test('a resolution without a price has none with audio either', () => {
	expect(estimateCost({ resolution: '4k', audio: 'data:a' }, 3)).toMatchObject({
		estimatedCost: null,
		seconds: 3,
		note: 'No price is known for the resolution "4k"',
	});
});

test.each<[JsonObject, number]>([
	[{}, 0.1],
	[{ resolution: '1080p' }, 0.2],
	[{ duration: 2, draft: true }, 0.01],
])("what %j leaves out has the API's default", (input, estimatedCost) => {
	expect(estimateCost(input)).toMatchObject({ estimatedCost });
});

const unknown = { estimatedCost: null, currency: 'USD' };

test.each([
	[
		'audio',
		{ resolution: '720p', duration: 5, audio: 'https://example.com/a.mp3' },
		{
			pricePerSecond: 0.02,
			seconds: null,
			note: 'The length of the audio is unknown, so the cost is only known once the video is finished',
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

test.each([null, '', ' ', false, 0, {}, [], true, 'voice.mp3'])(
	'an audio of %j is none',
	(audio) => {
		expect(estimateCost({ resolution: '720p', duration: 5, audio }).estimatedCost).toBe(0.1);
	},
);

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
