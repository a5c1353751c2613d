import { Field, isBlank, isEmpty, type Form, type Look } from './field';
import { mustBe } from './shown';

interface TextSpec extends Look {
	/** Lines of the field in the form. */
	rows?: number;
}

interface OptionalTextSpec<Default> extends TextSpec {
	/** Absent: an empty field has no value. */
	default?: Default;
}

/** Text, exactly as the user wrote it. A number is converted to text. */
export class Text<Default extends string | undefined = undefined> extends Field<string | Default> {
	constructor(private readonly spec: OptionalTextSpec<Default>) {
		super(spec);
	}

	protected form(): Form {
		return { ...textForm(this.spec), default: this.spec.default ?? '' };
	}

	read(value: unknown): string | Default {
		// Without a default, the type `Default` is `undefined`.
		if (isEmpty(value)) return this.spec.default as Default;
		const text = textFrom(value);
		if (text === undefined) throw mustBe(this.label, 'be text', value);
		return text;
	}
}

interface RequiredTextSpec extends TextSpec {
	/** Completes "must …" where the text is missing or not of that kind. */
	demand: string;
	advice?: string;
}

/** Text that is not blank, exactly as the user wrote it. A number is converted to text. */
export class RequiredText extends Field<string> {
	constructor(private readonly spec: RequiredTextSpec) {
		super(spec);
	}

	protected form(): Form {
		return { ...textForm(this.spec), required: true, default: '' };
	}

	read(value: unknown): string {
		const text = textFrom(value);
		if (text === undefined || isBlank(text)) {
			const { demand, advice } = this.spec;
			throw mustBe(this.label, demand, text === undefined ? value : '', advice);
		}
		return text;
	}
}

interface NameSpec extends Look {
	/**
	 * The initial value, also used if the field is left blank. Without one, the field must be filled in or may be
	 * empty, depending on `isValid`.
	 */
	default?: string;
	isRequired?: true;
	/** Completes "must …". */
	demand: string;
	isValid: (name: string) => boolean;
	advice?: string;
}

/** The name or ID of something; surrounding spaces are removed. */
export class Name extends Field<string> {
	constructor(private readonly spec: NameSpec) {
		super(spec);
	}

	protected form(): Form {
		const { default: usual = '', isRequired } = this.spec;
		return { ...textForm(this.spec), ...(isRequired && { required: true }), default: usual };
	}

	read(value: unknown): string {
		const { default: usual, isRequired, demand, isValid, advice } = this.spec;
		const isLeftOut = isRequired ? value === '' || isBlankText(value) : isEmpty(value);
		if (usual !== undefined && isLeftOut) return usual;
		const name = textFrom(value)?.trim();
		if (name === undefined || !isValid(name)) {
			throw mustBe(this.label, demand, name === '' ? '' : value, advice);
		}
		return name;
	}
}

function textForm({ rows }: TextSpec): Pick<Form, 'type' | 'typeOptions'> {
	return { type: 'string', ...(rows !== undefined && { typeOptions: { rows } }) };
}

function textFrom(value: unknown): string | undefined {
	if (typeof value === 'string') return value;
	return typeof value === 'number' && Number.isFinite(value) ? String(value) : undefined;
}

function isBlankText(value: unknown): boolean {
	return typeof value === 'string' && isBlank(value);
}
