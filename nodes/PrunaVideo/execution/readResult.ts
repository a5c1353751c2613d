import type { FinalJob } from '../runpod/job';

/** What a final job says of its video. */
export interface JobResult {
	videoUrl?: string;
	/** USD. */
	cost?: number;
	seed?: number;
}

/** Reads the result of a job, in the way of the model. */
export type ReadResult = (job: FinalJob) => JobResult;
