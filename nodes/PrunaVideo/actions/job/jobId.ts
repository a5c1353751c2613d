import type { Item } from '../../execution/execution';
import type { Plan } from '../../execution/operation';
import { nameField } from '../../fields/kinds';
import { isJobId } from '../../runpod/job';
import { readOptions } from '../options';

const jobId = nameField({
	label: 'Job ID',
	description: 'The job ID returned by Submit or Generate',
	placeholder: 'e.g. sync-a1b2c3d4-e5f6-7890-abcd-ef1234567890-u1',
	demand: 'be a valid job ID',
	isValid: isJobId,
	advice: 'Use the id that this node returned, such as {{ $json.id }}.',
});

export const jobIdField = jobId.property('jobId');

export interface JobPlan extends Plan {
	jobId: string;
	endpointId: string;
}

/** @throws InvalidParameter where the ID is empty or could lead elsewhere in a path */
export function planForJob({ read }: Item): JobPlan {
	return { jobId: jobId.read(read('jobId', '')), endpointId: readOptions(read).endpointId };
}
