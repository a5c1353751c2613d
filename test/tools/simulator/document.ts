/** A job as Runpod shows it in runsync, status and webhook: where the address stands, and how an error looks. */

import type { Job } from './job';
import type { SimulatorOptions } from './options';

/** Reported shapes of `output` for a video `V` that cost `cost`. */
const OUTPUTS = {
	video_url: (V, cost) => ({ video_url: V, cost }),
	result: (V, cost) => ({ cost, result: V }),
	url: (V, cost) => ({ url: V, cost }),
	text: (V) => V,
	list: (V, cost) => [{ result: V, cost }],
	textList: (V) => [V],
	video: (V, cost) => ({ video: V, cost }),
	videoObject: (V, cost) => ({ video: { url: V }, cost }),
	videos: (V, cost) => ({ videos: [V], cost }),
	nested: (V, cost) => ({ output: { video_url: V }, cost }),
	nullFirst: (V, cost) => ({ video_url: null, result: V, cost }),
	json: (V, cost) => JSON.stringify({ video_url: V, cost }),
	spaces: (V, cost) => ({ video_url: ` ${V} `, cost }),
} satisfies Record<string, (V: string, cost: unknown) => unknown>;

export type OutputShape = keyof typeof OUTPUTS;
export const OUTPUT_SHAPES = Object.keys(OUTPUTS) as OutputShape[];

export function outputOf(url: string, usd: number, options: SimulatorOptions): unknown {
	const cost = { number: usd, text: String(usd), none: undefined }[options.costAs];
	return OUTPUTS[options.outputShape](url, cost);
}

/** A failed job's `error`; other shapes come as faults. */
export function errorOf(message: string, { errorShape }: SimulatorOptions): string {
	if (errorShape === 'text') return message;
	return JSON.stringify({
		error_type: "<class 'ValueError'>",
		error_message: message,
		error_traceback: `Traceback (most recent call last):\n  File "handler.py", line 42\nValueError: ${message}\n`,
	});
}

/** `isOpen`: as it was before it ended. Fields stand in alphabetical order, as Runpod sends them. */
export function documentOf(
	job: Job,
	options: SimulatorOptions,
	isOpen = !job.isFinal,
): Record<string, unknown> {
	const { record, ending } = job;
	const { id, status, delayTime, executionTime, workerId, error, output, input, webhook } = record;
	if (isOpen && workerId === undefined) return { id, status: 'IN_QUEUE' };
	if (isOpen) {
		return { delayTime, id, output: ending?.progress, status: 'IN_PROGRESS', workerId };
	}
	const hasTimes = status !== 'CANCELLED' || options.cancelledHasTimes;
	const shown: Record<string, unknown> = {
		delayTime: hasTimes ? delayTime : undefined,
		error,
		executionTime: hasTimes ? executionTime : undefined,
		id,
		input: options.repeatsInput ? input : undefined,
		output,
		status,
		webhook: options.repeatsInput ? webhook : undefined,
		workerId,
	};
	for (const field of ending?.omit ?? []) delete shown[field];
	return shown;
}
