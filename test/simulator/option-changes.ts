/** Changes options while the simulator runs, from JSON. */

import { isRecord } from './json';
import type { SimulatorOptions } from './options';

const CHOICES: Record<string, readonly unknown[]> = {
	runningState: ['IN_PROGRESS', 'RUNNING'],
	retryAfter: ['seconds', 'date', 'none'],
};

/** Takes known options whose values are like those they have now; throws, and changes nothing, for any other. */
export function changeOptions(options: SimulatorOptions, body: unknown): void {
	if (!isRecord(body)) throw new Error('Options must be a JSON object');
	const now = new Map<string, unknown>(Object.entries(options));
	for (const [name, value] of Object.entries(body)) {
		if (!now.has(name)) throw new Error(`'${name}' is no option`);
		// In code it may be a rule; JSON knows numbers only.
		const present = name === 'executionTimeMs' ? 0 : now.get(name);
		if (!(CHOICES[name]?.includes(value) ?? isLike(present, value))) {
			throw new Error(`The value of '${name}' is not like ${JSON.stringify(present)}`);
		}
	}
	Object.assign(options, body);
}

/** Of the same type all the way down: an object has the same fields, a number is not negative. */
function isLike(present: unknown, value: unknown): boolean {
	if (Array.isArray(present)) {
		return Array.isArray(value) && value.every((entry) => isLike(present[0] ?? '', entry));
	}
	if (isRecord(present)) {
		if (!isRecord(value)) return false;
		const fields = Object.keys(present);
		return (
			Object.keys(value).length === fields.length &&
			fields.every((field) => isLike(present[field], value[field]))
		);
	}
	if (typeof present === 'number') return typeof value === 'number' && value >= 0;
	return typeof value === typeof present;
}
