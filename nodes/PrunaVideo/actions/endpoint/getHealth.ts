import type { INodeProperties } from 'n8n-workflow';
import type { Operation, Plan } from '../../run/operation';
import { getHealth } from '../../runpod/operations';
import { optionsProperty, readOptions } from '../options';

export const properties: INodeProperties[] = [
	optionsProperty({ resource: ['endpoint'], operation: ['getHealth'] }, [
		'concurrency',
		'endpointId',
	]),
];

interface HealthPlan extends Plan {
	endpointId: string;
}

/** Endpoint > Get Health: counts of jobs and workers. */
export const operation: Operation<HealthPlan> = {
	plan: (context, itemIndex) => ({ endpointId: readOptions(context, itemIndex).endpointId }),

	async perform(run, { endpointId }, itemIndex) {
		const connection = await run.connection();
		return {
			json: await getHealth({ connection, endpointId }, run.stop),
			pairedItem: { item: itemIndex },
		};
	},
};
