/** The videos as the workflow's last node gives them. */

import { itemsOf, type Execution } from '../n8n/execution';

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

/** To a millionth, as the simulator's books. */
export function totalCost(videos: readonly MadeVideo[]): number {
	return Math.round(videos.reduce((sum, { cost }) => sum + cost, 0) * 1e6) / 1e6;
}

const text = (value: unknown) => (typeof value === 'string' ? value : '');
const number = (value: unknown) => (typeof value === 'number' ? value : NaN);
