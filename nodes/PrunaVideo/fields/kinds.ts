/** Kinds of fields: numbers, switches, choices and JSON. Texts are in `text.ts`. */
import type { INodePropertyOptions } from 'n8n-workflow';
import { isJsonObject, parseJson, type JsonObject } from '../json';
import { makeField, mustBe, textFrom, type Field, type Look } from './field';

/** A whole number within a range. */
export function wholeNumberField<Usual extends number | undefined>({
	minimum,
	maximum,
	default: usual,
	...look
}: Look & { minimum: number; maximum: number; default: Usual }): Field<number | Usual> {
	return makeField<number | Usual>(look, {
		form: {
			type: 'number',
			typeOptions: { minValue: minimum, maxValue: maximum, numberPrecision: 0 },
			default: usual ?? minimum,
		},
		unset: usual,
		demand: `be a whole number from ${minimum} to ${maximum}`,
		parse(value) {
			const number = numberFrom(value);
			const isWithin = Number.isInteger(number) && number >= minimum && number <= maximum;
			return isWithin ? number : undefined;
		},
	});
}

/**
 * An option with an amount of US dollars, zero or more. Unlike in other fields, an empty value is an error: a limit
 * whose expression returns nothing must not count as "no limit".
 */
export function amountField({
	suggestion,
	...look
}: Look & { suggestion: number }): Field<number | undefined> {
	return makeField<number | undefined>(look, {
		form: {
			type: 'number',
			typeOptions: { minValue: 0, numberPrecision: 2 },
			default: suggestion,
		},
		unset: undefined,
		isStrict: true,
		demand: 'be an amount in US dollars',
		advice: 'Use a number such as 0.5, or remove the option for no limit.',
		parse: (value) => (numberFrom(value) >= 0 ? numberFrom(value) : undefined),
	});
}

/** NaN for anything but a number, which may be text, with a point or a comma. "1,000" could be either, so it is none. */
function numberFrom(value: unknown): number {
	if (typeof value === 'string' && value.length < 40) {
		const text = value.trim();
		const isNumber = /^[-+]?\d+([.,]\d+)?$/.test(text) && !/,\d{3}$/.test(text);
		return isNumber ? Number(text.replace(',', '.')) : NaN;
	}
	return typeof value === 'number' && Number.isFinite(value) ? value : NaN;
}

const WORDS = new Map<string, boolean>([
	...['true', '1', 'yes', 'on'].map((word): [string, boolean] => [word, true]),
	...['false', '0', 'no', 'off'].map((word): [string, boolean] => [word, false]),
]);

/** On or off; also in the words and digits that sheets and forms return. */
export function flagField({
	default: usual,
	...look
}: Look & { default: boolean }): Field<boolean> {
	return makeField(look, {
		form: { type: 'boolean', default: usual },
		unset: usual,
		demand: 'be true or false',
		parse: (value) =>
			typeof value === 'boolean' ? value : WORDS.get(textFrom(value)?.trim().toLowerCase() ?? ''),
	});
}

export interface Option<Value extends string | number> {
	value: Value;
	name: string;
	description?: string;
	/** What n8n's nodes panel calls an operation or a trigger's event. */
	action?: string;
}

interface ChoiceSpec<Value extends string | number> extends Look {
	options: ReadonlyArray<Option<Value>>;
}

/** One of several values, or the label that the list shows for it, in any case. */
export function choiceField<const Value extends string | number>({
	options,
	default: usual,
	...look
}: ChoiceSpec<Value> & { default: NoInfer<Value> }): Field<Value> {
	return makeField<Value>(look, {
		form: {
			type: 'options',
			options: options.map((option): INodePropertyOptions => ({ ...option })),
			default: usual,
		},
		unset: usual,
		demand: `be one of ${options.map(({ value }) => value).join(', ')}`,
		parse(value) {
			const wanted = textFrom(value)?.trim().toLowerCase();
			if (wanted === undefined) return undefined;
			// "9x16" and "9/16" are ratios.
			const ratio = wanted.replace(/^(\d{1,4}) ?[x×/] ?(\d{1,4})/, '$1:$2');
			const found = options.find(({ value: known, name }) =>
				[String(known), name].some((word) => [wanted, ratio].includes(word.toLowerCase())),
			);
			return found?.value;
		},
	});
}

/** At least one of several values; by default all of them. */
export function choicesField<const Value extends string>({
	options,
	...look
}: ChoiceSpec<Value>): Field<Value[]> {
	const all = options.map(({ value }) => value);
	return {
		label: look.label,
		unset: all,
		property: (name) => ({
			displayName: look.label,
			name,
			type: 'multiOptions',
			required: true,
			options: options.map((option): INodePropertyOptions => ({ ...option })),
			default: [...all],
			description: look.description,
		}),
		read(value) {
			const names: unknown[] = Array.isArray(value) ? value : [];
			const chosen = all.filter((choice) => names.includes(choice));
			if (chosen.length > 0 && chosen.length === new Set(names).size) return chosen;
			const demand = `be one or more of ${all.join(', ')}`;
			throw mustBe(look.label, demand, value, 'Choose at least one.');
		},
	};
}

/** More than any API needs, and still serialized without overflowing the stack. */
const DEEPEST = 100;

/** A JSON object, from text or from an expression's object; empty at first. */
export function jsonField(look: Look): Field<JsonObject> {
	return makeField<JsonObject>(look, {
		form: { type: 'json', default: '{}' },
		unset: {},
		demand: `be a JSON object, at most ${DEEPEST} levels deep`,
		advice: 'Write it like {"name": "value"}, with double quotes around names and strings.',
		parse(value) {
			const parsed = plainJson(value);
			return isJsonObject(parsed) && isWithin(parsed, DEEPEST) ? parsed : undefined;
		},
	});
}

/** `value` as plain JSON data, whatever classes or getters it has; undefined if it is not JSON or has cycles. */
function plainJson(value: unknown): unknown {
	try {
		return parseJson(typeof value === 'string' ? value : JSON.stringify(value));
	} catch {
		return undefined;
	}
}

function isWithin(value: unknown, levels: number): boolean {
	if (typeof value !== 'object' || value === null) return true;
	return levels > 0 && Object.values(value).every((part) => isWithin(part, levels - 1));
}
