import type { INodeProperties } from 'n8n-workflow';
import {
	isPlain,
	PARAMETER_LIST,
	type MediaParameter,
	type Parameter,
	type PlainParameter,
	type TextParameter,
} from '../../pvideo/parameters';

type Show = Record<string, string[]>;

/** Where the fields of a video are shown. */
const SUBMITTING: Show = { resource: ['video', 'job'], operation: ['generate', 'submit'] };
const PRICING: Show = {
	resource: ['video', 'job'],
	operation: ['generate', 'submit', 'estimateCost'],
};

/** A field of a media source: none, an address or a file. */
export const SOURCES = ['none', 'url', 'binary'] as const;

function shownFor({ isPriced }: Parameter): Show {
	return isPriced ? PRICING : SUBMITTING;
}

function textField(name: string, parameter: TextParameter): INodeProperties {
	const { label, description, placeholder } = parameter;
	return {
		displayName: label,
		name,
		type: 'string',
		typeOptions: { rows: 4 },
		required: true,
		default: '',
		placeholder,
		description,
		displayOptions: { show: shownFor(parameter) },
	};
}

/** The three fields of one media: where it comes from, then its address or the file's binary field. */
function mediaFields(name: string, parameter: MediaParameter): INodeProperties[] {
	const { label, description, placeholder, without, effect, formats } = parameter;
	const inWords = label.toLowerCase();
	const ending = effect === undefined ? '' : `. ${effect}`;
	return [
		{
			displayName: `${label} Source`,
			name: `${name}Source`,
			type: 'options',
			options: [
				{ name: 'None', value: 'none', description: without },
				{
					name: 'URL',
					value: 'url',
					description: `An ${inWords} file at an address that Runpod can fetch`,
				},
				{ name: 'Binary File', value: 'binary', description: 'A file of the input item' },
			],
			default: 'none',
			description,
			displayOptions: { show: shownFor(parameter) },
		},
		{
			displayName: `${label} URL`,
			name: `${name}Url`,
			type: 'string',
			required: true,
			default: '',
			placeholder,
			description: `Address of the ${inWords} (${formats}), or a data URI${ending}`,
			displayOptions: { show: { ...SUBMITTING, [`${name}Source`]: ['url'] } },
		},
		{
			displayName: `${label} Field`,
			name: `${name}BinaryField`,
			type: 'string',
			required: true,
			default: 'data',
			placeholder: 'e.g. data',
			description: `Name of the input item's binary field with the ${inWords} (${formats})${ending}`,
			displayOptions: { show: { ...SUBMITTING, [`${name}Source`]: ['binary'] } },
		},
	];
}

const BOOLEAN = { type: 'boolean' } as const;

/** A field as it stands in a collection. */
function plainField(name: string, parameter: PlainParameter): INodeProperties {
	const { label: displayName, description } = parameter;
	switch (parameter.kind) {
		case 'integer': {
			const { minimum, maximum, default: usual = minimum } = parameter;
			return {
				displayName,
				name,
				type: 'number',
				typeOptions: { minValue: minimum, maxValue: maximum, numberPrecision: 0 },
				default: usual,
				description,
			};
		}
		case 'choice': {
			const { choices, nameOf = String, default: usual } = parameter;
			const options = choices.map((value) => ({ name: nameOf(value), value }));
			return { displayName, name, type: 'options', options, default: usual, description };
		}
		case 'flag':
			return { displayName, name, ...BOOLEAN, default: parameter.default, description };
	}
}

function fieldsOf(name: string, parameter: Parameter): INodeProperties[] {
	if (parameter.kind === 'text') return [textField(name, parameter)];
	if (parameter.kind === 'media') return mediaFields(name, parameter);
	if (parameter.isAdditional) return [];
	const show = {
		...shownFor(parameter),
		...(parameter.ignoredWith && { [`${parameter.ignoredWith}Source`]: ['none'] }),
	};
	return [{ ...plainField(name, parameter), displayOptions: { show } }];
}

/** Everything that says what the video is, in the order of the form. */
export const videoFields: INodeProperties[] = PARAMETER_LIST.flatMap(([name, parameter]) =>
	fieldsOf(name, parameter),
);

const additionalInputField: INodeProperties = {
	displayName: 'Additional Input (JSON)',
	name: 'additionalInput',
	type: 'json',
	default: '{}',
	placeholder: 'e.g. { "new_parameter": true }',
	description:
		'A JSON object that is merged into the request last, so that a parameter works as soon as Runpod has it',
};

export const ADDITIONAL_INPUT_LABEL = 'Additional Input';

function additionalFields(show: Show, isWanted: (parameter: Parameter) => boolean) {
	const plain = PARAMETER_LIST.flatMap(([name, parameter]) =>
		isPlain(parameter) && parameter.isAdditional && isWanted(parameter)
			? [plainField(name, parameter)]
			: [],
	);
	return {
		displayName: 'Additional Fields',
		name: 'additionalFields',
		type: 'collection',
		placeholder: 'Add Field',
		default: {},
		displayOptions: { show },
		options: [additionalInputField, ...plain],
	} satisfies INodeProperties;
}

/** What few need: for all that submit, and for the price the part that can change it. */
export const additionalVideoFields: INodeProperties[] = [
	additionalFields(SUBMITTING, () => true),
	additionalFields(
		{ resource: ['video'], operation: ['estimateCost'] },
		({ isPriced }) => isPriced === true,
	),
];
