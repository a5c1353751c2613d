/** How a job ends: by what the model makes of its input, unless a fault decides. */

import type { JobFault } from './faults';
import type { Verdict } from './model';
import type { JobInput, SimulatorOptions } from './options';

export interface End {
	status: string;
	error?: string | undefined;
	output?: unknown;
	/** USD; absent where nothing is billed. */
	price?: number;
	/** Length of the video that was made. */
	seconds?: number;
}

export function endOf(
	verdict: Verdict,
	fault: JobFault | undefined,
	videoUrl: string,
	nestErrors: boolean,
): End {
	const made: End = verdict.ok
		? {
				status: 'COMPLETED',
				output: { video_url: videoUrl, cost: verdict.price },
				price: verdict.price,
				seconds: verdict.seconds,
			}
		: { status: 'FAILED', error: errorText(verdict.error, nestErrors) };
	if (!fault) return made;
	const status = fault.status ?? (fault.error === undefined ? 'COMPLETED' : 'FAILED');
	const { output, ...billed } = status === 'COMPLETED' && verdict.ok ? made : { output: undefined };
	return {
		...billed,
		status,
		error: fault.error,
		output: 'output' in fault ? fault.output : output,
	};
}

/** Real ms that a job with this input is worked on. */
export function executionTime(options: SimulatorOptions, input: JobInput): number {
	const { executionTimeMs: rule } = options;
	return typeof rule === 'function' ? rule(input) : rule;
}

/** Long texts (data URIs) to their beginning and length, so that ten thousand jobs fit in memory. */
export function shorten(input: JobInput): void {
	for (const [field, value] of Object.entries(input)) {
		if (typeof value !== 'string' || value.length < 1000) continue;
		input[field] = `${value.slice(0, 64)}… (${value.length} characters)`;
	}
}

/** As Runpod sometimes passes an error on: JSON inside a sentence. */
function errorText(message: string, isNested: boolean): string {
	if (!isNested) return message;
	return `Error submitting task: 400, ${JSON.stringify({ code: 400, message })}`;
}
