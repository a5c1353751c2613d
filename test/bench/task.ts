/** What the bench asks of the process that holds n8n's engine, and what that process answers. */

import type { IDataObject } from 'n8n-workflow';

/** What does the work: this node, what users would pick instead, or nobody (the engine at rest). */
export type Subject = 'prunaVideo' | 'httpRequest' | 'undici' | 'nobody';

export interface Task {
	subject: Subject;
	/** The node's parameters. For undici: `url`, and `body` with the item's prompt put in. */
	parameters?: IDataObject;
	/** JSON of the input items. */
	items: IDataObject[];
	/** Gives every item a file of this size in the field `data`. */
	imageBytes?: number;
	credentials: { apiKey: string; baseUrl: string };
	/** Failed items become error items. */
	continueOnFail?: boolean;
	/** Every item in an execution of its own, all at once. */
	isSplit?: boolean;
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
	failed: number;
	/** Message of the first failure. */
	failure?: string;
	/** Peak of the process's memory above where it was before, in bytes; with `watchesMemory` only. */
	memoryGrowth: number;
	/** Live heap in bytes: the most while it ran, and what is left when the result is there and still held. */
	heap?: { peak: number; end: number };
	/** How late the event loop was, in ms. */
	loopDelay: { p99: number; max: number };
	/** When (ms since 1970) each execution returned, by the job's id; where `isSplit`. */
	returnedAt?: Record<string, number>;
}

export type Answer = { measured: Measured } | { problem: string };
