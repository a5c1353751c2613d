import type { INodeProperties } from 'n8n-workflow';
import { collectionProperty } from '../../fields/field';
import { jsonField } from '../../fields/kinds';
import { LABELS } from '../../labels';
import { MEDIA, PARAMETER_LIST, type Parameter } from '../../pvideo/parameters';

export const additionalInput = jsonField({
	label: `${LABELS.additionalInput} (JSON)`,
	placeholder: 'e.g. { "new_parameter": true }',
	description:
		'A JSON object that is merged into the request last, so that new Runpod parameters work right away. A value of null removes a parameter from the request.',
});

const COLLECTION = {
	displayName: 'Additional Fields',
	name: 'additionalFields',
	placeholder: 'Add Field',
};

interface VideoFields {
	main: INodeProperties[];
	additional: INodeProperties;
}

export const videoFields: VideoFields = {
	main: [
		...mainFields(({ apiName }) => apiName === 'prompt'),
		MEDIA.image.property('image'),
		MEDIA.audio.property('audio'),
		...mainFields(({ apiName }) => apiName !== 'prompt'),
	],
	additional: collectionProperty(COLLECTION, {
		...Object.fromEntries(
			PARAMETER_LIST.filter(([, { isAdditional }]) => isAdditional).map(([name, { field }]) => [
				name,
				field,
			]),
		),
		additionalInput,
	}),
};

export const pricedFields: VideoFields = {
	main: [MEDIA.audio.property('audio'), ...mainFields(({ isPriced }) => isPriced === true)],
	additional: collectionProperty(COLLECTION, { additionalInput }),
};

function mainFields(isWanted: (parameter: Parameter) => boolean): INodeProperties[] {
	return PARAMETER_LIST.filter(
		([, parameter]) => !parameter.isAdditional && isWanted(parameter),
	).map(([name, { field }]) => field.property(name));
}
