/** The `input` of a request; the whole body, as it is sent, is in test/integration/request.test.ts. */
import type { JsonObject } from '../../../nodes/PrunaVideo/json';
import {
	buildInput,
	pickSeed,
	readableInput,
	type VideoSettings,
} from '../../../nodes/PrunaVideo/pvideo/input';

const settings: VideoSettings = {
	prompt: 'A cat',
	duration: 5,
	resolution: '720p',
	aspectRatio: '16:9',
	fps: 24,
	draft: false,
	saveAudio: true,
	promptUpsampling: true,
};
const plain = {
	prompt: 'A cat',
	duration: 5,
	resolution: '720p',
	fps: 24,
	aspect_ratio: '16:9',
	draft: false,
	save_audio: true,
	prompt_upsampling: true,
};
const { duration: _duration, ...withoutDuration } = plain;
const { aspect_ratio: _ratio, ...withoutRatio } = plain;
const { draft: _draft, ...withoutDraft } = plain;
const address = 'https://example.com/file';

test.each<[string, VideoSettings & { additionalInput?: JsonObject }, object]>([
	['nothing else', {}, plain],
	['a seed', { seed: 0 }, { ...plain, seed: 0 }],
	['an image: no aspect ratio', { image: address }, { ...withoutRatio, image: address }],
	['audio: no duration', { audio: address }, { ...withoutDuration, audio: address }],
	[
		'an image from additional input: no aspect ratio',
		{ additionalInput: { image: address } },
		{ ...withoutRatio, image: address },
	],
	[
		'audio from additional input: no duration',
		{ additionalInput: { audio: address } },
		{ ...withoutDuration, audio: address },
	],
	[
		'audio taken back by additional input',
		{ audio: address, additionalInput: { audio: null } },
		plain,
	],
	[
		'an ignored field that the user insists on',
		{ audio: address, additionalInput: { duration: 3 } },
		{ ...withoutDuration, audio: address, duration: 3 },
	],
	[
		'null takes a field out',
		{ seed: 1, additionalInput: { seed: null, draft: null, new_one: null } },
		withoutDraft,
	],
	['what is no address is no audio', { additionalInput: { audio: {} } }, { ...plain, audio: {} }],
	[
		'additional input wins over every field',
		{ seed: 1, additionalInput: { prompt: 'A dog', seed: 2, new_one: [1] } },
		{ ...plain, prompt: 'A dog', seed: 2, new_one: [1] },
	],
])('%s', (_, { additionalInput = {}, ...changes }, expected) => {
	expect(buildInput({ ...settings, ...changes }, additionalInput)).toEqual(expected);
});

test('picked seeds are whole, in range, and differ', () => {
	const seeds = Array.from({ length: 1000 }, pickSeed);
	expect(new Set(seeds).size).toBeGreaterThan(990);
	for (const seed of seeds) {
		expect(Number.isInteger(seed) && seed >= 0 && seed <= 2147483647).toBe(true);
	}
});

test.each([
	[0, 0],
	[1 - 2 ** -53, 2147483647],
])('of the random number %d the seed is %d', (random, seed) => {
	const spy = jest.spyOn(Math, 'random').mockReturnValue(random);
	expect(pickSeed()).toBe(seed);
	spy.mockRestore();
});

test('an input is shown with its data URIs shortened, all else as it is', () => {
	expect(readableInput({ image: 'data:image/png;base64,AAAA', fps: 24, deep: { a: [1] } })).toEqual(
		{
			image: 'data:image/png (3 B)',
			fps: 24,
			deep: { a: [1] },
		},
	);
});
