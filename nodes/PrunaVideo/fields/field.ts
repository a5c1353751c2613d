/**
 * The kinds of fields that both nodes use. A kind defines how a field looks in n8n's form and how its value is read
 * and checked, so that a label, a range or a default is written only once.
 *
 * Expressions, sheets and forms can put any type into any field, so `read` takes `unknown`. An empty value (an empty
 * cell, a missing column) of an optional field means its default.
 */
import type { INodeProperties } from 'n8n-workflow';

/** What n8n shows of a field. */
export interface Look {
	/** Also used in messages. Includes the unit: "Duration (Seconds)", "Max Cost per Item (USD)". */
	label: string;
	description?: string;
	placeholder?: string;
	hint?: string;
}

/** What a kind adds to the look: n8n's field type and the initial value. */
export type Form = Pick<INodeProperties, 'type' | 'default'> &
	Partial<Pick<INodeProperties, 'typeOptions' | 'options' | 'required'>>;

export abstract class Field<Value> {
	private initial?: unknown;

	constructor(private readonly look: Look) {}

	/** For every error about the field. */
	get label(): string {
		return this.look.label;
	}

	/** The field in n8n's form, under the name that workflows store it by. */
	property(name: string): INodeProperties {
		const { label, description, placeholder, hint } = this.look;
		return {
			displayName: label,
			name,
			...this.form(),
			...(placeholder !== undefined && { placeholder }),
			...(description !== undefined && { description }),
			...(hint !== undefined && { hint }),
		};
	}

	protected abstract form(): Form;

	/**
	 * @throws InvalidParameter where the value does not fit
	 */
	abstract read(value: unknown): Value;

	/** The value of an option that was not added. */
	readUnset(): Value {
		return this.read(undefined);
	}

	/**
	 * The value of a field outside a collection. n8n does not save hidden fields: a field that is missing from the
	 * workflow has its initial value.
	 *
	 * @throws InvalidParameter
	 */
	readFrom(read: ParameterReader, name: string): Value {
		// Made once: this is read for every item.
		this.initial ??= this.form().default;
		return this.read(read(name, this.initial));
	}
}

/** Returns the value of a field for one item, or the fallback if the workflow has no such field. */
export type ParameterReader = (name: string, fallback: unknown) => unknown;

/** By the names that workflows store them by. */
export type Fields = Readonly<Record<string, Field<unknown>>>;

/** The values that reading the fields returns. */
export type ValuesOf<F extends Fields> = {
	[Name in keyof F]: F[Name] extends Field<infer Value> ? Value : never;
};

/** Whether the user left a field empty. */
export function isEmpty(value: unknown): boolean {
	return value === undefined || value === null || (typeof value === 'string' && isBlank(value));
}

/** Whether a text is invisible: only whitespace, control characters and zero-width characters such as U+200B. */
export function isBlank(text: string): boolean {
	return !/[^\s\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/u.test(text);
}
