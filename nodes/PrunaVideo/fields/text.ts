/** Kinds of fields that hold text. */
import { isHttpUrl, LONGEST_URL } from '../httpUrl';
import { InvalidParameter, isBlank, makeField, textFrom, type Field, type Look } from './field';

/** Text that may be empty. A number is converted to text. */
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

/** An address that Runpod can call: http or https. */
export function addressField(look: Look): Field<string | undefined> {
	return makeField<string | undefined>(look, {
		form: { type: 'string', default: '' },
		unset: undefined,
		demand: 'be a URL that starts with http:// or https://',
		parse: (value) => httpUrlFrom(value, look.label),
	});
}

/**
 * A whole http(s) URL, its spaces encoded as every client does; undefined for anything else.
 * @throws InvalidParameter for one that is longer than any server accepts
 */
export function httpUrlFrom(value: unknown, label: string): string | undefined {
	const text = typeof value === 'string' ? value.trim() : '';
	if (/^https?:\/\//i.test(text) && text.length > LONGEST_URL) {
		throw new InvalidParameter(
			`'${label}' is longer than ${LONGEST_URL} characters`,
			'Use a shorter URL, or give the file itself.',
		);
	}
	const url = text.replace(/ /g, '%20');
	return isHttpUrl(url) && !/\s/.test(url) ? url : undefined;
}
