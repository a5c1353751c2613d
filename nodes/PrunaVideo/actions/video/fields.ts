import type { INodeProperties } from 'n8n-workflow';
import { collectionProperty, readCollection, type Collection } from '../../fields/collection';
import type { Field, ParameterReader } from '../../fields/field';
import { Json } from '../../fields/json';
import { isJsonObject, type JsonObject } from '../../json';
import {
	isMediaParameter,
	PARAMETER_LIST,
	type MediaParameter,
	type PlainParameter,
} from '../../pvideo/parameters';

const additionalInput = new Json({
	label: 'Additional Input (JSON)',
	placeholder: 'e.g. { "new_parameter": true }',
	description:
		'A JSON object that is merged into the request last, so that new Runpod parameters work right away. A value of null removes a parameter from the request.',
});

export const ADDITIONAL_INPUT_LABEL = additionalInput.label;

const COLLECTION: Collection = {
	label: 'Additional Fields',
	name: 'additionalFields',
	addText: 'Add Field',
};

/** The fields that describe a video. */
interface VideoFields {
	main: INodeProperties[];
	/** Fields that are rarely needed, as a collection. */
	additional: INodeProperties;
}

/** Every field that a request can have. */
export const videoFields: VideoFields = {
	main: PARAMETER_LIST.flatMap(([name, parameter]) =>
		isMediaParameter(parameter) ? mediaFields(name, parameter) : plainFields(name, parameter),
	),
	additional: additionalFields(() => true),
};

/**
 * The fields that the price depends on. There is none for an audio URL, because the length of that audio is unknown.
 */
export const pricedFields: VideoFields = {
	main: PARAMETER_LIST.filter(([, { isPriced }]) => isPriced).flatMap(([name, parameter]) =>
		isMediaParameter(parameter)
			? [parameter.field.sourceProperty(name), parameter.field.fileProperty(name)]
			: plainFields(name, parameter),
	),
	additional: additionalFields(({ isPriced }) => isPriced === true),
};

function mediaFields(name: string, { field }: MediaParameter): INodeProperties[] {
	return [field.sourceProperty(name), field.urlProperty(name), field.fileProperty(name)];
}

function plainFields(
	name: string,
	{ field, isAdditional, ignoredWith }: PlainParameter,
): INodeProperties[] {
	if (isAdditional) return [];
	const property = field.property(name);
	if (ignoredWith === undefined) return [property];
	return [{ ...property, displayOptions: { show: { [`${ignoredWith}Source`]: ['none'] } } }];
}

function additionalFields(isWanted: (parameter: PlainParameter) => boolean): INodeProperties {
	const parameters = PARAMETER_LIST.flatMap(
		([name, parameter]): Array<[string, Field<unknown>]> =>
			!isMediaParameter(parameter) && parameter.isAdditional && isWanted(parameter)
				? [[name, parameter.field]]
				: [],
	);
	return collectionProperty(COLLECTION, [['additionalInput', additionalInput], ...parameters]);
}

export interface AdditionalFields {
	/** The collection as the user filled it in. */
	values: JsonObject;
	additionalInput: JsonObject;
}

/**
 * @throws InvalidParameter
 */
export function readAdditionalFields(read: ParameterReader): AdditionalFields {
	const collection = read(COLLECTION.name, {});
	return {
		values: isJsonObject(collection) ? collection : {},
		...readCollection(collection, { additionalInput }),
	};
}
