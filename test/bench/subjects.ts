/** The same work for each of those that are compared: videos of the model's defaults, one prompt per item. */

import type { Surroundings } from './surroundings';
import type { Task } from './task';

type Work = Pick<Task, 'subject' | 'parameters' | 'items'>;

const PROMPT = '={{ $json.prompt }}';
const INPUT = {
	duration: 5,
	resolution: '720p',
	fps: 24,
	aspect_ratio: '16:9',
	draft: false,
	save_audio: true,
	prompt_upsampling: true,
};

/** Prompts that differ; the simulator works `jobMs` on each of them. */
export function prompts(count: number, jobMs: number): Task['items'] {
	return Array.from({ length: count }, (_, index) => ({
		prompt: `A fox in the snow at dawn, take ${index}, ${jobMs} ms`,
	}));
}

/** Video > Generate. */
export function generate(
	items: Task['items'],
	options: Record<string, unknown>,
	parameters: Record<string, unknown> = {},
): Work {
	return {
		subject: 'prunaVideo',
		parameters: { prompt: PROMPT, ...parameters, options } as Task['parameters'],
		items,
	};
}

/**
 * The HTTP Request node as a user would set it up for the same: the credential, a JSON body with the prompt in it.
 *
 * @param batching how many items it starts at once, and ms until the next ones; without it all start at once
 */
export function httpRequest(
	{ simulator }: Surroundings,
	items: Task['items'],
	batching?: { batchSize: number; batchInterval: number },
): Work {
	return {
		subject: 'httpRequest',
		parameters: {
			method: 'POST',
			url: `${simulator.baseUrl}/p-video/runsync?wait=90000`,
			...WITH_CREDENTIAL,
			sendBody: true,
			specifyBody: 'json',
			jsonBody: `={{ ({ input: { prompt: $json.prompt, ...${JSON.stringify(INPUT)} } }) }}`,
			options: batching ? { batching: { batch: batching } } : {},
		},
		items,
	};
}

const WITH_CREDENTIAL = {
	authentication: 'predefinedCredentialType',
	nodeCredentialType: 'runpodApi',
};

/** The HTTP Request node that fetches each item's `url` as a file, all at once as it does unless told otherwise. */
export function httpDownload(items: Task['items']): Work {
	return {
		subject: 'httpRequest',
		parameters: {
			url: '={{ $json.url }}',
			options: { response: { response: { responseFormat: 'file' } } },
		},
		items,
	};
}

export function undici(
	{ simulator }: Surroundings,
	items: Task['items'],
	connections: number,
): Work {
	const url = `${simulator.baseUrl}/p-video/runsync?wait=90000`;
	return { subject: 'undici', parameters: { url, connections, input: INPUT }, items };
}
