import type { Operation, Plan } from '../../execution/operation';
import { optionsProperty, readOptions } from '../options';

interface HealthPlan extends Plan {
	endpointId: string;
}

export const getHealth: Operation<HealthPlan> = {
	resource: 'endpoint',
	value: 'getHealth',
	name: 'Get Health',
	description: 'Get the number of queued jobs and running workers',
	action: 'Get the health of the endpoint',
	fields: [optionsProperty(['concurrency', 'endpointId'])],

	plan: ({ read }) => ({ endpointId: readOptions(read).endpointId }),

	async perform(item, { endpointId }) {
		const endpoint = await item.execution.endpoint(endpointId);
		return item.returns(await endpoint.getHealth());
	},
};
