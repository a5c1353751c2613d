/** The table of parameters against Runpod's page "Pruna Video", section "Request", and the docs against the table. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MEDIA, PARAMETER_LIST, PAYLOAD_LIMITS } from '../../../nodes/PrunaVideo/pvideo/parameters';

const RATIOS = ['16:9', '9:16', '4:3', '3:4', '3:2', '2:3', '1:1'];

test("every parameter of Runpod's page and no other, with what the page says about it", () => {
	const table = PARAMETER_LIST.map(([name, { apiName, field, ignoredWith = null }]) => {
		const { typeOptions, options = [] } = field.property(name);
		const range = [typeOptions?.minValue, typeOptions?.maxValue].filter((end) => end !== undefined);
		const values = options.map((option) => 'value' in option && option.value);
		return [apiName, field.unset, ignoredWith, [...range, ...values]];
	});
	expect(table).toEqual([
		['prompt', '', null, []],
		['duration', 5, 'audio', [1, 10]],
		['resolution', '720p', null, ['720p', '1080p']],
		['draft', false, null, []],
		['aspect_ratio', '16:9', 'image', RATIOS],
		['seed', undefined, null, [0, 2147483647]],
		['fps', 24, null, [24, 48]],
		['save_audio', true, null, []],
		['prompt_upsampling', true, null, []],
	]);
	expect(Object.keys(MEDIA)).toEqual(['image', 'audio']);
	expect(PAYLOAD_LIMITS.runsync.bytes).toBe(20 * 1024 ** 2);
	expect(PAYLOAD_LIMITS.run.bytes).toBe(10 * 1024 ** 2);
});

/** What a table in the docs has to say of each parameter, beside its label or the name of its field. */
const FACTS: Array<[label: string, name: string, facts: string[]]> = [
	...PARAMETER_LIST.map(([name, { apiName, field }]): [string, string, string[]] => {
		const { typeOptions, options = [], default: usual } = field.property(name);
		const { minValue, maxValue } = typeOptions ?? {};
		const range = maxValue === undefined ? [] : [`${minValue}–${maxValue}`];
		const values = options.map((option) => ('value' in option ? String(option.value) : ''));
		return [
			field.label,
			name,
			[apiName, ...range, ...values, ...(values[0] ? [String(usual)] : [])],
		];
	}),
	['Image', 'image', ['image', 'jpg', 'png', 'webp']],
	['Audio', 'audio', ['audio', 'flac', 'mp3', 'wav']],
];

const linesOf = (file: string) =>
	readFileSync(join(__dirname, '../../..', file), 'utf8').split('\n');
const DOCS = linesOf('docs/parameters.md');
const README = linesOf('README.md').join('\n');

test.each(FACTS)(
	'docs/parameters.md says of %s what the table says; the README names it',
	(...row) => {
		const [label, name, facts] = row;
		const isAbout = (line: string) => line.includes(label) || line.includes(`\`${name}\``);
		const told = DOCS.filter((line) => isAbout(line) && facts.every((fact) => line.includes(fact)));
		expect(told).not.toEqual([]);
		expect(README).toContain(label.replace(' (Seconds)', ''));
	},
);
