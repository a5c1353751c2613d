/** `GET /v2/billing/endpoints`, which at Runpod has another host: what public endpoints cost a day, as documented. */

import { json, Refusal, type Answer } from './answer';
import { roundUsd, type JobRecord } from './ledger';

const DAY = 24 * 60 * 60 * 1000;

const midnight = (at: number) => at - (at % DAY);
const written = (at: number) => new Date(at).toISOString().replace('.000Z', 'Z');
const sumOf = (amounts: number[]) => roundUsd(amounts.reduce((sum, amount) => sum + amount, 0));

/** @param path with its query: `lastN`, or `startTime` and `endTime`; days only, and those on which something was billed */
export function billingHistory(path: string, jobs: readonly JobRecord[], now: number): Answer {
	const query = new URL(path, 'http://simulator').searchParams;
	const time = (name: string, usual: number) =>
		query.has(name) ? Date.parse(query.get(name) ?? '') : usual;
	const lastN = Number(query.get('lastN') ?? 1);
	const isBoth = query.has('lastN') && (query.has('startTime') || query.has('endTime'));
	const end = midnight(time('endTime', now) - 1) + DAY;
	const start = query.has('lastN')
		? end - lastN * DAY
		: midnight(time('startTime', now - 30 * DAY));
	const isDaily = (query.get('bucketSize') ?? 'day') === 'day';
	if (isBoth || !isDaily || lastN < 1 || !Number.isInteger((end - start) / DAY)) {
		throw new Refusal(422, 'The query is not valid, or not known to the simulator');
	}
	const records = [];
	for (let at = start; at < end; at += DAY) {
		const isOfDay = ({ price, history }: JobRecord) =>
			price > 0 && midnight(history.at(-1)?.at ?? 0) === at;
		const totalAmount = sumOf(jobs.filter(isOfDay).map(({ price }) => price));
		if (totalAmount === 0) continue;
		records.push({ startTime: written(at), endTime: written(at + DAY), totalAmount });
	}
	const totals = { totalAmount: sumOf(records.map(({ totalAmount }) => totalAmount)) };
	const asked = { startTime: written(start), endTime: written(end), bucketSize: 'day' };
	return json(200, { records, metadata: { query: asked, recordCount: records.length, totals } });
}
