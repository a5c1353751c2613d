import { InvalidParameter } from '../invalidParameter';
import { Field, isEmpty, type Form } from './field';
import { mustBe, shown } from './shown';

/** An address that Runpod can call: http or https. */
export class Address extends Field<string | undefined> {
	protected form(): Form {
		return { type: 'string', default: '' };
	}

	read(value: unknown): string | undefined {
		return isEmpty(value) ? undefined : httpUrlFrom(value, this.label);
	}
}

/**
 * @throws InvalidParameter for anything but a whole http or https URL
 */
export function httpUrlFrom(value: unknown, label: string): string {
	const url = typeof value === 'string' ? value.trim() : '';
	if (!isHttpUrl(url)) {
		throw mustBe(label, 'be a URL that starts with http:// or https://', value);
	}
	if (/\s/.test(url)) {
		throw new InvalidParameter(
			`'${label}' must not contain spaces or line breaks, but is ${shown(value)}`,
			'Write a space in a URL as %20.',
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
