import type { Item } from '../../execution/item';
import type { Plan } from '../../execution/operation';
import { readOptions } from '../options';
import { readJobId } from './jobId';

/** What is done to one job. */
export interface JobPlan extends Plan {
	jobId: string;
	endpointId: string;
}

/**
 * @throws InvalidParameter
 */
export function planForJob({ read }: Item): JobPlan {
	return { jobId: readJobId(read), endpointId: readOptions(read).endpointId };
}
