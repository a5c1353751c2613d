/** The table of parameters against Runpod's page "Pruna Video", section "Request". */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Choice } from '../../../nodes/PrunaVideo/fields/choice';
import { Media } from '../../../nodes/PrunaVideo/fields/media';
import { Integer } from '../../../nodes/PrunaVideo/fields/number';
import {
	PARAMETER_LIST,
	PARAMETERS,
	PAYLOAD_LIMITS,
	type Parameter,
} from '../../../nodes/PrunaVideo/pvideo/parameters';
import { result } from '../fields/refusal';

test("every parameter of Runpod's page and no other, with what the page says about it", () => {
	const defaults = (name: keyof typeof PARAMETERS) => {
		const { field } = PARAMETERS[name];
		return field instanceof Media ? field.source.readUnset() : result(() => field.readUnset());
	};
	expect(
		PARAMETER_LIST.map(([name, { apiName, ...parameter }]) => [
			apiName,
			defaults(name),
			'ignoredWith' in parameter ? parameter.ignoredWith : undefined,
		]),
	).toEqual([
		['prompt', "'Prompt' must say what the video should show, but is empty", undefined],
		['image', 'none', undefined],
		['audio', 'none', undefined],
		['duration', 5, 'audio'],
		['resolution', '720p', undefined],
		['draft', false, undefined],
		['aspect_ratio', '16:9', 'image'],
		['fps', 24, undefined],
		['save_audio', true, undefined],
		['prompt_upsampling', true, undefined],
		['seed', undefined, undefined],
	]);
	const { duration, seed, resolution, aspectRatio, fps } = PARAMETERS;
	expect(duration.field.spec).toMatchObject({ minimum: 1, maximum: 10 });
	expect(seed.field.spec).toMatchObject({ minimum: 0, maximum: 2147483647 });
	expect(resolution.field.choices).toEqual(['720p', '1080p']);
	expect(aspectRatio.field.choices).toEqual(['16:9', '9:16', '4:3', '3:4', '3:2', '2:3', '1:1']);
	expect(fps.field.choices).toEqual([24, 48]);
});

const noRatio = (is: string) =>
	`'Aspect Ratio' must be one of 16:9, 9:16, 4:3, 3:4, 3:2, 2:3, 1:1, but is ${is}`;
const noFps = (is: string) => `'Frames per Second' must be one of 24, 48, but is ${is}`;
const noResolution = (is: string) => `'Resolution' must be one of 720p, 1080p, but is ${is}`;

test.each<[keyof typeof PARAMETERS & ('fps' | 'resolution' | 'aspectRatio'), unknown, unknown]>([
	['fps', 24, 24],
	['fps', '48', 48],
	['fps', ' 48 ', 48],
	['fps', '48 fps', 48],
	['fps', 30, noFps('30')],
	['fps', 'fast', noFps('"fast"')],
	['fps', '', 24],
	['fps', null, 24],
	['fps', [24], noFps('a list')],
	['fps', {}, noFps('an object')],
	['fps', true, noFps('true')],
	['resolution', '1080P', '1080p'],
	['resolution', '720p ', '720p'],
	['resolution', 720, '720p'],
	['resolution', '1080', '1080p'],
	['resolution', '1080 p', '1080p'],
	['resolution', undefined, '720p'],
	['resolution', '4k', noResolution('"4k"')],
	['resolution', 480, noResolution('480')],
	['aspectRatio', '9:16', '9:16'],
	['aspectRatio', '9x16', '9:16'],
	['aspectRatio', '9 × 16', '9:16'],
	['aspectRatio', '9/16', '9:16'],
	['aspectRatio', '09:16', '9:16'],
	['aspectRatio', '09:16:00', '9:16'],
	['aspectRatio', '16:09:00', '16:9'],
	['aspectRatio', '04:03', '4:3'],
	['aspectRatio', '1 : 1', '1:1'],
	['aspectRatio', 'Portrait', '9:16'],
	['aspectRatio', 'vertical', '9:16'],
	['aspectRatio', 'landscape', '16:9'],
	['aspectRatio', 'horizontal', '16:9'],
	['aspectRatio', ' Square ', '1:1'],
	['aspectRatio', '', '16:9'],
	['aspectRatio', '2:1', noRatio('"2:1"')],
	['aspectRatio', '16:9:30', noRatio('"16:9:30"')],
	['aspectRatio', 'wide', noRatio('"wide"')],
])('%s %j', (name, value, expected) => {
	expect(result(() => PARAMETERS[name].field.read(value))).toEqual(expected);
});

test('a long text does not take long, in whichever field', () => {
	const began = performance.now();
	const texts = ['0', ' ', '1', '16:', '1:0', '-', '.'].map((part) => part.repeat(100_000));
	for (const { field } of Object.values(PARAMETERS)) {
		const read = 'url' in field ? field.url.read.bind(field.url) : field.read.bind(field);
		for (const text of texts) for (const end of ['', 'x']) result(() => read(text + end));
	}
	expect(performance.now() - began).toBeLessThan(3_000);
});

test.each<[unknown, unknown]>([
	[0, 0],
	['0', 0],
	[2147483647, 2147483647],
	['', undefined],
	[-1, "'Seed' must be a whole number from 0 to 2147483647, but is -1"],
	[2147483648, "'Seed' must be a whole number from 0 to 2147483647, but is 2147483648"],
])('Seed %j', (value, expected) => {
	expect(result(() => PARAMETERS.seed.field.read(value))).toEqual(expected);
});

test.each([
	['image', ['jpeg', 'jpg', 'png', 'webp']],
	['audio', ['flac', 'mp3', 'wav']],
] as const)('the formats of an %s', (name, extensions) => {
	const { formats } = PARAMETERS[name].field.spec;
	expect(formats.flatMap((format) => format.extensions).sort()).toEqual(extensions);
});

test("Runpod's limits of a payload", () => {
	expect(PAYLOAD_LIMITS.runsync.bytes).toBe(20 * 1024 ** 2);
	expect(PAYLOAD_LIMITS.run.bytes).toBe(10 * 1024 ** 2);
});

/** What a table in the docs has to say of a parameter. */
function facts({ field }: Parameter): string[] {
	if (field instanceof Integer) return [`${field.spec.minimum}–${field.spec.maximum}`];
	if (field instanceof Choice) return [...field.choices, field.spec.default].map(String);
	if (field instanceof Media) return field.spec.formatsInWords.split(/, | or /);
	return [];
}

describe.each(['docs/parameters.md', 'README.md'])('%s says of', (file) => {
	const lines = readFileSync(join(__dirname, '../../..', file), 'utf8').split('\n');

	test.each(PARAMETER_LIST)('%s what the table says', (name, parameter) => {
		const { field, apiName } = parameter;
		const isAbout = (line: string) => line.includes(field.label) || line.includes(`\`${name}\``);
		const line = lines.find(
			(candidate) =>
				isAbout(candidate) &&
				[apiName, ...facts(parameter)].every((part) => candidate.includes(part)),
		);
		expect(line).toBeDefined();
	});
});
