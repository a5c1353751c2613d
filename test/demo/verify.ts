/** The demo believes nothing it prints until files and the simulator's books agree. */

import { readFile } from 'node:fs/promises';
import type { Simulator } from '../simulator';
import { mp4Fault } from './mp4';
import { totalCost, type MadeVideo } from './videos';

/** What is not true, in sentences; empty when all is well. */
export async function findFaults(
	videos: readonly MadeVideo[],
	expected: number,
	simulator: Pick<Simulator, 'ledger'>,
): Promise<string[]> {
	const { jobs, total } = simulator.ledger;
	const faults: string[] = [];
	const check = (holds: boolean, fault: string) => {
		if (!holds) faults.push(fault);
	};
	check(videos.length === expected, `${videos.length} videos instead of ${expected}`);
	check(jobs.length === expected, `The simulator took ${jobs.length} jobs instead of ${expected}`);
	check(total === totalCost(videos), `The simulator billed $${total}, not $${totalCost(videos)}`);
	for (const video of videos) {
		const name = `Video '${video.id}'`;
		const job = jobs.find(({ id }) => id === video.id);
		check(video.status === 'COMPLETED', `${name} is ${video.status || 'without a status'}`);
		check(job?.status === 'COMPLETED', `${name} is ${job?.status ?? 'unknown'} at the simulator`);
		check(job?.price === video.cost, `${name} cost $${job?.price}, not $${video.cost}`);
		const fault = await fileFault(video);
		check(fault === undefined, `${name}: ${fault}`);
	}
	check(new Set(videos.map(({ path }) => path)).size === videos.length, 'Videos share a file');
	return faults;
}

async function fileFault({ path, url }: MadeVideo): Promise<string | undefined> {
	const file = await readFile(path).catch(() => undefined);
	if (!file) return `there is no file '${path}'`;
	const response = await fetch(url);
	const original = Buffer.from(await response.arrayBuffer());
	if (!response.ok) return `its URL answers ${response.status}`;
	if (!file.equals(original)) return `the file is not what its URL serves`;
	return mp4Fault(file);
}
