/**
 * The methods by which n8n registers a webhook with a service when the workflow is published. With Runpod there is
 * nothing to register: each job carries the URL to call.
 */
export const registration = {
	checkExists: async () => true,
	create: async () => true,
	delete: async () => true,
};
