import { Field, isEmpty, type Form, type Look } from './field';
import { mustBe } from './shown';

const WORDS = new Map<string, boolean>([
	['true', true],
	['1', true],
	['false', false],
	['0', false],
]);

interface FlagSpec<Default> extends Look {
	/** Absent: an empty field has no value. */
	default?: Default;
}

/** True or false. The words and the digits 1 and 0 are accepted too, because sheets and forms return those. */
export class Flag<Default extends boolean | undefined = undefined> extends Field<
	boolean | Default
> {
	constructor(private readonly spec: FlagSpec<Default>) {
		super(spec);
	}

	protected form(): Form {
		return { type: 'boolean', default: this.spec.default ?? false };
	}

	read(value: unknown): boolean | Default {
		if (typeof value === 'boolean') return value;
		// Without a default, the type `Default` is `undefined`.
		if (isEmpty(value)) return this.spec.default as Default;
		const flag =
			typeof value === 'string' || typeof value === 'number'
				? WORDS.get(String(value).trim().toLowerCase())
				: undefined;
		if (flag === undefined) throw mustBe(this.label, 'be true or false', value);
		return flag;
	}
}
