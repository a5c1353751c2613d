'use strict';

/** Fetches an endpoint's health. */
class OtherRunpod {
	description = {
		displayName: 'Other Runpod',
		name: 'otherRunpod',
		group: ['transform'],
		version: 1,
		description: 'Fetches the health of p-video',
		defaults: { name: 'Other Runpod' },
		inputs: ['main'],
		outputs: ['main'],
		credentials: [{ name: 'runpodApi', required: true }],
		properties: [],
	};

	async execute() {
		const { server } = await this.getCredentials('runpodApi');
		const request = { method: 'GET', url: `${server}/p-video/health`, json: true };
		const json = await this.helpers.httpRequestWithAuthentication.call(this, 'runpodApi', request);
		return [[{ json, pairedItem: { item: 0 } }]];
	}
}

module.exports = { OtherRunpod };
