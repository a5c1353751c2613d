/** Tells on the screen what happens to the jobs while n8n executes the workflow. */

import type { Change, Simulator } from '../simulator';
import { shortened, usd } from './report';
import type { Screen } from './screen';

/** Returns what ends it. */
export function watchJobs(simulator: Simulator, screen: Screen): () => void {
	const began = Date.now();
	const told = new Map<string, string>();

	const tell = (change: Change) => {
		if (change.kind !== 'job') return;
		const { id, status, input, price } = change.job;
		if (told.get(id) === status) return;
		told.set(id, status);
		const time = `${((Date.now() - began) / 1000).toFixed(1)} s`.padStart(7);
		const prompt = typeof input.prompt === 'string' ? shortened(input.prompt) : '';
		const cost = price > 0 ? `, ${usd(price)}` : '';
		screen.line(`  ${time}  ${status.padEnd(11)}  ${prompt}${cost}`);
	};
	return simulator.subscribe(tell);
}
