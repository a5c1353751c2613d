/** The table of parameters against Runpod's page "Pruna Video", section "Request". */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
	PARAMETER_LIST,
	PARAMETERS,
	PAYLOAD_LIMITS,
} from '../../../nodes/PrunaVideo/pvideo/parameters';

test('every parameter of the page, no other, and what the page says of it', () => {
	expect(PARAMETERS).toMatchObject({
		prompt: { apiName: 'prompt' },
		image: { apiName: 'image' },
		audio: { apiName: 'audio' },
		duration: { apiName: 'duration', minimum: 1, maximum: 10, default: 5, ignoredWith: 'audio' },
		resolution: { apiName: 'resolution', choices: ['720p', '1080p'], default: '720p' },
		fps: { apiName: 'fps', choices: [24, 48], default: 24 },
		aspectRatio: {
			apiName: 'aspect_ratio',
			choices: ['16:9', '9:16', '4:3', '3:4', '3:2', '2:3', '1:1'],
			default: '16:9',
			ignoredWith: 'image',
		},
		seed: { apiName: 'seed', minimum: 0, maximum: 2147483647 },
		draft: { apiName: 'draft', default: false },
		saveAudio: { apiName: 'save_audio', default: true },
		promptUpsampling: { apiName: 'prompt_upsampling', default: true },
	});
	expect(Object.keys(PARAMETERS)).toHaveLength(11);
	expect(PARAMETERS.seed).not.toHaveProperty('default');
});

test.each([
	['image', ['jpeg', 'jpg', 'png', 'webp']],
	['audio', ['flac', 'mp3', 'wav']],
] as const)('the formats of an %s', (name, extensions) => {
	expect(Object.keys(PARAMETERS[name].extensions).sort()).toEqual(extensions);
});

test("Runpod's limits of a payload", () => {
	expect(PAYLOAD_LIMITS.runsync.bytes).toBe(20 * 1024 ** 2);
	expect(PAYLOAD_LIMITS.run.bytes).toBe(10 * 1024 ** 2);
});

describe.each(['docs/parameters.md', 'README.md'])('%s says of', (file) => {
	const lines = readFileSync(join(__dirname, '../../..', file), 'utf8').split('\n');

	test.each(PARAMETER_LIST)('%s what the table says', (name, parameter) => {
		const { label, apiName } = parameter;
		const wanted =
			parameter.kind === 'integer'
				? [`${parameter.minimum}–${parameter.maximum}`]
				: parameter.kind === 'choice'
					? parameter.choices.map(String)
					: parameter.kind === 'media'
						? parameter.formats.split(/, | or /)
						: [];
		const isAbout = (line: string) => line.includes(label) || line.includes(`\`${name}\``);
		const line = lines.find(
			(candidate) =>
				isAbout(candidate) && [apiName, ...wanted].every((part) => candidate.includes(part)),
		);
		expect(line).toBeDefined();
		if (parameter.kind === 'choice') expect(line).toContain(String(parameter.default));
	});
});
