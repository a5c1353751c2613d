import type { INodeProperties } from 'n8n-workflow';
import { isJsonObject } from '../json';
import type { Field, Fields, ValuesOf } from './field';

/** A group of optional fields, of which the user adds the ones needed. */
export interface Collection {
	label: string;
	name: string;
	/** On the button that adds one. */
	addText: string;
}

/** The collection with these fields in n8n's form, in this order. */
export function collectionProperty(
	{ label, name, addText }: Collection,
	fields: ReadonlyArray<[name: string, field: Field<unknown>]>,
): INodeProperties {
	return {
		displayName: label,
		name,
		type: 'collection',
		placeholder: addText,
		default: {},
		options: fields.map(([fieldName, field]) => field.property(fieldName)),
	};
}

/**
 * @param value the collection as the user filled it in
 * @throws InvalidParameter
 */
export function readCollection<F extends Fields>(value: unknown, fields: F): ValuesOf<F> {
	const filled = isJsonObject(value) ? value : {};
	const values = Object.entries(fields).map(([name, field]) => [
		name,
		Object.hasOwn(filled, name) ? field.read(filled[name]) : field.readUnset(),
	]);
	// Each value was read by its own field, so the types match.
	return Object.fromEntries(values) as ValuesOf<F>;
}
