import { InvalidParameter } from '../invalidParameter';
import { isJsonObject, type JsonObject } from '../json';
import { Field, isEmpty, type Form, type Look } from './field';
import { mustBe } from './shown';

/** Keys that would reach an object's prototype instead of the request. */
const PROTOTYPE_KEYS = ['__proto__', 'constructor', 'prototype'];

/** More than any API needs, and still serialized without overflowing the stack. */
const DEEPEST = 100;

/** A JSON object, from text or from an expression's object; empty at first. */
export class Json extends Field<JsonObject> {
	constructor(look: Look) {
		super(look);
	}

	protected form(): Form {
		return { type: 'json', default: '{}' };
	}

	read(value: unknown): JsonObject {
		if (isEmpty(value)) return {};
		const parsed = plainJson(value);
		if (!isJsonObject(parsed)) {
			throw mustBe(
				this.label,
				'be a JSON object',
				value,
				'Write it like {"name": "value"}, with double quotes around names and strings.',
			);
		}
		this.checkKeys(parsed);
		return parsed;
	}

	private checkKeys(json: JsonObject): void {
		let level: unknown[] = [json];
		for (let depth = 0; level.length > 0; depth++) {
			if (depth > DEEPEST) {
				throw new InvalidParameter(
					`'${this.label}' is nested more than ${DEEPEST} levels deep`,
					'Use a flatter object: no parameter of the API is nested that deep.',
				);
			}
			const parts = level.filter((part) => typeof part === 'object' && part !== null);
			for (const part of parts) {
				const reserved = PROTOTYPE_KEYS.find((key) => Object.hasOwn(part, key));
				if (reserved === undefined) continue;
				throw new InvalidParameter(
					`'${this.label}' may not set '${reserved}'`,
					'Remove that name: the API has no such field.',
				);
			}
			level = parts.flatMap((part) => Object.values(part));
		}
	}
}

/** `value` as plain JSON data, whatever classes or getters it has; undefined if it is not JSON or has cycles. */
function plainJson(value: unknown): unknown {
	try {
		return JSON.parse(typeof value === 'string' ? value : JSON.stringify(value));
	} catch {
		return undefined;
	}
}
