/** The videos as the workflow's last node gives them, in a table; and whether it is true what they say. */

import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { itemsOf, type Execution } from '../n8n/execution';
import type { Simulator } from '../simulator';

export interface MadeVideo {
	prompt: string;
	id: string;
	status: string;
	url: string;
	/** USD */
	cost: number;
	seconds: number;
	/** Where n8n saved it. */
	path: string;
}

/** One per prompt, in their order; what n8n did not give is empty or NaN, and fails the checks. */
export function readVideos(execution: Execution): MadeVideo[] {
	const prompts = itemsOf(execution, 'One Item per Prompt');
	const made = itemsOf(execution, 'Pruna Video');
	const saved = itemsOf(execution, 'Save Video');
	return prompts.map(({ json }, index) => {
		const video = made[index]?.json ?? {};
		return {
			prompt: text(json.prompt),
			id: text(video.id),
			status: text(video.status),
			url: text(video.video_url),
			cost: number(video.cost),
			seconds: (number(video.delayTime) + number(video.executionTime)) / 1000,
			path: text(saved[index]?.json.fileName),
		};
	});
}

const text = (value: unknown) => (typeof value === 'string' ? value : '');
const number = (value: unknown) => (typeof value === 'number' ? value : NaN);

/** USD, to a millionth, as the simulator's books. */
export function totalCost(videos: readonly MadeVideo[]): number {
	return Math.round(videos.reduce((sum, { cost }) => sum + cost, 0) * 1e6) / 1e6;
}

const PROMPT_WIDTH = 52;

/** Figures of each video, then where it is; but for addresses it fits into 100 columns. */
export function table(videos: readonly MadeVideo[]): string[] {
	const row = (prompt: string, status: string, cost: string, time: string) =>
		`  ${prompt.padEnd(PROMPT_WIDTH)}  ${status.padEnd(10)}  ${cost.padStart(6)}  ${time.padStart(6)}`;
	const rule = `  ${'─'.repeat(PROMPT_WIDTH + 28)}`;
	return [
		row('Prompt', 'Status', 'Cost', 'Time'),
		rule,
		...videos.flatMap(({ prompt, status, cost, seconds, url, path }) => {
			const bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
			return [
				row(shortened(prompt), status, usd(cost), `${seconds.toFixed(1)} s`),
				`    video  ${url}`,
				`    file   ${basename(path)} (${(bytes / 1000).toFixed(1)} kB)`,
			];
		}),
		rule,
		row(`${videos.length} videos`, '', usd(totalCost(videos)), '').trimEnd(),
	];
}

const MONEY = new Intl.NumberFormat('en-US', {
	style: 'currency',
	currency: 'USD',
	maximumFractionDigits: 6,
});

/** At least two digits behind the point: $0.10, $0.025. */
export function usd(amount: number): string {
	return MONEY.format(amount);
}

export function shortened(prompt: string): string {
	return prompt.length > PROMPT_WIDTH ? `${prompt.slice(0, PROMPT_WIDTH - 1).trimEnd()}…` : prompt;
}

/** What is not true, in sentences; empty when n8n, the saved files and the simulator's books agree. */
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
	return file.toString('latin1', 4, 8) === 'ftyp' ? undefined : 'the file is no MP4';
}
