import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { InvalidParameter } from '../../invalidParameter';
import { shown } from '../../pvideo/validation';
import { isJobId } from '../../runpod/job';

export const jobIdField: INodeProperties = {
	displayName: 'Job ID',
	name: 'jobId',
	type: 'string',
	required: true,
	default: '',
	placeholder: 'e.g. sync-a1b2c3d4-e5f6-7890-abcd-ef1234567890-u1',
	description: 'The ID that Submit or Generate put out',
	displayOptions: { show: { resource: ['job'], operation: ['get', 'cancel', 'retry'] } },
};

/**
 * @throws InvalidParameter where it is empty or could lead elsewhere in a path
 */
export function readJobId(context: IExecuteFunctions, itemIndex: number): string {
	const value: unknown = context.getNodeParameter('jobId', itemIndex, '');
	const id = typeof value === 'string' ? value.trim() : '';
	if (!isJobId(id)) {
		throw new InvalidParameter(
			id === '' ? "'Job ID' is empty" : `'Job ID' is no job's ID: ${shown(value)}`,
			'Use the id of an output of this node, such as {{ $json.id }}.',
		);
	}
	return id;
}
