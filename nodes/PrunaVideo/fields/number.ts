import { Field, isEmpty, type Form, type Look } from './field';
import { mustBe } from './shown';

interface IntegerSpec<Default> extends Look {
	minimum: number;
	maximum: number;
	/** Absent: an empty field has no value. */
	default?: Default;
	/** The initial value in the form if there is no default; otherwise the minimum. */
	suggestion?: number;
	/** "5s" and "5 seconds" count as 5. */
	unit?: 'seconds';
}

/**
 * A whole number within a range. A number given as text is accepted, because expressions and sheets often return
 * text.
 */
export class Integer<Default extends number | undefined = undefined> extends Field<
	number | Default
> {
	constructor(readonly spec: IntegerSpec<Default>) {
		super(spec);
	}

	protected form(): Form {
		const { minimum, maximum, default: usual, suggestion = minimum } = this.spec;
		return {
			type: 'number',
			typeOptions: { minValue: minimum, maxValue: maximum, numberPrecision: 0 },
			default: usual ?? suggestion,
		};
	}

	read(value: unknown): number | Default {
		const { minimum, maximum, unit } = this.spec;
		// Without a default, the type `Default` is `undefined`.
		if (isEmpty(value)) return this.spec.default as Default;
		const number = numberFrom(unit === 'seconds' ? withoutSeconds(value) : value);
		if (number === undefined || !Number.isInteger(number) || number < minimum || number > maximum) {
			throw mustBe(this.label, `be a whole number from ${minimum} to ${maximum}`, value);
		}
		return number;
	}
}

/**
 * An option with an amount of US dollars, zero or more. Unlike in other fields, an empty value is an error: a limit
 * whose expression returns nothing must not count as "no limit".
 */
export class Amount extends Field<number | undefined> {
	constructor(private readonly spec: Look & { suggestion: number }) {
		super(spec);
	}

	protected form(): Form {
		return {
			type: 'number',
			typeOptions: { minValue: 0, numberPrecision: 4 },
			default: this.spec.suggestion,
		};
	}

	read(value: unknown): number {
		const amount = numberFrom(value);
		if (amount === undefined || amount < 0) {
			throw mustBe(
				this.label,
				'be an amount in US dollars',
				value,
				'Use a number such as 0.5, or remove the option for no limit.',
			);
		}
		return amount;
	}

	override readUnset(): undefined {
		return undefined;
	}
}

function numberFrom(value: unknown): number | undefined {
	const number =
		typeof value === 'string' && /^\s*[-+]?\d+(\.\d+)?\s*$/.test(value) ? Number(value) : value;
	return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

function withoutSeconds(value: unknown): unknown {
	return typeof value === 'string' ? value.replace(/(?<=\d)\s*(s|secs?|seconds?)\s*$/i, '') : value;
}
