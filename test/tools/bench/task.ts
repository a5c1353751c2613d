/** What the bench asks of the process that holds n8n's engine, and what that answers. */

import type { IDataObject } from 'n8n-workflow';
import { CREDENTIAL_TYPE } from '../n8n/workflow';

export interface Task {
	/** What does the work: this node, what users would pick instead, or nobody (the engine at rest). */
	subject: 'prunaVideo' | 'httpRequest' | 'nobody';
	/** The node's parameters. */
	parameters?: IDataObject;
	/** JSON of the input items. */
	items: IDataObject[];
	/** Gives every item a file of this size in the field `data`. */
	imageBytes?: number;
	/** Failed items become error items. */
	continueOnFail?: boolean;
	/** How many executions share the items, all at once; default: one has them all. */
	executions?: number;
	/** Samples the process's memory, which costs CPU. */
	watchesMemory?: boolean;
	/** Looks at the live heap every so many ms, which costs CPU. */
	heapEveryMs?: number;
	/** How long `nobody` does nothing. */
	restMs?: number;
}

export interface Measured {
	wallMs: number;
	/** User and system time of the whole process. */
	cpuMs: number;
	done: number;
	/** Message of the first failure. */
	failure?: string;
	/** Peak of the process's memory above where it was before, in bytes; with `watchesMemory` only. */
	memoryGrowth: number;
	/** Live heap in bytes: the most while it ran, and what is left when the result is there and still held. */
	heap?: { peak: number; end: number };
	/** How late the event loop was, in ms. */
	loopDelay: { p99: number; max: number };
	/** When (ms since 1970) each execution returned, by the ids of its jobs; with `executions`. */
	returnedAt?: Record<string, number>;
}

/** Prompts that differ; the simulator works `jobMs` on each of them. */
export function prompts(count: number, jobMs: number): IDataObject[] {
	return Array.from({ length: count }, (_, index) => ({
		prompt: `A fox in the snow at dawn, take ${index}, ${jobMs} ms`,
	}));
}

/** Video > Generate, with the model's defaults. */
export function generate(
	items: IDataObject[],
	options: IDataObject,
	parameters: IDataObject = {},
): Task {
	const prompt = '={{ $json.prompt }}';
	return { subject: 'prunaVideo', parameters: { prompt, ...parameters, options }, items };
}

/** The same as `generate` sends. */
const INPUT = {
	duration: 5,
	resolution: '720p',
	fps: 24,
	aspect_ratio: '16:9',
	draft: false,
	save_audio: true,
	prompt_upsampling: true,
};

/**
 * The HTTP Request node as a user would set it up for the same: the credential, a JSON body with the prompt in it.
 *
 * @param batching how many items it starts at once, and ms until the next ones; without it all start at once
 */
export function httpRequest(
	baseUrl: string,
	items: IDataObject[],
	batching?: { batchSize: number; batchInterval: number },
): Task {
	const parameters = {
		method: 'POST',
		url: `${baseUrl}/p-video/runsync?wait=90000`,
		authentication: 'predefinedCredentialType',
		nodeCredentialType: CREDENTIAL_TYPE,
		sendBody: true,
		specifyBody: 'json',
		jsonBody: `={{ ({ input: { prompt: $json.prompt, ...${JSON.stringify(INPUT)} } }) }}`,
		options: batching ? { batching: { batch: batching } } : {},
	};
	return { subject: 'httpRequest', parameters, items };
}

/** The HTTP Request node that fetches each item's `url` as a file, all at once as it does unless told otherwise. */
export function httpDownload(items: IDataObject[]): Task {
	const options = { response: { response: { responseFormat: 'file' } } };
	return { subject: 'httpRequest', parameters: { url: '={{ $json.url }}', options }, items };
}
