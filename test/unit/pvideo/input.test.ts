/** The `input` of a request; the whole body, as it is sent, is in test/integration/request.test.ts. */
import type { JsonObject } from '../../../nodes/PrunaVideo/json';
import { buildInput, pickSeed, type VideoSettings } from '../../../nodes/PrunaVideo/pvideo/input';

const settings: VideoSettings = { prompt: 'A cat', duration: 5, draft: false, aspectRatio: '16:9' };
const plain = { prompt: 'A cat', duration: 5, draft: false, aspect_ratio: '16:9' };
const url = 'https://example.com/file';
const withImage = { prompt: 'A cat', image: url, duration: 5, draft: false };
const withAudio = { prompt: 'A cat', audio: url, draft: false, aspect_ratio: '16:9' };

test.each<[string, VideoSettings, JsonObject, object]>([
	['nothing else', {}, {}, plain],
	['a seed', { seed: 0 }, {}, { ...plain, seed: 0 }],
	['an image: no aspect ratio', { image: url }, {}, withImage],
	['audio: no duration', { audio: url }, {}, withAudio],
	['an image from Additional Input', {}, { image: url }, withImage],
	['audio from Additional Input', {}, { audio: url }, withAudio],
	['audio taken out', { audio: url }, { audio: null }, plain],
	['duration in spite of audio', { audio: url }, { duration: 3 }, { ...withAudio, duration: 3 }],
	['null takes a field out', { seed: 1 }, { seed: null, duration: 5, new_one: null }, plain],
	...[{}, [], '', ' ', 'voice.mp3', 7].map((audio): [string, VideoSettings, JsonObject, object] => [
		...(['what is no address is no audio', {}, { audio }, { ...plain, audio }] as const),
	]),
	['the last word', { seed: 1 }, { seed: 2, new_one: [1] }, { ...plain, seed: 2, new_one: [1] }],
])('%s: %j, %j', (_, changes, additionalInput, expected) => {
	expect(buildInput({ ...settings, ...changes }, additionalInput)).toEqual(expected);
});

test('picked seeds are whole, in range, and differ', () => {
	const seeds = Array.from({ length: 1000 }, pickSeed);
	expect(new Set(seeds).size).toBeGreaterThan(990);
	expect(seeds.every((seed) => Number.isInteger(seed) && seed >= 0)).toBe(true);
	const random = jest.spyOn(Math, 'random');
	const extremes = [0, 1 - 2 ** -53].map((chance) => (random.mockReturnValue(chance), pickSeed()));
	random.mockRestore();
	expect(extremes).toEqual([0, 2147483647]);
});
