/** The demo's table. */

import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { totalCost, type MadeVideo } from './videos';

const PROMPT_WIDTH = 52;

/** Two lines a video, so that it fits into 100 columns: figures, then where the video is. */
export function table(videos: readonly MadeVideo[]): string[] {
	const row = (prompt: string, status: string, cost: string, time: string) =>
		`  ${prompt.padEnd(PROMPT_WIDTH)}  ${status.padEnd(10)}  ${cost.padStart(6)}  ${time.padStart(6)}`;
	const rule = `  ${'─'.repeat(PROMPT_WIDTH + 28)}`;
	const seconds = (value: number) => `${value.toFixed(1)} s`;
	return [
		row('Prompt', 'Status', 'Cost', 'Time'),
		rule,
		...videos.flatMap(({ prompt, status, cost, seconds: time, url, path }) => [
			row(shortened(prompt), status, usd(cost), seconds(time)),
			`    video  ${url}`,
			`    file   ${basename(path)} (${size(path)})`,
		]),
		rule,
		row(`${videos.length} videos`, '', usd(totalCost(videos)), '').trimEnd(),
	];
}

/** At least two digits behind the point: $0.10, $0.025. */
export function usd(amount: number): string {
	const [whole, fraction = ''] = String(Math.round(amount * 1e6) / 1e6).split('.');
	return `$${whole}.${fraction.padEnd(2, '0')}`;
}

export function shortened(prompt: string, width = PROMPT_WIDTH): string {
	return prompt.length > width ? `${prompt.slice(0, width - 1).trimEnd()}…` : prompt;
}

function size(path: string): string {
	const bytes = statSync(path, { throwIfNoEntry: false })?.size;
	return bytes === undefined ? 'not there' : `${(bytes / 1000).toFixed(1)} kB`;
}
