import type { INodePropertyOptions } from 'n8n-workflow';
import { Field, isEmpty, type Form, type Look } from './field';
import { mustBe } from './shown';

export interface Option<Value extends string | number> {
	value: Value;
	name: string;
	description?: string;
	/** What n8n's nodes panel calls a trigger's event. */
	action?: string;
}

interface ChoiceSpec<Value extends string | number> extends Look {
	options: ReadonlyArray<Option<Value>>;
	default: Value;
	/**
	 * Converts another spelling of a choice, given in lower case, to the choice; returns any other text unchanged.
	 */
	understand?: (text: string) => string;
}

/** One of several values. Case, surrounding spaces and whether a number is given as text do not matter. */
export class Choice<const Value extends string | number = string | number> extends Field<Value> {
	constructor(readonly spec: ChoiceSpec<Value>) {
		super(spec);
	}

	get choices(): Value[] {
		return this.spec.options.map(({ value }) => value);
	}

	protected form(): Form {
		return {
			type: 'options',
			options: this.spec.options.map((option): INodePropertyOptions => ({ ...option })),
			default: this.spec.default,
		};
	}

	read(value: unknown): Value {
		if (isEmpty(value)) return this.spec.default;
		const { understand = (text) => text } = this.spec;
		const wanted =
			typeof value === 'string' || typeof value === 'number'
				? understand(String(value).trim().toLowerCase())
				: undefined;
		const choice = this.choices.find((candidate) => String(candidate).toLowerCase() === wanted);
		if (choice === undefined) {
			throw mustBe(this.label, `be one of ${this.choices.join(', ')}`, value);
		}
		return choice;
	}
}

interface ChoicesSpec<Value extends string> extends Look {
	options: ReadonlyArray<Option<Value>>;
}

/** At least one of several values; by default all of them. */
export class Choices<const Value extends string> extends Field<Value[]> {
	constructor(private readonly spec: ChoicesSpec<Value>) {
		super(spec);
	}

	private get choices(): Value[] {
		return this.spec.options.map(({ value }) => value);
	}

	protected form(): Form {
		return {
			type: 'multiOptions',
			required: true,
			options: this.spec.options.map((option): INodePropertyOptions => ({ ...option })),
			default: this.choices,
		};
	}

	read(value: unknown): Value[] {
		const names: unknown[] = Array.isArray(value) ? value : [];
		const chosen = this.choices.filter((choice) => names.includes(choice));
		if (chosen.length === 0 || chosen.length < new Set(names).size) {
			throw mustBe(
				this.label,
				`be one or more of ${this.choices.join(', ')}`,
				value,
				'Choose at least one.',
			);
		}
		return chosen;
	}
}
