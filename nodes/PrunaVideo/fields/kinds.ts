import type { INodePropertyOptions } from 'n8n-workflow';
import { isJsonObject, parseJson, type JsonObject } from '../json';
import { InvalidParameter, isBlank, makeField, textFrom, type Field, type Look } from './field';

export function textField(look: Look): Field<string> {
	return makeField(look, {
		form: { type: 'string', default: '' },
		unset: '',
		parse: textFrom,
		demand: 'be text',
	});
}

/** Halves of surrogate pairs, as `slice()` leaves them of an emoji, and NUL: JSON parsers behind Runpod may refuse them. */
const NOT_WELL_FORMED =
	/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]|\0/g;

/** Text that describes something, in several rows. What an expression left in it by mistake is refused. */
export function promptField(look: Look & { demand: string }): Field<string> {
	const { demand, ...shownLook } = look;
	return makeField(shownLook, {
		form: { type: 'string', typeOptions: { rows: 4 }, required: true, default: '' },
		unset: '',
		isStrict: true,
		demand,
		parse(value) {
			const text = textFrom(value)?.replace(NOT_WELL_FORMED, '');
			if (text === undefined || isBlank(text)) return undefined;
			if (text.includes('[object Object]')) {
				throw new InvalidParameter(
					`'${look.label}' must be text, but an expression in it returned an object`,
					'Name the field of the object in the expression, such as {{ $json.scene.title }}, or write {{ JSON.stringify($json.scene) }}.',
				);
			}
			const start = text.indexOf('{{');
			if (start !== -1 && text.includes('}}', start)) {
				throw new InvalidParameter(
					`'${look.label}' contains an expression that was not evaluated`,
					'Switch the field from Fixed to Expression, or take the double braces out of the text.',
				);
			}
			return text;
		},
	});
}

interface NameSpec extends Look {
	/** The initial value, also used if the field is left empty; without one, the field must be filled in. */
	default?: string;
	demand: string;
	isValid: (name: string) => boolean;
	advice?: string;
}

/** The name or ID of something; surrounding spaces are removed. */
export function nameField(spec: NameSpec): Field<string> {
	const { default: usual, demand, isValid, advice, ...look } = spec;
	const isRequired = usual === undefined;
	return makeField(look, {
		form: { type: 'string', default: usual ?? '', ...(isRequired && { required: true }) },
		unset: usual ?? '',
		isStrict: isRequired,
		demand,
		advice,
		parse(value) {
			const name = textFrom(value)?.trim();
			return name !== undefined && name !== '' && isValid(name) ? name : undefined;
		},
	});
}

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
		form: { type: 'number', typeOptions: { minValue: 0, numberPrecision: 2 }, default: suggestion },
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

export function choicesField<const Value extends string>({
	options,
	...look
}: ChoiceSpec<Value>): Field<Value[]> {
	const all = options.map(({ value }) => value);
	const form = { options: options.map((option): INodePropertyOptions => ({ ...option })) };
	return makeField<Value[]>(look, {
		form: { type: 'multiOptions', required: true, ...form, default: [...all] },
		unset: all,
		isStrict: true,
		demand: `be one or more of ${all.join(', ')}`,
		advice: 'Choose at least one.',
		parse(value) {
			const names: unknown[] = Array.isArray(value) ? value : [value];
			const chosen = all.filter((choice) => names.includes(choice));
			return chosen.length > 0 && chosen.length === new Set(names).size ? chosen : undefined;
		},
	});
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
