/**
 * What n8n wants of a webhook that is registered with a service when its workflow is published. With Runpod there is
 * nothing to register: each job brings the address that is to be called.
 */
export const registration = {
	checkExists: async () => true,
	create: async () => true,
	delete: async () => true,
};
