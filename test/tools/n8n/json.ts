/** Looking at data from outside before believing it. */

import { isRecord } from '../simulator/json';

export { isRecord };
export type JsonRecord = Record<string, unknown>;

/** Follows `path` into objects and arrays; undefined where it leads nowhere. */
export function at(value: unknown, ...path: ReadonlyArray<string | number>): unknown {
	return path.reduce<unknown>((found, step) => {
		if (Array.isArray(found)) return found[Number(step)] as unknown;
		return isRecord(found) ? found[step] : undefined;
	}, value);
}

export function stringAt(value: unknown, ...path: ReadonlyArray<string | number>): string {
	const found = at(value, ...path);
	if (typeof found === 'string') return found;
	throw new Error(`n8n's answer has no text at ${path.join('.')}: ${shortened(value)}`);
}

/** Empty where there is no list. */
export function listAt(value: unknown, ...path: ReadonlyArray<string | number>): unknown[] {
	const found = at(value, ...path);
	return Array.isArray(found) ? found : [];
}

export function shortened(value: unknown, length = 300): string {
	const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
	return text.length > length ? `${text.slice(0, length)}…` : text;
}
