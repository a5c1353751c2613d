import type { INodeProperties } from 'n8n-workflow';
import type { ParameterReader } from '../../fields/field';
import { Name } from '../../fields/text';
import { isJobId } from '../../runpod/job';

const jobId = new Name({
	label: 'Job ID',
	description: 'The job ID returned by Submit or Generate',
	placeholder: 'e.g. sync-a1b2c3d4-e5f6-7890-abcd-ef1234567890-u1',
	isRequired: true,
	demand: 'be a valid job ID',
	isValid: isJobId,
	advice: 'Use the id that this node returned, such as {{ $json.id }}.',
});

export const jobIdField: INodeProperties = jobId.property('jobId');

/**
 * @throws InvalidParameter where it is empty or could lead elsewhere in a path
 */
export function readJobId(read: ParameterReader): string {
	return jobId.readFrom(read, 'jobId');
}
