import { optionsProperty } from '../options';
import { cancelJob } from '../../runpod/operations';
import { jobOperation } from './jobOperation';

export const properties = [
	optionsProperty({ resource: ['job'], operation: ['cancel'] }, ['concurrency', 'endpointId']),
];

/** Job > Cancel: cancels a queued or running job. */
export const operation = jobOperation(cancelJob);
