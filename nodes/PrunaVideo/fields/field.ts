import type { INodeProperties } from 'n8n-workflow';
import { isJsonObject } from '../json';

/** A field's value that cannot be used. `message` names the field by its label, `description` says what to do. */
export class InvalidParameter extends Error {
	override readonly name = 'InvalidParameter';

	constructor(
		message: string,
		readonly description: string,
	) {
		super(message);
	}
}

export interface Look {
	/** Also used in messages. Includes the unit: "Duration (Seconds)", "Max Cost per Item (USD)". */
	label: string;
	description?: string;
	placeholder?: string;
	hint?: string;
	builderHint?: INodeProperties['builderHint'];
}

/** A field of the form: how n8n shows it, and how its value is read, so that a label, range or default stands once. */
export interface Field<Value> {
	label: string;
	/** The field in n8n's form, under the name that workflows store it by. */
	property(name: string): INodeProperties;
	/** @throws InvalidParameter where the value does not fit */
	read(value: unknown): Value;
	/** The value of an optional field that is empty, or of one that the workflow does not have. */
	unset: Value;
}

/** What a kind of field adds to its look. */
export interface Kind<Value> {
	form: Pick<INodeProperties, 'type' | 'default'> &
		Partial<Pick<INodeProperties, 'typeOptions' | 'options' | 'required'>>;
	unset: Value;
	/** Whether an empty value is an error, and not `unset`. */
	isStrict?: boolean;
	/** Undefined where the value does not fit. */
	parse(value: unknown): Value | undefined;
	demand: string;
	advice?: string;
}

/**
 * Makes a field. What all fields accept is decided here, because expressions, sheets, forms and agents can put any
 * type into any field: an empty value (an empty cell, a missing column, an empty list) is the default, and a list of
 * one is its element.
 */
export function makeField<Value>(
	{ label, ...look }: Look,
	{ form, unset, isStrict, parse, demand, advice }: Kind<Value>,
): Field<Value> {
	return {
		label,
		unset,
		property: (name) => ({ displayName: label, name, ...form, ...look }),
		read(value) {
			const given = onlyOne(value);
			if (isEmpty(given) && !isStrict) return unset;
			const parsed = parse(given);
			if (parsed === undefined) throw mustBe(label, demand, given, advice);
			return parsed;
		},
	};
}

/** A list of one is its element, an empty list is empty. A longer list stays one, and no field takes it. */
export function onlyOne(value: unknown): unknown {
	return Array.isArray(value) && value.length < 2 ? value[0] : value;
}

export function isEmpty(value: unknown): boolean {
	return value === undefined || value === null || (typeof value === 'string' && isBlank(value));
}

/** Whether a text is invisible: only whitespace, control characters and zero-width characters such as U+200B. */
export function isBlank(text: string): boolean {
	return !/[^\s\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/u.test(text);
}

export function textFrom(value: unknown): string | undefined {
	if (typeof value === 'string') return value;
	return typeof value === 'number' && Number.isFinite(value) ? String(value) : undefined;
}

const LONGEST_SHOWN = 60;
/** The secret in the address of a Telegram bot's file. */
const BOT_TOKEN = /bot\d+:[\w-]*/gi;

/** The value as an error message shows it: short, on one line, its type recognizable. */
export function shown(value: unknown): string {
	if (value === undefined || value === null || value === '') return 'empty';
	if (typeof value === 'string') {
		const start = value.slice(0, 10 * LONGEST_SHOWN).replace(BOT_TOKEN, 'bot…');
		const line = start.replace(/\s+/g, ' ');
		return `"${line.length > LONGEST_SHOWN ? `${line.slice(0, LONGEST_SHOWN)}…` : line}"`;
	}
	if (Array.isArray(value)) return 'a list';
	if (typeof value === 'object') return 'an object';
	return typeof value === 'function' ? 'a function' : String(value);
}

const CHECK_EXPRESSION =
	'If the value comes from an expression, check what it evaluates to for this item.';

export function mustBe(
	label: string,
	demand: string,
	value: unknown,
	advice = CHECK_EXPRESSION,
): InvalidParameter {
	return new InvalidParameter(`'${label}' must ${demand}, but is ${shown(value)}`, advice);
}

/** Returns the value of a field for one item, or the fallback if the workflow has no such field. */
export type ParameterReader = (name: string, fallback: unknown) => unknown;

export type Fields = Readonly<Record<string, Field<unknown>>>;

export type ValuesOf<F extends Fields> = {
	[Name in keyof F]: F[Name] extends Field<infer Value> ? Value : never;
};

/** A collection, from which the user adds the fields that are needed, in n8n's form. */
export function collectionProperty(
	look: Pick<INodeProperties, 'displayName' | 'name' | 'placeholder'>,
	fields: Fields,
): INodeProperties {
	const options = Object.entries(fields).map(([name, field]) => field.property(name));
	return { ...look, type: 'collection', default: {}, options };
}

/** @param value the collection as the user filled it in @throws InvalidParameter */
export function readCollection<F extends Fields>(value: unknown, fields: F): ValuesOf<F> {
	const filled = isJsonObject(value) ? value : {};
	const values = Object.entries(fields).map(([name, field]) => [
		name,
		Object.hasOwn(filled, name) ? field.read(filled[name]) : field.unset,
	]);
	// Each value was read by its own field, so the types match.
	return Object.fromEntries(values) as ValuesOf<F>;
}
