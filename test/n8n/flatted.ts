/** n8n's REST answers hold an execution's data in the "flatted" form: one array in which strings are indexes. */

import { isRecord } from './json';

export function parseFlatted(text: string): unknown {
	const slots: unknown = JSON.parse(text);
	if (!Array.isArray(slots)) throw new Error('An execution whose data is no flatted array');
	const done = new Map<string, unknown>();

	/** Containers are entered before they are filled, for they may hold themselves. */
	const resolve = (index: string): unknown => {
		if (done.has(index)) return done.get(index);
		const slot: unknown = slots[Number(index)];
		if (Array.isArray(slot)) {
			const list: unknown[] = [];
			done.set(index, list);
			list.push(...slot.map(value));
			return list;
		}
		if (isRecord(slot)) {
			const record: Record<string, unknown> = {};
			done.set(index, record);
			for (const [name, found] of Object.entries(slot)) record[name] = value(found);
			return record;
		}
		return slot;
	};
	const value = (found: unknown) => (typeof found === 'string' ? resolve(found) : found);
	return resolve('0');
}
