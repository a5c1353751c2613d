import { InvalidParameter } from '../invalidParameter';
import { isJsonObject, ownValue, type JsonObject } from '../json';
import type {
	ChoiceParameter,
	FlagParameter,
	IntegerParameter,
	MediaParameter,
	PlainParameter,
} from './parameters';

const LONGEST_SHOWN = 60;

/** The value as an error message shows it: short, on one line, its type recognisable. */
export function shown(value: unknown): string {
	if (value === undefined || value === null || value === '') return 'empty';
	if (typeof value === 'string') {
		const line = value.replace(/\s+/g, ' ');
		return `"${line.length > LONGEST_SHOWN ? `${line.slice(0, LONGEST_SHOWN)}…` : line}"`;
	}
	if (Array.isArray(value)) return 'a list';
	if (typeof value === 'object') return 'an object';
	return String(value);
}

const EXPRESSION_ADVICE =
	'If the value comes from an expression, look at what it gives for this item.';

/**
 * A whole number from `minimum` to `maximum`; a string that spells one counts, since expressions give strings.
 *
 * @throws InvalidParameter for anything else
 */
export function checkInteger(
	value: unknown,
	{ label, minimum, maximum }: Pick<IntegerParameter, 'label' | 'minimum' | 'maximum'>,
): number {
	const number = numberFrom(value);
	if (number === undefined || !Number.isInteger(number) || number < minimum || number > maximum) {
		throw new InvalidParameter(
			`'${label}' must be a whole number from ${minimum} to ${maximum}, but is ${shown(value)}`,
			EXPRESSION_ADVICE,
		);
	}
	return number;
}

/**
 * An amount of US dollars, zero or more. Nothing is no amount: a limit whose expression gives nothing must not be taken
 * for no limit.
 *
 * @throws InvalidParameter for anything else
 */
export function checkAmount(value: unknown, label: string): number {
	const amount = numberFrom(value);
	if (amount === undefined || amount < 0) {
		throw new InvalidParameter(
			`'${label}' must be an amount in US dollars, but is ${shown(value)}`,
			'Use a number such as 0.5, or remove the option for no limit.',
		);
	}
	return amount;
}

