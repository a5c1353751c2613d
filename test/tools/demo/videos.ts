/** The videos as the workflow's nodes give them; and whether it is true what they say. */

import { readFile } from 'node:fs/promises';
import { request } from 'undici';
import { itemsOf, type Execution } from '../n8n/execution';
import type { Simulator } from '../simulator';

/** One per prompt, in their order; what n8n did not give is 'undefined' or NaN, and fails the checks. */
export function readVideos(execution: Execution) {
	const made = itemsOf(execution, 'Pruna Video');
	const saved = itemsOf(execution, 'Save Video');
	return itemsOf(execution, 'One Item per Prompt').map(({ json }, index) => {
		const { id, status, video_url, cost } = made[index]?.json ?? {};
		return {
			prompt: String(json.prompt),
			id: String(id),
			status: String(status),
			url: String(video_url),
			cost: Number(cost),
			/** Where n8n saved it. */
			path: String(saved[index]?.json.fileName),
		};
	});
}

/** At least two digits behind the point: $0.10, $0.025. */
export function usd(amount: number): string {
	return `$${amount.toFixed(6).replace(/0{1,4}$/, '')}`;
}

/** What is not true, in sentences; empty when n8n, the saved files and the simulator's ledger agree. */
export async function findFaults(
	videos: ReturnType<typeof readVideos>,
	expected: number,
	{ ledger }: Pick<Simulator, 'ledger'>,
): Promise<string[]> {
	const { jobs, total } = ledger;
	const faults: string[] = [];
	const check = (holds: boolean, fault: string) => {
		if (!holds) faults.push(fault);
	};
	check(videos.length === expected, `${videos.length} videos instead of ${expected}`);
	check(jobs.length === expected, `The simulator took ${jobs.length} jobs instead of ${expected}`);
	const sum = usd(videos.reduce((subtotal, { cost }) => subtotal + cost, 0));
	check(usd(total) === sum, `The simulator billed ${usd(total)}, not ${sum}`);
	for (const { id, status, cost, path, url } of videos) {
		const job = jobs.find((candidate) => candidate.id === id);
		check(status === 'COMPLETED', `Video '${id}' is ${status}`);
		check(job?.status === status, `Video '${id}' is ${job?.status ?? 'unknown'} at the simulator`);
		check(job?.price === cost, `Video '${id}' cost $${job?.price}, not $${cost}`);
		const file = await readFile(path).catch(() => Buffer.of());
		const served = await request(url).then(({ body }) => body.arrayBuffer());
		check(file.equals(Buffer.from(served)), `'${path}' is not what ${url} serves`);
		check(file.toString('latin1', 4, 8) === 'ftyp', `'${path}' is no MP4`);
	}
	check(new Set(videos.map(({ path }) => path)).size === videos.length, 'Videos share a file');
	return faults;
}
