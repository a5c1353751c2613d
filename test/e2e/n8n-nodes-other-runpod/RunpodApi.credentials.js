'use strict';

/** Named like many, shaped like none of ours. */
class RunpodApi {
	name = 'runpodApi';

	displayName = 'Other Runpod API';

	properties = [
		{ displayName: 'Token', name: 'token', type: 'string', default: '' },
		{ displayName: 'Server', name: 'server', type: 'string', default: '' },
	];

	authenticate = {
		type: 'generic',
		properties: { headers: { Authorization: '=Bearer {{ $credentials.token }}' } },
	};

	test = { request: { baseURL: '={{ $credentials.server }}', url: '/p-video/health' } };
}

module.exports = { RunpodApi };