function numberFrom(value: unknown): number | undefined {
	const number =
		typeof value === 'string' && /^\s*[-+]?\d+(\.\d+)?\s*$/.test(value) ? Number(value) : value;
	return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

/**
 * One of the choices; case, spaces around it and the type of a number do not matter.
 *
 * @throws InvalidParameter for anything else
 */
export function checkChoice<Value extends string | number>(
	value: unknown,
	{ label, choices }: Pick<ChoiceParameter<Value>, 'label' | 'choices'>,
): Value {
	const wanted =
		typeof value === 'string' || typeof value === 'number'
			? String(value).trim().toLowerCase()
			: undefined;
	const choice = choices.find((candidate) => String(candidate).toLowerCase() === wanted);
	if (choice === undefined) {
		throw new InvalidParameter(
			`'${label}' must be one of ${choices.join(', ')}, but is ${shown(value)}`,
			EXPRESSION_ADVICE,
		);
	}
	return choice;
}

const FLAGS = new Map<string, boolean>([
	['true', true],
	['1', true],
	['false', false],
	['0', false],
]);

/**
 * True or false; the words and the digits count, since sheets and forms give those.
 *
 * @throws InvalidParameter for anything else
 */
export function checkFlag(value: unknown, { label }: Pick<FlagParameter, 'label'>): boolean {
	if (typeof value === 'boolean') return value;
	const flag =
		typeof value === 'string' || typeof value === 'number'
			? FLAGS.get(String(value).trim().toLowerCase())
			: undefined;
	if (flag === undefined) {
		throw new InvalidParameter(
			`'${label}' must be true or false, but is ${shown(value)}`,
			EXPRESSION_ADVICE,
		);
	}
	return flag;
}

/**
 * The value of a parameter that stands in one field, by the parameter's kind.
 *
 * @throws InvalidParameter where it does not fit
 */
export function checkPlain(value: unknown, parameter: PlainParameter): string | number | boolean {
	switch (parameter.kind) {
		case 'integer':
			return checkInteger(value, parameter);
		case 'choice':
			return checkChoice(value, parameter);
		case 'flag':
			return checkFlag(value, parameter);
	}
}

/**
 * A prompt as it is sent: just as the user wrote it, but never blank. A number counts as its digits.
 *
 * @throws InvalidParameter for blank text and other types
 */
export function checkPrompt(value: unknown, { label }: { label: string }): string {
	const text = typeof value === 'number' ? String(value) : value;
	if (typeof text !== 'string' || text.trim() === '') {
		throw new InvalidParameter(
			`'${label}' must say what the video should show, but is ${shown(typeof text === 'string' ? '' : text)}`,
			EXPRESSION_ADVICE,
		);
	}
	return text;
}

/**
 * An address that Runpod can fetch: http or https.
 *
 * @throws InvalidParameter for anything else
 */
export function checkHttpUrl(value: unknown, label: string): string {
	const url = typeof value === 'string' ? value.trim() : '';
	if (!isHttpUrl(url)) {
		throw new InvalidParameter(
			`'${label}' must be an address that starts with http:// or https://, but is ${shown(value)}`,
			EXPRESSION_ADVICE,
		);
	}
	if (/\s/.test(url)) {
		throw new InvalidParameter(
			`'${label}' must not have spaces or line breaks in it, but is ${shown(value)}`,
			'Write a space in an address as %20.',
		);
	}
	return url;
}

/** Whether `value` is a whole http or https URL. */
export function isHttpUrl(value: unknown): value is string {
	if (typeof value !== 'string' || !/^https?:\/\/[^/]/i.test(value)) return false;
	try {
		new URL(value);
		return true;
	} catch {
		return false;
	}
}

const DATA_URI_HEAD = /^data:([a-z0-9.+-]+\/[a-z0-9.+-]+);base64,/i;

/** The MIME type of a base64 data URI; undefined where it is none. Looks at 20 MB without a regular expression that backtracks. */
function dataUriType(url: string): string | undefined {
	const [head, mimeType] = DATA_URI_HEAD.exec(url.slice(0, 200)) ?? [];
	if (head === undefined || mimeType === undefined) return undefined;
	const padding = url.endsWith('==') ? 2 : url.endsWith('=') ? 1 : 0;
	const content = url.slice(head.length, url.length - padding);
	const isWhole = content !== '' && (content.length + padding) % 4 === 0;
	return isWhole && !/[^a-z0-9+/]/i.test(content) ? mimeType.toLowerCase() : undefined;
}

/**
 * Where an image or audio comes from: an http(s) address, or a data URI of a type that the model takes.
 *
 * @throws InvalidParameter for anything else
 */
export function checkMediaUrl(value: unknown, parameter: MediaParameter, label: string): string {
	const url = typeof value === 'string' ? value.trim() : '';
	if (!/^data:/i.test(url)) return checkHttpUrl(value, label);
	const mimeType = dataUriType(url);
	if (mimeType === undefined) {
		throw new InvalidParameter(
			`'${label}' is not a base64 data URI`,
			'A data URI looks like data:image/png;base64,iVBORw0… and has no spaces.',
		);
	}
	if (ownValue(parameter.mimeTypes, mimeType) === undefined) {
		throw new InvalidParameter(
			`'${label}': '${mimeType}' is not supported`,
			`Use ${parameter.formats}.`,
		);
	}
	return url;
}

/**
 * The MIME type to send for a file, from what n8n knows of it.
 *
 * @throws InvalidParameter where the model does not take that type
 */
export function checkMediaType(
	file: { mimeType?: string; fileName?: string; fileExtension?: string },
	parameter: MediaParameter,
	label: string,
): string {
	const named = file.mimeType?.split(';')[0]?.trim().toLowerCase() ?? '';
	const extension = (file.fileExtension ?? file.fileName?.split('.').pop() ?? '').toLowerCase();
	const unnamed = named === '' || named.endsWith('/octet-stream');
	const mimeType = unnamed
		? ownValue(parameter.extensions, extension)
		: ownValue(parameter.mimeTypes, named);
	if (mimeType === undefined) {
		throw new InvalidParameter(
			`'${label}': ${named === '' ? 'a file of unknown type' : `'${named}'`} is not supported`,
			`Use ${parameter.formats}; convert the file before this node.`,
		);
	}
	return mimeType;
}

/** Keys that would reach an object's prototype instead of the request. */
const PROTOTYPE_KEYS = ['__proto__', 'constructor', 'prototype'];

/**
 * The JSON object that is merged into the request, from text or from an expression's object.
 *
 * @throws InvalidParameter where it is no JSON object, or would reach a prototype
 */
export function checkAdditionalInput(value: unknown, label: string): JsonObject {
	if (value === undefined || value === null) return {};
	if (typeof value === 'string' && value.trim() === '') return {};
	const parsed = plainJson(value);
	if (!isJsonObject(parsed)) {
		throw new InvalidParameter(
			`'${label}' must be a JSON object, but is ${shown(value)}`,
			'It looks like {"name": "value"}, with double quotes around names and texts.',
		);
	}
	const reserved = PROTOTYPE_KEYS.find((key) => Object.hasOwn(parsed, key));
	if (reserved !== undefined) {
		throw new InvalidParameter(
			`'${label}' may not set '${reserved}'`,
			'Remove that name: the API has no such field.',
		);
	}
	return parsed;
}

/** `value` as JSON says it, whatever its classes, getters or cycles; undefined where JSON cannot say it. */
function plainJson(value: unknown): unknown {
	try {
		return JSON.parse(typeof value === 'string' ? value : JSON.stringify(value));
	} catch {
		return undefined;
	}
}
